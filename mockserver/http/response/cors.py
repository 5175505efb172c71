"""Cross-origin answers: generous for the mocked API, own and allowed hosts only for the control API."""

from __future__ import annotations

from flask import Request, Response

from mockserver.http import guard
from mockserver.http.service import Service

EXPOSED = (
    "Allow, ETag, Idempotency-Replayed, Location, Preference-Applied, "
    "X-Mock-Code, X-Mock-Ignored-Cookie, X-Mock-Sandbox, X-Mock-Scenario, X-Mock-Violations"
)
MAX_AGE = "600"


def is_preflight(request: Request) -> bool:
    """Whether this is a CORS preflight (Fetch, section 4.8)."""
    return (
        request.method == "OPTIONS"
        and "HTTP_ORIGIN" in request.environ
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ
    )


def preflight(request: Request) -> Response:
    """The answer to a preflight; `allow` adds the origin."""
    response = Response(status=204)
    response.headers.pop("Content-Type", None)
    response.headers["Access-Control-Allow-Methods"] = request.headers["Access-Control-Request-Method"]
    if (names := request.headers.get("Access-Control-Request-Headers")) is not None:
        response.headers["Access-Control-Allow-Headers"] = names
    response.headers["Access-Control-Max-Age"] = MAX_AGE
    return response


def allow(mock: Service, request: Request, response: Response) -> None:
    """Let the calling origin read the answer, if it may."""
    origin = request.headers["Origin"]
    host = request.environ.get("HTTP_HOST", "")
    trusted = guard.is_allowed_origin(mock, origin, host)
    if guard.is_control(request.path) and not trusted:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    if trusted:
        response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
