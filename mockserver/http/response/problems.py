"""Responses to refused requests: RFC 9457 problems, or a body as the operation declares for the status."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import mockserver.refusals as refusals
from mockserver import generate
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import CannotGenerate, Refusal
from mockserver.http.messages import Response
from mockserver.http.response import text_bodies
from mockserver.http.response.responses import build_response, error_members
from mockserver.http.response.samples import SampleSpec, required_headers
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.refusals import ContractViolation, InternalError, MethodNotAllowed
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import essence, is_json, is_text, is_xml
from mockserver.syntax.statuses import reason_phrase

if TYPE_CHECKING:
    from mockserver.http.service import Service

PROBLEM = "application/problem+json"
CODE_HEADER = "X-Mock-Code"
# An unknown name in a body is invalid content (422); in a header, query or cookie the request is invalid (400).
IN_BODY = "body /name"
# The headers of a 415 besides `Accept` (RFC 5789, section 2.2, and Linked Data Platform, section 7.1).
ACCEPTED = {"PATCH": "Accept-Patch", "POST": "Accept-Post"}
# Refusals about the mock server rather than the API: a declared error body could not express what is wrong.
ALWAYS_PROBLEMS = (ContractViolation, refusals.UnknownPreference)
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
    refusals.RangeNotSatisfiable: http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
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
}


def refuse(service: Service, operation: Operation | None, refusal: Refusal) -> Response:
    """The response to a refused request, with the body that the operation declares for the status, else a problem."""
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
    if declared is not None and operation is not None and not isinstance(refusal, ALWAYS_PROBLEMS):
        value, media_type = _declared_body(service, operation, declared, problem)
        if media_type is not None or declared.media:
            if media_type is None:
                # No declared media type can be generated: validation reports the problem as a violation.
                value, media_type = problem, PROBLEM
            if essence(media_type) in HTML:
                headers["Content-Security-Policy"] = NO_CONTENT_POLICY
            pairs = list(headers.items())
            # One that cannot be generated is missing, which validation reports.
            with suppress(refusals.NoExample):
                spec, call = SampleSpec(status, declared), OperationCall({}, {})
                pairs += required_headers(service.contract, operation, call, 0, spec, headers)
            return build_response(operation, status, value, media_type, pairs)
    return _problem_response(service, problem, headers)


def _hint_headers(operation: Operation | None, refusal: Refusal) -> dict[str, str]:
    """The headers in which HTTP names what the server would accept."""
    if isinstance(refusal, MethodNotAllowed):
        return {"Allow": ", ".join(refusal.methods)}
    if isinstance(refusal, refusals.RangeNotSatisfiable):
        return {"Content-Range": f"bytes */{refusal.length}"}
    if isinstance(refusal, refusals.UpgradeRequired):
        return {"Sec-WebSocket-Version": "13"}
    if isinstance(refusal, refusals.TokenRequired):
        return {"WWW-Authenticate": 'X-Mock-Token realm="mockserver control"'}
    if isinstance(refusal, refusals.CredentialsRequired):
        return {"WWW-Authenticate": ", ".join(refusal.challenges)}
    if isinstance(refusal, refusals.UnsupportedMediaType):
        if refusal.is_coding:
            return {"Accept-Encoding": "identity"}
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
    return status


def _problem_response(service: Service, problem: dict[str, Any], headers: dict[str, str]) -> Response:
    violations = service.control.problem.violations(problem, "body")
    if violations:
        log.error("a problem violates its schema: %s: %s", problem["code"], violations[0].message)
        problem = {name: problem[name] for name in ("type", "title", "status", "detail")} | {"code": InternalError.code}
    return Response(problem["status"], strict_json.dump(problem), PROBLEM, list(headers.items()))


def _declared_body(
    service: Service, operation: Operation, declared: DeclaredResponse, problem: dict[str, Any]
) -> tuple[Any, str | None]:
    """The problem, if the declared schema admits it; else the declared example; else a generated value."""
    json_media = [media for media in declared.media.values() if is_json(media.name)]
    for media in sorted(json_media, key=lambda media: media.name != PROBLEM):
        if media.validator is None or media.validator.is_valid(problem):
            return problem, media.name
    for media in json_media:
        for example in media.examples.values():
            if media.validator is None or media.validator.is_valid(example):
                return example, media.name
    for media in json_media:
        if media.schema is not None:
            seed = f"{operation.id}/{declared.status}"
            try:
                known_values = problem | error_members(problem["status"], problem["code"], problem["detail"])
                schemas = media.validator.schemas if media.validator is not None else service.contract.schemas
                generator = generate.Generator.seeded(
                    service.contract.documents, schemas, seed, known_values=known_values, minimal=True
                )
                return generator.generate(media.schema), media.name
            except CannotGenerate as error:
                log.warning("%s", error)
    return _declared_text(declared, problem)


def _declared_text(declared: DeclaredResponse, problem: dict[str, Any]) -> tuple[str | None, str | None]:
    """A text body of a media type other than JSON: its declared example, else (for text) the detail of the problem."""
    for media in declared.media.values():
        text = next((example for example in media.examples.values() if isinstance(example, str)), None)
        if text is None and is_text(media.name) and not is_xml(media.name):
            text = text_bodies.escape(problem["detail"], media.name)
        if text is not None and "*" not in media.name and not is_json(media.name):
            return text, media.name
    return None, None
