"""Builds the responses of an operation in the declared media type, and validates them before they are sent."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.http import parse_etags, quote_etag

from mockserver.errors import Violation, quote
from mockserver.http.messages import BODILESS, LENGTHLESS, SAFE_METHODS, Request, Response, header
from mockserver.http.response.negotiation import declared_media
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import is_json

NO_CACHE = "Cache-Control", "no-cache"
HTML = "Content-Type", "text/html; charset=utf-8"
REPRESENTATION = ("content-type", "content-length")
# Headers that a 304 omits (RFC 9110, section 15.4.5).
ENTITY_HEADERS = {
    "allow", "content-encoding", "content-language", "content-length", "content-md5", "content-range", "content-type",
    "last-modified",
}  # fmt: skip
# The phrases of RFC 9110. Those of Python changed with 3.13, but responses must not depend on its version.
TITLES = {413: "Content Too Large", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
# The usual names of the member that describes an error.
DETAILS = ("detail", "message", "msg", "reason", "description", "error_description", "error_message")


def title_of(status: int) -> str:
    """The reason phrase of a status."""
    return TITLES.get(status) or http.client.responses.get(status, "Refused")


def error_members(status: int, code: str, detail: str) -> dict[str, Any]:
    """The values of the members of an error, by their usual names; a tuple lists candidates, the best first."""
    title = title_of(status)
    values = {"title": title, "error": (title, code), "errors": (detail, [detail]), **dict.fromkeys(DETAILS, detail)}
    return {"status": status, "statusCode": status, "code": (code, status), **values}


def build_response(
    operation: Operation, status: int, value: Any, media_type: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Build and validate a response of `operation`. `value` is JSON, or text or bytes for other media types."""
    declared = operation.response(status)
    pairs = list(headers.items()) if headers else []
    if declared is None:
        message = f"{operation.id} declares no response for the status {status}"
        violation = Violation("status", "", "responses", message)
        return Response(status, _body(value, media_type), media_type, pairs, [violation])
    violations = _header_violations(declared, pairs) if declared.headers else []
    if status in BODILESS:
        return Response(status, b"", None, pairs, violations)
    if media_type is None:
        return Response(status, b"" if value is None else _body(value, "application/json"), None, pairs, violations)
    media = declared_media(declared, media_type)
    if media is None and declared.media:
        message = f"{quote(media_type)} is not declared for the status {status}"
        violations.append(Violation("header", "", "content", message, "Content-Type"))
    elif media is not None and media.validator is not None:
        if is_json(media_type) or (isinstance(value, str) and media.shape.types == {"string"}):
            violations += media.validator.violations(value, "body")
    return Response(status, _body(value, media_type), media_type, pairs, violations)


def complete(response: Response, request: Request) -> Response:
    """Add Content-Type and Content-Length and, for GET and HEAD, caching headers; 304 if the entity tag matches."""
    media_type = response.media_type if response.status not in BODILESS else None
    headers, is_safe = response.headers, request.method in SAFE_METHODS
    if is_safe:
        headers.append(NO_CACHE)
    if media_type is not None:
        response.set_header("Content-Type", media_type)
    elif not response.body:
        response.remove_headers(("content-type",))
    elif response.header("Content-Type") is None:
        headers.append(HTML)
    response.headers.append(header("Content-Length", str(len(response.body))))
    if is_safe and 200 <= response.status < 300:
        tag = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        response.headers.append(("ETag", quote_etag(tag)))
        if_none_match = request.header("If-None-Match")
        if if_none_match is not None and parse_etags(if_none_match).contains_weak(tag):
            response.status, response.body = 304, b""
            response.remove_headers(REPRESENTATION)
    return response


def wire_headers(response: Response) -> list[tuple[str, str]]:
    """The headers as they are sent: a response without content omits those that describe content."""
    if response.status not in LENGTHLESS:
        return response.headers
    dropped = ENTITY_HEADERS if response.status == 304 else ("content-length",)
    return [pair for pair in response.headers if pair[0].lower() not in dropped]


def _body(value: Any, media_type: str | None) -> bytes:
    if isinstance(value, bytes):
        return value
    if media_type is None:
        return b""
    return strict_json.dump(value) if is_json(media_type) or not isinstance(value, str) else value.encode()


def _header_violations(declared: DeclaredResponse, headers: Iterable[tuple[str, str]]) -> list[Violation]:
    values: dict[str, str] = {}
    for name, value in headers:
        values.setdefault(name.lower(), value)
    violations = []
    for declaration in declared.headers:
        text = values.get(declaration.name.lower())
        if text is None:
            if declaration.required:
                message = f"the header {declaration.name} is required and missing"
                violations.append(Violation("header", "", "required", message, declaration.name))
        elif declaration.validator is not None:
            violations += validate_header(declaration, text)
    return violations
