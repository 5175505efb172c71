"""Decodes and validates the parameters and the body of a request by its operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.contract.behaviour import LAST_EVENT_ID, Behaviour
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import Request
from mockserver.http.request import bodies, notices
from mockserver.http.request.addressing import decode_parameter
from mockserver.http.request.body_syntax import ValueCount, parse_json
from mockserver.http.request.compared_content import parse_body
from mockserver.openapi import parameter_decoding
from mockserver.openapi.content import holds_value
from mockserver.openapi.model import Body, Operation, Parameter
from mockserver.openapi.parameter_decoding import RESERVED_PREFIX, WHOLE_QUERY
from mockserver.refusals import BodyTooLarge, InvalidRequest, MalformedBody, UnexpectedBody, UnsupportedMediaType
from mockserver.syntax.http.charsets import as_utf_8
from mockserver.syntax.http.media_types import FORMS, JSON, best_match, essence, is_json

if TYPE_CHECKING:
    from mockserver.http.service import Service

# The undeclared parameters that are listed.
LISTED_LIMIT = 100
STORING = ("create", "replace", "update", "create_all", "replace_all", "add_item", "update_item", "replace_item")
DECODE: Mapping[str, Callable[[str], str]] = {
    "path": decode_parameter,
    "query": parameter_decoding.decode_form,
    "header": str,
    "cookie": unquote,
}


def validate(service: Service, prepared: PreparedRequest, *, may_subscribe: bool = True) -> None:
    """Decode and validate a request to an operation; sets the call, the parameters and the notices of `prepared`.

    It `may_subscribe` to webhooks, by values that are part of their URL.

    Raises InvalidRequest with all violations, or a refusal of the body (see `_Reader.body`).
    """
    route, request = prepared.route, prepared.request
    assert route.operation is not None
    behaviour = service.behaviour_of(route.operation)
    refuses_undeclared = route.is_control or service.implements(route.operation)
    try:
        request = bodies.decode(request, service.body_limit)
    except (UnsupportedMediaType, MalformedBody):
        # One that nobody reads may have any coding.
        if refuses_undeclared or route.operation.body is not None:
            raise
    if request is not prepared.request:
        prepared.request, prepared.logged = request, prepared.logged.with_body(request.body)
    reader = _Reader(route.operation, request, behaviour, refuses_undeclared=refuses_undeclared)
    try:
        prepared.call = call = reader.call(route.arguments, service.body_limit, may_subscribe=may_subscribe)
        prepared.parameters = {**call.query, **call.path}
    finally:
        prepared.notices = tuple(reader.notices)


def read_for_matching(prepared: PreparedRequest) -> Mapping[str, Any]:
    """The parameters that overrides are matched by, of a request that may violate the contract."""
    call = read_invalid(prepared)
    return {**call.query, **call.path}


def read_invalid(prepared: PreparedRequest) -> OperationCall:
    """The parameters of a request that may violate the contract, and its body as it came."""
    route, request = prepared.route, prepared.request
    assert route.operation is not None
    values, _ = read_parameters(route.operation, request, route.arguments, refuses_undeclared=False)
    body = parse_body(request.body, request.header("Content-Type") or "", request.value_limit)
    return OperationCall(values["path"], values["query"], body, values["header"], values["cookie"])


def has_valid_parameters(operation: Operation, request: Request, arguments: Mapping[str, str]) -> bool:
    """Whether the parameters of a request, its body aside, are valid for an operation."""
    return not read_parameters(operation, request, arguments, refuses_undeclared=False)[1]


def read_parameters(
    operation: Operation, request: Request, arguments: Mapping[str, str], *, refuses_undeclared: bool
) -> tuple[dict[str, dict[str, Any]], list[Violation]]:
    """The values of the parameters of a request by location and name, and their violations."""
    reader = _Reader(operation, request, None, refuses_undeclared=refuses_undeclared)
    query = read_query(request)
    values = reader.parameters(arguments, query)
    if refuses_undeclared:
        reader.refuse_undeclared(query)
    return values, reader.violations


def read_query(request: Request) -> dict[str, list[str]]:
    """The query parameters by name, their values as sent."""
    values: dict[str, list[str]] = {}
    if not request.query_string:
        return values
    for piece in request.query.split("&"):
        if piece:
            name, _, text = piece.partition("=")
            values.setdefault(parameter_decoding.decode_form(name), []).append(text)
    return values


def _with_plus_explained(violation: Violation) -> Violation:
    """The violation of a text that has a `+`, which clients often send as it is: `T09:00:00+02:00`."""
    if violation.keyword not in ("format", "pattern"):
        return violation
    return replace(violation, message=f'{violation.message}; a "+" in a query is a space, and "%2B" is a plus')


def _member_values(parameter: Parameter, value: Any) -> Iterator[tuple[str, Any]]:
    """The values of the members that are sent as parameters of their own, by the names of these."""
    for name, member in parameter.members:
        below = value.get(name, member.default) if isinstance(value, dict) else member.default
        if member.members:
            yield from _member_values(member, below)
        elif below is not None:
            yield member.name, below


class _Reader(Struct):
    """Reads one request to one operation. `refuses_undeclared` says whether undeclared input is refused."""

    operation: Operation
    request: Request
    behaviour: Behaviour | None
    refuses_undeclared: bool
    violations: list[Violation] = field(default_factory=list)
    notices: dict[str, None] = field(default_factory=dict)

    def call(self, arguments: Mapping[str, str], body_limit: int, *, may_subscribe: bool = True) -> OperationCall:
        """The operation's parameters and body. Raises what `validate` raises."""
        if self.operation.deprecated:
            self.add_notice(f"the operation {self.operation.id} is deprecated")
        query = read_query(self.request)
        values = self.parameters(arguments, query)
        if query and self.refuses_undeclared:
            self.refuse_undeclared(query)
        body = self.body(body_limit)
        if self.violations:
            raise InvalidRequest(self.violations)
        header, cookie = values["header"], values["cookie"]
        return OperationCall(values["path"], values["query"], body, header, cookie, may_subscribe=may_subscribe)

    def add_notice(self, text: str) -> None:
        self.notices[text] = None

    def parameters(self, arguments: Mapping[str, str], query: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
        """The values of the parameters by location and name."""
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        path = dict(zip(self.operation.path_names, arguments.values(), strict=True))
        for parameter in self.operation.parameters:
            location, name = parameter.location, parameter.name
            decoded = self._decode(parameter, path, query)
            if decoded is not None:
                values[location][name] = decoded[0]
                self.violations += decoded[1]
                if parameter.deprecated:
                    self.add_notice(f"the {location} parameter {quote(name)} is deprecated")
            elif parameter.required:
                message = f"the {location} parameter {quote(name)} is required and missing"
                if location == "query" and f"{name}[]" in query and "array" in parameter.notation.shape.types:
                    message += f"; {name}[] was sent, but an array is sent as {name}=a&{name}=b"
                self.violations.append(Violation(location, "", "required", message, name))
            elif parameter.default is not None:
                values[location][name] = parameter.default
            if parameter.members:
                for member, value in _member_values(parameter, values[location].get(name)):
                    values[location].setdefault(member, value)
        return values

    def refuse_undeclared(self, query: Mapping[str, list[str]]) -> None:
        """Add a violation for each undeclared query parameter, except those with the server's prefix `__`."""
        declared = self._names("query")
        if any(parameter.notation.style == WHOLE_QUERY for parameter in self.operation.parameters):
            return
        collecting = [
            parameter.notation
            for parameter in self.operation.parameters
            if parameter.has_member_parameters and parameter.location == "query"
        ]
        undeclared = [
            name
            for name in query
            if name not in declared
            and not name.startswith(RESERVED_PREFIX)
            and not (name == LAST_EVENT_ID and self.behaviour is not None and self.behaviour.kind == "stream")
            and not any(parameter_decoding.member_path(notation, name, declared) for notation in collecting)
        ]
        for name in undeclared[:LISTED_LIMIT]:
            message = f"{quote(name)} is not a declared query parameter.{did_you_mean(name, declared)}"
            self.violations.append(Violation("query", "", "unknown", message, name))
        if len(undeclared) > LISTED_LIMIT:
            message = f"there are {len(undeclared) - LISTED_LIMIT} more query parameters that are not declared"
            self.violations.append(Violation("query", "", "more", message))

    def body(self, limit: int) -> Any:
        """The body's value. Raises BodyTooLarge, UnexpectedBody and what `bodies.read` raises."""
        if self.request.too_large:
            raise BodyTooLarge(limit)
        if self.operation.body is None:
            self._check_empty()
            return None
        value, media = bodies.read(self.operation.body, self.request, self.violations)
        if media is not None:
            if self.behaviour is not None and self.behaviour.kind in STORING:
                self._check_storable(self.operation.body)
            for notice in notices.find_notices(value, media.shape):
                self.add_notice(notice)
        return value

    def _decode(
        self, parameter: Parameter, path: Mapping[str, str], query: Mapping[str, list[str]]
    ) -> tuple[Any, list[Violation]] | None:
        """The value of one parameter and its violations; None if it was not sent."""
        decode = DECODE[parameter.location]
        if parameter.notation.style == "cookie":
            decode = str
        elif parameter.notation.style == WHOLE_QUERY and not parameter.has_member_parameters:
            decode = unquote
        if parameter.has_member_parameters:
            sent = query if parameter.location == "query" else dict(self.request.cookies.lists())
            collected = parameter_decoding.collect_members(parameter, sent, self._names(parameter.location), decode)
            if collected is not None:
                return collected
        texts = self._texts(parameter, path, query)
        if not texts:
            return None
        if texts == [""] and parameter.may_be_empty:
            return None, []
        value, violations = parameter_decoding.decode_and_validate(parameter, texts, decode)
        if parameter.location == "query" and any("+" in text for text in texts):
            violations = [_with_plus_explained(violation) for violation in violations]
        return value, violations

    def _texts(self, parameter: Parameter, path: Mapping[str, str], query: Mapping[str, list[str]]) -> list[str]:
        """The values of a parameter as text, as they were sent."""
        if parameter.notation.style == WHOLE_QUERY:
            return [self.request.query] if query and not parameter.has_member_parameters else []
        if parameter.location == "query":
            return query.get(parameter.name, [])
        if parameter.location == "path":
            return [path[parameter.name]] if parameter.name in path else []
        if parameter.location == "header":
            text = self.request.header(parameter.name)
            return [as_utf_8(text)] if text is not None else []
        texts = self.request.cookies.getlist(parameter.name)
        # Browsers send the cookie of the longest path first (RFC 6265, section 5.4), and servers take that one.
        return texts[:1] if parameter.is_plain else texts

    def _names(self, location: str) -> set[str]:
        """The declared names of a location, including those of credentials."""
        names = {parameter.name for parameter in self.operation.parameters if parameter.location == location}
        return names | {
            credential.name
            for alternative in self.operation.security
            for credential in alternative
            if credential.location == location
        }

    def _check_storable(self, body: Body) -> None:
        """Refuse a declared media type that cannot be stored as a record. Raises UnsupportedMediaType."""
        sent = self.request.header("Content-Type")
        media_type = essence(JSON if sent is None else sent)
        storable = [name for name, media in body.media.items() if holds_value(name, media) or name in FORMS]
        if storable and not (is_json(media_type) or media_type in FORMS or best_match(media_type, storable)):
            raise UnsupportedMediaType(media_type, storable)

    def _check_empty(self) -> None:
        """Refuse a body where none is declared, except `{}` and `null`, which clients often send."""
        data = self.request.body
        if not data or not self.refuses_undeclared:
            return
        if self.request.mimetype and not is_json(self.request.mimetype):
            raise UnexpectedBody(self.operation.id)
        if parse_json(data, ValueCount(self.request.value_limit)) not in ({}, None):
            raise UnexpectedBody(self.operation.id)
