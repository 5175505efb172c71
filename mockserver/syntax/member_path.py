"""The names that lead to a member of a JSON value through the objects that hold it: ("meta", "next")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MemberPath = tuple[str, ...]


def member_at(value: Any, path: MemberPath) -> Any:
    """The member that a path leads to; None where there is none. The value itself at the end of an empty path."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def with_member(value: Mapping[str, Any], path: MemberPath, member: Any) -> dict[str, Any]:
    """The object with another value of the member that a path leads to; objects that lack on the way are added."""
    first, *rest = path
    if rest:
        below = value.get(first)
        member = with_member(below if isinstance(below, dict) else {}, tuple(rest), member)
    return {**value, first: member}


def without_member(value: Mapping[str, Any], path: MemberPath) -> dict[str, Any]:
    """The object without the member that a path leads to."""
    first, *rest = path
    below = value.get(first)
    if rest:
        return {**value, first: without_member(below, tuple(rest))} if isinstance(below, dict) else dict(value)
    return {name: member for name, member in value.items() if name != first}
