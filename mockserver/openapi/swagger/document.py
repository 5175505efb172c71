"""Converts a document of Swagger 2.0, and what it refers to in other files, to OpenAPI 3.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from mockserver.documents.converted_source import ConvertedSource
from mockserver.documents.nodes import Node, Unresolved
from mockserver.documents.references import References
from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.openapi.swagger.bodies import convert_body_parameter
from mockserver.openapi.swagger.conversion import Conversion, component_name, is_reference
from mockserver.openapi.swagger.inheritance import restrict_names
from mockserver.openapi.swagger.operations import convert_path_item
from mockserver.openapi.swagger.parameters import convert_parameter
from mockserver.openapi.swagger.responses import convert_response
from mockserver.openapi.swagger.schemas import convert_schema
from mockserver.openapi.swagger.security import convert_security_scheme
from mockserver.openapi.swagger.servers import check_address, convert_servers
from mockserver.syntax import json_pointer

VERSION = "3.0.3"
# Members of the document that become something else, or parts of something else.
REPLACED = {
    "swagger", "host", "basePath", "schemes", "consumes", "produces", "definitions", "parameters", "responses",
    "securityDefinitions", "paths", "components", "servers",
}  # fmt: skip
# The locations of parameters that become request bodies.
PAYLOADS = ("body", "formData")
# The number of places that the warning about what cannot be expressed names.
LOSS_LIMIT = 5

Convert = Callable[[Conversion, Node], Any]


def convert(references: References, uri: str, report: Report) -> None:
    """Put the OpenAPI 3.0 form of the document at `uri`, and of the files it refers to, in their place.

    Mistakes, and what OpenAPI 3.0 cannot express, are reported where they are written.
    """
    conversion = Conversion(references, report, references.documents.root(uri))
    replaced: dict[str, dict[str, Any]] = {uri: {"": _convert_document(conversion)}}
    while conversion.targets:
        kind, node = conversion.targets.pop()
        by_pointer = replaced.setdefault(node.uri, {})
        if node.pointer not in by_pointer:
            by_pointer[node.pointer] = node.value
            by_pointer[node.pointer] = _CONVERTERS[kind](conversion, node)
    for file, by_pointer in replaced.items():
        original = references.documents.sources[file]
        data = _with_replaced(by_pointer.pop("", original.data), by_pointer)
        if data is not original.data:
            references.replace(file, ConvertedSource(original, data, conversion.origins))
    _report_losses(conversion)


def _convert_document(conversion: Conversion) -> dict[str, Any]:
    document = conversion.root
    conversion.warn_about_later_members("document", document)
    check_address(conversion)
    converted: dict[str, Any] = {"openapi": VERSION}
    converted |= {name: member for name, member in document.value.items() if name not in REPLACED}
    if servers := document.value.get("servers", convert_servers(conversion, document)):
        converted["servers"] = servers
    if "paths" in document.value:
        converted["paths"] = _convert_paths(conversion, document.child("paths"))
    if components := _convert_components(conversion):
        converted["components"] = components
    return conversion.mark(converted, document)


def _convert_paths(conversion: Conversion, node: Node) -> dict[str, Any]:
    paths = {
        path: item if path.startswith("x-") else convert_path_item(conversion, node.child(path))
        for path, item in node.value.items()
    }
    return conversion.mark(paths, node)


def _convert_components(conversion: Conversion) -> dict[str, Any]:
    """The components that the sections of the document become, with those that it has as OpenAPI 3.0 does."""
    schemas = restrict_names(conversion, _convert_section(conversion, "definitions", convert_schema))
    parameters = _convert_section(conversion, "parameters", _convert_parameter)
    locations = {name: _location(conversion, name) for name in parameters}
    bodies = {name: member for name, member in parameters.items() if locations[name] == "body"}
    others = {name: member for name, member in parameters.items() if locations[name] not in PAYLOADS}
    sections = {
        "schemas": ("definitions", schemas),
        "responses": ("responses", _convert_section(conversion, "responses", _CONVERTERS["response"])),
        "parameters": ("parameters", others),
        "requestBodies": ("parameters", bodies),
    }
    components = _read_later_components(conversion)
    for kind, (section, members) in sections.items():
        if members:
            named = components.get(kind, {}) | _with_valid_names(conversion, section, members)
            components[kind] = conversion.mark(named, conversion.root.child(section))
    if schemes := _convert_section(conversion, "securityDefinitions", convert_security_scheme):
        named = components.get("securitySchemes", {}) | schemes
        components["securitySchemes"] = conversion.mark(named, conversion.root.child("securityDefinitions"))
    return components


def _read_later_components(conversion: Conversion) -> dict[str, dict[str, Any]]:
    """The `components` of a document that has them all the same, a mistake that has been reported."""
    declared = conversion.root.value.get("components")
    components: dict[str, dict[str, Any]] = {}
    for kind, members in declared.items() if isinstance(declared, dict) else ():
        if isinstance(members, dict):
            components[kind] = dict(members)
            for name in members:
                if isinstance(members[name], dict):
                    conversion.mark(members[name], conversion.root.child("components", kind, name))
    return components


def _convert_section(conversion: Conversion, name: str, convert_member: Convert) -> dict[str, Any]:
    """The members of a section of the document, converted."""
    if name not in conversion.root.value:
        return {}
    section = conversion.root.child(name)
    if not isinstance(section.value, dict):
        conversion.add_error(section, f"must be an object, but is {quote(section.value)}", "type")
        return {}
    return {member: convert_member(conversion, section.child(member)) for member in section.value}


def _location(conversion: Conversion, name: str) -> Any:
    """The location of a parameter of the document; None if it has none."""
    try:
        declared = conversion.resolve(conversion.root.child("parameters", name)).value
    except Unresolved:
        return None
    return declared.get("in") if isinstance(declared, dict) else None


def _with_valid_names(conversion: Conversion, section: str, members: dict[str, Any]) -> dict[str, Any]:
    """The components by names that OpenAPI 3.0 allows. References follow on their own."""
    named: dict[str, Any] = {name: member for name, member in members.items() if component_name(name) == name}
    for name in [name for name in members if name not in named]:
        base = valid = component_name(name)
        number = 2
        while valid in named:
            valid, number = f"{base}{number}", number + 1
        named[valid] = members[name]
        conversion.lose(conversion.root.child(section, name), f"the name {quote(name)}, which becomes {valid}")
    return named


def _convert_parameter(conversion: Conversion, node: Node) -> Any:
    """A parameter that others refer to: a body becomes a request body; a form field is part of each form with it."""
    if is_reference(node.value):
        conversion.follow("parameter", node)
        return node.value
    location = node.value.get("in") if isinstance(node.value, dict) else None
    if location == "body":
        return convert_body_parameter(conversion, node, conversion.default_media_types("consumes", node))
    is_parameter = isinstance(location, str) and location != "formData"
    return convert_parameter(conversion, node) if is_parameter else node.value


_CONVERTERS: Mapping[str, Convert] = {
    "schema": convert_schema,
    "parameter": _convert_parameter,
    "response": lambda conversion, node: convert_response(
        conversion, node, conversion.default_media_types("produces", node)
    ),
    "pathItem": convert_path_item,
}


def _with_replaced(data: Any, replacements: Mapping[str, Any]) -> Any:
    """The data with other values at some pointers, outer ones first; the data itself if nothing differs."""
    copies: dict[int, Any] = {}
    root = [data]
    for pointer in sorted(replacements, key=len):
        tokens = json_pointer.split(pointer)
        if any(json_pointer.join(tokens[:length]) in replacements for length in range(len(tokens))):
            continue  # converted with what contains it
        holder: Any = root
        key: Any = 0
        for token in tokens:
            if id(holder[key]) not in copies:
                copy = holder[key].copy()
                copies[id(copy)] = holder[key] = copy
            holder = holder[key]
            key = int(token) if isinstance(holder, list) else token
        holder[key] = replacements[pointer]
    return root[0]


def _report_losses(conversion: Conversion) -> None:
    """Warn once about everything that OpenAPI 3.0 has no form for."""
    if not conversion.losses:
        return
    shown = [
        f"{what} ({file if file != conversion.root.source.file else ''}{pointer})"
        for (file, pointer), what in islice(conversion.losses.items(), LOSS_LIMIT)
    ]
    rest = len(conversion.losses) - LOSS_LIMIT
    more = f" and {rest} more" if rest > 0 else ""
    message = (
        "is served as OpenAPI 3.0, which has no form for some of it. The server follows it, and "
        f"/openapi.json shows it by an extension or not at all: {', '.join(shown)}{more}"
    )
    conversion.warn(conversion.root.child("swagger"), message, "converted")
