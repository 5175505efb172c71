"""Converts parameters of Swagger 2.0: those in the path, the query and headers; bodies and forms are `bodies`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from mockserver.documents.nodes import Node, Unresolved
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.swagger.conversion import Conversion, is_reference
from mockserver.openapi.swagger.notation import REPLACED, convert_style, convert_type
from mockserver.openapi.swagger.schemas import convert_schema

LOCATIONS = ("query", "header", "path", "formData", "body")


class Listed(Struct, frozen=True):
    """A parameter in a list: as it is there, perhaps a reference, and what it is."""

    entry: Node
    node: Node

    @property
    def name(self) -> str:
        """The name of the parameter."""
        return str(self.node.value["name"])


class Parameters(Struct):
    """The parameters of an operation or a path, by what OpenAPI 3.0 makes of them.

    `others` are those that stay parameters, and those whose mistakes are reported with the other ones.
    """

    others: list[Node] = field(default_factory=list)
    bodies: list[Listed] = field(default_factory=list)
    form: list[Listed] = field(default_factory=list)

    @property
    def has_body(self) -> bool:
        """Whether there is a body or a form."""
        return bool(self.bodies or self.form)


def read_parameters(conversion: Conversion, owner: Node) -> Parameters:
    """The parameters in the list of an operation or a path."""
    parameters = Parameters()
    listed = owner.value.get("parameters")
    for index in range(len(listed) if isinstance(listed, list) else 0):
        entry = owner.child("parameters", index)
        try:
            node = conversion.resolve(entry)
        except Unresolved:
            parameters.others.append(entry)
            continue
        location = node.value.get("in") if isinstance(node.value, dict) else None
        if location not in ("body", "formData"):
            parameters.others.append(entry)
        elif location == "body":
            parameters.bodies.append(Listed(entry, node))
        elif isinstance(node.value.get("name"), str):
            parameters.form.append(Listed(entry, node))
        else:
            conversion.add_error(entry, 'is not a valid parameter: it needs "name"', "parameter")
    return parameters


def convert_parameters(conversion: Conversion, nodes: list[Node], owner: Node) -> list[Any]:
    """The list of parameters, without the body and the form."""
    converted = [parameter for node in nodes for parameter in _convert_entry(conversion, node)]
    return conversion.mark(converted, owner.child("parameters"))


def _convert_entry(conversion: Conversion, node: Node) -> Iterator[Any]:
    if is_reference(node.value):
        conversion.follow("parameter", node)
        yield conversion.mark(node.value, node)
    elif not isinstance(node.value, dict):
        conversion.add_error(node, "must be an object", "type")
    elif _is_valid(conversion, node):
        yield convert_parameter(conversion, node)


def _is_valid(conversion: Conversion, node: Node) -> bool:
    location, name = node.value.get("in"), node.value.get("name")
    if isinstance(name, str) and location in (*LOCATIONS, "cookie"):
        return True
    hint = did_you_mean(str(location), LOCATIONS) if location is not None else ""
    message = f'is not a valid parameter: it needs "name", and "in", which is {", ".join(LOCATIONS[:-1])} or body'
    conversion.add_error(node, f"{message}.{hint}" if "mean" in hint else message, "parameter")
    return False


def convert_parameter(conversion: Conversion, node: Node) -> dict[str, Any]:
    """A parameter in the path, the query, a header or, which only OpenAPI 3.0 has, a cookie."""
    conversion.warn_about_later_members("parameter", node)
    declared: dict[str, Any] = node.value
    converted = {name: member for name, member in declared.items() if name not in REPLACED}
    if "schema" in declared or "content" in declared:
        if "schema" in declared:
            converted["schema"] = convert_schema(conversion, node.child("schema"))
    else:
        check_type(conversion, node)
        converted |= convert_style(conversion, node, str(declared["in"]))
        converted["schema"] = convert_type(conversion, node) if "type" in declared else {"type": "string"}
    if "x-example" in declared:
        converted.setdefault("example", declared["x-example"])
    return conversion.mark(converted, node)


def check_type(conversion: Conversion, node: Node) -> None:
    """Warn about a parameter without a type, and about a file outside of a form."""
    declared = node.value
    if "type" not in declared:
        message = f"the parameter {quote(declared.get('name'))} has no type; it is any text"
        conversion.warn(node, message, "parameter")
    elif declared["type"] == "file" and declared.get("in") != "formData":
        conversion.warn(node.child("type"), "a file is sent in a form: write in: formData", "parameter")
