"""Translates schemas of OpenAPI 3.0 to JSON Schema 2020-12, one object at a time (OpenAPI 3.0.3, section 4.7.24).

Each keyword keeps its location, so that references into a schema still hold, with one exception: the keywords of a
`nullable` schema without a type move into the first alternative of an `anyOf` whose second one is null.
"""

from __future__ import annotations

from typing import Any

# Keywords that describe a schema and never reject a value.
ANNOTATIONS = frozenset({
    "title", "description", "default", "example", "examples", "readOnly", "writeOnly", "deprecated", "xml",
    "externalDocs",
})  # fmt: skip
COMBINATIONS = ("allOf", "anyOf", "oneOf", "not")
RELOCATED_TO = "/anyOf/0"
# What the keywords of arrays of `items` are called in 2020-12.
TUPLE_KEYWORDS = {"items": "prefixItems", "additionalItems": "items"}
BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def translate(schema: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """The schema in 2020-12, given that its subschemas are translated already; itself if nothing differs.

    `written` is the schema before.
    """
    if isinstance(schema.get("$ref"), str):
        # Siblings of a reference are ignored (section 4.7.23).
        return schema if len(schema) == 1 else {"$ref": schema["$ref"]}
    translated = {**schema, "nullable": True} if _is_made_nullable(written) else schema
    for exclusive, bound in BOUNDS:
        if isinstance(schema.get(exclusive), bool):
            translated = translate_exclusive(translated, exclusive, bound)
    if isinstance(schema.get("items"), list):
        translated = translate_tuple(translated)
    if "nullable" in translated:
        is_nullable = translated["nullable"] is True
        translated = {name: value for name, value in translated.items() if name != "nullable"}
        translated = _allow_null(translated) if is_nullable else translated
    return translated


def relocates(schema: dict[str, Any]) -> bool:
    """Whether translating a schema, given as written, moves its keywords to RELOCATED_TO."""
    return (
        (schema.get("nullable") is True or _is_made_nullable(schema))
        and "type" not in schema
        and not isinstance(schema.get("$ref"), str)
        and any(name in schema for name in COMBINATIONS)
    )


def _is_made_nullable(schema: dict[str, Any]) -> bool:
    """Whether an `allOf` has `nullable: true` as a separate schema: in many documents, it is meant for the whole."""
    parts = schema.get("allOf")
    if not isinstance(parts, list) or "nullable" in schema or "type" in schema:
        return False
    return any(map(_says_nullable_alone, parts))


def _says_nullable_alone(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("nullable") is True and schema.keys() <= ANNOTATIONS | {"nullable"}


def translate_exclusive(schema: dict[str, Any], exclusive: str, bound: str) -> dict[str, Any]:
    """The schema with a boolean `exclusiveMinimum` or `exclusiveMaximum` as the bound that it is about."""
    translated = {name: value for name, value in schema.items() if name != exclusive}
    if schema[exclusive] and bound in translated:
        translated[exclusive] = translated.pop(bound)
    return translated


def translate_tuple(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with an array of `items`, each for the item at its place, and the `additionalItems` after them."""
    return {TUPLE_KEYWORDS.get(name, name): value for name, value in schema.items()}


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with null allowed, also by its `enum`: authors who list only the other values mean that too."""
    translated = dict(schema)
    if isinstance(translated.get("enum"), list) and None not in translated["enum"]:
        translated["enum"] = [*translated["enum"], None]
    if isinstance(translated.get("type"), str):
        translated["type"] = [translated["type"], "null"] if translated["type"] != "null" else "null"
    elif any(name in translated for name in COMBINATIONS):
        annotations = {
            name: value for name, value in translated.items() if name in ANNOTATIONS or name.startswith("x-")
        }
        assertions = {name: value for name, value in translated.items() if name not in annotations}
        return {**annotations, "anyOf": [assertions, {"type": "null"}]}
    return translated
