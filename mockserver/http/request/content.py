"""The parts of a request that the conditions of overrides are about."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mockserver.syntax import strict_json
from mockserver.syntax.media_types import FORM, essence

if TYPE_CHECKING:
    from mockserver.http.exchange import PreparedRequest


class ReadContent:
    """The content of a request; `headers` are the names of those that a condition has read."""

    def __init__(self, prepared: PreparedRequest) -> None:
        self._prepared = prepared
        self.headers: list[str] = []

    def header(self, name: str) -> str | None:
        """The value of a header, whose name is case-insensitive; None if it was not sent."""
        if name not in self.headers:
            self.headers.append(name)
        return self._prepared.request.header(name)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None if it was not sent."""
        return self._prepared.request.cookies.get(name)

    @cached_property
    def body(self) -> Any:
        """The body as JSON: text is a string, a form an object, and no body null."""
        request, call = self._prepared.request, self._prepared.call
        if call is not None and call.body is not None:
            return call.body
        return parse_body(request.body, request.header("Content-Type") or "")


def parse_body(body: bytes, content_type: str) -> Any:
    """A body as it came: JSON as its value, a form as an object, other text as a string, none as null."""
    if not body:
        return None
    try:
        return strict_json.parse(body)
    except strict_json.MalformedJSON:
        text = body.decode(errors="replace")
    return dict(parse_qsl(text, keep_blank_values=True)) if essence(content_type) == FORM else text
