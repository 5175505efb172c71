"""Searches for a valid value next to values that are not: one that satisfies a branch of a `oneOf` and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.generate.constraints import Nodes
from mockserver.generate.generation_state import Generation
from mockserver.schemas.equality import equality_key
from mockserver.schemas.shapes import Shape

# How many values are validated: a few hundredths of a second.
BUDGET = 3_000
# How many characters these may have as JSON altogether.
SIZE_BUDGET = 1_000_000
# How many changes a value may be away from those that the search begins with.
STEPS = 2
# How deep below a value the changes are.
NESTED = 2
# Values of every type, for a member that one branch restricts and another does not.
OTHER_VALUES: tuple[Any, ...] = ("word", 1, True, None, 0.5, [], {}, "", -1, 1_000_000, ["word"], {"name": "word"})
UNDECLARED = "extra"


def find_neighbour(generation: Generation, nodes: Nodes, drafts: Sequence[Any]) -> tuple[Any] | None:
    """A valid value that differs in few members from one of the drafts, in a tuple; None if the budget ends first."""
    shape = Shape(nodes)
    seen: set[str] = set()
    size = 0
    current = list(drafts)
    for _ in range(STEPS):
        following = []
        for draft in current:
            for value in _neighbours(draft, shape):
                key = equality_key(value)
                if key in seen:
                    continue
                size += len(key)
                if len(seen) >= BUDGET or size > SIZE_BUDGET:
                    return None
                seen.add(key)
                if generation.is_valid(nodes, value):
                    return (value,)
                following.append(value)
        current = following
    return None


def _neighbours(value: Any, shape: Shape, depth: int = 0) -> Iterator[Any]:
    """The values that differ in one member: without it, with it although nothing declares it, or with another value."""
    if isinstance(value, list):
        yield from (value[:-1], value[:1], [*value, *value], [])
    if not isinstance(value, dict):
        return
    for name in value:
        yield {other: member for other, member in value.items() if other != name}
    if UNDECLARED not in value:
        yield {**value, UNDECLARED: "word"}
    for other in OTHER_VALUES:
        for name in sorted(shape.names):
            yield {**value, name: other}
    if depth < NESTED:
        for name, member in value.items():
            for inner in _neighbours(member, shape.member(name), depth + 1):
                yield {**value, name: inner}
