"""Values for schemas that no value satisfies: each part of the schema is satisfied as far as it can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.errors import CannotGenerate
from mockserver.generate import repair
from mockserver.generate.constraints import Nodes, object_at
from mockserver.generate.generation_state import Generation

DEPTH_LIMIT = 6


def approximate(generation: Generation, nodes: Nodes, name: str, depth: int = 0) -> Any:
    """A value that violates the schemas in as little as possible; null where nothing can be said of it."""
    try:
        return repair.make_valid(generation, nodes, name, depth)
    except CannotGenerate:
        if depth > DEPTH_LIMIT:
            return None
    members: dict[str, Any] = {}
    others: list[Any] = []
    is_object = False
    for node in nodes:
        for part in _parts(node):
            value = approximate(generation, (part,), name, depth + 1)
            if isinstance(value, dict):
                members |= {key: member for key, member in value.items() if key not in members}
                is_object = True
            elif value is not None:
                others.append(value)
        properties = _object_of(node)
        if properties is not None:
            is_object = True
            required = properties.value.get("required")
            names = [key for key in required if isinstance(key, str)] if isinstance(required, list) else []
            for key in object_at(properties, "properties"):
                if key in names and key not in members:
                    members[key] = approximate(generation, (properties.child("properties", key),), key, depth + 1)
    return members if is_object else next(iter(others), None)


def _parts(node: Node) -> Iterator[Node]:
    """The schemas that a schema applies to the same value; of a choice, the first."""
    schema = node.value
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield node.resolve()
    for keyword in ("allOf", "oneOf", "anyOf"):
        branches = schema.get(keyword)
        count = len(branches) if isinstance(branches, list) else 0
        for index in range(count if keyword == "allOf" else min(count, 1)):
            yield node.child(keyword, index)


def _object_of(node: Node) -> Node | None:
    return node if isinstance(node.value, dict) and "properties" in node.value else None
