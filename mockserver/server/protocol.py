"""HTTP/1.1: responds to requests in the parser's own callback, in their order.

No task, no ASGI: nothing in the pipeline blocks, so the response to a request is sent as soon as that is complete.
Pages, and applications that are not ours, are called as WSGI.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from mockserver.engine.timeline import StillSettling
from mockserver.errors import ENDING
from mockserver.http.exchange import PreparedRequest
from mockserver.http.pipeline import prepare
from mockserver.http.request_log import line_of_repeat
from mockserver.server import rejections, served_app, wsgi_bridge
from mockserver.server.cycle import Cycle, Hold, WaitingRequests
from mockserver.server.delayed_send import DelayedSend
from mockserver.server.open_responses import begin
from mockserver.server.postponed_request import PostponedRequest
from mockserver.server.rejections import rejection
from mockserver.server.request_reader import RequestReader
from mockserver.server.served_app import (
    EncodedResponse,
    ParsedRequest,
    RepeatableRequest,
    as_message,
    call_wsgi,
    failure,
    respond,
)
from mockserver.server.streams import ResponseWriter
from mockserver.server.threaded_request import ThreadedRequest

CLOSE = b"Connection: close\r\n"
# So many of the requests that a client sends at once are responded to before others have their turn.
RESPONSES_PER_TURN = 8
# How long a request that has waited for its turns is gone on with when the server ends.
LAST_TURN_SECONDS = 5.0
LINGER_SECONDS, TLS_CLOSE_SECONDS = 2.0, 0.2


class Protocol(RequestReader):
    """One connection."""

    # Whether it passes requests on to an upstream.
    passes_on = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The last request of the bytes that are being parsed, if it can be known by them when they come again.
        self._repeatable: RepeatableRequest | None = None
        # When a response was sent last.
        self._active_at = 0.0
        self._hold: Hold | None = None
        self._waiting, self._turns = WaitingRequests(), self.served.turns
        self._dated: object = None
        self._date_lines = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember what is the same for every request, and wait for the first one."""
        super().connection_made(transport)
        self._constant = wsgi_bridge.constant_environ(self.server, self.client, self.scheme or "http")
        self._timer = self.loop.call_later(rejections.REQUEST_SECONDS, self._check_time)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers, too. Uvicorn keeps its own for a connection that was reset."""
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self._hold is not None:
            self._hold.cancel()
        self._waiting.clear()
        self._turns.remove(self)
        self.served.uploads.note(self, 0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Respond to a request that is known by its bytes; else read it, which responds to what is complete."""
        if self._is_last:
            return
        is_idle = not (self._is_incomplete or self._waiting) and self._hold is None
        if is_idle and self._send_known(data):
            return
        # It may be that of a request that waited for its turn: other bytes.
        self._repeatable = None
        is_valid = self._read(data)
        # An idle connection keeps no body.
        repeatable, self._repeatable = self._repeatable, None
        if is_valid and is_idle and self._complete == 1 and not self._is_incomplete:
            if repeatable is not None:
                repeatable.remember(data)
            elif isinstance(self._hold, ThreadedRequest):
                self._hold.raw = data

    def _send_known(self, data: bytes) -> bool:
        """Respond to a request that is known by its bytes; whether it is."""
        service = self.served.current_service()
        if service is None:
            return False
        if service.contract.upstream is not None and not (self.passes_on or self.flow.write_paused):
            self._hand_over(data)
            return True
        cached = service.responses.find(data)
        if cached is not None:
            is_dated = self._dated is self.server_state.default_headers
            self.transport.write(cached.dated(self._date_lines if is_dated else self._date()))
            self._after_response()
            if service.request_log is not None and cached.line is not None:
                service.request_log(line_of_repeat(cached.line))
            return True
        prepared = service.prepared.find(data)
        if prepared is None or self._turns.is_over(self.loop) or not self._may_repeat(prepared):
            return False
        try:
            response, head, body = respond(service, prepared)
        except StillSettling:
            return False
        except ENDING:
            raise
        except BaseException as error:
            self._send_at_once(*failure(prepared.request.method, prepared.request.path, error))
            return True
        if response.is_sent_later:
            self.cycle = Cycle(True)
            self._send_later(self.cycle, EncodedResponse(service, prepared, response, head, body))
            return True
        self._send_at_once(head, body)
        served_app.remember_response(service, data, response, head, body)
        return True

    def _hand_over(self, data: bytes) -> None:
        """Have another protocol go on: the contract that was loaded meanwhile has an upstream."""
        self.connections.discard(self)
        self._stop_timer()
        self._unset_keepalive_if_required()
        self.served.uploads.note(self, 0)
        make_protocol: Any = self.config.http_protocol_class
        passing: Protocol = make_protocol(
            config=self.config, server_state=self.server_state, app_state=self.app_state, _loop=self.loop
        )
        self.transport.set_protocol(passing)
        passing.connection_made(self.transport)
        passing.data_received(data)

    def _may_repeat(self, prepared: PreparedRequest) -> bool:
        """Whether a request that was read on another connection is the same on this one."""
        return True

    @property
    def is_responding(self) -> bool:
        """Whether a response is held, or others wait for it."""
        return self._hold is not None or bool(self._waiting)

    @property
    def is_held_up(self) -> bool:
        """Whether it has to respond to an earlier request first, or its peer does not read the responses."""
        return self.is_responding or self.flow.write_paused

    def _take(self, cycle: Cycle, request: ParsedRequest | str) -> None:
        """Respond to a request, or reject one with a code; or have it wait for the response before its own.

        It waits where that one is held, and where the peer does not read the responses that it got.
        """
        self._is_last = not cycle.keep_alive
        if self.transport.is_closing():
            return  # the peer has gone, and with it the requests that it sent at once
        if self._may_respond(self._complete - 1):
            self._respond(cycle, request)
        else:
            self._have_wait(cycle, request, len(request.body) if isinstance(request, ParsedRequest) else 0)

    def _may_respond(self, number: int) -> bool:
        """Whether a request is responded to at once, before which a number of others came in the same bytes."""
        if self.is_held_up or number >= RESPONSES_PER_TURN:
            return False
        return not self._turns.is_over(self.loop)

    @property
    def waiting_bytes(self) -> int:
        """The size of the bodies of requests that wait for earlier responses, or for their turn."""
        return self._waiting.size

    def _have_wait(self, cycle: Cycle, request: Any, size: int = 0) -> None:
        """Have a request, with a body of a size, wait for the responses before its own, or for its turn."""
        if not self.is_held_up:
            self._turns.add(self, self.loop)
        self._waiting.add(cycle, request, size)
        self.regulate_reading()

    def respond_to_waiting(self, limit: int = RESPONSES_PER_TURN) -> None:
        """Respond to requests that wait for earlier responses, or for their turn."""
        responses = 0
        while self._waiting and self._hold is None and not (self.flow.write_paused or self.transport.is_closing()):
            if responses == limit:
                self._turns.add(self, self.loop)
                break
            responses += 1
            self._respond(*self._waiting.take())
            self._note_upload()
        self._repeatable = None
        self.regulate_reading()

    def regulate_reading(self) -> None:
        """Read no further where responses pile up, or requests that wait for one, or where others upload too much."""
        is_full = len(self._waiting) >= rejections.WAITING_LIMIT or self.waiting_bytes > self.served.body_limit
        # The end of what a client sends, too, is to be read after those that wait for their turn.
        is_full = is_full or (bool(self._waiting) and self._hold is None)
        if is_full or self.flow.write_paused or self.served.uploads.must_wait(self):
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()

    def _respond(self, cycle: Cycle, request: ParsedRequest | str) -> None:
        """Respond to a request by the pipeline, or, for pages and applications that are not ours, by WSGI."""
        if isinstance(request, str):
            self.served.log_rejection(request, self.parser.get_method(), self.url)
            self.send(cycle, *rejection(request))
            return
        try:
            service = self.served.current_service()
            message = as_message(request, self._constant)
            prepared = prepare(service, message) if service is not None else None
            if service is None or prepared is None or prepared.needs_page(service):
                self.send(cycle, *call_wsgi(self.served.app, self._constant, request))
                return
            if prepared.runs_python(service):
                self._hold = threaded = ThreadedRequest(service, prepared, partial(self._send_later, cycle))
                threaded.start(self.served.threads, self.loop)
                return
            sent = EncodedResponse(service, prepared, *respond(service, prepared))
        except StillSettling:
            self._postpone(cycle, request)
            return
        except ENDING:
            raise
        except BaseException as error:
            self.send(cycle, *failure(request.method, request.target.decode("latin-1"), error))
            return
        if sent.response.is_sent_later:
            self._send_later(cycle, sent)
            return
        if cycle.keep_alive and not request.too_large:
            self._repeatable = sent
        self.send(cycle, sent.head, sent.body)

    def _postpone(self, cycle: Cycle, request: Any) -> None:
        """Respond to a request once others have had their turn."""

        def respond_again() -> None:
            self._hold = None
            self._respond(cycle, request)
            self.respond_to_waiting()

        self._hold = PostponedRequest(respond_again, self._turns, self.loop)

    def _send_later(self, cycle: Cycle, sent: EncodedResponse) -> None:
        """Have timers send a response, or spoil it; or begin one that stays open."""
        delivery = sent.response.delivery
        if delivery is None:
            self._send_held(cycle, sent, sent.head, sent.body)
            return
        if sent.response.upstream is not None:
            # The contract that names it was loaded while the request came.
            delivery.delivered()
            self._send_held(cycle, sent, *served_app.encode(sent.prepared.request, delivery.replacement()))
            return
        self._hold = delayed = DelayedSend(
            self.loop,
            self.transport,
            delivery,
            (sent.head, sent.body),
            partial(served_app.encode, sent.prepared.request),
            partial(self._send_held, cycle, sent),
            date=self._date,
            has_content=sent.has_content,
            turns=self._turns,
        )
        delayed.start()

    def _send_held(self, cycle: Cycle, sent: EncodedResponse, head: bytes, body: bytes) -> None:
        self._hold = None
        if sent.response.stream is not None and head is sent.head:
            self._stop_timer()
            head += self._date_of(head) + (b"" if cycle.keep_alive else CLOSE)
            self._hold = begin(self, sent.response, head, body, partial(self._end_stream, cycle))
            return
        self.send(cycle, head, body)
        self.respond_to_waiting()

    def _end_stream(self, cycle: Cycle) -> None:
        self._hold = None
        self._end_response(cycle)
        self.respond_to_waiting()

    def send(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        """Write a response and go on to the next request, or close."""
        close = b"" if cycle.keep_alive else CLOSE
        self.transport.write(b"".join((head, self._date_of(head), close, b"\r\n", body)))
        self._end_response(cycle)

    def _end_response(self, cycle: Cycle) -> None:
        cycle.response_complete = True
        if cycle.keep_alive:
            self.flow.resume_reading()
            self._after_response()
        else:
            self._close()

    def _send_at_once(self, head: bytes, body: bytes) -> None:
        """Write a response without the parser."""
        self.transport.write(b"".join((head, self._date_of(head), b"\r\n", body)))
        self._after_response()

    def _after_response(self) -> None:
        """Note that a response was sent. The timer of idle connections finds out later that this one is not."""
        self._active_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_handler()
        if self.flow.write_paused:
            # A peer that does not read gets no more responses until it does.
            self.flow.pause_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long enough; look again later at another one."""
        is_busy = self._is_incomplete or self._hold is not None or bool(self._waiting)
        idle = 0.0 if is_busy else self.loop.time() - self._active_at
        if idle < self.timeout_keep_alive:
            remaining = self.timeout_keep_alive - idle
            self.timeout_keep_alive_task = self.loop.call_later(remaining, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _date(self) -> bytes:
        """The headers that uvicorn makes anew each second, as they are sent."""
        headers = self.server_state.default_headers
        if self._dated is not headers:
            self._dated = headers
            self._date_lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return self._date_lines

    def _date_of(self, head: bytes) -> bytes:
        """The same for one response: nothing if it has a date of its own."""
        return b"" if wsgi_bridge.has_date(head) else self._date()

    def resume_writing(self) -> None:
        """The peer reads again."""
        super().resume_writing()
        if isinstance(self._hold, ResponseWriter):
            self._hold.write()
        self.respond_to_waiting()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The peer sends no more: respond to what it has sent, and close. Whether that takes a while.

        A connection with TLS closes at once, and it reads its end even while reading is paused.
        """
        self.respond_to_waiting(len(self._waiting))
        if self._is_incomplete or not self.is_responding or self.scheme == "https":
            return False
        self.cycle.keep_alive = False
        if isinstance(self._hold, ResponseWriter | DelayedSend):
            self._hold.watch_peer()
        return True

    def shutdown(self) -> None:
        """The server ends: what is not a whole request yet gets no response."""
        self.respond_to_waiting(len(self._waiting))
        deadline = self.loop.time() + LAST_TURN_SECONDS
        while isinstance(self._hold, PostponedRequest) and self.loop.time() < deadline:
            self._hold.respond_at_once()
            self.respond_to_waiting(len(self._waiting))
        if isinstance(self._hold, ResponseWriter):
            self._hold.end_response()
        self.transport.close()
        if self.scheme == "https":  # TLS waits for the peer to agree, and idle clients do not
            self.loop.call_later(TLS_CLOSE_SECONDS, self.transport.abort)

    def _close(self) -> None:
        """Close; but let a peer that is still sending read the response first, or it would see a reset."""
        self._stop_timer()
        if self._is_incomplete and self.transport.can_write_eof() and not self.transport.is_closing():
            self._waiting.clear()
            self.flow.resume_reading()
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def reject(self, code: str) -> None:
        """Respond to a request that is rejected, and close."""
        if self.transport.is_closing() or self._is_last:
            return
        self._take(Cycle(False), code)
