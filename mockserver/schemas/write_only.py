"""Members that are `writeOnly`: clients send them, and responses are without them."""

from __future__ import annotations

from collections import deque
from typing import Any

from mockserver.schemas.shapes import Shape

WRITE_ONLY = "writeOnly"
# The members that are searched. In some documents every schema leads to nearly all others.
SEARCH_LIMIT = 500


def holds_write_only(shape: Shape) -> bool:
    """Whether a value of the shape may have a member that is write-only, as far as the nearest members show."""
    seen, pending = set[int](), deque([shape])
    while pending and len(seen) < SEARCH_LIMIT:
        current = pending.popleft()
        schemas = {id(schema.value) for schema, _ in current.schemas()}
        if schemas <= seen:
            continue
        seen |= schemas
        members = [current.member(name) for name in current.names]
        if any(member.has_annotation(WRITE_ONLY) for member in members):
            return True
        pending.extend((*members, current.items, current.additional))
    return False


def without_write_only(value: Any, shape: Shape) -> Any:
    """The value without its members that are write-only; itself if it has none."""
    if isinstance(value, dict):
        members = {
            name: without_write_only(member, shape.member(name))
            for name, member in value.items()
            if not shape.member(name).has_annotation(WRITE_ONLY)
        }
        is_same = len(members) == len(value) and all(members[name] is value[name] for name in members)
        return value if is_same else members
    if isinstance(value, list):
        items = [without_write_only(item, shape.items) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value
