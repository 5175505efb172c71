"""The server's protocol where there is an upstream: a request is passed on as soon as its head is there."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.timeline import StillSettling
from mockserver.errors import ENDING
from mockserver.http.exchange import PassedOn, PreparedRequest
from mockserver.http.pipeline import prepare_head, respond_in_turns
from mockserver.http.service import Service
from mockserver.server.cycle import Cycle
from mockserver.server.protocol import Protocol
from mockserver.server.rejections import RequestRejected
from mockserver.server.request_host import with_effective_host
from mockserver.server.served_app import EncodedResponse, ParsedRequest, as_message, encode, failure
from mockserver.server.upstream.connections import UpstreamConnections
from mockserver.server.upstream.relay import IncomingBody, Relay

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class PassedRequest(Struct, eq=False):
    """A request that is passed on, from its head on. It `must_continue` if its client waits for that in vain so far."""

    service: Service
    prepared: PreparedRequest
    incoming: IncomingBody
    has_body: bool
    must_continue: bool = False

    def remember(self, raw: bytes) -> None:
        """Remember the request, which has no body, by its bytes."""
        self.service.prepared.add(raw, self.prepared)


class PassingProtocol(Protocol):
    """One connection. `upstreams` are the connections to the upstream, which all connections of a server share."""

    passes_on = True

    def __init__(self, *args: Any, upstreams: UpstreamConnections, **options: Any) -> None:
        super().__init__(*args, **options)
        self.upstreams = upstreams
        # The request that is passed on and whose body is still coming.
        self._passed: PassedRequest | None = None

    def on_headers_complete(self) -> None:
        """The head is there: begin to pass the request on, if it is to be."""
        is_offer = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not (is_offer or self._is_last):
            self._passed = self._decide()
        try:
            super().on_headers_complete()
        except RequestRejected:
            self._passed = None
            raise
        if not is_offer:
            self.cycle.is_http_1_0 = self.parser.get_http_version() == "1.0"
        if self._passed is not None:
            self._begin(self.cycle, self._passed)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, for the upstream if the request is passed on."""
        super().on_header(name, value)
        if self._passed is not None and not self._in_head:
            self._passed.incoming.trailers.append((name, value.rstrip(b" \t")))

    def on_body(self, body: bytes) -> None:
        """A part of the body, for the upstream if it is passed on."""
        if self._passed is None or self._is_last:
            super().on_body(body)
            return
        self._passed.incoming.feed(body)
        if self._passed.incoming.is_full:
            self.regulate_reading()

    def on_message_complete(self) -> None:
        """The request is complete."""
        passed, self._passed = self._passed, None
        if passed is None or self._is_last:
            super().on_message_complete()
            return
        self._note_complete()
        passed.incoming.end()
        self._is_last = not self.cycle.keep_alive
        if self.cycle.keep_alive and not passed.has_body:
            self._repeatable = passed

    def reject(self, code: str) -> None:
        """Respond to a request that is rejected, and close; also to one that is being passed on."""
        passed, self._passed = self._passed, None
        if passed is None or self.transport.is_closing() or self._is_last:
            super().reject(code)
        elif isinstance(self._hold, Relay) and not self._waiting:
            self._is_last = True
            self._hold.reject(code)
        else:
            if self._waiting:
                self._waiting.drop_last()  # it is the last one, and not begun
            self._take(Cycle(False), code)

    def write_head(self, cycle: Cycle, head: bytes, first: bytes) -> None:
        """Write the head of a response and the first part of its body."""
        close = b"" if cycle.keep_alive else b"Connection: close\r\n"
        self.transport.write(b"".join((head, self._date_of(head), close, b"\r\n", first)))

    def end_relay(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        """Write a response, or the end of the one that was begun, and go on to the next request, or close."""
        self._send_passed(cycle, head, body)
        self.respond_to_waiting()

    def _send_passed(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        self._hold = None
        if not cycle.keep_alive:
            # What is still to come of the request is dropped; it is read, so that the client gets to the response.
            self._is_last, self._passed = True, None
            self.flow.resume_reading()
        if head:
            self.send(cycle, head, body)
        else:
            self.transport.write(body)
            self._end_response(cycle)

    def break_off(self) -> None:
        """Close the connection within a response."""
        self._hold, self._passed, self._is_last = None, None, True
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone: stop what is done for it."""
        super().connection_lost(exc)
        self._hold = self._passed = None

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more, or has gone, which looks alike."""
        stays_open = super().eof_received()
        if isinstance(self._hold, Relay):
            self._hold.watch_peer()
        return stays_open

    def _decide(self) -> PassedRequest | None:
        """The request, if it is passed on whatever the sandbox."""
        service, version = self.served.current_service(), self.parser.get_http_version()
        if service is None or service.contract.upstream is None or version[0] != "1":
            return None
        # An offer to upgrade is kept aside until the head is accepted.
        headers = with_effective_host(self.url, self.headers, version) + self._offers
        request = replace(self._request(), headers=headers)
        prepared = prepare_head(service, as_message(request, self._constant))
        if prepared is None:
            return None
        length, has_body = None, False
        for name, value in self.headers:
            if name == b"content-length" and value.isdigit():
                length, has_body = int(value), True
            elif name == b"transfer-encoding":
                has_body = True
        incoming = IncomingBody(length if has_body else 0, self.regulate_reading)
        return PassedRequest(service, prepared, incoming, has_body)

    def _begin(self, cycle: Cycle, passed: PassedRequest) -> None:
        if self._may_respond(self._complete):
            self._respond(cycle, passed)
        else:
            passed.must_continue = self.is_responding and any(name == b"expect" for name, _ in self.headers)
            self._have_wait(cycle, passed)

    def _may_repeat(self, prepared: PreparedRequest) -> bool:
        # The upstream is sent the address of the client.
        return prepared.request.remote_addr == (self._constant["REMOTE_ADDR"] or None)

    def _respond(self, cycle: Cycle, request: ParsedRequest | PassedRequest | str) -> None:
        if not isinstance(request, PassedRequest):
            super()._respond(cycle, request)
            return
        try:
            response = respond_in_turns(request.service, request.prepared)
        except StillSettling:
            self._postpone(cycle, request)
            return
        except ENDING:
            raise
        except BaseException as error:
            message = request.prepared.request
            request.incoming.drop()
            cycle.keep_alive = cycle.keep_alive and request.incoming.is_ended
            self._send_passed(cycle, *failure(message.method, message.path, error))
            return
        if response.upstream is not None:
            self._relay(cycle, response.upstream, request)
            return
        # Refused: the body is not read.
        request.incoming.drop()
        cycle.keep_alive = cycle.keep_alive and (request.incoming.is_ended or not request.has_body)
        self._send_passed(cycle, *encode(request.prepared.request, response))

    def _relay(self, cycle: Cycle, passed_on: PassedOn, request: PassedRequest | None) -> None:
        if request is not None and request.must_continue and not request.incoming.has_begun:
            self.transport.write(CONTINUE)
        incoming = request.incoming if request is not None and request.has_body else None
        self._hold = relay = Relay(self, cycle, passed_on, incoming)
        relay.start()

    def _send_later(self, cycle: Cycle, sent: EncodedResponse) -> None:
        if sent.response.upstream is not None:
            self._relay(cycle, sent.response.upstream, None)
        else:
            super()._send_later(cycle, sent)

    def _overflow(self) -> None:
        # The body of a request that is passed on may be of any length: it is never held as a whole.
        if self._passed is None:
            super()._overflow()

    def regulate_reading(self) -> None:
        """Read no further where the upstream does not keep up, either."""
        if self._passed is not None and self._passed.incoming.is_full:
            self.flow.pause_reading()
        else:
            super().regulate_reading()


def passing_protocol() -> Any:
    """What makes the protocol of each connection of one server."""
    return partial(PassingProtocol, upstreams=UpstreamConnections())
