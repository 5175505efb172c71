"""JSON Patch (RFC 6902): a list of operations that change a JSON value, of which either all are carried out or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.errors import QUOTE_LIMIT
from mockserver.syntax import json_pointer

# How much a patch may do, and how deeply the result may be nested: a few copies of the whole into itself would fill any
# memory. Each value that is added, copied, moved or compared counts, each name in a pointer, and each operation as ten.
STEP_LIMIT, OPERATION_STEPS = 200_000, 10
DEPTH_LIMIT = 200
# How many items of arrays may move, since others are inserted or removed before them: a quarter of a second.
SHIFT_LIMIT = 300_000_000
POINTER = re.compile(r"(?!.*~(?![01]))(/.*)?", re.DOTALL)
# The members that an operation needs besides `op` and `path` (section 4).
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "add": ("value",), "remove": (), "replace": ("value",), "move": ("from",), "copy": ("from",), "test": ("value",),
}  # fmt: skip


class MalformedPatch(ValueError):
    """The value is not a JSON Patch; `pointer` is the place in it."""

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

    What no operation changes is shared with the value and with the patch. `are_equal` compares for `test`. Raises
    PatchConflict.
    """
    document, steps = _Document(value), 0
    for number, operation in enumerate(patch):
        try:
            steps += OPERATION_STEPS + operation["path"].count("/") + operation.get("from", "").count("/")
            steps += _size_of(document, operation) if steps <= STEP_LIMIT else 0
            if steps > STEP_LIMIT:
                raise _Failed(f"the patch is too long, or copies too much: it takes more than {STEP_LIMIT:,} steps")
            _carry_out(document, operation, are_equal)
        except _Failed as failure:
            raise PatchConflict(number, str(failure)) from None
    return document.value


def _size_of(document: _Document, operation: Mapping[str, Any]) -> int:
    """How many values an operation copies, moves or compares. Raises _Failed where they would be nested too deeply."""
    kind, depth = operation["op"], operation["path"].count("/")
    if kind in ("remove", "replace", "add"):
        values = [operation.get("value")]
    else:
        values = [document.get(operation["path"] if kind == "test" else operation["from"])]
    size, level = 0, values
    while level and size <= STEP_LIMIT:
        if depth > DEPTH_LIMIT:
            raise _Failed(f"the value would be nested deeper than {DEPTH_LIMIT} levels")
        size, depth = size + len(level), depth + 1
        compound = [item for item in level if isinstance(item, dict | list)]
        level = [member for item in compound for member in (item.values() if isinstance(item, dict) else item)]
    return size


def _carry_out(document: _Document, operation: Mapping[str, Any], are_equal: Callable[[Any, Any], bool]) -> None:
    kind, path, source = operation["op"], operation["path"], operation.get("from", "")
    if kind == "test":
        if not are_equal(document.get(path), operation["value"]):
            raise _Failed(f"the value at {_shown(path) or 'the root'} is another one than that of the test")
    elif kind == "add":
        document.add(path, operation["value"])
    elif kind == "remove":
        document.remove(path)
    elif kind == "replace":
        document.replace(path, operation["value"])
    elif kind == "copy":
        document.add(path, document.copy(document.get(source)))
    elif path != source:
        if path.startswith(f"{source}/"):
            raise _Failed(f"{_shown(source)} cannot be moved into itself")
        moved = document.get(source)
        document.remove(source)
        document.add(path, moved)


def _shown(pointer: str) -> str:
    return pointer if len(pointer) <= QUOTE_LIMIT else f"{pointer[:QUOTE_LIMIT]}…"


class _Document:
    """A value that is changed: objects and arrays are copied before they are changed for the first time."""

    def __init__(self, value: Any) -> None:
        self._root = {"": value}
        # The objects and arrays that may be changed, by their `id()`; others are also in what was given.
        self._own: dict[int, Any] = {id(self._root): self._root}
        self._shifted = 0

    @property
    def value(self) -> Any:
        """The whole value."""
        return self._root[""]

    def get(self, pointer: str) -> Any:
        """What is at a pointer. Raises _Failed."""
        holder, token = self._find(pointer)
        try:
            return json_pointer.get_member(holder, token)
        except LookupError:
            raise _Failed(f"there is nothing at {_shown(pointer) or 'the root'}") from None

    def add(self, pointer: str, value: Any) -> None:
        """Set a member, or insert an item. Raises _Failed."""
        holder, token = self._find(pointer, for_change=True)
        if isinstance(holder, dict):
            holder[token] = value
            return
        index = len(holder) if token == "-" else int(token) if json_pointer.INDEX.fullmatch(token) else -1
        if not 0 <= index <= len(holder):
            raise _Failed(f"{_shown(pointer)} is not a place in an array of {len(holder)}")
        self._shift(holder, index)
        holder.insert(index, value)

    def remove(self, pointer: str) -> None:
        """Remove a member or an item. Raises _Failed."""
        if not pointer:
            raise _Failed("the whole value cannot be removed")
        self.get(pointer)
        holder, token = self._find(pointer, for_change=True)
        if isinstance(holder, dict):
            del holder[token]
            return
        self._shift(holder, int(token))
        del holder[int(token)]

    def replace(self, pointer: str, value: Any) -> None:
        """Set a member or an item that is there. Raises _Failed."""
        self.get(pointer)
        holder, token = self._find(pointer, for_change=True)
        holder[int(token) if isinstance(holder, list) else token] = value

    def copy(self, value: Any) -> Any:
        """A value of this document that does not change with it."""
        if id(value) not in self._own:
            return value
        if isinstance(value, dict):
            return {name: self.copy(member) for name, member in value.items()}
        return [self.copy(item) for item in value]

    def _find(self, pointer: str, *, for_change: bool = False) -> tuple[Any, str]:
        """The object or array that a pointer leads into, and the name or index in it, which need not be there."""
        *tokens, last = ["", *json_pointer.split(pointer)]
        holder: Any = self._root
        for token in tokens:
            try:
                inner = json_pointer.get_member(holder, token)
            except LookupError:
                raise _Failed(f"there is nothing at {_shown(pointer)}") from None
            if for_change and id(inner) not in self._own and isinstance(inner, dict | list):
                inner = inner.copy()
                self._own[id(inner)] = holder[int(token) if isinstance(holder, list) else token] = inner
            holder = inner
        if not isinstance(holder, dict | list):
            raise _Failed(f"there is nothing at {_shown(pointer)}")
        return holder, last

    def _shift(self, items: list[Any], index: int) -> None:
        """Count the items that move where one is inserted or removed before them."""
        self._shifted += len(items) - index
        if self._shifted > SHIFT_LIMIT:
            raise _Failed("the patch inserts and removes too many items before too many others of an array")
