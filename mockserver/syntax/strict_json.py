"""JSON as RFC 8259 defines it: read strictly, written compactly or in one canonical form."""

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
    """Text that is not valid JSON: `message` says why; `line` and `column` (from 1) say where, if that is known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(message, line, column)

    def __str__(self) -> str:
        return self.message if self.line is None else f"{self.message} at line {self.line} column {self.column}"


def parse(data: bytes) -> Any:
    """Read one JSON value from UTF-8 bytes.

    Stricter than `json.loads`: duplicate names, NaN, Infinity, numbers beyond the range of a double, lone surrogates
    and nesting deeper than DEPTH_LIMIT are rejected.

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
    """Write a JSON value as compact UTF-8; members keep their order."""
    try:
        # Copied, since orjson over-allocates by kilobytes and the journal keeps many of these.
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, for example
        return _ENCODER.encode(value).encode()


def dump_canonical(value: Any) -> bytes:
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
        raise MalformedJSON("contains a lone surrogate, which is not a valid character") from None


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise MalformedJSON(f"the name {json.dumps(duplicate)} appears twice in one object")
    return members


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


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object, parse_constant=_reject_constant, parse_float=_read_float, parse_int=_read_int
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
