"""Members that are `writeOnly`: clients send them, and responses are without them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.schemas.shapes import Shape

WRITE_ONLY = "writeOnly"
# The members that are searched. In some documents every schema leads to nearly all others.
SEARCH_LIMIT = 500


def is_write_only(shape: Shape, name: str) -> bool:
    """Whether a member is write-only in every value of the shape, whichever of its alternatives that is of."""
    if not shape.member(name).has_annotation(WRITE_ONLY):
        return False
    declared = [(_is_marked(schema, name), is_branch) for schema, is_branch in _declaring(shape, name)]
    return any(mark for mark, is_branch in declared if not is_branch) or all(mark for mark, _ in declared)


def _is_write_only_in(shape: Shape, name: str, value: Mapping[str, Any]) -> bool:
    is_marked = shape.member(name).has_annotation(WRITE_ONLY)
    if not is_marked or name not in shape.names:
        return is_marked
    # Payment methods, for example, may have a number that only some of them show.
    declared = (entry for entry in _declaring(shape, name) if not (entry[1] and _excludes(entry[0], value)))
    return any(_is_marked(schema, name) for schema, _ in declared)


def _declaring(shape: Shape, name: str) -> Iterator[tuple[Node, bool]]:
    """The schemas that declare a member, and whether each is only one of several branches."""
    for schema, is_branch in shape.schemas():
        properties = schema.value.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield schema, is_branch


def _is_marked(schema: Node, name: str) -> bool:
    return Shape.from_schema(schema.child("properties", name)).has_annotation(WRITE_ONLY)


def _excludes(schema: Node, value: Mapping[str, Any]) -> bool:
    """Whether a schema requires a constant of a member that has another value."""
    for name, member in schema.value["properties"].items():
        if name in value and isinstance(member, dict):
            allowed = [member["const"]] if "const" in member else member.get("enum")
            if isinstance(allowed, list) and value[name] not in allowed:
                return True
    return False


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
        members += [Shape.from_schema(schema) for _, schema, _ in current.patterns]
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
            if not _is_write_only_in(shape, name, value)
        }
        is_same = len(members) == len(value) and all(members[name] is value[name] for name in members)
        return value if is_same else members
    if isinstance(value, list):
        items = [without_write_only(item, shape.items) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value
