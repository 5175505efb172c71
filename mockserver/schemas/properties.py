"""The properties of an object's schema."""

from __future__ import annotations

from mockserver.documents.nodes import Node

DEPTH_LIMIT = 20


def declared_properties(schema: Node) -> dict[str, Node]:
    """The properties that a schema declares, directly or by its references and `allOf`."""
    properties: dict[str, Node] = {}
    _collect_properties(schema, 0, set(), properties)
    return properties


def _collect_properties(schema: Node, depth: int, visited: set[str], properties: dict[str, Node]) -> None:
    if depth > DEPTH_LIMIT or not isinstance(schema.value, dict) or schema.address in visited:
        return
    visited.add(schema.address)
    if isinstance(schema.value.get("$ref"), str):
        _collect_properties(schema.resolve(), depth + 1, visited, properties)
    parts = schema.value.get("allOf")
    for index in range(len(parts) if isinstance(parts, list) else 0):
        _collect_properties(schema.child("allOf", index), depth + 1, visited, properties)
    if isinstance(schema.value.get("properties"), dict):
        properties |= {name: schema.child("properties", name) for name in schema.value["properties"]}
