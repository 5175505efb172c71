"""Converts security definitions of Swagger 2.0 to security schemes."""

from __future__ import annotations

from typing import Any

from mockserver.documents.nodes import Node, Unresolved
from mockserver.errors import quote
from mockserver.openapi.swagger.conversion import Conversion

# The flows of OAuth by their names in Swagger 2.0.
FLOWS = {
    "implicit": "implicit", "password": "password", "application": "clientCredentials",
    "accessCode": "authorizationCode",
}  # fmt: skip
FLOW_MEMBERS = ("authorizationUrl", "tokenUrl", "scopes")


def convert_security_scheme(conversion: Conversion, node: Node) -> Any:
    """The security scheme that a security definition, or what it refers to, is."""
    try:
        declared = conversion.resolve(node).value
    except Unresolved:
        return node.value  # reported with the other references
    kind = declared.get("type") if isinstance(declared, dict) else None
    if kind == "basic":
        return conversion.mark({**declared, "type": "http", "scheme": "basic"}, node)
    if kind != "oauth2" or "flows" in declared:
        return declared
    flow = FLOWS.get(str(declared.get("flow")))
    if flow is None:
        message = f"{quote(declared.get('flow'))} is not a flow of Swagger 2.0; valid: {', '.join(FLOWS)}"
        conversion.warn(node, message, "flow")
        flow = "implicit"
    members = {name: declared[name] for name in FLOW_MEMBERS if name in declared}
    others = {name: member for name, member in declared.items() if name not in (*FLOW_MEMBERS, "flow")}
    flows = {flow: conversion.mark({"scopes": {}, **members}, node)}
    return conversion.mark({**others, "flows": conversion.mark(flows, node)}, node)
