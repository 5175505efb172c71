"""Reads the operations of an OpenAPI document. What has a mistake is reported and left out; reading goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from mockserver.documents.nodes import Node
from mockserver.documents.source import Report
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.content_reader import (
    ANY_TEXT,
    TEXT,
    ContentReader,
    list_items,
    list_members,
    resolve_member,
    resolve_schema,
)
from mockserver.openapi.examples import DeclaredExample
from mockserver.openapi.linking import is_openapi_3_0
from mockserver.openapi.model import (
    UNDECLARED_SUCCESS,
    Body,
    DeclaredResponse,
    Operation,
    Parameter,
    ParameterStyle,
    template_names,
    template_shape,
)
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.parameter_decoding import STYLES, WHOLE_QUERY, has_member_parameters
from mockserver.openapi.request_examples import pair_examples
from mockserver.openapi.security import SecurityReader
from mockserver.openapi.servers import find_prefixes
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas
from mockserver.syntax.http.media_types import FORM
from mockserver.syntax.http.statuses import FIRST_ERROR

NO_RESPONSES = "there must be at least one response, for example for 200"
# The levels of an object's members that are parameters of their own.
MEMBER_DEPTH = 3
# Parameters of these names are ignored (OpenAPI 3.1, section 4.8.12.1).
IGNORED_HEADER_PARAMETERS = {"accept", "content-type", "authorization"}


class OperationReader:
    """Reads one document's operations."""

    def __init__(self, schemas: Schemas, report: Report) -> None:
        self.schemas, self.report = schemas, report
        self._content = ContentReader(schemas, report)
        # What several operations refer to is read once.
        self._parameters: dict[tuple[str, str], Parameter | None] = {}
        self._responses: dict[tuple[str, str, str], DeclaredResponse] = {}

    @property
    def examples(self) -> list[DeclaredExample]:
        """The examples of the bodies and responses that have been read."""
        return self._content.examples

    def read(self, document: Node) -> dict[str, Operation]:
        """Every operation by its id; without an operationId, or with a duplicate one, the id is method and path."""
        operations: dict[str, Operation] = {}
        first_paths: dict[str, str] = {}
        security, paths = SecurityReader(document, self.report), document.get("paths")
        prefixes = find_prefixes(document) or ()
        for path, item in list_members(paths, self.report) if paths is not None else ():
            if path.startswith("x-") or not isinstance(item.value, dict):
                continue
            self._check_path(path, item)
            shape = template_shape(path)
            first = first_paths.setdefault(shape, path)
            if first != path:
                self._add_error(item, f"the path {quote(path)} is the same as {quote(first)}", "shadowed")
            for node in self._operation_nodes(item):
                operation = self._read_operation(path, node, item, security, prefixes, operations)
                operations[operation.id] = operation
        return operations

    def _operation_nodes(self, item: Node) -> Iterator[Node]:
        """The operations of a path item, those of other methods too (OpenAPI 3.2, section 4.9.1)."""
        yield from (item.child(method) for method in METHODS if method in item.value)
        others = item.value.get("additionalOperations")
        for method in others if isinstance(others, dict) else ():
            if not isinstance(others[method], dict):
                continue
            node = item.child("additionalOperations", method)
            if (usual := method.lower()) in METHODS:
                served = f"; {usual} is served" if usual in item.value else ""
                message = f"{quote(method)} belongs into the member {usual} of the path item{served}"
                self._add_error(node, message, "method")
            if usual not in item.value:
                yield node

    def _check_path(self, path: str, item: Node) -> None:
        if "#" in path:
            message = (
                "clients do not send what follows a #: requests match by the part before it, and by their parameters"
            )
            self.report.warn(item.source, item.pointer, message, "fragment-in-path")
        elif "?" in path:
            message = "a path has no query; requests match if their query contains what follows the question mark"
            self.report.warn(item.source, item.pointer, message, "query-in-path")

    def _read_operation(
        self,
        path: str,
        node: Node,
        item: Node,
        security: SecurityReader,
        prefixes: tuple[str, ...],
        operations: dict[str, Operation],
    ) -> Operation:
        own_prefixes = find_prefixes(node, item)
        method = node.pointer.rpartition("/")[2].upper()
        fallback_id = f"{method} {path}"
        operation_id = node.value.get("operationId", fallback_id)
        if operation_id in operations:
            other = operations[operation_id]
            message = f"{quote(operation_id)} is already the operationId of {other.method} {other.path}"
            self._add_error(node.child("operationId"), message, "duplicate")
            operation_id = fallback_id
        parameters, body = self._read_parameters(path, node, item), self._read_body(node)
        responses = self._read_responses(node, security.document)
        operation = Operation(
            id=operation_id,
            method=method,
            path=path,
            summary=str(node.value.get("summary", "")),
            parameters=parameters,
            body=body,
            responses=responses,
            security=security.read(node),
            deprecated=node.value.get("deprecated") is True,
            prefixes=prefixes if own_prefixes is None else own_prefixes,
            request_examples=pair_examples(parameters, body, responses),
        )
        self._check_success(node, operation)
        self._excuse_examples(operation)
        return operation

    def _excuse_examples(self, operation: Operation) -> None:
        """Leave out the examples of bodies that stand for an error: these need not match their schema."""
        names = {
            example.name
            for example in operation.request_examples
            if operation.status_of(example.declared) >= FIRST_ERROR
        }
        if names and operation.body is not None:
            bodies = {id(media) for media in operation.body.media.values()}
            self.examples[:] = [
                example for example in self.examples if id(example.media) not in bodies or example.name not in names
            ]

    def _check_success(self, node: Node, operation: Operation) -> None:
        usual = operation.usual()
        if usual is UNDECLARED_SUCCESS:
            consequence = "a valid request gets a 200 without a body"
        elif operation.success() is None and usual is not None and usual[0] >= FIRST_ERROR:
            consequence = f"every request gets the lowest declared status, {usual[0]}"
        else:
            return
        message = f"declares no 2xx or default response; unless state is kept, {consequence}"
        self.report.warn(node.source, f"{node.pointer}/responses", message, "no-success")

    def _read_parameters(self, path: str, node: Node, item: Node) -> tuple[Parameter, ...]:
        parameters: dict[tuple[str, str], Parameter] = {}
        for owner in (item, node):
            declared_here = set[tuple[str, str]]()
            for declared in list_items(owner, "parameters", self.report):
                place = declared.uri, declared.pointer
                if place not in self._parameters:
                    self._parameters[place] = self._read_parameter(declared)
                parameter = self._parameters[place]
                if parameter is not None:
                    identity = parameter.location, parameter.name
                    if identity in declared_here:
                        message = (
                            f"the {identity[0]} parameter {quote(identity[1])} is declared twice; the last one counts"
                        )
                        self.report.warn(owner.source, f"{owner.pointer}/parameters", message, "parameter")
                    declared_here.add(identity)
                    parameters[identity] = parameter
        path_parameters = {name for location, name in parameters if location == "path"}
        names_in_path = template_names(path)
        for name in names_in_path:
            if name not in path_parameters:
                hint = did_you_mean(name, path_parameters)
                message = f"{{{name}}} in the path is not declared as a path parameter.{hint}"
                self._add_error(node, message, "undeclared")
        for name in path_parameters.difference(names_in_path):
            self._add_error(node, f"the path parameter {quote(name)} is not in {quote(path)}", "undeclared")
            del parameters["path", name]
        return tuple(parameters.values())

    def _read_parameter(self, node: Node) -> Parameter | None:
        declared = node.value
        if (
            not isinstance(declared, dict)
            or not isinstance(declared.get("name"), str)
            or declared.get("in") not in (*STYLES, WHOLE_QUERY)
        ):
            message = 'is not a valid parameter: it needs "name", and "in", which is path, query, header or cookie'
            self._add_error(node, message, "parameter")
            return None
        location, is_whole_query = declared["in"], declared["in"] == WHOLE_QUERY
        if is_whole_query:
            # Its `content` says how it is written.
            location, declared = "query", {**declared, "style": "form"}
        if location == "header" and declared["name"].lower() in IGNORED_HEADER_PARAMETERS:
            return None
        style = declared.get("style", STYLES[location][0])
        if style not in STYLES[location]:
            message = (
                f"{quote(style)} is not a valid style of a {location} parameter; valid: {', '.join(STYLES[location])}"
            )
            self._add_error(node.child("style"), message, "style")
            return None
        media_type, content = self._content.find_media_type(node)
        schema = resolve_schema(content, self.report)
        validator = self.schemas.for_direction("request").validator(schema) if schema is not None else ANY_TEXT
        if schema is None:
            message = f"the parameter {quote(declared['name'])} has no schema; it is any text"
            self.report.warn(node.source, node.pointer, message, "parameter")
            schema, media_type = TEXT, None
        examples = self._content.find_examples(content)
        notation = self._content.read_style(declared["name"], location, declared, Shape.from_schema(schema), media_type)
        if is_whole_query:
            notation = replace(notation, style=WHOLE_QUERY, media=media_type if media_type != FORM else None)
        return Parameter(
            name=declared["name"],
            location=location,
            required=location == "path" or bool(declared.get("required")),
            notation=notation,
            validator=validator,
            default=_find_default(schema),
            has_member_parameters=has_member_parameters(notation),
            is_plain=notation.is_plain,
            may_be_empty=location == "query" and declared.get("allowEmptyValue") is True,
            deprecated=declared.get("deprecated") is True,
            examples={name: example.value for name, example in examples.items()},
            members=_member_parameters(notation) if location == "query" and has_member_parameters(notation) else (),
        )

    def _read_body(self, node: Node) -> Body | None:
        if (body := resolve_member(node, "requestBody", self.report)) is None:
            return None
        media_types = self._content.read_content(body, self.schemas.for_direction("request"))
        return Body(bool(body.value.get("required")), media_types)

    def read_sent_body(self, node: Node) -> Body | None:
        """The body of a webhook or a callback, which the server sends: as in a response, `writeOnly` is left out."""
        if (body := resolve_member(node, "requestBody", self.report)) is None:
            return None
        media_types = self._content.read_content(body, self.schemas.for_direction("response"))
        return Body(bool(body.value.get("required")), media_types)

    def _read_responses(self, node: Node, document: Node) -> dict[str, DeclaredResponse]:
        responses = node.get("responses")
        members = list_members(responses, self.report) if responses is not None else []
        declared = [(status, response) for status, response in members if not status.startswith("x-")]
        if not declared:
            location, message = node if responses is None else node.child("responses"), NO_RESPONSES
            # Since 3.1, an operation need not have responses (section 4.8.10.1).
            if responses is None and not is_openapi_3_0(document.value):
                self.report.warn(location.source, location.pointer, message, "responses")
            else:
                self._add_error(location, message, "responses")
            return {"200": DeclaredResponse("200", {}, ())}
        schemas = self.schemas.for_direction("response")
        by_status: dict[str, DeclaredResponse] = {}
        for name, response in declared:
            status = name if name == "default" else name.upper()
            place = response.uri, response.pointer, status
            if place not in self._responses:
                media_types = self._content.read_content(response, schemas)
                self._responses[place] = DeclaredResponse(status, media_types, self._content.read_headers(response))
            by_status[status] = self._responses[place]
        return by_status

    def _add_error(self, node: Node, message: str, code: str) -> None:
        self.report.add(node.source, node.pointer, message, code)


def _member_parameters(notation: ParameterStyle, depth: int = 0) -> tuple[tuple[str, Parameter], ...]:
    """The declared members of an object that are sent as parameters of their own, each with the name of its own."""
    members = []
    for name in sorted(notation.shape.names) if depth < MEMBER_DEPTH else ():
        shape = notation.shape.member(name)
        sent = f"{notation.name}[{name}]" if notation.style == "deepObject" else name
        style = ParameterStyle(sent, "query", notation.style, True, shape)
        below = _member_parameters(style, depth + 1) if notation.style == "deepObject" else ()
        defaults = [part.value["default"] for part in shape.unconditional() if "default" in part.value]
        member_style = style if below else replace(style, style="form")
        default = defaults[0] if defaults else None
        members.append((name, Parameter(sent, "query", False, member_style, ANY_TEXT, default, members=below)))
    return tuple(members)


def _find_default(schema: Node) -> Any:
    """The value of a parameter that is not sent: that of the schema, or else of what its reference points to."""
    for value in (schema.value, schema.resolve().value):
        if isinstance(value, dict) and "default" in value:
            return value["default"]
    return None
