"""Where a response of the upstream is not what the operation declares, and a request not what it accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mockserver.errors import CannotGenerate, Refusal, Violation, quote
from mockserver.http.exchange import PreparedRequest
from mockserver.http.gateway.decoding import VALIDATED_LIMIT, parse_json
from mockserver.http.request import parameters
from mockserver.http.response.negotiation import declared_media
from mockserver.openapi.content import holds_value, validate_body
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.refusals import InvalidRequest
from mockserver.syntax import strict_json
from mockserver.syntax.http.content_codings import Undecodable, decode_content
from mockserver.syntax.http.header_names import FRAMING
from mockserver.syntax.http.media_types import EVENT_STREAM, essence, is_json
from mockserver.syntax.http.statuses import BODILESS

if TYPE_CHECKING:
    from mockserver.http.service import Service


def validate_response(
    operation: Operation, method: str, status: int, headers: Sequence[tuple[str, str]], body: bytes | None
) -> list[Violation]:
    """Where a response violates the operation's declaration. `body` is as it came; None for one that was not kept.

    A 304 is about a response that the client has already, so it is not validated.
    """
    if status == 304:
        return []
    declared = operation.response(status)
    if declared is None:
        message = f"the status {status} is not declared, only {', '.join(operation.responses) or 'none'}"
        return [Violation("status", "", "responses", message)]
    values: dict[str, str] = {}
    for name, value in headers:
        values[name.lower()] = f"{values[name.lower()]}, {value}" if name.lower() in values else value
    violations = _header_violations(declared, values)
    if method == "HEAD" or status in BODILESS or body is None:
        return violations
    return violations + _body_violations(declared, status, values, body)


def validate_request(service: Service, prepared: PreparedRequest) -> list[Violation]:
    """Where a request violates the contract."""
    try:
        parameters.validate(service, prepared)
    except InvalidRequest as refusal:
        return list(refusal.violations)
    except (Refusal, CannotGenerate) as refusal:
        detail = refusal.detail if isinstance(refusal, Refusal) else str(refusal)
        return [Violation("body", "", "content", detail)]
    return []


def _header_violations(declared: DeclaredResponse, values: dict[str, str]) -> list[Violation]:
    violations: list[Violation] = []
    for declaration in declared.headers:
        name = declaration.name.lower()
        if name in values:
            violations += validate_header(declaration, values[name])
        elif declaration.required and name not in FRAMING:
            message = f"the header {declaration.name} is required and missing"
            violations.append(Violation("header", "", "required", message, declaration.name))
    return violations


def _body_violations(declared: DeclaredResponse, status: int, values: dict[str, str], body: bytes) -> list[Violation]:
    if not declared.media:
        return []
    if not body:
        message = f"there is no body, but {', '.join(declared.media)} is declared"
        return [Violation("body", "", "content", message)]
    media_type = values.get("content-type")
    if media_type is None:
        message = "the header Content-Type is missing"
        return [Violation("header", "", "required", message, "Content-Type")]
    media = declared_media(declared, media_type)
    if media is None:
        message = f"{quote(media_type)} is not declared for the status {status}, only {', '.join(declared.media)}"
        return [Violation("header", "", "content", message, "Content-Type")]
    if essence(media_type) == EVENT_STREAM or len(body) > VALIDATED_LIMIT:
        return []
    return _value_violations(media, media_type, values.get("content-encoding"), body)


def _value_violations(media: MediaType, media_type: str, coding: str | None, body: bytes) -> list[Violation]:
    is_text = media.validator is not None and media.shape.types == {"string"} and essence(media_type)[:5] == "text/"
    if not (holds_value(media_type, media) or is_text):
        return []
    try:
        plain = decode_content(body, coding, VALIDATED_LIMIT)
    except Undecodable as error:
        return [Violation("body", "", "content", str(error))] if error.is_malformed else []
    if not (is_json(media_type) or is_text):
        return validate_body(media_type, media, plain)
    if is_text:
        value = plain.decode(errors="replace")
    else:
        try:
            value = parse_json(plain)
        except strict_json.MalformedJSON as error:
            return [Violation("body", "", "content", f"the body is not JSON: {error}")]
    return list(media.validator.violations(value, "body")) if media.validator is not None else []
