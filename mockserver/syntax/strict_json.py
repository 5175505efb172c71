"""JSON as RFC 8259 defines it: read strictly, written compactly or in one canonical form."""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from itertools import accumulate, islice
from typing import Any, NoReturn

import orjson

from mockserver.errors import quote
from mockserver.syntax.malformed_text import MalformedText

# JSON that `dump` writes as it is.
Fragment = orjson.Fragment
DEPTH_LIMIT = 200
# The characters among which a duplicate name is looked for, to name it: in a third of a second.
SEARCHED_SIZE = 2_000_000
# How deeply nested values may be that orjson writes.
_WRITTEN_DEPTH = 254
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_EMPTY = re.compile(rb"\[\s*\]|\{\s*\}")
# How each byte changes the depth of nesting.
_STEPS = tuple((chr(byte) in "[{") - (chr(byte) in "]}") for byte in range(256))
_NOT_STRUCTURE = bytes(byte for byte in range(256) if chr(byte) not in "[]{}\n")
# Only numbers with an exponent or so many digits may be outside the range of a double. Once every digit is a 0 and
# every e is small, both are found by plain searches, which take a fraction of the time of a regular expression.
_DIGITS_AND_EXPONENTS = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG_DIGITS = b"0" * 300
# An integer of more than 64 bits has so many digits.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_INTEGER = b"0" * 19
# A string, the colon after the name of a member, or a bracket.
_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|([\[\]{}])', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")


class MalformedJSON(MalformedText):
    """Text that is not valid JSON."""


class _DuplicateName(Exception):
    pass


def parse(data: bytes, searched: int | None = SEARCHED_SIZE) -> Any:
    """Read one JSON value from UTF-8 bytes.

    Stricter than `json.loads`: duplicate names, NaN, Infinity, numbers beyond the range of a double, lone surrogates
    and nesting deeper than DEPTH_LIMIT are rejected. A duplicate name is named, with its place, where it is among the
    first `searched` characters; None for all of them.

    Raises MalformedJSON.
    """
    data = data.removeprefix(BOM_UTF8)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parse_checking(data, searched)
    written = _dump_shallow(value) if data.count(b"[") + data.count(b"{") > DEPTH_LIMIT else orjson.dumps(value)
    if written is not None and _count_quotes(data) != _count_quotes(written):
        # Of two members with one name orjson keeps the last one: then the text has more strings than the value.
        del value, written
        raise _find_duplicate(data.decode()[:searched])
    # orjson reads an integer of more than 64 bits as a float.
    if written is None or _LONG_INTEGER in data.translate(_DIGITS):
        return _parse_checking(data, searched)
    return value


def _count_quotes(data: bytes) -> int:
    """The number of quotation marks that begin or end a string."""
    return data.replace(rb"\\", b"").replace(rb"\"", b"").count(b'"') if b"\\" in data else data.count(b'"')


def _dump_shallow(value: Any) -> bytes | None:
    """A value as JSON, in arrays that reach the depth which orjson writes if it is DEPTH_LIMIT deep; None if deeper."""
    for _ in range(_WRITTEN_DEPTH - DEPTH_LIMIT):
        value = [value]
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return None


def _parse_checking(data: bytes, searched: int | None) -> Any:
    """Read one JSON value, or say what is wrong and where. Raises MalformedJSON."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[line_start : error.start].decode()) + 1
        message = f"byte {error.start} is not UTF-8"
        raise MalformedJSON(message, data.count(b"\n", 0, error.start) + 1, column) from None
    _check_depth(data)
    try:
        value = (_CHECKING_DECODER if _may_exceed_double(data) else _DECODER).decode(text)
    except _DuplicateName:
        raise _find_duplicate(text[:searched]) from None
    except json.JSONDecodeError as error:
        raise MalformedJSON(_reason(error), error.lineno, error.colno) from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _reason(error: json.JSONDecodeError) -> str:
    """Why text is not JSON; what other languages allow is named."""
    before, rest = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments"
    if rest.startswith("'"):
        return "JSON has double quotes, not single ones"
    # The position is that of the comma or of what follows it, depending on the version of Python.
    if (before.endswith(",") and rest[:1] in ("]", "}")) or re.match(r",\s*[\]}]", rest):
        return "no comma may stand before the end of an object or array"
    return error.msg[0].lower() + error.msg[1:]


def _may_exceed_double(data: bytes) -> bool:
    plain = data.translate(_DIGITS_AND_EXPONENTS)
    return b"0e" in plain or _LONG_DIGITS in plain


def dump(value: Any) -> bytes:
    """Write a JSON value, which may hold a Fragment, as compact UTF-8; members keep their order."""
    try:
        # Copied, since orjson over-allocates by kilobytes and the journal keeps many of these.
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, for example
        return _ENCODER.encode(value).encode()


def dump_indented(value: Any) -> str:
    """Write a JSON value for people: two spaces for each level, members in their order, and a line feed at the end."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, for example
        return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def dump_sorted(value: Any) -> bytes:
    """Write a JSON value as `dump` does, with its members sorted."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return dump_canonical(value)


def dump_canonical(value: Any) -> bytes:
    """Write a JSON value so that equal values give equal bytes: members sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def count_values(data: bytes, limit: int) -> int:
    """How many values a JSON text has; where that is quicker, another number on the same side of the limit."""
    most, _ = _bounds_of_values(data)
    if most <= limit:
        return most
    # A value has at most one name.
    structure, strings = _STRING.subn(b"", data, 2 * limit + 1)
    if strings > 2 * limit:
        return limit + 1
    most, least = _bounds_of_values(structure)
    return least if least > limit else most - len(_EMPTY.findall(structure))


def _bounds_of_values(data: bytes) -> tuple[int, int]:
    """How many values JSON without strings has at most and at least; with strings, the first number is right too."""
    commas, containers = data.count(b","), data.count(b"[") + data.count(b"{")
    return 1 + commas + containers, max(1 + commas, containers)


def _check_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= DEPTH_LIMIT:
        return
    structure = _STRING.sub(b"", data).translate(None, _NOT_STRUCTURE)
    depths = accumulate(map(_STEPS.__getitem__, structure))
    if max(depths) > DEPTH_LIMIT:
        depths = accumulate(map(_STEPS.__getitem__, structure))
        position = next(index for index, depth in enumerate(depths) if depth > DEPTH_LIMIT)
        line = structure.count(b"\n", 0, position) + 1
        raise MalformedJSON(f"nested deeper than {DEPTH_LIMIT} levels", line, 1)


def parse_fast(data: bytes) -> Any:
    """Read one JSON value without looking for duplicate names, lone surrogates and the limit of nesting.

    Raises MalformedJSON.
    """
    try:
        return json.loads(data, parse_constant=_reject_constant, parse_float=_read_float)
    except (ValueError, RecursionError) as error:
        raise MalformedJSON(str(error)) from None


def _check_surrogates(value: Any) -> None:
    try:
        dump(value)
    except UnicodeEncodeError:
        raise MalformedJSON("contains a lone surrogate, which is not a valid character") from None


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _DuplicateName
    return members


def _find_duplicate(text: str) -> MalformedJSON:
    """What to say about the first name that appears twice in one object of a text."""
    # The names of each open object; none of an open array.
    open_containers: list[set[str] | None] = []
    names: set[str] | None = None
    for number, (string, colon, bracket) in enumerate(_TOKEN.findall(text)):
        if colon:
            name = json.loads(string) if "\\" in string else string[1:-1]
            if names is not None and name in names:
                start = next(islice(_TOKEN.finditer(text), number, None)).start()
                column = start - text.rfind("\n", 0, start)
                message = f"the name {quote(name)} appears twice in one object"
                return MalformedJSON(message, text.count("\n", 0, start) + 1, column)
            if names is not None:
                names.add(name)
        elif bracket in ("{", "["):
            open_containers.append(names)
            names = set() if bracket == "{" else None
        elif bracket:
            names = open_containers.pop()
    return MalformedJSON("a name appears twice in one object")


def _reject_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not a valid JSON number")


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedJSON(f"{text[:40]} is outside the range of a number")
    return number


def _read_int(text: str) -> int:
    if len(text) > 400:
        raise MalformedJSON(f"{text[:40]}… is outside the range of a number")
    return int(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_read_object, parse_constant=_reject_constant)
_CHECKING_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object, parse_constant=_reject_constant, parse_float=_read_float, parse_int=_read_int
)
_ENCODER = json.JSONEncoder(
    # What is not a value is a Fragment.
    default=lambda fragment: json.loads(orjson.dumps(fragment)),
    ensure_ascii=False,
    separators=(",", ":"),
    allow_nan=False,
)
