"""CORS headers: every origin may call the mocked API; only this server and allowed hosts the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.http.messages import Request, Response
from mockserver.http.request import guard
from mockserver.http.router import is_control_path

if TYPE_CHECKING:
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
        and request.header("Origin") is not None
        and request.header("Access-Control-Request-Method") is not None
    )


def preflight(request: Request) -> Response:
    """The response to a preflight; `headers` adds the origin."""
    response = Response(204)
    response.headers.append(("Access-Control-Allow-Methods", request.header("Access-Control-Request-Method") or ""))
    if (names := request.header("Access-Control-Request-Headers")) is not None:
        response.headers.append(("Access-Control-Allow-Headers", names))
    response.headers.append(("Access-Control-Max-Age", MAX_AGE))
    return response


def headers(service: Service, request: Request) -> dict[str, str]:
    """The headers that let the calling origin read the response; none for an origin that may not."""
    origin = request.header("Origin")
    if origin is None:
        return {}
    is_trusted = guard.is_allowed_origin(service, origin, request.header("Host") or "")
    if is_control_path(request.path) and not is_trusted:
        return {}
    credentials = {"Access-Control-Allow-Credentials": "true"} if is_trusted else {}
    return {"Access-Control-Allow-Origin": origin, **credentials, "Access-Control-Expose-Headers": EXPOSED}
