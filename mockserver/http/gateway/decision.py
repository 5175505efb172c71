"""Which requests are passed on to the upstream whatever the sandbox: known from the head of a request alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract.upstream import Upstream
from mockserver.errors import Refusal
from mockserver.http.gateway.request_head import received_by
from mockserver.http.messages import Request
from mockserver.http.response import cors
from mockserver.http.router import Route, is_control_path
from mockserver.refusals import NoWebSocket, UpstreamLoop

if TYPE_CHECKING:
    from mockserver.http.service import Service

# CONNECT names no path. A TRACE would show its sender the credentials of the upstream (RFC 9110, section 9.3.8).
NEVER_PASSED = ("CONNECT", "TRACE")


def is_passed(service: Service, upstream: Upstream, request: Request, route: Route) -> bool:
    """Whether a request is passed on: to no operation, or to one that always is. What is this server's own is not."""
    path = request.match_path
    if (
        request.method in NEVER_PASSED
        or is_control_path(request.path)
        or route.is_control
        # The page at the root only leads to the console.
        or (route.is_page and path != "/")
        or path == "*"
        or (route.operation is None and service.router.is_own_path(path))
        or cors.is_preflight(request)
        # The recipient has to answer this one itself (RFC 9110, section 7.6.2).
        or (request.method == "OPTIONS" and (request.header("Max-Forwards") or "").strip() == "0")
    ):
        return False
    return route.operation is None or upstream.passes_always(route.operation, request.method, path)


def refusal_to_pass(upstream: Upstream, request: Request) -> Refusal | None:
    """Why a request cannot be passed on, whatever the upstream would say."""
    if received_by(upstream, request):
        return UpstreamLoop(upstream.address.url)
    if "websocket" in (request.header("Upgrade") or "").lower():
        return NoWebSocket("WebSocket connections are not passed on to the upstream; connect to it directly.")
    return None
