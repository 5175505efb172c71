"""From an OpenAPI document to operations. What is wrong is noted and left out, so that the rest is read too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.documents.source import Report, Source
from mockserver.documents.tree import Node, Unresolved
from mockserver.errors import Problem, did_you_mean, quote
from mockserver.openapi.linking import is_old_dialect
from mockserver.openapi.model import (
    Body,
    DeclaredResponse,
    Encoding,
    Header,
    MediaType,
    Operation,
    Parameter,
    ParameterStyle,
    template_names,
    template_shape,
)
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.parameter_decoding import STYLES, gathers
from mockserver.openapi.security import Security
from mockserver.openapi.servers import prefixes
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas, Validator
from mockserver.syntax.media_types import is_json

# Headers that OpenAPI leaves to HTTP, should a document declare them as parameters (section 4.8.12.1).
NOT_PARAMETERS = {"accept", "content-type", "authorization"}
# And as response headers (section 4.8.17).
NOT_HEADERS = {"content-type"}


@dataclass(slots=True)
class OperationReader:
    """Reads one document's operations."""

    schemas: Schemas
    report: Report
    strict_examples: bool = True

    def operations(self, document: Node) -> dict[str, Operation]:
        """Every operation by its id; one without an operationId is named by its method and path."""
        found: dict[str, Operation] = {}
        taken: dict[tuple[str, str], str] = {}
        security, paths = Security(document, self.report), document.get("paths")
        for path, item in _members(paths, self.report) if paths is not None else ():
            if path.startswith("x-") or not isinstance(item.value, dict):
                continue
            if "#" in path:
                message = "no request can have this path: what follows a hash is not sent"
                self.report.warn(item.source, item.pointer, message, "unreachable")
            elif "?" in path:
                message = "a path has no query: what follows the question mark is what a request's query must hold"
                self.report.warn(item.source, item.pointer, message, "query-in-path")
            first = taken.setdefault((template_shape(path), ""), path)
            if first != path:
                self._note(item, f"the path {quote(path)} is the same as {quote(first)}", "shadowed")
            for method in METHODS:
                if method in item.value and taken.setdefault((template_shape(path), method), path) == path:
                    self._operation(path, item.child(method), item, security, found)
        return found

    def _operation(self, path: str, node: Node, item: Node, security: Security, found: dict[str, Operation]) -> None:
        method = node.pointer.rpartition("/")[2].upper()
        own = f"{method} {path}"
        name = node.value.get("operationId", own)
        if name in found:
            other = f"{found[name].method} {found[name].path}"
            self._note(node.child("operationId"), f"{quote(name)} already names {other}", "duplicate")
            name = own
        found[name] = Operation(
            id=name,
            method=method,
            path=path,
            summary=str(node.value.get("summary", "")),
            parameters=self._parameters(path, node, item),
            body=self._body(node),
            responses=self._responses(node, security.document),
            security=security.of(node),
            deprecated=node.value.get("deprecated") is True,
            prefixes=prefixes(node, item, security.document),
        )
        self._check_success(node, found[name])

    def _check_success(self, node: Node, operation: Operation) -> None:
        lowest = operation.lowest()
        if operation.success() is None and lowest is not None and lowest[0] >= 400:
            message = f"declares no response of success, so every request is answered {lowest[0]}, which is declared"
            self.report.warn(node.source, f"{node.pointer}/responses", message, "no-success")

    def _parameters(self, path: str, node: Node, item: Node) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        for owner in (item, node):
            for at in _items(owner, "parameters", self.report):
                parameter = self._parameter(at)
                if parameter is not None:
                    found[parameter.location, parameter.name] = parameter
        declared, named = {name for location, name in found if location == "path"}, template_names(path)
        for name in named:
            if name not in declared:
                hint = did_you_mean(name, declared)
                self._note(node, f"the path's {{{name}}} is not declared as a path parameter.{hint}", "undeclared")
        for name in declared.difference(named):
            self._note(node, f"the path parameter {quote(name)} is not in {quote(path)}", "undeclared")
            del found["path", name]
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
        schema = _schema(content, self.report)
        if schema is None:
            if kind is None:
                self._note(at, f"the parameter {quote(value['name'])} has no schema", "parameter")
            return None
        notation = self._notation(value["name"], location, value, schema, kind)
        return Parameter(
            name=value["name"],
            location=location,
            required=location == "path" or bool(value.get("required")),
            notation=notation,
            validator=self.schemas.binding("request").at(schema),
            default=_default(schema),
            gathers=gathers(notation),
            is_plain=notation.is_plain,
            may_be_empty=location == "query" and value.get("allowEmptyValue") is True,
            deprecated=value.get("deprecated") is True,
        )

    def _body(self, node: Node) -> Body | None:
        if (body := _get(node, "requestBody", self.report)) is None:
            return None
        return Body(bool(body.value.get("required")), self._content(body, self.schemas.binding("request")))

    def _responses(self, node: Node, document: Node) -> dict[str, DeclaredResponse]:
        responses = node.get("responses")
        found = _members(responses, self.report) if responses is not None else []
        named = [(status, at) for status, at in found if not status.startswith("x-")]
        if not named:
            at = node if responses is None else node.child("responses")
            self._note(at, "there should be a response at least, such as one for 200", "responses")
        # OpenAPI 3.1 leaves `required` to JSON Schema, which knows no directions; others will judge answers so.
        schemas = self.schemas.binding("response") if is_old_dialect(document.value) else self.schemas
        statuses = [(status if status == "default" else status.upper(), at) for status, at in named]
        return {
            status: DeclaredResponse(status, self._content(at, schemas), self._headers(at)) for status, at in statuses
        }

    def _wrapped(self, at: Node) -> tuple[str | None, Node]:
        """The media type that a parameter or header comes in and its entry, where it is declared by `content`."""
        has_content = isinstance(at.value, dict) and "content" in at.value
        declared = _members(at.child("content"), self.report) if has_content else []
        return declared[0] if declared else (None, at)

    def _notation(
        self, name: str, location: str, value: Mapping[str, Any], schema: Node | None, kind: str | None = None
    ) -> ParameterStyle:
        style = value.get("style", STYLES[location][0])
        return ParameterStyle(
            name, location, style, bool(value.get("explode", style == "form")), Shape.of(schema), kind
        )

    def _headers(self, at: Node) -> tuple[Header, ...]:
        declared = at.value.get("headers") if isinstance(at.value, dict) else None
        named = _members(at.child("headers"), self.report) if declared else []
        return tuple(self._header(name, one) for name, one in named if name.lower() not in NOT_HEADERS)

    def _header(self, name: str, at: Node) -> Header:
        value = at.value if isinstance(at.value, dict) else {}
        kind, content = self._wrapped(at)
        schema = _schema(content, self.report)
        validator = self.schemas.at(schema) if schema is not None else None
        notation = self._notation(name, "header", {"explode": value.get("explode", False)}, schema, kind)
        examples = {label: place.value for label, place in self._examples(content).items()}
        return Header(name, bool(value.get("required")), schema, validator, notation, examples)

    def _content(self, at: Node, schemas: Schemas) -> Mapping[str, MediaType]:
        if not isinstance(at.value, dict) or not isinstance(at.value.get("content"), dict):
            return {}
        declared = _members(at.child("content"), self.report)
        return {name.lower(): self._media_type(name.lower(), one, schemas) for name, one in declared}

    def _media_type(self, name: str, at: Node, schemas: Schemas) -> MediaType:
        schema = _schema(at, self.report)
        validator = schemas.at(schema) if schema is not None else None
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
            notation = ParameterStyle(name, "query", style, explode, shape.member(name))
            if style not in STYLES["query"]:
                known = ", ".join(STYLES["query"])
                self._note(at.child("style"), f"a field has no style {quote(style)}; there is {known}", "style")
                notation = None
        return Encoding(kinds, self._headers(at), notation)

    def _breaks(self, at: Node, validator: Validator | None) -> bool:
        """Whether the example at a place breaks its schema; that is noted."""
        if validator is None or validator.is_valid(at.value):
            return False
        if self.strict_examples:
            self.report.notes.append(BrokenExample(at.source, at.pointer, at.value, validator, ""))
        else:
            more = "; what is wrong in it is made anew"
            self.report.doubts.append(BrokenExample(at.source, at.pointer, at.value, validator, more))
        return True

    def _note(self, at: Node, message: str, code: str) -> None:
        self.report.add(at.source, at.pointer, message, code)


@dataclass(frozen=True, slots=True, eq=False)
class BrokenExample:
    """An example that breaks its schema. What is wrong in it is found out when it is told: that takes a while."""

    source: Source
    pointer: str
    value: Any
    validator: Validator
    more: str
    code: str = "example"

    def problems(self) -> Iterator[Problem]:
        """Each mistake in it, with its line."""
        for violation in self.validator.violations(self.value, "body"):
            where = f" at {violation.pointer}" if violation.pointer else ""
            message = f"the example breaks its schema{where}: {violation.message}{self.more}"
            yield self.source.problem(self.pointer, message, self.code)


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


def _schema(owner: Node, report: Report) -> Node | None:
    """The schema of a parameter, header or media type: where more stands beside its reference, the two together."""
    if not isinstance(owner.value, dict) or "schema" not in owner.value:
        return None
    schema = owner.child("schema")
    try:
        schema.follow()
        return schema.settle()
    except Unresolved as error:
        report.add(owner.source, schema.pointer, str(error), "dangling")
        return None


def _default(schema: Node) -> Any:
    """The value that a parameter has when it is not sent."""
    places = (one.value for one in (schema, schema.follow()))
    return next((one["default"] for one in places if isinstance(one, dict) and "default" in one), None)
