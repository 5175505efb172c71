"""HTTP/1.1: uvicorn's httptools protocol, which responds in the parser's own callback.

No task, no ASGI: nothing in the pipeline blocks, so a request is answered as soon as it is complete. Pages, and
applications that are not ours, are called as WSGI. Uvicorn keeps its connections, keep-alive timer, flow control and
shutdown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver.http.pipeline import prepare
from mockserver.server import rejections, wsgi_bridge
from mockserver.server.delayed_send import DelayedSend
from mockserver.server.rejections import HEAD_LIMIT, RequestRejected, rejection
from mockserver.server.served_app import ParsedRequest, Sent, ServedApp, as_message, call_wsgi, respond

LINGER_SECONDS = 2.0
WAITING_LIMIT = 16


class Cycle:
    """One request and its response, as far as uvicorn asks about them."""

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete", "too_large")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = self.too_large = False
        self.message_event = _NOTHING


class _Nothing:
    def set(self) -> None:
        """Uvicorn wakes a waiting task; there is none."""


_NOTHING = _Nothing()


class Protocol(HttpToolsProtocol):
    """One connection."""

    served: ServedApp
    cycle: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.served = self.config.loaded_app
        self.url, self.headers, self._body = b"", [], bytearray()
        self._rejection = ""
        self._head_size = 0
        self._lingering = False
        # How many requests were complete in the bytes that are being parsed, and what was sent to the last of them.
        self._complete = 0
        self._sent: Sent | None = None
        self._was_active = False
        self._dated: object = None
        self._date_lines = b""
        self._timer: asyncio.TimerHandle | None = None
        self._hold: DelayedSend | None = None
        self._waiting: deque[tuple[Cycle, ParsedRequest]] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember what is the same for every request."""
        super().connection_made(transport)
        self._constant = wsgi_bridge.constant_environ(self.server, self.client)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer, too."""
        self._stop_timer()
        if self._hold is not None:
            self._hold.cancel()
        self._waiting.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which answers what is complete; watch the time of what is not."""
        if self._lingering:
            return
        is_idle = not self._head_size and self._hold is None
        if is_idle and self._send_known(data):
            return
        self._complete, self._sent = 0, None
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as the plain request that it also is; what follows is not HTTP that we speak.
            self.transport.close()
        except httptools.HttpParserError:
            self.reject(self._rejection or "malformed-request")
        else:
            if self._sent is not None and is_idle and self._complete == 1 and not self._head_size:
                self._sent.remember(data)
            self._watch()

    def _send_known(self, data: bytes) -> bool:
        """Respond to a request that is known by its bytes; whether it is."""
        service = self.served.current_service()
        if service is None:
            return False
        cached = service.responses.find(data)
        if cached is not None:
            self._send_at_once(cached.head, cached.body)
            return True
        prepared = service.prepared.find(data)
        if prepared is None:
            return False
        sent = respond(service, prepared)
        if sent.response.delivery is not None:
            self._unset_keepalive_if_required()
            self.cycle = Cycle(True)
            self._hold_back(self.cycle, sent)
            return True
        self._send_at_once(sent.head, sent.body)
        sent.remember_response(data)
        return True

    def _watch(self) -> None:
        if not self._head_size:
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(rejections.REQUEST_SECONDS, self.reject, "request-timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._body = bytearray()
        self._head_size = 1

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self.url += url
        if len(self.url) > HEAD_LIMIT:
            self._stop("uri-too-long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is counted and left alone."""
        self._head_size += len(name) + len(value)
        if self._head_size > HEAD_LIMIT:
            self._stop("header-fields-too-large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: refuse what cannot be served, and ask for the body if the client waits for that."""
        version = self.parser.get_http_version()
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            self._stop("missing-host")
        self.cycle = Cycle(version != "1.0" and self.parser.should_keep_alive())
        if self.expect_100_continue:
            if self._declared_length() > self.served.body_limit:
                self._overflow()
            else:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body; past the limit it is dropped and the request answered at once."""
        if self.cycle.response_complete or self.cycle.too_large:
            return
        if len(self._body) + len(body) > self.served.body_limit or self._declared_length() > self.served.body_limit:
            self._overflow()
            return
        self._body += body

    def on_message_complete(self) -> None:
        """The request is complete: answer it."""
        self._head_size = 0
        self._complete += 1
        if not (self.cycle.response_complete or self.cycle.too_large):
            self._take(self._request())

    def _request(self, too_large: int = 0) -> ParsedRequest:
        method = self.parser.get_method().decode("ascii")
        version = self.parser.get_http_version()
        return ParsedRequest(method, version, self._target(), self.headers, bytes(self._body), too_large)

    def _take(self, request: ParsedRequest) -> None:
        """Answer a request, or have it wait for the answer before it, which is held."""
        if self._hold is None:
            self._answer(self.cycle, request)
        else:
            self._waiting.append((self.cycle, request))
            if len(self._waiting) >= WAITING_LIMIT:
                self.flow.pause_reading()

    def _declared_length(self) -> int:
        return next((int(value) for name, value in self.headers if name == b"content-length" and value.isdigit()), 0)

    def _overflow(self) -> None:
        self.cycle.too_large, self.cycle.keep_alive = True, False
        self._body = bytearray()
        # The application refuses it by its length; the body itself is dropped.
        self._take(self._request(max(self._declared_length(), self.served.body_limit + 1)))

    def _answer(self, cycle: Cycle, request: ParsedRequest) -> None:
        """Answer a request by the pipeline, or, for pages and applications that are not ours, by WSGI."""
        service = self.served.current_service()
        prepared = prepare(service, as_message(request)) if service is not None else None
        if service is None or prepared is None or prepared.needs_page(service):
            self.send(cycle, *call_wsgi(self.served.app, self._constant, request))
            return
        sent = respond(service, prepared)
        if sent.response.delivery is not None:
            self._hold_back(cycle, sent)
            return
        if cycle.keep_alive and not request.too_large:
            self._sent = sent
        self.send(cycle, sent.head, sent.body)

    def _hold_back(self, cycle: Cycle, sent: Sent) -> None:
        """Have timers send a response, or spoil it."""
        assert sent.response.delivery is not None
        send = partial(self._send_held, cycle)
        self._hold = DelayedSend(self.loop, self.transport, sent.response.delivery, (sent.head, sent.body), send)
        self._hold.start()

    def _send_held(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        self._hold = None
        self.send(cycle, head, body)
        while self._waiting and self._hold is None and not self.transport.is_closing():
            self._answer(*self._waiting.popleft())

    def _target(self) -> bytes:
        """The path and query, of an absolute-form target too (RFC 9112, section 3.2.2)."""
        if self.url[:1] == b"/" or self.url == b"*":
            return self.url
        rest = self.url.partition(b"://")[2]
        slash, question = rest.find(b"/"), rest.find(b"?")
        if question >= 0 and (slash < 0 or question < slash):
            return b"/" + rest[question:]
        return rest[slash:] if slash >= 0 else b"/"

    def send(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        """Write an answer and go on to the next request, or close."""
        close = b"" if cycle.keep_alive else b"Connection: close\r\n"
        self.transport.write(b"".join((head, self._date(), close, b"\r\n", body)))
        cycle.response_complete = True
        if not cycle.keep_alive:
            self._close()
            return
        self.on_response_complete()
        if self.flow.write_paused:
            # A peer that does not read gets no more answers until it does.
            self.flow.pause_reading()

    def _send_at_once(self, head: bytes, body: bytes) -> None:
        """Write a response without the parser. The timer of idle connections finds out later that this one is not."""
        self.transport.write(b"".join((head, self._date(), b"\r\n", body)))
        self._was_active = True
        self.server_state.total_requests += 1
        if self.flow.write_paused:
            self.flow.pause_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was parsed for a while: close, unless kept answers were sent meanwhile."""
        if self._was_active:
            self._was_active = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def _date(self) -> bytes:
        """The headers that uvicorn makes anew each second, as they are sent."""
        headers = self.server_state.default_headers
        if self._dated is not headers:
            self._dated = headers
            self._date_lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return self._date_lines

    def resume_writing(self) -> None:
        """The peer reads again."""
        super().resume_writing()
        self.flow.resume_reading()

    def shutdown(self) -> None:
        """The server ends: what is not a whole request yet gets no answer."""
        self.transport.close()

    def _close(self) -> None:
        """Close; but let a peer that is still sending read the answer first, or it would see a reset."""
        self._stop_timer()
        self.server_state.total_requests += 1
        if self._head_size and self.transport.can_write_eof() and not self.transport.is_closing():
            self._lingering = True
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _stop(self, code: str) -> None:
        self._rejection = code
        raise RequestRejected(code)

    def reject(self, code: str) -> None:
        """Respond to a request that is rejected, and close."""
        self._timer = None
        if self.transport.is_closing() or self._lingering:
            return
        if self._hold is not None:
            # A response is held back, and this one would overtake it.
            self.transport.close()
            return
        if self.cycle is None or self.cycle.response_complete:
            self.cycle = Cycle(False)
        self.cycle.keep_alive = False
        self.send(self.cycle, *rejection(code))
