"""Converts schemas of Swagger 2.0 (section "Schema Object") to those of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Node
from mockserver.openapi.swagger.conversion import Conversion, is_reference
from mockserver.schemas.keywords import SCHEMA_ARRAY_KEYWORDS, SCHEMA_KEYWORDS, SCHEMA_MAP_KEYWORDS

BINARY = {"type": "string", "format": "binary"}


def convert_schema(conversion: Conversion, node: Node) -> Any:
    """The schema in OpenAPI 3.0: itself if nothing in it differs."""
    schema = node.value
    if not isinstance(schema, dict):
        return schema
    if id(schema) not in conversion.schemas:
        converted = (
            _convert_reference(conversion, node) if is_reference(schema) else _convert_keywords(conversion, node)
        )
        conversion.schemas[id(schema)] = conversion.mark(converted, node)
    return conversion.schemas[id(schema)]


def _convert_reference(conversion: Conversion, node: Node) -> Any:
    """A reference. `x-nullable` beside it takes effect, as in the tools that know it; keywords beside it do not."""
    schema = node.value
    name = schema["$ref"]
    if _is_definition(conversion, node, name):
        # The name alone was the notation of Swagger 1.2.
        schema = {**schema, "$ref": f"#/definitions/{name}"}
    else:
        conversion.follow("schema", node)
    if schema.get("x-nullable") is True:
        others = {member: value for member, value in schema.items() if member not in ("$ref", "x-nullable")}
        return {**others, "allOf": [{"$ref": schema["$ref"]}], "nullable": True}
    return schema


def _is_definition(conversion: Conversion, node: Node, name: str) -> bool:
    document = conversion.references.documents.root(node.uri).value
    definitions = document.get("definitions") if isinstance(document, dict) else None
    return isinstance(definitions, dict) and "/" not in name and "#" not in name and name in definitions


def _convert_keywords(conversion: Conversion, node: Node) -> dict[str, Any]:
    conversion.warn_about_later_members("schema", node)
    schema: dict[str, Any] = node.value
    converted = {name: _convert_keyword(conversion, node, name) for name in schema}
    if all(converted[name] is schema[name] for name in schema):
        converted = schema
    if schema.get("type") == "file":
        converted = {**converted, **BINARY}
    return with_nullable(converted)


def _convert_keyword(conversion: Conversion, node: Node, name: str) -> Any:
    value = node.value[name]
    if name == "discriminator" and isinstance(value, str):
        return {"propertyName": value}
    if isinstance(value, dict) and name in SCHEMA_MAP_KEYWORDS:
        keyword = node.child(name)
        members = {member: convert_schema(conversion, keyword.child(member)) for member in value}
        return value if all(members[member] is value[member] for member in value) else members
    if isinstance(value, list) and name in (*SCHEMA_ARRAY_KEYWORDS, "items"):
        keyword = node.child(name)
        items = [convert_schema(conversion, keyword.child(index)) for index in range(len(value))]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return convert_schema(conversion, node.child(name)) if name in SCHEMA_KEYWORDS else value


def with_nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with what `x-nullable`, or a list of types with null, says as `nullable`."""
    types = schema.get("type")
    if "x-nullable" in schema:
        is_nullable = schema["x-nullable"]
        schema = {name: value for name, value in schema.items() if name != "x-nullable"}
        schema.setdefault("nullable", is_nullable)
    if isinstance(types, list) and len(types) == 2 and "null" in types:
        other = next(name for name in types if name != "null")
        schema = {**schema, "type": other, "nullable": True}
    return schema
