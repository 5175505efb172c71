"""Builds the responses of an operation in the declared media type, and validates them before they are sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.http import generate_etag, parse_date, parse_etags, parse_list_header, quote_etag, unquote_etag

from mockserver.errors import Violation, quote
from mockserver.http.messages import SAFE_METHODS, Request, Response, header
from mockserver.http.response import text_bodies
from mockserver.http.response.negotiation import declared_media
from mockserver.openapi.content import holds_value, item_violations, validate_body
from mockserver.openapi.model import DeclaredResponse, Header, MediaType, Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.schemas.record_lists import ListedRecords
from mockserver.syntax.http.header_names import FRAMING
from mockserver.syntax.http.media_types import JSON, is_json, is_multipart, is_sequence
from mockserver.syntax.http.statuses import BODILESS, FIRST_ERROR, LENGTHLESS, reason_phrase

NO_CACHE = "Cache-Control", "no-cache"
NO_NAMES: frozenset[str] = frozenset()
REPRESENTATION = ("content-type", "content-length")
# Headers that a 304 omits (RFC 9110, section 15.4.5).
ENTITY_HEADERS = {
    "allow", "content-encoding", "content-language", "content-length", "content-md5", "content-range", "content-type",
    "last-modified",
}  # fmt: skip
# Declared headers that a response goes without: the server frames it itself, and uses no content coding.
NEVER_SENT = FRAMING | {"content-encoding"}
# The server sends these itself after the response has been validated; those of CORS only if the request has an Origin.
SENT_LATER = ("date", "vary", "access-control-", "x-mock-")
# The usual names of the member that describes an error.
DETAILS = ("detail", "message", "msg", "reason", "description", "error_description", "error_message")


def error_members(status: int, code: str, detail: str) -> dict[str, Any]:
    """The values of the members of an error, by their usual names; a tuple lists candidates, the best first."""
    title = reason_phrase(status)
    values = {"title": title, "error": (title, code), "errors": (detail, [detail]), **dict.fromkeys(DETAILS, detail)}
    return {"status": status, "statusCode": status, "code": (code, status), **values}


def build_response(
    operation: Operation,
    status: int,
    value: Any,
    media_type: str | None,
    headers: Iterable[tuple[str, str]],
    listed: ListedRecords | None = None,
) -> Response:
    """Build and validate a response of `operation`. `value` is JSON, or the text or bytes of another media type.

    `listed` are the records of a list in the value, if the state has them so. JSON is written in the media type as far
    as that can hold it; without a media type, as JSON.
    """
    declared, pairs = operation.response(status), list(headers)
    media = declared_media(declared, media_type) if declared is not None and media_type is not None else None
    violations: list[Violation] = []
    if media_type is not None and not is_json(media_type) and (media is None or not holds_value(media_type, media)):
        if media is not None and isinstance(value, list) and is_sequence(media_type):
            violations = item_violations(media, value)
        value = value if is_multipart(media_type) else text_bodies.body_text(value, media_type)
    written = None
    if listed is not None and media is not None and media_type is not None and status not in BODILESS:
        written = _write_list(media, media_type, value, listed)
    if declared is None:
        message = f"{operation.id} declares no response for the status {status}"
        # Where only errors are declared, nothing is known of success.
        is_unknown_success = status < FIRST_ERROR and operation.success() is None
        violations = [] if is_unknown_success else [Violation("status", "", "responses", message)]
    elif written is None:
        violations += _content_violations(declared, media, status, value, media_type)
    if written is not None:
        body, content_type = written, media_type
    elif status in BODILESS or (media_type is None and value is None):
        body, content_type = b"", None
    else:
        body, content_type, unwritable = text_bodies.write(value, media_type or JSON, media)
        violations += unwritable
    if declared is not None and declared.headers:
        violations += _check_headers(declared, pairs, body)
    return Response(status, body, content_type, pairs, violations=violations)


def _write_list(media: MediaType, media_type: str, value: Any, listed: ListedRecords) -> bytes | None:
    """A valid value as JSON; None where it is not valid, or is to be validated and written as a whole."""
    validator = media.validator
    return validator.write_list(value, listed) if validator is not None and is_json(media_type) else None


def _content_violations(
    declared: DeclaredResponse, media: MediaType | None, status: int, value: Any, media_type: str | None
) -> list[Violation]:
    if media_type is None or status in BODILESS or not declared.media:
        return []
    if media is None:
        message = f"{quote(media_type)} is not declared for the status {status}"
        return [Violation("header", "", "content", message, "Content-Type")]
    if is_json(media_type) and isinstance(value, bytes):
        return [Violation("body", "", "content", "it is bytes, and not a JSON value")]
    if is_json(media_type):
        return media.validator.violations(value, "body") if media.validator is not None else []
    return validate_body(media_type, media, value) if isinstance(value, str) or holds_value(media_type, media) else []


def complete(response: Response, request: Request, *, says_when_modified: bool = True) -> Response:
    """Add Content-Type, Content-Length and, for GET and HEAD, caching headers; 304 if the client has this version.

    Headers that the contract or an override has set remain as they are. A `Last-Modified` is compared only if it
    `says_when_modified`.
    """
    headers, is_safe = response.headers, request.method in SAFE_METHODS
    fixed = response.fixed = frozenset(name.lower() for name, _ in headers) if headers else NO_NAMES
    if is_safe and "cache-control" not in fixed:
        headers.append(NO_CACHE)
    if response.media_type is not None and "content-type" not in fixed:
        headers.append(header("Content-Type", response.media_type))
    if response.stays_open:
        return response
    # The length of what GET would send is not known where HEAD has a response of its own (RFC 9110, section 8.6).
    if response.body or request.method != "HEAD":
        headers.append(header("Content-Length", str(len(response.body))))
    if is_safe and 200 <= response.status < 300:
        tag = (response.header("ETag") or "") if "etag" in fixed else entity_tag(response.body)
        if "etag" not in fixed:
            headers.append(("ETag", tag))
        if_none_match = request.by_name.get("If-None-Match")
        if if_none_match is not None:
            is_current = parse_etags(if_none_match).contains_weak(unquote_etag(tag)[0] or "")
        else:
            is_current = says_when_modified and "last-modified" in fixed and _is_unmodified(response, request)
        if is_current:
            response.status, response.body = 304, b""
            response.remove_headers(REPRESENTATION)
    return response


def _is_unmodified(response: Response, request: Request) -> bool:
    """Whether the declared `Last-Modified` is not after the `If-Modified-Since` of the request (RFC 9110, 13.1.3)."""
    since = parse_date(request.by_name.get("If-Modified-Since"))
    modified = parse_date(response.header("Last-Modified")) if since is not None else None
    return since is not None and modified is not None and modified <= since


def entity_tag(body: bytes) -> str:
    """The strong entity tag of a body (RFC 9110, section 8.8.3)."""
    return quote_etag(generate_etag(body))


def merge_vary(headers: Iterable[tuple[str, str]], server_vary: tuple[str, str]) -> str:
    """The `Vary` of the headers and the server's own in one; `*` includes every other (RFC 9110, section 12.5.5)."""
    values = [value for name, value in (*headers, server_vary) if name.lower() == "vary"]
    names: dict[str, str] = {}
    for listed in map(parse_list_header, values):
        for name in listed:
            names.setdefault(name.lower(), name)
    return "*" if "*" in names else ", ".join(names.values())


def wire_headers(response: Response) -> list[tuple[str, str]]:
    """The headers as they are sent: a response without content omits those that describe content."""
    if response.status not in LENGTHLESS:
        return response.headers
    dropped = ENTITY_HEADERS if response.status == 304 else ("content-length",)
    return [pair for pair in response.headers if pair[0].lower() not in dropped]


def _check_headers(declared: DeclaredResponse, pairs: list[tuple[str, str]], body: bytes) -> list[Violation]:
    """Where the headers violate their declarations; the server's own values are added for those that have none."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name.lower(), value)
    violations: list[Violation] = []
    for declaration in declared.headers:
        name = declaration.name.lower()
        text = values.get(name)
        if text is not None:
            violations += validate_header(declaration, text)
        elif (generated := own_value(declaration, body)) is not None:
            pairs.append((declaration.name, generated))
        elif declaration.required and name not in NEVER_SENT and not name.startswith(SENT_LATER):
            message = f"the header {declaration.name} is required and missing"
            violations.append(Violation("header", "", "required", message, declaration.name))
    return violations


def own_value(declaration: Header, body: bytes = b"") -> str | None:
    """The server's own value of a declared header that describes the representation, if that is valid for it."""
    name = declaration.name.lower()
    value = entity_tag(body) if name == "etag" else NO_CACHE[1] if name == "cache-control" else None
    return value if value is not None and not validate_header(declaration, value) else None
