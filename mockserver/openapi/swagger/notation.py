"""Converts what Swagger 2.0 says about the values of parameters and headers: types in place, and `collectionFormat`."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Node
from mockserver.errors import quote
from mockserver.openapi.parameter_decoding import COLLECTION_FORMAT
from mockserver.openapi.swagger.conversion import Conversion
from mockserver.openapi.swagger.schemas import BINARY, convert_schema, with_nullable

# The keywords that parameters, headers and items have in place of a schema.
KEYWORDS = (
    "type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum", "multipleOf", "x-nullable",
)  # fmt: skip
# What the notation says, and what does not belong to a converted parameter or header.
REPLACED = {*KEYWORDS, "collectionFormat", "x-example"}
MULTI = "multi"
FORMATS = ("csv", "ssv", "tsv", "pipes", MULTI)
# `style` and `explode` of OpenAPI 3.0, by location and format. Where there is none, the format stays an extension.
STYLES: dict[tuple[str, str], dict[str, Any]] = {
    ("query", "csv"): {"style": "form", "explode": False},
    ("query", MULTI): {"style": "form", "explode": True},
    ("query", "ssv"): {"style": "spaceDelimited", "explode": False},
    ("query", "pipes"): {"style": "pipeDelimited", "explode": False},
    ("path", "csv"): {"style": "simple"},
    ("header", "csv"): {"style": "simple"},
}


def convert_type(conversion: Conversion, node: Node) -> dict[str, Any]:
    """The schema of a parameter, a header or the items of one, whose keywords are beside its other members."""
    value = node.value
    if value.get("type") == "file":
        return dict(BINARY)
    schema: dict[str, Any] = {}
    for name in KEYWORDS:
        if name not in value:
            continue
        if name == "items" and isinstance(value["items"], dict):
            schema["items"] = _convert_items(conversion, node.child("items"))
        else:
            schema[name] = value[name]
    return conversion.mark(with_nullable(schema), node)


def _convert_items(conversion: Conversion, node: Node) -> Any:
    """The items of an array. How an array inside another one is written has no place in OpenAPI 3.0."""
    if "$ref" in node.value:
        return convert_schema(conversion, node)
    schema = convert_type(conversion, node)
    if schema.get("type") == "array":
        collection_format = _read_format(conversion, node)
        schema[COLLECTION_FORMAT] = collection_format
        conversion.lose(node, f"the {collection_format} of arrays inside an array")
    return schema


def convert_style(conversion: Conversion, node: Node, location: str) -> dict[str, Any]:
    """The members that say how an array is written in `location`: path, query (also forms) or header."""
    if node.value.get("type") != "array":
        return {}
    collection_format = _read_format(conversion, node)
    if collection_format == MULTI and location != "query":
        message = f"multi is only for query and form parameters; the {location} is read as csv"
        conversion.warn(node.child("collectionFormat"), message, "collection-format")
        collection_format = "csv"
    if (location, collection_format) in STYLES:
        return STYLES[location, collection_format]
    conversion.lose(node, f"collectionFormat {collection_format} in the {location}")
    return {**STYLES[location, "csv"], COLLECTION_FORMAT: collection_format}


def _read_format(conversion: Conversion, node: Node) -> str:
    declared = node.value.get("collectionFormat", "csv")
    if declared in FORMATS:
        return str(declared)
    message = f"{quote(declared)} is not a collectionFormat; it is read as csv. Valid: {', '.join(FORMATS)}"
    conversion.warn(node.child("collectionFormat"), message, "collection-format")
    return "csv"
