"""The properties of an object's schema."""

from __future__ import annotations

from mockserver.documents.tree import Node

DEPTH_LIMIT = 20


def declared_properties(schema: Node, depth: int = 0) -> dict[str, Node]:
    """The properties that a schema declares, directly or by its references and `allOf`."""
    if depth > DEPTH_LIMIT or not isinstance(schema.value, dict):
        return {}
    properties: dict[str, Node] = {}
    if isinstance(schema.value.get("$ref"), str):
        properties |= declared_properties(schema.resolve(), depth + 1)
    if "allOf" in schema.value:
        for index in range(len(schema.value["allOf"])):
            properties |= declared_properties(schema.child("allOf", index), depth + 1)
    if isinstance(schema.value.get("properties"), dict):
        properties |= {name: schema.child("properties", name) for name in schema.value["properties"]}
    return properties
