"""Decodes parameter values from the text of a request by their declared style (OpenAPI 3.1, section 4.8.12).

Texts are percent-encoded, and split before they are decoded: a delimiter inside a value is encoded (RFC 6570).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from mockserver.errors import Violation, quote
from mockserver.openapi.model import Header, Parameter, ParameterStyle
from mockserver.openapi.nested_names import Unreadable, assemble, split_brackets
from mockserver.schemas.shapes import ALL_TYPES, COMPOUND, Shape
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import is_json

# The default style of each location comes first.
STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
# The style of a parameter that is the whole query (OpenAPI 3.2, section 4.12.2).
WHOLE_QUERY = "querystring"
# The extension that says how an array is written where no style of OpenAPI 3.0 does, and the notations it stands for.
COLLECTION_FORMAT = "x-collectionFormat"
COLLECTION_STYLES = {"csv": "simple", "ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
# Query parameters with this prefix are the server's own, never the contract's.
RESERVED_PREFIX = "__"

Decode = Callable[[str], str]

# Between items or members. In a URL, a space or a bar that is not encoded is always a delimiter.
_DELIMITERS = {
    "simple": re.compile(","),
    "form": re.compile(","),
    "cookie": re.compile(","),
    "spaceDelimited": re.compile(r" |\+|%20"),
    "pipeDelimited": re.compile(r"\||%7C", re.IGNORECASE),
    "tabDelimited": re.compile(r"\t|%09"),
    "label": re.compile(","),
    "matrix": re.compile(","),
}
# In a header nothing is encoded, and in a path a plus sign is one.
_PLAIN_DELIMITERS = {
    ("header", "spaceDelimited"): re.compile(" +"), ("header", "pipeDelimited"): re.compile(r"\|"),
    ("header", "tabDelimited"): re.compile(r"\t"), ("path", "spaceDelimited"): re.compile(" |%20"),
}  # fmt: skip
_EXPLODED_DELIMITERS = {"simple": re.compile(","), "label": re.compile(r"\."), "matrix": re.compile(";")}
_PREFIXES = {"label": ".", "matrix": ";"}
# The texts that mean null, where they are not allowed as text.
NULLS = ("", "null")
# How many items and members one text may have: each takes a microsecond, and a body may have millions.
ITEM_LIMIT = 100_000
_ESCAPES = re.compile("(?:%[0-9A-Fa-f]{2})+")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,400})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", re.ASCII)


def decode_and_validate(parameter: Parameter, texts: Sequence[str], decode: Decode) -> tuple[Any, list[Violation]]:
    """The value of a parameter, given its occurrences in the request, and its violations.

    Of several possible values, the first valid one. Text that is not of a declared type stays text, and a repeated
    parameter that is not an array becomes one, so that the schema rejects them.
    """
    notation, is_valid = parameter.notation, parameter.validator.is_valid
    if len(texts) == 1 and notation.media is None and notation.shape.types == ALL_TYPES:
        return _decode_untyped(parameter, texts, decode)
    if (
        parameter.is_plain
        and len(texts) == 1
        and is_valid(value := decode_scalar(decode(texts[0]), notation.shape.types))
    ):
        return value, []
    first: list[Any] = []
    try:
        for value in _candidates(notation, texts, decode):
            if is_valid(value):
                return value, []
            first = first or [value]
    except Unreadable as error:
        # A text that is what its style requires is read as nothing else.
        if not first:
            return texts[0], [Violation(notation.location, "", error.keyword, str(error), notation.name)]
    if _is_joined(parameter, texts, decode):
        message = f"{quote(decode(texts[0]))} is one item: several are sent as {notation.name}=a&{notation.name}=b"
        return first[0], [Violation(notation.location, "", "style", message, notation.name)]
    return first[0], parameter.validator.violations(first[0], notation.location, notation.name)


def _is_joined(parameter: Parameter, texts: Sequence[str], decode: Decode) -> bool:
    """Whether a text with commas, which is invalid, would be valid if these separated the items of an array."""
    notation = parameter.notation
    if not (notation.explode and notation.style == "form" and "array" in notation.shape.types and len(texts) == 1):
        return False
    items = decode(texts[0]).split(",", ITEM_LIMIT)
    types = notation.shape.items.types
    return len(items) > 1 and parameter.validator.is_valid([decode_scalar(item, types) for item in items])


def _decode_untyped(parameter: Parameter, texts: Sequence[str], decode: Decode) -> tuple[Any, list[Violation]]:
    """The value of a parameter whose schema names no type: it has to be valid as text and as what the text looks like.

    Otherwise whatever a schema excludes could be sent as a value of another type.
    """
    notation = parameter.notation
    for value in _candidates(notation, texts, decode):
        is_compound = isinstance(value, list | dict)
        readings = [value] if is_compound else list(_scalar_candidates(notation, texts, decode))
        invalid = [reading for reading in readings if not parameter.validator.is_valid(reading)]
        if invalid and not is_compound:
            return value, parameter.validator.violations(invalid[0], notation.location, notation.name)
        if not invalid:
            return value, []
    return texts[0], parameter.validator.violations(decode(texts[0]), notation.location, notation.name)


def validate_header(header: Header, text: str) -> list[Violation]:
    """The violations in the value of a declared response header."""
    if header.validator is None:
        return []
    parameter = Parameter(header.name, "header", header.required, header.notation, header.validator)
    violations = decode_and_validate(parameter, [text], str)[1]
    if not violations or text.isascii():
        return violations
    try:
        return decode_and_validate(parameter, [text.encode("latin-1").decode()], str)[1]
    except UnicodeError:
        return violations


def decode_field(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Any:
    """The most probable value of a form field, given its occurrences. Raises Unreadable."""
    return next(_candidates(notation, texts, decode))


def _candidates(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    """Each value that the texts may mean, the most probable first. Raises Unreadable if the style is violated."""
    types = notation.shape.types
    if notation.media is not None:
        yield _decode_content(notation, notation.media, texts, decode)
        return
    if not types & COMPOUND:
        yield from _scalar_candidates(notation, texts, decode)
        return
    items = _split_items(notation, texts)
    pairs = _split_pairs(notation, texts[0]) if "object" in types and len(texts) == 1 else None
    may_be_scalar = len(texts) == 1 and bool(types - COMPOUND - {"null"})
    if may_be_scalar and len(items) < 2:
        yield from _scalar_candidates(notation, texts, decode)
    if pairs is not None and "array" not in types:
        yield _decode_object(pairs, notation.shape, decode)
    if "array" in types:
        yield from _array_candidates(notation, items, decode)
    if pairs is not None:
        yield _decode_object(pairs, notation.shape, decode)
    yield from _lenient_candidates(notation, texts, decode)
    yield from _scalar_candidates(notation, texts, decode)


def collect_members(
    parameter: Parameter, sent: Mapping[str, list[str]], other_names: Collection[str], decode: Decode
) -> tuple[Any, list[Violation]] | None:
    """The object whose members are sent as separate parameters (`color[R]=1`, or exploded `R=1`); None without any.

    `other_names` are the names of other declared parameters.
    """
    notation = parameter.notation
    entries = [
        (path, text)
        for name, texts in sent.items()
        if (path := member_path(notation, name, other_names))
        for text in texts
    ]
    if not entries:
        return None
    try:
        value = assemble(entries, notation.shape, lambda text, shape: decode_scalar(decode(text), shape.types))
    except Unreadable as error:
        return None, [Violation(notation.location, "", error.keyword, str(error), notation.name)]
    violations = parameter.validator.violations(value, notation.location, notation.name)
    if violations:
        # Text that looks like a number may be meant as text.
        value_as_text = assemble(entries, notation.shape, lambda text, shape: _as_text(decode(text), shape))
        if parameter.validator.is_valid(value_as_text):
            return value_as_text, []
    return value, violations


def _as_text(text: str, shape: Shape) -> Any:
    return text if "string" in shape.types else decode_scalar(text, shape.types)


def member_path(notation: ParameterStyle, name: str, other_names: Collection[str]) -> tuple[str, ...]:
    """The path to the member that a parameter of the request is; empty if it is not a member of this object."""
    if notation.style == WHOLE_QUERY:
        return () if name in other_names or name.startswith(RESERVED_PREFIX) else (name,)
    if notation.style == "deepObject":
        base, *path = split_brackets(name)
        return tuple(path) if base == notation.name else ()
    if name in other_names or name.startswith(RESERVED_PREFIX):
        return ()
    return (name,) if notation.shape.may_have(name) else ()


def has_member_parameters(notation: ParameterStyle) -> bool:
    """Whether the members of an object are sent as separate parameters."""
    if notation.media is not None or "object" not in notation.shape.types:
        return False
    # A schema that allows strings too, such as an empty one, is not meant for objects.
    is_exploded = notation.style in ("form", "cookie") and notation.explode and "string" not in notation.shape.types
    return notation.style in ("deepObject", WHOLE_QUERY) or is_exploded


def decode_form(text: str) -> str:
    """Decode the percent-encoding of a query or a form, where `+` is a space.

    Characters that follow each other are decoded at once: a form may consist of millions.
    """
    text = text.replace("+", " ")
    return _ESCAPES.sub(_decode_escapes, text) if "%" in text else text


def _decode_escapes(escapes: re.Match[str]) -> str:
    return bytes.fromhex(escapes[0].replace("%", "")).decode(errors="replace")


def decode_scalar(text: str, types: frozenset[str]) -> Any:
    """`text` as the most specific of `types` that it is a valid form of, else as it is."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and abs(number := float(text)) != float("inf"):
        return int(text) if _INTEGER.fullmatch(text) else number
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and text in NULLS and "string" not in types:
        return None
    return text


def _decode_content(notation: ParameterStyle, media_type: str, texts: Sequence[str], decode: Decode) -> Any:
    text = decode(texts[0])
    if len(texts) > 1:
        return [decode(text) for text in texts]
    if not is_json(media_type):
        return decode_scalar(text, notation.shape.types)
    try:
        return strict_json.parse(text.encode())
    except (strict_json.MalformedJSON, UnicodeEncodeError) as error:
        raise Unreadable(f"{quote(text)} is not valid JSON: {error}", "content") from None


def _scalar_candidates(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    if notation.style in _PREFIXES:
        texts = [_remove_name(notation, _remove_prefix(notation, text)) for text in texts]
    if len(texts) > 1:
        yield [decode(text) for text in texts]
        return
    text = decode(texts[0])
    value = decode_scalar(text, notation.shape.types)
    yield value
    if value is not text and "string" in notation.shape.types:
        yield text
    if value in NULLS and "null" in notation.shape.types:
        yield None


def _array_candidates(notation: ParameterStyle, items: Sequence[str], decode: Decode) -> Iterator[list[Any]]:
    if notation.items is not None:
        yield [next(_candidates(notation.items, [item], decode)) for item in items]
    texts, types = [decode(item) for item in items], notation.shape.items.types
    yield [decode_scalar(text, notation.shape.item(index).types) for index, text in enumerate(texts)]
    if "string" in types:
        yield texts


def _decode_object(pairs: Sequence[tuple[str, str]], shape: Shape, decode: Decode) -> dict[str, Any]:
    decoded = [(decode(name), decode(text)) for name, text in pairs]
    return {name: decode_scalar(text, shape.member(name).types) for name, text in decoded}


def _lenient_candidates(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    """What encoded delimiters mean to most servers, and the dots that OpenAPI 3.0 showed for labels."""
    if notation.explode or len(texts) != 1:
        return
    text, shape = texts[0], notation.shape
    lenient = re.sub("%2C", ",", text, flags=re.IGNORECASE)
    if notation.style == "label":
        lenient = text[:1] + text[1:].replace(".", ",")
    if lenient == text:
        return
    if "array" in shape.types:
        yield from _array_candidates(notation, _split_items(notation, [lenient]), decode)
    pairs = _split_pairs(notation, lenient) if "object" in shape.types else None
    if pairs is not None:
        yield _decode_object(pairs, shape, decode)


def _split_items(notation: ParameterStyle, texts: Sequence[str]) -> list[str]:
    """The items of an array, still encoded."""
    # A text that is sent for a deepObject is not a member of it, whatever it contains.
    is_exploded = notation.explode and notation.style not in _EXPLODED_DELIMITERS
    if is_exploded or notation.style not in _DELIMITERS:
        if notation.location != "cookie" or notation.style == "cookie":
            return list(texts)
        return [part.removeprefix(f"{notation.name}=") for text in texts for part in text.split("&")]
    parts: list[str] = []
    for text in texts:
        parts += _split(notation, text)
        _check_count(parts)
    return parts


def _split(notation: ParameterStyle, text: str) -> list[str]:
    text = _remove_prefix(notation, text)
    if not text:
        return []
    if notation.style == "matrix":
        if notation.explode:
            is_array = "array" in notation.shape.types
            return [_remove_name(notation, part) for part in text.split(";")] if is_array else []
        text = _remove_name(notation, text)
    if notation.explode:
        delimiter = _EXPLODED_DELIMITERS[notation.style]
    else:
        delimiter = _PLAIN_DELIMITERS.get((notation.location, notation.style)) or _DELIMITERS[notation.style]
    parts = delimiter.split(text, ITEM_LIMIT)
    _check_count(parts)
    return [part.strip(" \t") for part in parts] if notation.location == "header" else parts


def _check_count(parts: Sequence[str]) -> None:
    if len(parts) > ITEM_LIMIT:
        raise Unreadable(f"it has more than {ITEM_LIMIT:,} items")


def _split_pairs(notation: ParameterStyle, text: str) -> list[tuple[str, str]] | None:
    """The names and values of an object that is one text, still encoded; None if it is not one."""
    if notation.style == "deepObject":
        return None
    if notation.explode:
        text = _remove_prefix(notation, text)
        # The members in one cookie are `R=1&G=2`.
        delimiter = _EXPLODED_DELIMITERS.get(notation.style, re.compile("&"))
        return _read_members(notation, [part.strip(" \t") for part in delimiter.split(text)])
    parts = _split(notation, text)
    if not parts or len(parts) % 2:
        return None
    return list(zip(parts[::2], parts[1::2], strict=True))


def _read_members(notation: ParameterStyle, parts: Sequence[str]) -> list[tuple[str, str]] | None:
    """The names and values of `name=value`; None if these are none.

    In the style label, a dot may be part of a value; in the style matrix, an empty value is a name alone (RFC 6570,
    sections 3.2.5 and 3.2.7).
    """
    members: list[tuple[str, str]] = []
    for part in parts:
        name, equals, value = part.partition("=")
        if equals:
            members.append((name, value))
        elif notation.style == "label" and members:
            members[-1] = members[-1][0], f"{members[-1][1]}.{part}"
        elif notation.style == "matrix":
            members.append((name, ""))
        else:
            return None
    return members if any("=" in part for part in parts) else None


def _remove_prefix(notation: ParameterStyle, text: str) -> str:
    prefix = _PREFIXES.get(notation.style)
    if prefix is None:
        return text
    if not text.startswith(prefix):
        raise Unreadable(f"{quote(text)} does not begin with {quote(prefix)}, as the style {notation.style} requires")
    return text[1:]


def _remove_name(notation: ParameterStyle, text: str) -> str:
    """The value of `name=value` in the style matrix, empty after a name alone; in other styles the text."""
    if notation.style != "matrix":
        return text
    name, _, value = text.partition("=")
    if name != notation.name:
        prefix = quote(f";{notation.name}=")
        raise Unreadable(f"{quote(f';{text}')} does not begin with {prefix}, as the style matrix requires")
    return value
