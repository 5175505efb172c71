"""Converts the body, or the form, of an operation of Swagger 2.0 to a request body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.errors import quote
from mockserver.openapi.swagger.conversion import Conversion, extensions, is_reference, reference_to
from mockserver.openapi.swagger.notation import convert_style, convert_type
from mockserver.openapi.swagger.parameters import Listed, Parameters, check_type
from mockserver.openapi.swagger.schemas import convert_schema
from mockserver.syntax.http.media_types import FORM, FORMS, JSON, MULTIPART, essence


def convert_body(
    conversion: Conversion, parameters: Parameters, consumes: list[str], operation: Node
) -> dict[str, Any] | None:
    """The request body of an operation, given its parameters and those of its path; None if it has none."""
    for duplicate in parameters.bodies[1:]:
        first = quote(parameters.bodies[0].node.value.get("name", "body"))
        message = f"there can be one body; this one is ignored in favour of {first}"
        conversion.warn(duplicate.entry, message, "two-bodies")
    if parameters.bodies and parameters.form:
        message = "a request has a body or a form, not both; each is accepted in its media types"
        conversion.warn(parameters.form[0].entry, message, "body-and-form")
    body = _convert_body(conversion, parameters.bodies[0], consumes, operation) if parameters.bodies else None
    form = _convert_form(conversion, parameters.form, consumes, operation) if parameters.form else None
    if body is None or form is None:
        return body or form
    if "content" not in body:
        return body
    is_required = body.get("required") is True and form.get("required") is True
    return {**body, "content": body["content"] | form["content"], "required": is_required}


def _convert_body(conversion: Conversion, body: Listed, consumes: list[str], operation: Node) -> dict[str, Any]:
    node = body.node
    if is_reference(body.entry.value) and conversion.has_default_media_types("consumes", consumes, node):
        conversion.add_target("parameter", node)
        return conversion.mark(reference_to(node, operation.uri), body.entry)
    if not is_reference(body.entry.value):
        return convert_body_parameter(conversion, node, consumes)
    # The shared body in the media types of this operation.
    return _request_body(conversion, node, body.entry, consumes, conversion.shared_schema(node, operation.uri))


def convert_body_parameter(conversion: Conversion, node: Node, consumes: list[str]) -> dict[str, Any]:
    """A body parameter as a request body."""
    if "schema" not in node.value:
        name = quote(node.value.get("name", ""))
        conversion.warn(node, f"the body {name} has no schema; it may be anything", "parameter")
        return _request_body(conversion, node, node, consumes, None)
    return _request_body(conversion, node, node, consumes, convert_schema(conversion, node.child("schema")))


def _request_body(conversion: Conversion, node: Node, origin: Node, consumes: list[str], schema: Any) -> dict[str, Any]:
    """The request body that a body parameter is; `origin` is where it is written in the file that gets it."""
    declared: dict[str, Any] = node.value
    examples = declared.get("x-examples")
    content: dict[str, Any] = {}
    for name in consumes or (JSON,):
        media = {} if schema is None else {"schema": schema}
        if isinstance(examples, dict) and name in examples:
            media["example"] = examples[name]
        elif "x-example" in declared:
            media["example"] = declared["x-example"]
        content[name] = conversion.mark(media, origin)
    replaced = ("name", "in", "schema", "x-example", "x-examples")
    others = {name: member for name, member in declared.items() if name not in replaced}
    return conversion.mark({**others, "content": content}, origin)


def _convert_form(
    conversion: Conversion, fields: Sequence[Listed], consumes: list[str], operation: Node
) -> dict[str, Any]:
    """The form that consists of `formData` parameters."""
    properties: dict[str, Any] = {}
    encoding: dict[str, Any] = {}
    required: list[str] = []
    for listed in fields:
        node = listed.node
        # Values of another file were not written in this one: its reference was.
        origin = node if node.uri == operation.uri else listed.entry
        check_type(conversion, node)
        schema = convert_type(conversion, node) if "type" in node.value else {"type": "string"}
        description = {name: node.value[name] for name in ("description",) if name in node.value}
        example = {"example": node.value["x-example"]} if "x-example" in node.value else {}
        properties[listed.name] = conversion.mark(
            {**schema, **description, **example, **_kept_extensions(node.value)}, origin
        )
        if style := convert_style(conversion, node, "query"):
            encoding[listed.name] = conversion.mark(dict(style), origin)
        if node.value.get("required") is True:
            required.append(listed.name)
        if node.value.get("allowEmptyValue") is True and node.value.get("type") not in ("string", "file"):
            conversion.lose(node, "allowEmptyValue of a form field")
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    media = {"schema": schema, "encoding": encoding} if encoding else {"schema": schema}
    kinds = _form_media_types(conversion, fields, consumes)
    body: dict[str, Any] = {"content": dict.fromkeys(kinds, media)}
    return {"required": True, **body} if required else body


def _kept_extensions(declared: dict[str, Any]) -> dict[str, Any]:
    return {name: member for name, member in extensions(declared).items() if name not in ("x-example", "x-nullable")}


def _form_media_types(conversion: Conversion, fields: Sequence[Listed], consumes: list[str]) -> list[str]:
    """The media types of a form: those of `consumes` that can hold it, else the one that is usual."""
    kinds = [name for name in consumes if essence(name) in FORMS]
    files = [listed for listed in fields if listed.node.value.get("type") == "file"]
    if not files:
        return kinds or [FORM]
    multipart = [name for name in kinds if name.lower().startswith(MULTIPART)]
    if kinds and not multipart:
        message = f"a file cannot be sent as {kinds[0]}; the form is {MULTIPART}: add this to consumes"
        conversion.warn(files[0].entry, message, "file-in-form")
    return multipart or [MULTIPART]
