"""From an OpenAPI document to operations. What is wrong is noted and left out, so that the rest is read too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from mockserver.contract.documents import Node, Unresolved
from mockserver.contract.media import is_json
from mockserver.contract.model import (
    Body,
    Encoding,
    Header,
    MediaType,
    Notation,
    Operation,
    Parameter,
    Response,
    template_names,
)
from mockserver.contract.parameters import STYLES, gathers
from mockserver.contract.schemas import Schemas, Validator, schema_errors
from mockserver.contract.security import Security
from mockserver.contract.shapes import Shape
from mockserver.contract.source import Report
from mockserver.errors import did_you_mean, quote

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Headers that OpenAPI leaves to HTTP, should a document declare them as parameters (section 4.8.12.1).
NOT_PARAMETERS = {"accept", "content-type", "authorization"}
# And as response headers (section 4.8.17).
NOT_HEADERS = {"content-type"}


@dataclass(slots=True)
class Reader:
    """Reads one document's operations."""

    schemas: Schemas
    report: Report
    is_dialect_3_0: bool = False
    strict_examples: bool = True

    def operations(self, document: Node) -> dict[str, Operation]:
        """Every operation by its id; one without an operationId is named by its method and path."""
        found: dict[str, Operation] = {}
        security = Security(document, self.report)
        self.is_dialect_3_0 = str(document.value.get("openapi", "")).startswith("3.0")
        shapes: dict[str, str] = {}
        for path, item in _members(document.child("paths"), self.report):
            if path.startswith("x-"):
                continue
            shape = "/".join("{}" if "{" in part else part for part in path.split("/"))
            if shape in shapes:
                self._note(item, f"the path {quote(path)} is the same as {quote(shapes[shape])}", "shadowed")
                continue
            shapes[shape] = path
            for method in METHODS:
                if isinstance(item.value, dict) and method in item.value:
                    self._operation(path, method, item, security, found)
        return found

    def _operation(self, path: str, method: str, item: Node, security: Security, found: dict[str, Operation]) -> None:
        node = item.child(method)
        name = node.value.get("operationId", f"{method.upper()} {path}")
        if name in found:
            other = f"{found[name].method} {found[name].path}"
            self._note(node.child("operationId"), f"{quote(name)} already names {other}", "duplicate")
            return
        found[name] = Operation(
            id=name,
            method=method.upper(),
            path=path,
            summary=str(node.value.get("summary", "")),
            parameters=self._parameters(path, node, item),
            body=self._body(node),
            responses={status: self._response(status, at) for status, at in self._responses(node)},
            security=security.of(node),
            deprecated=node.value.get("deprecated") is True,
        )

    def _parameters(self, path: str, node: Node, item: Node) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for owner in (item, node):
            for at in _items(owner, "parameters", self.report):
                parameter = self._parameter(at)
                if parameter is not None:
                    found[parameter.location, parameter.name] = parameter
        declared = {name for location, name in found if location == "path"}
        for name in template_names(path):
            if name not in declared:
                hint = did_you_mean(name, declared)
                self._note(node, f"the path's {{{name}}} is not declared as a path parameter.{hint}", "undeclared")
        for name in declared - set(template_names(path)):
            self._note(node, f"the path parameter {quote(name)} is not in {quote(path)}", "undeclared")
        return tuple(found.values())

    def _parameter(self, at: Node) -> Parameter | None:
        value = at.value
        if not isinstance(value, dict) or not isinstance(value.get("name"), str) or value.get("in") not in STYLES:
            self._note(at, 'is no parameter: it needs "name", and "in" (path, query, header or cookie)', "parameter")
            return None
        location = value["in"]
        if location == "header" and value["name"].lower() in NOT_PARAMETERS:
            return None
        style = value.get("style", STYLES[location][0])
        if style not in STYLES[location]:
            known = ", ".join(STYLES[location])
            message = f"a {location} parameter has no style {quote(style)}; there is {known}"
            self._note(at.child("style"), message, "style")
            return None
        kind, content = self._wrapped(at)
        schema = _get(content, "schema", self.report)
        if schema is None or (validator := self._validator(schema, self.schemas.binding("request"))) is None:
            if schema is None and kind is None:
                self._note(at, f"the parameter {quote(value['name'])} has no schema", "parameter")
            return None
        notation = self._notation(value["name"], location, value, schema, kind)
        return Parameter(
            name=value["name"],
            location=location,
            required=location == "path" or bool(value.get("required")),
            notation=notation,
            validator=validator,
            default=place.get("default") if isinstance(place := schema.follow().value, dict) else None,
            gathers=gathers(notation),
            is_plain=notation.is_plain,
            may_be_empty=location == "query" and value.get("allowEmptyValue") is True,
            deprecated=value.get("deprecated") is True,
        )

    def _body(self, node: Node) -> Body | None:
        if (body := _get(node, "requestBody", self.report)) is None:
            return None
        return Body(bool(body.value.get("required")), self._content(body, self.schemas.binding("request")))

    def _responses(self, node: Node) -> list[tuple[str, Node]]:
        return [(s, at) for s, at in _members(node.child("responses"), self.report) if not s.startswith("x-")]

    def _wrapped(self, at: Node) -> tuple[str | None, Node]:
        """The media type that a parameter or header comes in and its entry, where it is declared by `content`."""
        has_content = isinstance(at.value, dict) and "content" in at.value
        declared = _members(at.child("content"), self.report) if has_content else []
        return declared[0] if declared else (None, at)

    def _notation(
        self, name: str, location: str, value: Mapping[str, Any], schema: Node | None, kind: str | None = None
    ) -> Notation:
        style = value.get("style", STYLES[location][0])
        return Notation(name, location, style, bool(value.get("explode", style == "form")), Shape.of(schema), kind)

    def _response(self, status: str, at: Node) -> Response:
        # OpenAPI 3.1 leaves `required` to JSON Schema, which knows no directions; others will judge answers so.
        schemas = self.schemas.binding("answer") if self.is_dialect_3_0 else self.schemas
        return Response(status, self._content(at, schemas), self._headers(at))

    def _headers(self, at: Node) -> tuple[Header, ...]:
        declared = at.value.get("headers") if isinstance(at.value, dict) else None
        named = _members(at.child("headers"), self.report) if declared else []
        return tuple(self._header(name, one) for name, one in named if name.lower() not in NOT_HEADERS)

    def _header(self, name: str, at: Node) -> Header:
        value = at.value if isinstance(at.value, dict) else {}
        kind, content = self._wrapped(at)
        schema = _get(content, "schema", self.report)
        validator = self._validator(schema, self.schemas) if schema is not None else None
        notation = self._notation(name, "header", {"explode": value.get("explode", False)}, schema, kind)
        examples = {label: place.value for label, place in self._examples(at).items()}
        return Header(name, bool(value.get("required")), schema, validator, notation, examples)

    def _content(self, at: Node, schemas: Schemas) -> Mapping[str, MediaType]:
        if not isinstance(at.value, dict) or not isinstance(at.value.get("content"), dict):
            return {}
        declared = _members(at.child("content"), self.report)
        return {name.lower(): self._media_type(name.lower(), one, schemas) for name, one in declared}

    def _media_type(self, name: str, at: Node, schemas: Schemas) -> MediaType:
        schema = _get(at, "schema", self.report)
        validator = self._validator(schema, schemas) if schema is not None else None
        places, shape = self._examples(at), Shape.of(schema)
        # What another media type writes in a way of its own is not judged by the schema of what it means.
        judged = validator if is_json(name) or "string" in shape.types else None
        broken = [label for label, place in places.items() if self._breaks(place, judged)]
        examples = {label: place.value for label, place in places.items()}
        return MediaType(name, schema, validator, examples, self._encoding(at, shape), shape, frozenset(broken))

    def _examples(self, at: Node) -> dict[str, Node]:
        """The examples of a media type or a header, each by its name."""
        value = at.value if isinstance(at.value, dict) else {}
        found = {"example": at.child("example")} if "example" in value else {}
        for label, example in _members(at.child("examples"), self.report) if "examples" in value else ():
            if isinstance(example.value, dict) and "value" in example.value:
                found[label] = example.child("value")
        return found

    def _encoding(self, at: Node, shape: Shape) -> Mapping[str, Encoding]:
        if not isinstance(at.value, dict) or not isinstance(at.value.get("encoding"), dict):
            return {}
        return {name: self._field(name, one, shape) for name, one in _members(at.child("encoding"), self.report)}

    def _field(self, name: str, at: Node, shape: Shape) -> Encoding:
        value = at.value if isinstance(at.value, dict) else {}
        kinds = tuple(part.strip() for part in str(value.get("contentType", "")).split(",") if part.strip())
        notation = None
        if not value.keys().isdisjoint(("style", "explode", "allowReserved")):
            style = value.get("style", "form")
            explode = bool(value.get("explode", style == "form"))
            notation = Notation(name, "query", style, explode, shape.member(name))
            if style not in STYLES["query"]:
                known = ", ".join(STYLES["query"])
                self._note(at.child("style"), f"a field has no style {quote(style)}; there is {known}", "style")
                notation = None
        return Encoding(kinds, self._headers(at), notation)

    def _breaks(self, at: Node, validator: Validator | None) -> bool:
        """Whether the example at a place breaks its schema; that is noted."""
        if validator is None or validator.is_valid(at.value):
            return False
        for violation in validator.violations(at.value, "body"):
            where = f" at {violation.pointer}" if violation.pointer else ""
            message = f"the example breaks its schema{where}: {violation.message}"
            if self.strict_examples:
                self._note(at, message, "example")
            else:
                self.report.warn(at.source, at.pointer, f"{message}; what is wrong in it is made anew", "example")
        return True

    def _validator(self, schema: Node, schemas: Schemas) -> Validator | None:
        try:
            return schemas.at(schema)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            for pointer, message in schema_errors(schema.value) or [("", str(error).splitlines()[0])]:
                self.report.add(schema.source, schema.pointer + pointer, f"is no JSON Schema: {message}", "schema")
            return None

    def _note(self, at: Node, message: str, code: str) -> None:
        self.report.add(at.source, at.pointer, message, code)


def _members(node: Node, report: Report) -> list[tuple[str, Node]]:
    try:
        return list(node.members())
    except Unresolved as error:
        report.add(node.source, node.pointer, str(error), "dangling")
        return []


def _items(owner: Node, name: str, report: Report) -> list[Node]:
    if not isinstance(owner.value, dict) or name not in owner.value:
        return []
    try:
        return list(owner.child(name).items())
    except Unresolved as error:
        report.add(owner.source, f"{owner.pointer}/{name}", str(error), "dangling")
        return []


def _get(node: Node, name: str, report: Report) -> Node | None:
    try:
        found = node.get(name)
    except Unresolved as error:
        report.add(node.source, f"{node.pointer}/{name}", str(error), "dangling")
        return None
    return found
