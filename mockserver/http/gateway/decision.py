"""Which requests are passed on to the upstream: some by their head alone, others by an override in their sandbox."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from mockserver.contract.upstream import Upstream
from mockserver.engine.overrides import ActiveOverride
from mockserver.errors import Refusal
from mockserver.http.exchange import Exchange, PassedOn, PreparedRequest
from mockserver.http.gateway.request_head import received_by
from mockserver.http.messages import Delivery, Request, Response
from mockserver.http.request import parameters
from mockserver.http.response import cors
from mockserver.http.response.overrides import HeldResponse, fill_template, reset_while_held
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


def read_for_overrides(prepared: PreparedRequest) -> None:
    """Read what overrides are matched by from a request that is refused: one may have the upstream respond to it."""
    if prepared.route.operation is not None and not prepared.route.is_control:
        prepared.parameters = parameters.read_for_matching(prepared)


def pass_on(exchange: Exchange, upstream: Upstream) -> Response | None:
    """The response that stands for the upstream's, if the request is passed on. Raises a Refusal.

    It is passed on as it came: an override that says so comes before what is wrong with the request.
    """
    prepared, selection = exchange.prepared, exchange.selection
    override, delay = None, 0
    if not prepared.passes:
        used = _use_override(exchange, upstream)
        if used is None:
            return None
        override, delay = fill_template(exchange, used[0].override), used[1]
    elif prepared.refusal is not None:
        return None
    replacement = partial(reset_while_held, exchange, exchange.operation, selection)
    exchange.delivery = Delivery(0, None, replacement)
    HeldResponse(exchange.delivery, selection.sandbox, selection.scenario)
    return Response(int(HTTPStatus.BAD_GATEWAY), upstream=PassedOn(exchange, override, delay))


def _use_override(exchange: Exchange, upstream: Upstream) -> tuple[ActiveOverride, int] | None:
    """The override that has the upstream respond to the request, and its delay in milliseconds. Raises a Refusal."""
    prepared, operation, request = exchange.prepared, exchange.operation, exchange.request
    if operation is None or prepared.route.is_control or prepared.response is not None or request.too_large:
        return None
    if not any(active.override.upstream for active in exchange.selection.run.state.overrides.active):
        return None
    run = exchange.selection.settle()
    used = run.use_override(operation.id, prepared.parameters, exchange.content, if_upstream=True)
    if used is None:
        return None
    run.count_request(operation.id)
    exchange.override = used[0]
    refusal = refusal_to_pass(upstream, request)
    if refusal is not None:
        raise refusal
    return used
