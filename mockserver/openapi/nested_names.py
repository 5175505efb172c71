"""Objects and arrays that come in pieces, as `color[R]=100&color[G]=200` and as the fields of a form do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from mockserver.errors import quote
from mockserver.schemas.shapes import Shape

DEPTH_LIMIT = 20
# An index only orders, so nothing of its size is made; but it must be a number.
INDEX_DIGITS = 9

Leaf = TypeVar("Leaf")


class Unreadable(ValueError):
    """Text that is not written as its declaration says; `keyword` names what of it was not kept."""

    def __init__(self, message: str, keyword: str = "style") -> None:
        self.keyword = keyword
        super().__init__(message)


def brackets(name: str) -> tuple[str, ...]:
    """`a[b][c]` as `a`, `b`, `c`; any other name as it stands."""
    base, opened, rest = name.partition("[")
    if not opened or not rest.endswith("]"):
        return (name,)
    return (base, *rest[:-1].split("]["))


def assemble(
    entries: Iterable[tuple[Sequence[str], Leaf]], shape: Shape, read: Callable[[Leaf, Shape], Any]
) -> dict[str, Any]:
    """The object that the pieces make up: each a way from its root, and what stands there, for `read` to make out.

    Raises Unreadable where they contradict each other.
    """
    root: dict[str, Any] = {}
    for path, leaf in entries:
        if len(path) > DEPTH_LIMIT:
            raise Unreadable(f"nested deeper than {DEPTH_LIMIT} levels")
        place = root
        for step in path[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise Unreadable(f"{quote(step)} is both a value and an object")
        leaves = place.setdefault(path[-1], [])
        if isinstance(leaves, dict):
            raise Unreadable(f"{quote(path[-1])} is both a value and an object")
        leaves.append(leaf)
    return {name: _grown(branch, shape.member(name), read) for name, branch in root.items()}


def _grown(branch: Any, shape: Shape, read: Callable[[Any, Shape], Any]) -> Any:
    if isinstance(branch, list):
        if "array" in shape.types and (len(branch) > 1 or shape.types <= {"array", "object", "null"}):
            return [read(leaf, shape.items) for leaf in branch]
        return read(branch[0], shape) if len(branch) == 1 else [read(leaf, shape) for leaf in branch]
    if "array" in shape.types and all(_is_index(step) for step in branch):
        found: list[Any] = []
        for _, below in sorted(branch.items(), key=lambda one: int(one[0] or 0)):
            if isinstance(below, list):
                found += [read(leaf, shape.items) for leaf in below]
            else:
                found.append(_grown(below, shape.items, read))
        return found
    return {name: _grown(below, shape.member(name), read) for name, below in branch.items()}


def _is_index(step: str) -> bool:
    return not step or (step.isascii() and step.isdecimal() and len(step) <= INDEX_DIGITS)
