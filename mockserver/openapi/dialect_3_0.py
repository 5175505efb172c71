"""Schemas of OpenAPI 3.0 as JSON Schema 2020-12, one object at a time (OpenAPI 3.0.3, section 4.7.24).

Each keyword stays where it was written, so that references into a schema still lead there. Only what `nullable`
applies to moves, into the first of two alternatives, where the schema has no type that could name null.
"""

from __future__ import annotations

from typing import Any

# What tells of a schema, and refuses nothing.
ANNOTATIONS = frozenset({
    "title", "description", "default", "example", "examples", "readOnly", "writeOnly", "deprecated", "xml",
    "externalDocs",
})  # fmt: skip
COMBINATIONS = ("allOf", "anyOf", "oneOf", "not")
# Where what was written of such a schema is now.
MOVED = "/anyOf/0"
BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def translate(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as 2020-12 has it, its parts being so already; the schema itself where nothing differs."""
    if isinstance(schema.get("$ref"), str):
        # Whatever stands beside a reference is ignored (section 4.7.23).
        return schema if len(schema) == 1 else {"$ref": schema["$ref"]}
    made = schema
    for exclusive, bound in BOUNDS:
        if isinstance(schema.get(exclusive), bool):
            made = _bounded(made, exclusive, bound)
    if isinstance(schema.get("items"), list):
        made = {("prefixItems" if name == "items" else name): value for name, value in made.items()}
    if "nullable" in made:
        nullable = made["nullable"] is True
        made = {name: value for name, value in made.items() if name != "nullable"}
        made = _nullable(made) if nullable else made
    return made


def moves(schema: dict[str, Any]) -> bool:
    """Whether the keywords of a schema as written move when it is translated."""
    return (
        schema.get("nullable") is True
        and "type" not in schema
        and not isinstance(schema.get("$ref"), str)
        and any(name in schema for name in COMBINATIONS)
    )


def _bounded(schema: dict[str, Any], exclusive: str, bound: str) -> dict[str, Any]:
    made = {name: value for name, value in schema.items() if name != exclusive}
    if schema[exclusive] and bound in made:
        made[exclusive] = made.pop(bound)
    return made


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with null admitted, by an `enum` too: that is what authors mean who list the other values alone."""
    made = dict(schema)
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"] if made["type"] != "null" else "null"
    elif any(name in made for name in COMBINATIONS):
        told = {name: value for name, value in made.items() if name in ANNOTATIONS or name.startswith("x-")}
        rest = {name: value for name, value in made.items() if name not in told}
        return {**told, "anyOf": [rest, {"type": "null"}]}
    return made
