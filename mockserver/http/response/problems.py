"""Responses to refused requests: RFC 9457 problems, or a body as the operation declares for the status."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

import mockserver.refusals as refusals
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import Refusal, Violation
from mockserver.http.messages import Response
from mockserver.http.request.preferences import Preference
from mockserver.http.response.declared_errors import PROBLEM, DeclaredError
from mockserver.http.response.responses import build_response
from mockserver.http.response.samples import SampleSpec, required_headers
from mockserver.openapi.model import Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.refusals import ContractViolation, InternalError, MethodNotAllowed
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import essence
from mockserver.syntax.http.statuses import reason_phrase

if TYPE_CHECKING:
    from mockserver.http.service import Service

CODE_HEADER = "X-Mock-Code"
# An unknown name in a body is invalid content (422); in a header, query or cookie the request is invalid (400).
IN_BODY = "body /name"
# The headers of a 415 besides `Accept` (RFC 5789, section 2.2, and Linked Data Platform, section 7.1).
ACCEPTED = {"PATCH": "Accept-Patch", "POST": "Accept-Post"}
# Refusals about the mock server rather than the API: a declared error body could not express what is wrong.
ALWAYS_PROBLEMS = (ContractViolation, InternalError, refusals.NoExample, refusals.UnknownPreference)
HTML = ("text/html", "application/xhtml+xml")
# Refusals quote the request, and are served from the origin of the console.
NO_CONTENT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
log = logging.getLogger("mockserver")

STATUS: Mapping[type[Refusal], http.HTTPStatus] = {
    refusals.UnknownScenario: http.HTTPStatus.BAD_REQUEST,
    refusals.BadSandbox: http.HTTPStatus.BAD_REQUEST,
    refusals.MalformedBody: http.HTTPStatus.BAD_REQUEST,
    refusals.UnexpectedBody: http.HTTPStatus.BAD_REQUEST,
    refusals.TokenRequired: http.HTTPStatus.UNAUTHORIZED,
    refusals.CredentialsRequired: http.HTTPStatus.UNAUTHORIZED,
    refusals.ForbiddenHost: http.HTTPStatus.FORBIDDEN,
    refusals.ForbiddenOrigin: http.HTTPStatus.FORBIDDEN,
    refusals.UnknownPath: http.HTTPStatus.NOT_FOUND,
    refusals.UnknownSandbox: http.HTTPStatus.NOT_FOUND,
    refusals.UnknownResource: http.HTTPStatus.NOT_FOUND,
    refusals.UnknownRecord: http.HTTPStatus.NOT_FOUND,
    refusals.UnknownCursor: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.UnknownTransition: http.HTTPStatus.NOT_FOUND,
    refusals.MethodNotAllowed: http.HTTPStatus.METHOD_NOT_ALLOWED,
    refusals.NotAcceptable: http.HTTPStatus.NOT_ACCEPTABLE,
    refusals.TransitionNotAllowed: http.HTTPStatus.CONFLICT,
    refusals.GuardFailed: http.HTTPStatus.CONFLICT,
    refusals.PatchNotApplicable: http.HTTPStatus.CONFLICT,
    refusals.NoTransition: http.HTTPStatus.CONFLICT,
    refusals.RecordExists: http.HTTPStatus.CONFLICT,
    refusals.RecordInUse: http.HTTPStatus.CONFLICT,
    refusals.FailedVerdict: http.HTTPStatus.CONFLICT,
    refusals.VerifyFailed: http.HTTPStatus.CONFLICT,
    refusals.WaitTimeout: http.HTTPStatus.REQUEST_TIMEOUT,
    refusals.NotKeyed: http.HTTPStatus.CONFLICT,
    refusals.PreconditionFailed: http.HTTPStatus.PRECONDITION_FAILED,
    refusals.BodyTooLarge: http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.TooManyParts: http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.TooManyValues: http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.TooMuchToMatch: http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    refusals.UnsupportedCharset: http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    refusals.UnsupportedMediaType: http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    refusals.InvalidRequest: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.InvalidRecord: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.BadTime: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.BeforeStart: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.NothingToUndo: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.TooMuchDue: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.BeyondLog: http.HTTPStatus.CONFLICT,
    refusals.BadIdempotencyKey: http.HTTPStatus.BAD_REQUEST,
    refusals.IdempotencyKeyReused: http.HTTPStatus.UNPROCESSABLE_ENTITY,
    refusals.IdempotencyInFlight: http.HTTPStatus.CONFLICT,
    refusals.UnknownOverride: http.HTTPStatus.NOT_FOUND,
    refusals.OverrideLimit: http.HTTPStatus.TOO_MANY_REQUESTS,
    refusals.ResetWhileHeld: http.HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.UpgradeRequired: http.HTTPStatus.UPGRADE_REQUIRED,
    refusals.BadHandshake: http.HTTPStatus.BAD_REQUEST,
    refusals.NoWebSocket: http.HTTPStatus.NOT_IMPLEMENTED,
    refusals.StreamLimit: http.HTTPStatus.TOO_MANY_REQUESTS,
    refusals.SandboxLimit: http.HTTPStatus.TOO_MANY_REQUESTS,
    refusals.StoreUnavailable: http.HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.StoreBusy: http.HTTPStatus.SERVICE_UNAVAILABLE,
    refusals.StoreLogFull: http.HTTPStatus.TOO_MANY_REQUESTS,
    refusals.ContractViolation: http.HTTPStatus.INTERNAL_SERVER_ERROR,
    refusals.UnknownPreference: http.HTTPStatus.BAD_REQUEST,
    refusals.NoExample: http.HTTPStatus.NOT_IMPLEMENTED,
    refusals.HandlerFailed: http.HTTPStatus.INTERNAL_SERVER_ERROR,
    refusals.HandlerTimeout: http.HTTPStatus.INTERNAL_SERVER_ERROR,
    refusals.InternalError: http.HTTPStatus.INTERNAL_SERVER_ERROR,
    refusals.UpstreamFailed: http.HTTPStatus.BAD_GATEWAY,
    refusals.UpstreamTimeout: http.HTTPStatus.GATEWAY_TIMEOUT,
    refusals.UpstreamLoop: http.HTTPStatus.LOOP_DETECTED,
    refusals.WebhookLoop: http.HTTPStatus.LOOP_DETECTED,
}


def refuse(
    service: Service,
    operation: Operation | None,
    refusal: Refusal,
    preference: Preference | None = None,
    accept: str | None = None,
) -> Response:
    """The response to a refused request, with the body that the operation declares for the status, else a problem.

    It never violates the contract by its body: where the declared form cannot hold a refusal, it is a problem document.
    The declared example that a `preference` of the client names is sent as it is. Its `accept` decides only between
    JSON and XML that are both declared.
    """
    status = _status(operation, refusal)
    problem = {
        "type": "about:blank",
        "title": reason_phrase(status),
        "status": status,
        "detail": refusal.detail,
        "code": refusal.code,
        **refusal.members,
    }
    headers = {CODE_HEADER: refusal.code, **_hint_headers(operation, refusal)}
    declared = operation.response(status) if operation is not None else None
    if declared is None or operation is None or isinstance(refusal, ALWAYS_PROBLEMS):
        return _problem_response(service, problem, headers)
    pairs = _declared_headers(service, operation, SampleSpec(status, declared), headers)
    violations = refusal.violations if isinstance(refusal, refusals.InvalidRequest | refusals.InvalidRecord) else ()
    error = DeclaredError(service.contract, operation, declared, problem, violations)
    is_preferred = preference is not None and preference.code in (None, status)
    example = preference.example if preference is not None and is_preferred else None
    body = error.preferred(example) or error.filled(
        keeps_examples=isinstance(refusal, refusals.Injected), accept=accept
    )
    if body is None:
        response = _problem_response(service, problem, {})
        response.headers = pairs
        if declared.media:
            message = f"{', '.join(declared.media)} cannot hold a refusal as declared, so it is a problem document"
            response.unheld = (Violation("header", "", "content", message, "Content-Type"),)
        return response
    value, media_type = body
    if essence(media_type) in HTML:
        pairs.append(("Content-Security-Policy", NO_CONTENT_POLICY))
    response = build_response(operation, status, value, media_type, pairs)
    # What is left is a header for which there is no valid value: nobody shall get another error because of that.
    response.unheld, response.violations = tuple(response.violations), []
    return response


def _declared_headers(
    service: Service, operation: Operation, spec: SampleSpec, hints: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The headers of a refusal, and those that the declared response requires, as far as there are valid values."""
    call, rejected = OperationCall({}, {}), set()
    for header in spec.declared.headers:
        hint = next((value for name, value in hints.items() if name.lower() == header.name.lower()), None)
        if hint is not None and validate_header(header, hint):
            rejected.add(header.name.lower())
    pairs = [(name, value) for name, value in hints.items() if name.lower() not in rejected]
    for header in spec.declared.headers:
        if header.required or header.name.lower() in rejected:
            alone = replace(spec, declared=replace(spec.declared, headers=(replace(header, required=True),)))
            present = [name for name, _ in pairs]
            with suppress(refusals.NoExample):
                pairs += required_headers(service.contract, operation, call, 0, alone, present)
    return pairs


def _hint_headers(operation: Operation | None, refusal: Refusal) -> dict[str, str]:
    """The headers in which HTTP names what the server would accept."""
    if isinstance(refusal, MethodNotAllowed):
        return {"Allow": ", ".join(refusal.methods)}
    if isinstance(refusal, refusals.UpgradeRequired):
        return {"Sec-WebSocket-Version": "13"}
    if isinstance(refusal, refusals.TokenRequired):
        return {"WWW-Authenticate": 'X-Mock-Token realm="mockserver control"'}
    if isinstance(refusal, refusals.CredentialsRequired):
        return {"WWW-Authenticate": ", ".join(refusal.challenges)}
    if isinstance(refusal, refusals.UnsupportedMediaType):
        if refusal.is_coding:
            return {"Accept-Encoding": ", ".join(refusal.members["available"])}
        accepted = ", ".join(refusal.members["available"])
        name = ACCEPTED.get(operation.method) if operation is not None else None
        return {"Accept": accepted} | ({name: accepted} if name is not None else {})
    return {}


def _status(operation: Operation | None, refusal: Refusal) -> int:
    if isinstance(refusal, refusals.Injected):
        return refusal.status
    if isinstance(refusal, refusals.UnknownScenario) and refusal.via == IN_BODY:
        return int(http.HTTPStatus.UNPROCESSABLE_ENTITY)
    status = int(STATUS[type(refusal)])
    if status == http.HTTPStatus.UNPROCESSABLE_ENTITY and operation is not None:
        if str(status) not in operation.responses and "400" in operation.responses:
            return int(http.HTTPStatus.BAD_REQUEST)
        if isinstance(refusal, refusals.UnknownCursor) and not {"422", "400"} & operation.responses.keys():
            return int(http.HTTPStatus.NOT_FOUND if "404" in operation.responses else status)
    # As FastAPI does, whose documents declare 422 alone.
    if isinstance(refusal, refusals.MalformedBody) and operation is not None and operation.response(status) is None:
        return int(http.HTTPStatus.UNPROCESSABLE_ENTITY if "422" in operation.responses else status)
    return status


def _problem_response(service: Service, problem: dict[str, Any], headers: dict[str, str]) -> Response:
    violations = service.control.problem.violations(problem, "body")
    if violations:
        log.error("a problem violates its schema: %s: %s", problem["code"], violations[0].message)
        problem = {name: problem[name] for name in ("type", "title", "status", "detail")} | {"code": InternalError.code}
    return Response(problem["status"], strict_json.dump(problem), PROBLEM, list(headers.items()))
