"""The members of values, by paths such as `meta.next` through the items of arrays, and their shapes."""

from __future__ import annotations

from mockserver.schemas.shapes import Shape
from mockserver.syntax.member_path import MemberPath


def find_path(shape: Shape, name: str) -> MemberPath | None:
    """The member of a value that a name with dots stands for; None if the schema declares no such member."""
    if name in shape.names:
        return (name,)
    first, dot, rest = name.partition(".")
    shape = item_shape(shape)
    if first in shape.names if shape.names else shape.is_open:
        below = find_path(item_shape(shape.member(first)), rest) if dot else ()
        return None if below is None else (first, *below)
    return None


def member_shape(shape: Shape, path: MemberPath) -> Shape:
    """The shape of the member that a path leads to, through the items of arrays."""
    for name in path:
        shape = item_shape(shape).member(name)
    return shape


def item_shape(shape: Shape) -> Shape:
    """The shape of an array's items where there is an array, else the shape itself."""
    return shape.items if "array" in shape.types and not shape.types - {"array", "null"} else shape


def candidate_paths(shape: Shape, name: str) -> list[str]:
    """The members that a mistyped name may have meant, in the same notation."""
    first, dot, rest = name.partition(".")
    shape = item_shape(shape)
    if dot and first in shape.names:
        return [f"{first}.{below}" for below in candidate_paths(shape.member(first), rest)]
    nested = [f"{outer}.{inner}" for outer in shape.names for inner in item_shape(shape.member(outer)).names]
    return [*shape.names, *nested]
