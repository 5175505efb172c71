"""The parts of a request that the conditions of overrides are about."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mockserver.errors import Refusal, Violation
from mockserver.http.messages import JSON_VALUE_LIMIT
from mockserver.http.request import bodies
from mockserver.http.request.bodies import ReceivedBody
from mockserver.http.request.body_syntax import ValueCount, parse_json
from mockserver.http.request.forms import PART_LIMIT, describe_uploads, read_undeclared_form
from mockserver.openapi.model import Body
from mockserver.schemas.reading_work import ReadingWork
from mockserver.syntax.http.media_types import FORM, MULTIPART, essence

if TYPE_CHECKING:
    from mockserver.http.exchange import PreparedRequest


class ReadContent:
    """The content of a request; `headers` are the names of those that a condition has read."""

    def __init__(self, prepared: PreparedRequest) -> None:
        self._prepared = prepared
        self.headers: dict[str, None] = {}
        self.work = ReadingWork()

    def header(self, name: str) -> str | None:
        """The value of a header, whose name is case-insensitive; None if it was not sent."""
        self.headers[name] = None
        return self._prepared.request.header(name)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None if it was not sent."""
        return self._prepared.request.cookies.get(name)

    @cached_property
    def body(self) -> Any:
        """The body as JSON: text is a string, a form an object, a file in it one that describes it, no body null."""
        request, call, operation = self._prepared.request, self._prepared.call, self._prepared.route.operation
        if call is None or call.body is None:
            return parse_body(request.body, request.header("Content-Type") or "", request.value_limit)
        if operation is None or operation.body is None:
            return call.body
        return _as_json(operation.body, request, call.body)


def read_declared(body: Body, sent: ReceivedBody) -> Any:
    """A body in the same form, of a request to the operation that declares `body`. Raises Refusal."""
    violations: list[Violation] = []
    value, _ = bodies.read(body, sent, violations)
    if violations:
        return parse_body(sent.body, sent.header("Content-Type") or "", sent.value_limit)
    return _as_json(body, sent, value)


def _as_json(body: Body, sent: ReceivedBody, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return describe_uploads(bodies.read_uploads(body, sent, value))


def parse_body(body: bytes, content_type: str, value_limit: int = JSON_VALUE_LIMIT) -> Any:
    """A body as it came: JSON as its value, a form as an object, other text as a string, none as null.

    What has more JSON values or fields than a request may have is text, too.
    """
    if not body:
        return None
    if essence(content_type) == MULTIPART:
        try:
            return describe_uploads(read_undeclared_form(body, content_type))
        except Refusal:
            return body.decode(errors="replace")
    with suppress(Refusal):
        return parse_json(body, ValueCount(value_limit))
    text = body.decode(errors="replace")
    if essence(content_type) == FORM:
        with suppress(ValueError):
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=PART_LIMIT))
    return text
