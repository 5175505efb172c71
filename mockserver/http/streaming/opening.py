"""Opens streams: the response of an operation with the behaviour `stream`, and every other text/event-stream."""

from __future__ import annotations

from mockserver.contract.behaviour import LAST_EVENT_ID
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.behaviours.streaming import EventSelection
from mockserver.http.exchange import Exchange
from mockserver.http.messages import SAFE_METHODS, Request, Response
from mockserver.http.response.negotiation import negotiate
from mockserver.http.response.samples import SampleSpec, required_headers
from mockserver.http.response.text_bodies import with_charset
from mockserver.http.streaming.event_stream import EventStream
from mockserver.http.streaming.messages import ServerSentEvents
from mockserver.http.streaming.streams import Stream
from mockserver.openapi.model import Operation
from mockserver.syntax.http.media_types import EVENT_STREAM

SWITCHING_PROTOCOLS = 101
# So that nginx, and what follows it in this, passes on each message as it comes.
UNBUFFERED = "X-Accel-Buffering", "no"
# Dev servers compress what they pass on, and keep it back meanwhile, unless nothing may be transformed.
UNCOMPRESSED = "Cache-Control", "no-cache, no-transform"


def open_events(exchange: Exchange, operation: Operation, call: OperationCall, seed: int) -> Response:
    """The response of an operation that streams the events of a resource.

    Raises NotAcceptable, StreamLimit and UnknownRecord, and InvalidRequest as a list does.
    """
    service, request = exchange.service, exchange.request
    success = operation.success()
    assert success is not None
    status, declared = success
    media = declared.media.get(EVENT_STREAM)
    if media is not None:
        negotiate(request.header("Accept"), {EVENT_STREAM: media}, operation)
    selection: EventSelection = service.behaviours.perform(exchange.selection.run, operation, call).value
    headers = required_headers(service.contract, operation, call, seed, SampleSpec(status, declared))
    override = exchange.override.override if exchange.override is not None else None
    cut_after = override.cut_after if override is not None else None
    form = ServerSentEvents(selection.resource, media, service.contract.behaviours[operation.id].message)
    stream = EventStream(exchange, selection, form, last_event_id(request), cut_after)
    return Response(status, stream.opening, with_charset(EVENT_STREAM), headers, stays_open=True, stream=stream)


def last_event_id(request: Request) -> str | None:
    """The id of the event after which a client continues; the header, which browsers set, is the newer one."""
    return request.header("Last-Event-Id") or request.args.get(LAST_EVENT_ID) or None


def keep_open(exchange: Exchange, response: Response) -> None:
    """Have a response to GET stay open that is a stream, or an example of one. Raises StreamLimit."""
    method = exchange.request.method
    if response.status == SWITCHING_PROTOCOLS:
        return
    response.stays_open = 200 <= response.status < 300 and method in SAFE_METHODS
    if not response.stays_open or method == "HEAD":
        response.stream = None
    else:
        exchange.service.streams.require_room()
        response.stream = response.stream or Stream(exchange.service.streams)
    if response.stays_open:
        response.set_header(*UNBUFFERED)
        if response.header("Cache-Control") is None:
            response.set_header(*UNCOMPRESSED)
