"""One line for each request, for the terminal or for programs; a front end of the command line writes it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.clock import monotonic, wall
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.quoted_secrets import quoted_secrets, without_quoted
from mockserver.refusals import HandlerFailed, HandlerTimeout


class RequestLine(Struct, frozen=True):
    """A request and how it was answered. `at` is the machine's time in milliseconds since 1970, `target` as sent.

    `sandbox` and `scenario` are None where none was selected. `code` and `reason` say why the request was refused.
    `override` is the one that responded or changed the response, and `fault` how it broke that.
    """

    at: int
    method: str
    target: str
    status: int
    milliseconds: float
    sandbox: str | None = None
    scenario: str | None = None
    operation: str | None = None
    code: str | None = None
    reason: str | None = None
    override: str | None = None
    fault: str | None = None


RequestLog = Callable[[RequestLine], None]


def line_of(exchange: Exchange, response: Response) -> RequestLine:
    """The line of a request that went through the pipeline."""
    request, selected, operation, refusal = exchange.request, exchange.selected, exchange.operation, exchange.refusal
    reason = "; ".join(violation.description for violation in exchange.violations[:3])
    reason = reason or (refusal.detail if refusal is not None else "")
    if '"' in reason:
        reason = without_quoted(reason, quoted_secrets(exchange.prepared.logged, request.query))
    if isinstance(refusal, HandlerFailed | HandlerTimeout):
        # The terminal is the author's: it has the place, which the client does not get.
        reason = refusal.note
    return RequestLine(
        wall(),
        request.method,
        request.target or request.full_path.rstrip("?"),
        response.status,
        (monotonic() - exchange.began) * 1_000,
        selected.sandbox.name if selected is not None else None,
        selected.scenario if selected is not None else None,
        operation.id if operation is not None else None,
        refusal.code if refusal is not None else None,
        reason or None,
        exchange.override.id if exchange.override is not None else None,
        exchange.override.override.fault if exchange.override is not None else None,
    )


def line_of_repeat(line: RequestLine) -> RequestLine:
    """The line of a request that was answered from the cache, as the request with this line was before."""
    return replace(line, at=wall(), milliseconds=0.0)
