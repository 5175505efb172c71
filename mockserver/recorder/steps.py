"""A recorded exchange as a call of an operation and its response, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import Refusal, Violation
from mockserver.http.messages import BYTES_PER_VALUE
from mockserver.http.request.compared_content import parse_body, read_declared
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.recorder.exchanges import (
    BODY_LIMIT,
    EMPTY,
    MISSING,
    Content,
    Headers,
    RecordedExchange,
    decompress,
    find_header,
    kept_headers,
    read_content,
)
from mockserver.recorder.redactor import Redactor
from mockserver.recorder.routes import RoutedRequest
from mockserver.syntax import strict_json
from mockserver.syntax.http.statuses import BODILESS

SAFE = ("GET", "HEAD")


class RecordedBody(Struct, frozen=True):
    """The body of a recorded request, with the headers that say how it is read."""

    body: bytes
    headers: Headers

    @property
    def value_limit(self) -> int:
        """How many JSON values it may have."""
        return BODY_LIMIT // BYTES_PER_VALUE

    def header(self, name: str, /) -> str | None:
        """The value of a header; its name is case-insensitive."""
        return find_header(self.headers, name.lower())


class Step(Struct):
    """A call of an operation in a recording, and its response.

    `where` and `match` are the conditions of an override for this request: its parameters, and a JSON Schema of its
    body (None without a body, or where it cannot be compared). `content` is the response's body. `violations` say why
    a server that validates requests refuses this one. `hides_path` if a parameter of the path is a secret.
    """

    number: int
    operation: Operation
    call: OperationCall
    status: int
    content: Content
    headers: Mapping[str, list[str]]
    where: dict[str, Any] = field(default_factory=dict)
    match: Any = None
    violations: list[Violation] = field(default_factory=list)
    line: str = ""
    hides_path: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def value(self) -> Any:
        """The response's body as JSON; None if it is something else."""
        return self.content.value if self.content.kind == "json" else None

    @property
    def group(self) -> tuple[str, bytes, bytes]:
        """What requests have in common that an override cannot tell apart."""
        return self.operation.id, strict_json.dump_canonical(self.where), strict_json.dump_canonical(self.match)


def read_step(number: int, exchange: RecordedExchange, routed: RoutedRequest, redactor: Redactor) -> Step:
    """The step that an exchange is. Nobody expects a body of a redirection, or of a status that has none."""
    request = read_content(exchange.request_headers, exchange.request_body or b"")
    response = read_content(exchange.response_headers, exchange.response_body or b"")
    has_content = exchange.status not in BODILESS and exchange.status // 100 != 3 and exchange.method != "HEAD"
    if exchange.response_body is None and has_content:
        response = MISSING
    operation = routed.operation
    body = _sent_value(operation, exchange) if request.kind in ("json", "form", "text") else request.value
    parameters = {
        location: {name: redactor.value(value, name) for name, value in values.items()}
        for location, values in routed.parameters.items()
    }
    compared = {**routed.parameters["query"], **routed.parameters["path"]}
    where = {
        name: value
        for name, value in compared.items()
        if not isinstance(value, dict) and name in {**parameters["query"], **parameters["path"]}
        and {**parameters["query"], **parameters["path"]}[name] == value
    }  # fmt: skip
    is_compared = request.kind in ("json", "form", "text") and exchange.request_body
    schema = redactor.matching_schema(body) if is_compared else None
    clean_body = redactor.value(body) if request.kind in ("json", "form", "text") else None
    if response.kind in ("json", "text", "form"):
        response = replace(response, value=redactor.value(response.value))
    return Step(
        number=number,
        operation=operation,
        call=OperationCall(
            parameters["path"], parameters["query"], clean_body, parameters["header"], parameters["cookie"]
        ),
        status=exchange.status,
        content=response,
        headers=_clean_headers(kept_headers(exchange), redactor),
        where=where,
        match=None if schema is True else schema,
        violations=[*routed.violations, *_body_violations(operation, request, exchange.request_body)],
        line=f"{exchange.method} {redactor.text(exchange.target)}",
        hides_path=parameters["path"] != routed.parameters["path"],
    )


def complete_where(steps: list[Step], sent: Mapping[str, set[str]]) -> None:
    """Let each step's `where` say which query parameters were sent, of those that any request to the operation sent.

    `sent` holds these by operationId.
    """
    for step in steps:
        names = sent.get(step.operation.id, set())
        query = {parameter.name for parameter in step.operation.parameters if parameter.location == "query"}
        kept = {name: value for name, value in step.where.items() if name not in query or name in names}
        absent = {name: None for name in sorted(names) if name not in step.call.query}
        step.where = {**kept, **absent}


def _clean_headers(headers: Mapping[str, list[str]], redactor: Redactor) -> dict[str, list[str]]:
    clean: dict[str, list[str]] = {}
    for name, values in headers.items():
        if redactor.is_secret(name):
            redactor.counts[name] += 1
        else:
            clean[name] = [redactor.text(value) for value in values]
    return clean


def _sent_value(operation: Operation, exchange: RecordedExchange) -> Any:
    """The body of a request as overrides see it."""
    headers = exchange.request_headers
    sent = RecordedBody(decompress(headers, exchange.request_body or b""), headers)
    with suppress(Refusal):
        if operation.body is not None:
            return read_declared(operation.body, sent)
    return parse_body(sent.body, sent.header("Content-Type") or "", sent.value_limit)


def _body_violations(operation: Operation, request: Content, body: bytes | None) -> list[Violation]:
    """What is wrong with a JSON body; other bodies, and those that are missing in the recording, are not validated."""
    declared = operation.body
    if declared is None or body is None:
        return []
    if request is EMPTY:
        message = "a body is required and missing"
        return [Violation("body", "", "required", message)] if declared.required else []
    media = json_media_type(declared) if request.kind == "json" else None
    return media.validator.violations(request.value, "body") if media is not None and media.validator else []
