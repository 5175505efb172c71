"""Warns about schemas that are valid and hardly meant so: no value matches them, or a keyword has no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.openapi.linking import Linked, TypedLocation
from mockserver.schemas.shapes import Shape, TypeSearch, types_of_value
from mockserver.syntax import json_pointer

# What may stand beside a `$ref` of OpenAPI 3.0 without an effect that anybody would miss.
HARMLESS_SIBLINGS = {"$ref", "description", "summary", "title", "externalDocs", "xml", "deprecated", "example"}
COMBINATIONS = ("allOf", "oneOf", "anyOf")
# No other schema is suspicious.
SUSPICIOUS = frozenset({"$ref", "example", "nullable", "enum", "const", *COMBINATIONS})
# A warning: the keyword it is about, the message and its code.
Warning = tuple[str, str, str]


def warn_about_schemas(linked: Linked, report: Report) -> None:
    """Report what is suspicious about each schema, as written and as it is served."""
    types = TypeSearch()
    for location in linked.schemas.values():
        if SUSPICIOUS.isdisjoint(location.value) or (len(location.value) == 1 and "$ref" in location.value):
            continue
        source = linked.documents.sources[location.uri]
        is_3_0 = linked.is_3_0.get(location.uri, False)
        for keyword, message, code in (
            *_idle_keywords(location.value, is_3_0),
            *_contradictions(linked, location, types),
        ):
            report.warn(source, json_pointer.append(location.pointer, keyword), message, code)


def _idle_keywords(schema: Mapping[str, Any], is_3_0: bool) -> Iterator[Warning]:
    """Keywords that the version of the document gives no meaning."""
    if is_3_0 and isinstance(schema.get("$ref"), str):
        for name in schema:
            if name not in HARMLESS_SIBLINGS and not name.startswith("x-"):
                message = (
                    f"{quote(name)} beside $ref is ignored in OpenAPI 3.0: put the reference into an allOf, "
                    f"and {quote(name)} beside that"
                )
                yield name, message, "ref-sibling"
    example = schema.get("example")
    if isinstance(example, dict) and example.keys() == {"$ref"}:
        yield "example", "an example is a value, not a reference: write the value itself", "example-notation"
    if not is_3_0 and schema.get("nullable") is True:
        declared = schema.get("type")
        types = f"[{declared}, 'null']" if isinstance(declared, str) else "[string, 'null']"
        yield "nullable", f"nullable has no meaning since OpenAPI 3.1: write type: {types}", "nullable"


def _contradictions(linked: Linked, location: TypedLocation, types: TypeSearch) -> Iterator[Warning]:
    """Parts of a schema that no value satisfies together."""
    schema = location.value
    keyword = next((name for name in COMBINATIONS if name in schema), None)
    if "type" in schema and ("enum" in schema or "const" in schema):
        yield from _excluded_values(schema)
    is_combined = keyword is not None or ("$ref" in schema and len(schema) > 1)
    node = _find(linked, location) if is_combined else None
    if node is None:
        return
    if not types.of(node):
        yield keyword or "$ref", "no value matches this schema: its parts allow no type in common", "unsatisfiable"
    else:
        yield from _excluded_members(node, keyword or "$ref")


def _find(linked: Linked, location: TypedLocation) -> Node | None:
    """The schema as it is served; None if it has been left out."""
    value = linked.served.get(id(location.value))
    return Node(linked.documents, location.uri, location.pointer, value) if value is not None else None


def _excluded_values(schema: Mapping[str, Any]) -> Iterator[Warning]:
    """The values of an `enum` or `const` that its `type` does not allow."""
    declared, listed = schema["type"], schema.get("enum")
    keyword = "enum" if isinstance(listed, list) else "const"
    if keyword not in schema:
        return
    values = listed if isinstance(listed, list) else [schema.get("const")]
    types = frozenset(
        name for name in (declared if isinstance(declared, list) else [declared]) if isinstance(name, str)
    )
    # A `nullable` schema of OpenAPI 3.0 allows null.
    allowed = types | ({"null"} if schema.get("nullable") is True else set())
    excluded = [value for value in values if not types_of_value(value) & allowed]
    if excluded and types:
        subject = "no value matches this schema" if len(excluded) == len(values) else "these can never match"
        message = f"{subject}: {', '.join(map(quote, excluded[:5]))} of {keyword}, since type is {quote(declared)}"
        yield keyword, message, "unsatisfiable"


def _excluded_members(node: Node, keyword: str) -> Iterator[Warning]:
    """A member that one part requires, and another one excludes by `additionalProperties: false`."""
    parts = Shape.from_schema(node).unconditional()
    if not any(part.value.get("additionalProperties") is False for part in parts):
        return
    required = dict.fromkeys(
        name
        for part in parts
        if isinstance(part.value.get("required"), list)
        for name in part.value["required"]
        if isinstance(name, str)
    )
    for part in parts:
        properties = part.value.get("properties", {})
        if part.value.get("additionalProperties") is not False or "patternProperties" in part.value:
            continue
        excluded = [name for name in required if not isinstance(properties, dict) or name not in properties]
        if excluded:
            message = (
                f"no value matches this schema: {quote(excluded[0])} is required, and additionalProperties: false at "
                f"{part.pointer} excludes it, since it is not declared there"
            )
            yield keyword, message, "unsatisfiable"
            return
