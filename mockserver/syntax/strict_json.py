"""JSON as RFC 8259 has it: strict when read, one canonical form when written."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import orjson

DEPTH_LIMIT = 200
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")


class MalformedJSON(ValueError):
    """Text that is no JSON: `message` says why, `line` where (from 1; None where no place can be named)."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(message, line, column)

    def __str__(self) -> str:
        return self.message if self.line is None else f"{self.message} at line {self.line} column {self.column}"


def parse(data: bytes) -> Any:
    """Read one JSON value from UTF-8 bytes.

    Stricter than `json.loads`: duplicate names, NaN, Infinity, numbers beyond a double, lone surrogates
    and nesting deeper than DEPTH_LIMIT are refused.

    Raises MalformedJSON.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJSON(f"byte {error.start} is not UTF-8", data.count(b"\n", 0, error.start) + 1, 1) from None
    _check_depth(data)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJSON(error.msg[0].lower() + error.msg[1:], error.lineno, error.colno) from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def dump(value: Any) -> bytes:
    """Write a JSON value as compact UTF-8; members stay in their order."""
    try:
        # A copy is no larger than it must be; orjson's own bytes hold on to kilobytes, and the journal to many of them.
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:  # for one, an integer of more than 64 bits
        return _ENCODER.encode(value).encode()


def canonical(value: Any) -> bytes:
    """Write a JSON value so that equal values give equal bytes: members sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def _check_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= DEPTH_LIMIT:
        return
    depth = 0
    for token in _STRUCTURE.finditer(data):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > DEPTH_LIMIT:
                line = data.count(b"\n", 0, token.start()) + 1
                raise MalformedJSON(f"nested deeper than {DEPTH_LIMIT} levels", line, 1)
        elif token[0] in (b"]", b"}"):
            depth -= 1


def _check_surrogates(value: Any) -> None:
    try:
        dump(value)
    except UnicodeEncodeError:
        raise MalformedJSON("a lone surrogate is no character") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedJSON(f"the name {json.dumps(twice)} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is no JSON number")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedJSON(f"{text[:40]} is beyond the range of a number")
    return number


def _int(text: str) -> int:
    if len(text) > 400:
        raise MalformedJSON(f"{text[:40]}… is beyond the range of a number")
    return int(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_float, parse_int=_int)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
