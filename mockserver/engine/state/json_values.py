"""Copies of JSON values, which refuse what is not JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mockserver.errors import quote
from mockserver.syntax import json_pointer

DEPTH_LIMIT = 200
SCALARS = (bool, type(None))
# Of integers: JSON that is read has shorter ones, and Python refuses to write much longer ones.
BITS_LIMIT = 4_096


class NotJson(Exception):
    """A value is not JSON; the message says where, and what would be right."""


def copy_json(value: Any, subject: str = "the value is", pointer: str = "") -> Any:
    """A deep copy of a JSON value; tuples become lists. `subject` begins the message of an error.

    Raises NotJson for what JSON does not have, and for what is nested too deeply.
    """
    kind = type(value)
    if kind is str:
        return _checked_text(value, subject, pointer)
    if kind is int:
        return _checked_number(value, subject, pointer)
    if kind in SCALARS or (kind is float and math.isfinite(value)):
        return value
    if isinstance(value, Mapping | list | tuple) and pointer.count("/") >= DEPTH_LIMIT:
        raise NotJson(f"{subject} nested deeper than {DEPTH_LIMIT} levels")
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise NotJson(f"{subject} an object{_place(pointer)} with the name {quote(name)}: names must be texts")
        return {
            _checked_text(str(name), subject, pointer): copy_json(member, subject, json_pointer.append(pointer, name))
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [copy_json(item, subject, f"{pointer}/{number}") for number, item in enumerate(value)]
    if isinstance(value, str):
        return _checked_text(str(value), subject, pointer)
    if isinstance(value, int):
        return _checked_number(int(value), subject, pointer)
    what = "a number that is not finite" if isinstance(value, float) else f"a {kind.__name__}"
    raise NotJson(f"{subject} {what}{_place(pointer)}: JSON has texts, numbers, booleans, None, lists and dicts")


def _checked_text(text: str, subject: str, pointer: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = "with half of a surrogate pair, which is no character"
            raise NotJson(f"{subject} a text{_place(pointer)} {reason}") from None
    return text


def _checked_number(number: int, subject: str, pointer: str) -> int:
    if number.bit_length() > BITS_LIMIT:
        raise NotJson(f"{subject} a number{_place(pointer)} with too many digits")
    return number


def _place(pointer: str) -> str:
    return f" at {pointer}" if pointer else ""
