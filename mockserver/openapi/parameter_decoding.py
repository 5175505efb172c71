"""Parameter values: from the text of a request to JSON, by the declared style (OpenAPI 3.1, section 4.8.12).

Texts come percent-encoded, as RFC 6570 has it: a delimiter that is part of a value is encoded, so splitting is first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from mockserver.errors import Violation, quote
from mockserver.openapi.model import Header, Parameter, ParameterStyle
from mockserver.openapi.nested_names import Unreadable, assemble, brackets
from mockserver.schemas.shapes import COMPOUND, Shape
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import is_json

STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
OWN = "__"

Decode = Callable[[str], str]

# Between the items of an array and the members of an object; a space or a bar never stands in an address as it is.
_DELIMITERS = {
    "simple": re.compile(","),
    "form": re.compile(","),
    "spaceDelimited": re.compile(r" |\+|%20"),
    "pipeDelimited": re.compile(r"\||%7C", re.IGNORECASE),
    "label": re.compile(","),
    "matrix": re.compile(","),
}
_EXPLODED = {"simple": re.compile(","), "label": re.compile(r"\."), "matrix": re.compile(";")}
_PREFIXES = {"label": ".", "matrix": ";"}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,400})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", re.ASCII)


def judge(parameter: Parameter, texts: Sequence[str], decode: Decode) -> tuple[Any, list[Violation]]:
    """The value that `texts`, the parameter's occurrences in the request, stand for, and what is wrong with it.

    What does not read as a declared type stays text, so that the schema refuses it. A repeated single value becomes an
    array, for the same reason. Where a text can be read in several ways, the first that is valid counts.
    """
    notation, is_valid = parameter.notation, parameter.validator.is_valid
    if parameter.is_plain and len(texts) == 1 and is_valid(value := scalar(decode(texts[0]), notation.shape.types)):
        return value, []
    first: list[Any] = []
    try:
        for value in readings(notation, texts, decode):
            if is_valid(value):
                return value, []
            first = first or [value]
    except Unreadable as error:
        return texts[0], [Violation(notation.location, "", error.keyword, str(error), notation.name)]
    return first[0], parameter.validator.violations(first[0], notation.location, notation.name)


def read_header(header: Header, text: str) -> list[Violation]:
    """What is wrong with the value of a declared header."""
    if header.validator is None:
        return []
    one = Parameter(header.name, "header", header.required, header.notation, header.validator)
    return judge(one, [text], str)[1]


def readings(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    """Each value that the texts may stand for, the likeliest first. Raises Unreadable where the style is not kept."""
    types = notation.shape.types
    if notation.media is not None:
        yield _content(notation, notation.media, texts, decode)
        return
    if not types & COMPOUND:
        yield from _scalars(notation, texts, decode)
        return
    parts = _items(notation, texts)
    pairs = _pairs(notation, texts[0]) if "object" in types and len(texts) == 1 else None
    single = len(texts) == 1 and bool(types - COMPOUND - {"null"})
    if single and len(parts) < 2:
        yield from _scalars(notation, texts, decode)
    if pairs is not None and "array" not in types:
        yield _object(pairs, notation.shape, decode)
    if "array" in types:
        yield from _arrays(parts, notation.shape, decode)
    if pairs is not None:
        yield _object(pairs, notation.shape, decode)
    yield from _leniently(notation, texts, decode)
    yield from _scalars(notation, texts, decode)


def gather(
    parameter: Parameter, sent: Mapping[str, list[str]], taken: Collection[str], decode: Decode
) -> tuple[Any, list[Violation]] | None:
    """The object whose members are parameters of their own (`color[R]=1`, or exploded `R=1`); None if there is none.

    `taken` are the names that other parameters go by.
    """
    notation = parameter.notation
    entries = [(path, text) for name in sent for path in (steps(notation, name, taken),) if path for text in sent[name]]
    if not entries:
        return None
    try:
        value = assemble(entries, notation.shape, lambda text, shape: scalar(decode(text), shape.types))
    except Unreadable as error:
        return None, [Violation(notation.location, "", error.keyword, str(error), notation.name)]
    return value, parameter.validator.violations(value, notation.location, notation.name)


def steps(notation: ParameterStyle, name: str, taken: Collection[str]) -> tuple[str, ...]:
    """The way to the member that a name in the request stands for; none where it is no member of this object."""
    if notation.style == "deepObject":
        base, *path = brackets(name)
        return tuple(path) if base == notation.name else ()
    if name in taken or name.startswith(OWN):
        return ()
    return (name,) if name in notation.shape.names or notation.shape.is_open else ()


def gathers(notation: ParameterStyle) -> bool:
    """Whether the members of the object are parameters of their own."""
    exploded = notation.style == "form" and notation.explode
    return notation.media is None and "object" in notation.shape.types and _is_said(notation, exploded)


def _is_said(notation: ParameterStyle, exploded: bool) -> bool:
    # A schema that admits anything does not ask for an object.
    return notation.style == "deepObject" or (exploded and "string" not in notation.shape.types)


def plain(text: str) -> str:
    """Text of a query or a form, decoded."""
    return unquote_plus(text) if "%" in text or "+" in text else text


def scalar(text: str, types: frozenset[str]) -> Any:
    """`text` as the most specific of `types` that it can be read as, else as it stands."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and abs(number := float(text)) != float("inf"):
        return int(text) if _INTEGER.fullmatch(text) else number
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and text in ("", "null") and "string" not in types:
        return None
    return text


def _content(notation: ParameterStyle, media: str, texts: Sequence[str], decode: Decode) -> Any:
    text = decode(texts[0])
    if len(texts) > 1:
        return [decode(one) for one in texts]
    if not is_json(media):
        return scalar(text, notation.shape.types)
    try:
        return strict_json.parse(text.encode())
    except (strict_json.MalformedJSON, UnicodeEncodeError) as error:
        raise Unreadable(f"{quote(text)} is no JSON: {error}", "content") from None


def _scalars(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    if notation.style in _PREFIXES:
        texts = [_unnamed(notation, _bare(notation, text)) for text in texts]
    if len(texts) > 1:
        yield [decode(text) for text in texts]
        return
    text = decode(texts[0])
    value = scalar(text, notation.shape.types)
    yield value
    if value is not text and "string" in notation.shape.types:
        yield text


def _arrays(parts: Sequence[str], shape: Shape, decode: Decode) -> Iterator[list[Any]]:
    texts, types = [decode(part) for part in parts], shape.items.types
    yield [scalar(text, types) for text in texts]
    if "string" in types:
        yield texts


def _object(pairs: Sequence[tuple[str, str]], shape: Shape, decode: Decode) -> dict[str, Any]:
    named = [(decode(name), decode(text)) for name, text in pairs]
    return {name: scalar(text, shape.member(name).types) for name, text in named}


def _leniently(notation: ParameterStyle, texts: Sequence[str], decode: Decode) -> Iterator[Any]:
    """Delimiters that came encoded, as most servers take them; and a label's that OpenAPI 3.0 showed as dots."""
    if notation.explode or len(texts) != 1:
        return
    text, shape = texts[0], notation.shape
    loose = re.sub("%2C", ",", text, flags=re.IGNORECASE)
    if notation.style == "label":
        loose = text[:1] + text[1:].replace(".", ",")
    if loose == text:
        return
    if "array" in shape.types:
        yield from _arrays(_items(notation, [loose]), shape, decode)
    pairs = _pairs(notation, loose) if "object" in shape.types else None
    if pairs is not None:
        yield _object(pairs, shape, decode)


def _items(notation: ParameterStyle, texts: Sequence[str]) -> list[str]:
    if notation.explode and notation.style not in _EXPLODED:
        if notation.location != "cookie":
            return list(texts)
        return [part.removeprefix(f"{notation.name}=") for text in texts for part in text.split("&")]
    return [part for text in texts for part in _split(notation, text)]


def _split(notation: ParameterStyle, text: str) -> list[str]:
    text = _bare(notation, text)
    if not text:
        return []
    if notation.style == "matrix":
        if notation.explode:
            return [_unnamed(notation, part) for part in text.split(";")] if notation.shape.types & {"array"} else []
        text = _unnamed(notation, text)
    delimiter = _EXPLODED[notation.style] if notation.explode else _DELIMITERS[notation.style]
    parts = delimiter.split(text)
    return [part.strip(" \t") for part in parts] if notation.location == "header" else parts


def _pairs(notation: ParameterStyle, text: str) -> list[tuple[str, str]] | None:
    """The members of an object that is written in one text; None where it is not one."""
    if notation.style == "deepObject":
        return None
    if notation.explode:
        text = _bare(notation, text)
        # A cookie's members come as `R=1&G=2`, if they do not come as cookies of their own.
        delimiter = _EXPLODED.get(notation.style, re.compile("&"))
        named = [part.strip(" \t").partition("=") for part in delimiter.split(text)]
        return [(name, value) for name, _, value in named] if all(is_pair for _, is_pair, _ in named) else None
    parts = _split(notation, text)
    if not parts or len(parts) % 2:
        return None
    return list(zip(parts[::2], parts[1::2], strict=True))


def _bare(notation: ParameterStyle, text: str) -> str:
    prefix = _PREFIXES.get(notation.style)
    if prefix is None:
        return text
    if not text.startswith(prefix):
        raise Unreadable(f"{quote(text)} does not begin with {quote(prefix)}, as the style {notation.style} has it")
    return text[1:]


def _unnamed(notation: ParameterStyle, text: str) -> str:
    """The value of `name=value`, as the style matrix writes it; a name alone has an empty one."""
    if notation.style != "matrix":
        return text
    name, _, value = text.partition("=")
    if name != notation.name:
        wanted = quote(f";{notation.name}=")
        raise Unreadable(f"{quote(text)} is not introduced by {wanted}, as the style matrix has it")
    return value
