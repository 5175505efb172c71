"""Converts path items and operations of Swagger 2.0 to those of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Node
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.swagger.bodies import convert_body
from mockserver.openapi.swagger.conversion import Conversion, is_reference
from mockserver.openapi.swagger.parameters import Parameters, convert_parameters, read_parameters
from mockserver.openapi.swagger.responses import convert_responses
from mockserver.openapi.swagger.servers import convert_servers

# What a body of their request means is not defined (RFC 9110, sections 9.3.1 and 9.3.2), so that of a path, which is
# for all its operations, is not meant for them.
WITHOUT_BODY = ("get", "head")
REPLACED = ("consumes", "produces", "schemes", "parameters")


def convert_path_item(conversion: Conversion, node: Node) -> Any:
    """A path item with its operations."""
    item = node.value
    if not isinstance(item, dict):
        return item
    if is_reference(item):
        conversion.follow("pathItem", node)
    parameters = read_parameters(conversion, node)
    converted: dict[str, Any] = {}
    for name, member in item.items():
        if name == "parameters" and isinstance(member, list):
            converted[name] = convert_parameters(conversion, parameters.others, node)
        elif name in METHODS and isinstance(member, dict):
            converted[name] = _convert_operation(conversion, node.child(name), name, parameters)
        else:
            converted[name] = member
    return conversion.mark(converted, node)


def _convert_operation(conversion: Conversion, node: Node, method: str, of_path: Parameters) -> dict[str, Any]:
    operation: dict[str, Any] = node.value
    conversion.warn_about_later_members("operation", node)
    parameters = read_parameters(conversion, node)
    consumes, produces = (conversion.media_types(name, node) for name in ("consumes", "produces"))
    converted = {name: member for name, member in operation.items() if name not in REPLACED}
    if isinstance(operation.get("parameters"), list):
        if others := convert_parameters(conversion, parameters.others, node):
            converted["parameters"] = others
    elif "parameters" in operation:
        converted["parameters"] = operation["parameters"]
    body = convert_body(conversion, _with_inherited(parameters, of_path, method), consumes, node)
    if body is not None:
        converted.setdefault("requestBody", body)
    elif operation.get("consumes") and "requestBody" not in operation:
        message = "has no effect, since the operation has no body or form parameter"
        conversion.warn(node.child("consumes"), message, "consumes-without-body")
    if "responses" in operation:
        converted["responses"] = convert_responses(conversion, node.child("responses"), produces)
    if "schemes" in operation and (servers := convert_servers(conversion, node)):
        converted.setdefault("servers", servers)
    return conversion.mark(converted, node)


def _with_inherited(parameters: Parameters, of_path: Parameters, method: str) -> Parameters:
    """The parameters of an operation, with the body and the form fields that it has from its path."""
    if method in WITHOUT_BODY or not of_path.has_body:
        return parameters
    names = {listed.name for listed in parameters.form}
    inherited = [listed for listed in of_path.form if listed.name not in names]
    has_own_body = bool(parameters.bodies)
    return Parameters(
        parameters.others,
        parameters.bodies or ([] if parameters.form else of_path.bodies),
        parameters.form if has_own_body else [*inherited, *parameters.form],
    )
