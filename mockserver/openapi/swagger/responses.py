"""Converts responses of Swagger 2.0, with their headers and examples, to those of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Node, Unresolved
from mockserver.openapi.swagger.conversion import Conversion, is_reference
from mockserver.openapi.swagger.notation import REPLACED, convert_style, convert_type
from mockserver.openapi.swagger.schemas import convert_schema
from mockserver.syntax.http.media_types import JSON, OCTETS


def convert_responses(conversion: Conversion, node: Node, produces: list[str]) -> Any:
    """The responses of an operation by their status."""
    if not isinstance(node.value, dict):
        return node.value
    responses = {
        name: response if name.startswith("x-") else _convert_entry(conversion, node.child(name), produces)
        for name, response in node.value.items()
    }
    return conversion.mark(responses, node)


def _convert_entry(conversion: Conversion, entry: Node, produces: list[str]) -> Any:
    if not is_reference(entry.value):
        return convert_response(conversion, entry, produces)
    try:
        node = conversion.resolve(entry)
    except Unresolved:
        return entry.value  # reported with the other references
    if not isinstance(node.value, dict) or conversion.has_default_media_types("produces", produces, node):
        conversion.follow("response", entry)
        return entry.value
    # The shared response in the media types of this operation.
    return _convert(conversion, node, entry, produces, conversion.shared_schema(node, entry.uri))


def convert_response(conversion: Conversion, node: Node, produces: list[str]) -> Any:
    """One response, in the media types that an operation produces."""
    if is_reference(node.value):
        conversion.follow("response", node)
    if not isinstance(node.value, dict) or is_reference(node.value):
        return node.value
    conversion.warn_about_later_members("response", node)
    schema = convert_schema(conversion, node.child("schema")) if "schema" in node.value else None
    return _convert(conversion, node, node, produces, schema)


def _convert(conversion: Conversion, node: Node, origin: Node, produces: list[str], schema: Any) -> dict[str, Any]:
    """A response; `origin` is where it is written in the file that gets it."""
    declared: dict[str, Any] = node.value
    converted = {name: member for name, member in declared.items() if name not in ("schema", "examples", "headers")}
    if "headers" in declared:
        converted["headers"] = _convert_headers(conversion, node.child("headers"), origin)
    content = _convert_content(conversion, node, origin, produces, schema)
    if content:
        converted.setdefault("content", content)
    return conversion.mark(converted, origin)


def _convert_content(
    conversion: Conversion, node: Node, origin: Node, produces: list[str], schema: Any
) -> dict[str, Any]:
    """The media types of a response: those that the operation produces, then others that have an example."""
    declared = node.value.get("examples")
    examples = dict(declared) if isinstance(declared, dict) else {}
    if examples and not any("/" in name for name in examples):
        # Not by media type: the value itself, which is a frequent mistake.
        message = "examples are by media type, such as application/json: …; this is read as the example itself"
        conversion.warn(node.child("examples"), message, "example-notation")
        examples = dict.fromkeys(produces or (JSON,), declared)
    elif not isinstance(declared, dict) and "examples" in node.value:
        conversion.warn(node.child("examples"), "must be an object, with an example for each media type", "type")
    kinds = list(produces) or [OCTETS if _is_file(node) else JSON]
    names = dict.fromkeys([*(kinds if schema is not None else ()), *(name for name in examples if "/" in name)])
    content: dict[str, Any] = {}
    for name in names:
        media = {} if schema is None else {"schema": schema}
        if name in examples:
            media["example"] = example = examples[name]
            # A scalar has no identity by which its place is known; its mistakes are those of the response.
            if isinstance(example, dict | list) and example is not declared and node.uri == origin.uri:
                conversion.mark(example, node.child("examples", name))
        content[name] = conversion.mark(media, origin)
    return content


def _is_file(node: Node) -> bool:
    schema = node.value.get("schema")
    return isinstance(schema, dict) and schema.get("type") == "file"


def _convert_headers(conversion: Conversion, node: Node, origin: Node) -> Any:
    if not isinstance(node.value, dict):
        return node.value
    headers = {name: _convert_header(conversion, node.child(name)) for name in node.value}
    return conversion.mark(headers, node if node.uri == origin.uri else origin)


def _convert_header(conversion: Conversion, node: Node) -> Any:
    declared = node.value
    if not isinstance(declared, dict) or "schema" in declared or "$ref" in declared:
        return declared
    converted = {name: member for name, member in declared.items() if name not in REPLACED}
    style = {name: value for name, value in convert_style(conversion, node, "header").items() if name != "style"}
    converted |= {**style, "schema": convert_type(conversion, node)}
    if "x-example" in declared:
        converted.setdefault("example", declared["x-example"])
    return conversion.mark(converted, node)
