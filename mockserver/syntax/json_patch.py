"""JSON Patch (RFC 6902): a list of operations that change a JSON value, of which either all are carried out or none."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mockserver.syntax import json_pointer

# How many values all operations of a patch may copy, move and compare, and how deeply the result may be nested: a few
# copies of the whole into itself would fill any memory.
SIZE_LIMIT = 200_000
DEPTH_LIMIT = 200
POINTER = re.compile(r"(/([^~/]|~[01])*)*")
# The members that an operation needs besides `op` and `path` (section 4).
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "add": ("value",), "remove": (), "replace": ("value",), "move": ("from",), "copy": ("from",), "test": ("value",),
}  # fmt: skip


class MalformedPatch(ValueError):
    """The value is no JSON Patch; `pointer` is the place in it."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer, self.message = pointer, message


class PatchConflict(ValueError):
    """The operation of this number, from 0, cannot be carried out on the value, or its test fails."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number, self.message = number, message


class _Failed(Exception):
    """Why an operation cannot be carried out."""


class _Place(NamedTuple):
    """Where a pointer leads: an object or array, and the name or index in it."""

    holder: Any
    token: str


def check_patch(patch: Any) -> None:
    """Check the form of a patch. Raises MalformedPatch for the first operation that has none."""
    if not isinstance(patch, list):
        raise MalformedPatch("", "must be an array of operations")
    for number, operation in enumerate(patch):
        place = f"/{number}"
        if not isinstance(operation, dict):
            raise MalformedPatch(place, "must be an object with the members op and path")
        if operation.get("op") not in [*MEMBERS]:
            raise MalformedPatch(f"{place}/op", f"must be one of {', '.join(MEMBERS)}")
        for member in ("path", *MEMBERS[operation["op"]]):
            if member not in operation:
                raise MalformedPatch(f"{place}/{member}", f"is missing, which {operation['op']} needs")
            text = operation[member]
            if member != "value" and not (isinstance(text, str) and POINTER.fullmatch(text)):
                raise MalformedPatch(f"{place}/{member}", "must be a JSON pointer, such as /name or /lines/0")


def apply_patch(value: Any, patch: list[dict[str, Any]], are_equal: Callable[[Any, Any], bool]) -> Any:
    """The value after every operation of a patch whose form was checked; the value itself is left as it is.

    `are_equal` compares for `test`. Raises PatchConflict.
    """
    root, size = {"": copy.deepcopy(value)}, 0
    for number, operation in enumerate(patch):
        try:
            size += _size_of(root, operation)
            if size > SIZE_LIMIT:
                raise _Failed(f"the patch copies, moves and compares more than {SIZE_LIMIT} values")
            _carry_out(root, operation, are_equal)
        except _Failed as failure:
            raise PatchConflict(number, str(failure)) from None
    return root[""]


def _size_of(root: Any, operation: Mapping[str, Any]) -> int:
    """How many values an operation copies, moves or compares. Raises _Failed where they would be nested too deeply."""
    kind, depth = operation["op"], operation["path"].count("/")
    if kind in ("remove", "replace", "add"):
        values = [operation.get("value")]
    else:
        values = [_get(root, operation["path"] if kind == "test" else operation["from"])]
    size, level = 0, values
    while level and size <= SIZE_LIMIT:
        if depth > DEPTH_LIMIT:
            raise _Failed(f"the value would be nested deeper than {DEPTH_LIMIT} levels")
        size, depth = size + len(level), depth + 1
        compound = [item for item in level if isinstance(item, dict | list)]
        level = [member for item in compound for member in (item.values() if isinstance(item, dict) else item)]
    return size


def _carry_out(root: Any, operation: Mapping[str, Any], are_equal: Callable[[Any, Any], bool]) -> None:
    kind, path, source = operation["op"], operation["path"], operation.get("from", "")
    if kind == "test":
        if not are_equal(_get(root, path), operation["value"]):
            raise _Failed(f"the value at {path or 'the root'} is another one than that of the test")
    elif kind == "add":
        _add(root, path, copy.deepcopy(operation["value"]))
    elif kind == "remove":
        _remove(root, path)
    elif kind == "replace":
        _get(root, path)
        place = _find(root, path)
        place.holder[_key(place)] = copy.deepcopy(operation["value"])
    elif kind == "copy":
        _add(root, path, copy.deepcopy(_get(root, source)))
    elif path != source:
        if path.startswith(f"{source}/"):
            raise _Failed(f"{source} cannot be moved into itself")
        moved = _get(root, source)
        _remove(root, source)
        _add(root, path, moved)


def _find(root: Any, pointer: str) -> _Place:
    """The place of a pointer, whose last token need not be there. Raises _Failed."""
    *tokens, last = ["", *json_pointer.split(pointer)]
    holder = root
    for token in tokens:
        try:
            holder = json_pointer.get_member(holder, token)
        except LookupError:
            raise _Failed(f"there is nothing at {pointer}") from None
    if not isinstance(holder, dict | list):
        raise _Failed(f"there is nothing at {pointer}")
    return _Place(holder, last)


def _key(place: _Place) -> Any:
    return int(place.token) if isinstance(place.holder, list) else place.token


def _get(root: Any, pointer: str) -> Any:
    place = _find(root, pointer)
    try:
        return json_pointer.get_member(place.holder, place.token)
    except LookupError:
        raise _Failed(f"there is nothing at {pointer or 'the root'}") from None


def _add(root: Any, pointer: str, value: Any) -> None:
    holder, token = _find(root, pointer)
    if isinstance(holder, dict):
        holder[token] = value
        return
    index = len(holder) if token == "-" else int(token) if json_pointer.INDEX.fullmatch(token) else -1
    if not 0 <= index <= len(holder):
        raise _Failed(f"{pointer} is not a place in an array of {len(holder)}")
    holder.insert(index, value)


def _remove(root: Any, pointer: str) -> None:
    if not pointer:
        raise _Failed("the whole value cannot be removed")
    _get(root, pointer)
    place = _find(root, pointer)
    del place.holder[_key(place)]
