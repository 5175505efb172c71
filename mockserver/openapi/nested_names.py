"""Objects whose members come as separate entries, such as `color[R]=100&color[G]=200` or the fields of a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from mockserver.errors import quote
from mockserver.schemas.shapes import Shape

DEPTH_LIMIT = 20
# An index only determines the order: no array of that size is allocated.
INDEX_DIGITS = 9

Leaf = TypeVar("Leaf")


class Unreadable(ValueError):
    """Text that does not follow its declaration; `keyword` is the part of the declaration: `style` or `content`."""

    def __init__(self, message: str, keyword: str = "style") -> None:
        self.keyword = keyword
        super().__init__(message)


def split_brackets(name: str) -> tuple[str, ...]:
    """`a[b][c]` as `a`, `b`, `c`; any other name as it is."""
    base, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]"):
        return (name,)
    return (base, *rest[:-1].split("]["))


def assemble(
    entries: Iterable[tuple[Sequence[str], Leaf]], shape: Shape, read: Callable[[Leaf, Shape], Any]
) -> dict[str, Any]:
    """The object that consists of the entries: each a path from its root, and a leaf that `read` turns into a value.

    Raises Unreadable if they contradict each other.
    """
    root: dict[str, Any] = {}
    for path, leaf in entries:
        if len(path) > DEPTH_LIMIT:
            raise Unreadable(f"nested deeper than {DEPTH_LIMIT} levels")
        parent = root
        for name in path[:-1]:
            parent = parent.setdefault(name, {})
            if not isinstance(parent, dict):
                raise Unreadable(f"{quote(name)} is both a value and an object")
        leaves = parent.setdefault(path[-1], [])
        if isinstance(leaves, dict):
            raise Unreadable(f"{quote(path[-1])} is both a value and an object")
        leaves.append(leaf)
    return {name: _build(branch, shape.member(name), read) for name, branch in root.items()}


def _build(branch: Any, shape: Shape, read: Callable[[Any, Shape], Any]) -> Any:
    """The value of a branch: a list of leaves that have the same path, or an object of further branches."""
    if isinstance(branch, list):
        if "array" in shape.types and (len(branch) > 1 or shape.types <= {"array", "object", "null"}):
            items = [read(leaf, shape.item(index)) for index, leaf in enumerate(branch)]
            # Some clients send a whole array as JSON, where each item should be sent by itself.
            is_whole = len(items) == 1 and isinstance(items[0], list) and "array" not in shape.item(0).types
            return items[0] if is_whole else items
        return read(branch[0], shape) if len(branch) == 1 else [read(leaf, shape) for leaf in branch]
    if "array" in shape.types and all(_is_index(name) for name in branch):
        items = list[Any]()
        for _, below in sorted(branch.items(), key=lambda entry: int(entry[0] or 0)):
            if isinstance(below, list):
                items += [read(leaf, shape.item(len(items) + index)) for index, leaf in enumerate(below)]
            else:
                items.append(_build(below, shape.item(len(items)), read))
        return items
    return {name: _build(below, shape.member(name), read) for name, below in branch.items()}


def _is_index(name: str) -> bool:
    return not name or (name.isascii() and name.isdecimal() and len(name) <= INDEX_DIGITS)
