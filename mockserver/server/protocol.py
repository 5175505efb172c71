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

from mockserver.errors import ENDING
from mockserver.http.pipeline import log_failure, prepare
from mockserver.http.request_log import line_of_repeat
from mockserver.server import rejections, served_app, wsgi_bridge
from mockserver.server.apart import RequestApart
from mockserver.server.cycle import Cycle, Hold, request_head
from mockserver.server.delayed_send import DelayedSend
from mockserver.server.open_responses import begin
from mockserver.server.rejections import HEAD_LIMIT, HEADER_LIMIT, RequestRejected, rejection
from mockserver.server.request_host import with_effective_host
from mockserver.server.served_app import ParsedRequest, Sent, ServedApp, as_message, call_wsgi, failure, respond
from mockserver.server.streams import ResponseWriter

CLOSE = b"Connection: close\r\n"
LINGER_SECONDS, TLS_CLOSE_SECONDS = 2.0, 0.2


class Protocol(HttpToolsProtocol):
    """One connection."""

    served: ServedApp
    cycle: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.served = self.config.loaded_app
        self.parser = self._new_parser()
        self.url, self.headers, self._body = b"", [], bytearray()
        # The bytes of the head so far, and of trailers; 0 where no request is incomplete.
        self._head_size, self._in_head, self._declared_length = 0, False, 0
        # The bytes of a request that came after those that it began with, framing included.
        self._further_size = 0
        # Headers of an offer to upgrade, while the head is parsed again without them.
        self._offers: list[tuple[bytes, bytes]] = []
        # Nothing that comes after the last request is read.
        self._is_last = False
        # How many requests were complete in the bytes that are being parsed, and what was sent to the last of them.
        self._complete = 0
        self._sent: Sent | None = None
        self._dated: object = None
        self._date_lines = b""
        # When the present bytes were received, since when the client is to send more, and when it got a response.
        self._received_at = self._since = self._active_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._hold: Hold | None = None
        self._waiting: deque[tuple[Cycle, Any]] = deque()

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Requests after one with `Connection: close` are ignored, and other versions are refused, by this class.
        parser.set_dangerous_leniencies(lenient_data_after_close=True, lenient_version=True)
        return parser

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
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which answers what is complete; watch the time of what is not."""
        if self._is_last:
            return
        is_idle = not self._head_size and self._hold is None
        if is_idle and self._send_known(data):
            return
        self._complete, self._sent, self._received_at = 0, None, self.loop.time()
        self._further_size += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._reject_unparsed(error, data)
        else:
            if self._sent is not None and is_idle and self._complete == 1 and not self._head_size:
                self._sent.remember(data)
            elif is_idle and self._complete == 1 and not self._head_size and isinstance(self._hold, RequestApart):
                self._hold.raw = data
            if self._head_size and not self._is_last:
                self._watch()

    def _feed(self, data: bytes) -> None:
        """Parse bytes. An offer to upgrade is ignored, as RFC 9110, section 7.8, allows.

        The parser takes what follows such a head for another protocol, so the head is parsed again without the offer.
        """
        rest: bytes | memoryview = data
        while True:
            try:
                self.parser.feed_data(rest)
                return
            except httptools.HttpParserUpgrade as offer:
                rest = memoryview(data)[len(data) - len(rest) + offer.args[0] :]
            if self._is_last:
                return
            self._offers = [header for header in self.headers if header[0] == b"upgrade"]
            others = [header for header in self.headers if header[0] != b"upgrade"]
            head = request_head(self.parser, self.url, others)
            self.parser = self._new_parser()
            self.parser.feed_data(head)

    def _reject_unparsed(self, error: httptools.HttpParserError, data: bytes) -> None:
        """Reject what the parser does not accept, or what was raised in one of its callbacks, which it wraps."""
        cause = error.__context__
        if isinstance(cause, ENDING):
            raise cause from None
        if isinstance(cause, RequestRejected):
            self.reject(rejections.code_of_parsed(cause.code, self.parser.get_http_version(), data))
        elif isinstance(error, httptools.HttpParserCallbackError):
            log_failure("a request", self.url.decode("latin-1"), cause or error)
            self.reject("internal-error")
        else:
            self.reject(rejections.code_of_unparsed(self.parser.get_method(), self.url))

    def _send_known(self, data: bytes) -> bool:
        """Respond to a request that is known by its bytes; whether it is."""
        service = self.served.current_service()
        if service is None:
            return False
        cached = service.responses.find(data)
        if cached is not None:
            is_dated = self._dated is self.server_state.default_headers
            self.transport.write(cached.dated(self._date_lines if is_dated else self._date()))
            self._after_response()
            if service.request_log is not None:
                service.request_log(line_of_repeat(cached.entry, cached.validity.sandbox))
            return True
        prepared = service.prepared.find(data)
        if prepared is None:
            return False
        try:
            response, head, body = respond(service, prepared)
        except ENDING:
            raise
        except BaseException as error:
            self._send_at_once(*failure(prepared.request.method, prepared.request.path, error))
            return True
        if response.is_sent_later:
            self.cycle = Cycle(True)
            self._send_later(self.cycle, Sent(service, prepared, response, head, body))
            return True
        self._send_at_once(head, body)
        served_app.remember_response(service, data, response, head, body)
        return True

    def _watch(self) -> None:
        """Watch the time and the size of a request that is not complete."""
        if not self._in_head:
            self._since = self._received_at
            if self._further_size > HEAD_LIMIT + rejections.FRAMING_FACTOR * self.served.body_limit:
                self._overflow()
        elif self._further_size > HEAD_LIMIT:
            self.reject("header-fields-too-large")
        if self._timer is None:
            self._timer = self.loop.call_later(rejections.REQUEST_SECONDS, self._check_time)

    def _check_time(self) -> None:
        """Close a connection that sent nothing, or refuse a request whose head or next bytes are overdue."""
        self._timer = None
        if self._is_last or self.transport.is_closing():
            return
        if not self._head_size:
            if self.cycle is None and self.timeout_keep_alive_task is None:
                self.transport.close()
            return
        if self.flow.read_paused:
            self._since = self.loop.time()
        remaining = self._since + rejections.REQUEST_SECONDS - self.loop.time()
        if remaining > 0:
            self._timer = self.loop.call_later(remaining, self._check_time)
        else:
            self.reject("request-timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url, self.headers = b"", []
        self._body = bytearray()
        self._head_size, self._in_head = 1, True
        self._further_size, self._since = 0, self._received_at

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self.url += url
        if len(self.url) > HEAD_LIMIT:
            raise RequestRejected("uri-too-long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is counted and left alone: it must not pass for a header."""
        self._head_size += len(name) + len(value) + 4
        if self._head_size > HEAD_LIMIT or len(self.headers) == HEADER_LIMIT:
            raise RequestRejected("header-fields-too-large")
        if self._in_head:
            # The parser leaves the whitespace after a value (RFC 9112, section 5).
            self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is there: refuse what cannot be served, and ask for the body if the client waits for that."""
        self._in_head = False
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if self.parser.should_upgrade() and method != b"CONNECT":
            return
        if version[0] != "1":
            raise RequestRejected("http-version-not-supported")
        lengths, expects = 0, False
        for name, value in self.headers:
            if name == b"content-length":
                lengths = int(value)
            elif name == b"expect":
                expects = expects or b"100-continue" in value.lower().replace(b" ", b"").split(b",")
            elif name == b"transfer-encoding" and rejections.has_unknown_coding(self.headers):
                raise RequestRejected("transfer-coding-not-supported")
        self._declared_length = lengths
        self.headers = with_effective_host(self.url, self.headers, version) + self._offers
        self._offers = []
        self.cycle = Cycle(version != "1.0" and method != b"CONNECT" and self.parser.should_keep_alive())
        if expects and version != "1.0" and not self._is_last:
            if lengths > self.served.body_limit:
                self._overflow()
            elif self._hold is None and not self._waiting:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body; past the limit it is dropped and the request answered at once."""
        if self._is_last:
            return
        if len(self._body) + len(body) > self.served.body_limit or self._declared_length > self.served.body_limit:
            self._overflow()
            return
        self._body += body

    def on_message_complete(self) -> None:
        """The request is complete: answer it."""
        if self._is_last or (self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"):
            return
        self._head_size = 0
        self._complete += 1
        self._take(self.cycle, self._request())

    def _request(self, too_large: int = 0) -> ParsedRequest:
        method = self.parser.get_method().decode("ascii")
        version = "1.0" if self.parser.get_http_version() == "1.0" else "1.1"
        target = wsgi_bridge.origin_form(self.url)
        return ParsedRequest(method, version, target, self.headers, bytes(self._body), too_large)

    def _take(self, cycle: Cycle, request: ParsedRequest | str) -> None:
        """Answer a request, or reject one with a code; or have it wait for the answer before it.

        It waits where that answer is held, and where the peer does not read the answers that it got.
        """
        self._is_last = not cycle.keep_alive
        if self._hold is None and not self._waiting and not self.flow.write_paused:
            self._answer(cycle, request)
        else:
            self._waiting.append((cycle, request))
            self._regulate_reading()

    def _answer_waiting(self) -> None:
        while self._waiting and self._hold is None and not (self.flow.write_paused or self.transport.is_closing()):
            self._answer(*self._waiting.popleft())
        self._regulate_reading()

    def _regulate_reading(self) -> None:
        """Read no further where answers pile up, or requests that wait for one."""
        if self.flow.write_paused or len(self._waiting) >= rejections.WAITING_LIMIT:
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()

    def _overflow(self) -> None:
        self.cycle.keep_alive = False
        self._body = bytearray()
        # The application refuses it by its length; the body itself is dropped.
        self._take(self.cycle, self._request(max(self._declared_length, self.served.body_limit + 1)))

    def _answer(self, cycle: Cycle, request: ParsedRequest | str) -> None:
        """Answer a request by the pipeline, or, for pages and applications that are not ours, by WSGI."""
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
                self._hold = apart = RequestApart(service, prepared, partial(self._send_later, cycle))
                apart.start(self.served.threads, self.loop)
                return
            sent = Sent(service, prepared, *respond(service, prepared))
        except ENDING:
            raise
        except BaseException as error:
            self.send(cycle, *failure(request.method, request.target.decode("latin-1"), error))
            return
        if sent.response.is_sent_later:
            self._send_later(cycle, sent)
            return
        if cycle.keep_alive and not request.too_large:
            self._sent = sent
        self.send(cycle, sent.head, sent.body)

    def _send_later(self, cycle: Cycle, sent: Sent) -> None:
        """Have timers send a response, or spoil it; or begin one that stays open."""
        if sent.response.delivery is None:
            self._send_held(cycle, sent, sent.head, sent.body)
            return
        self._hold = delayed = DelayedSend(
            self.loop,
            self.transport,
            sent.response.delivery,
            (sent.head, sent.body),
            partial(served_app.encode, sent.prepared.request),
            partial(self._send_held, cycle, sent),
            date=self._date,
            has_content=sent.has_content,
        )
        delayed.start()

    def _send_held(self, cycle: Cycle, sent: Sent, head: bytes, body: bytes) -> None:
        self._hold = None
        if sent.response.stream is not None and head is sent.head:
            self._stop_timer()
            head += self._date_of(head) + (b"" if cycle.keep_alive else CLOSE)
            self._hold = begin(self, sent.response, head, body, partial(self._end_stream, cycle))
            return
        self.send(cycle, head, body)
        self._answer_waiting()

    def _end_stream(self, cycle: Cycle) -> None:
        self._hold = None
        self._end_response(cycle)
        self._answer_waiting()

    def send(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        """Write an answer and go on to the next request, or close."""
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
            # A peer that does not read gets no more answers until it does.
            self.flow.pause_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long enough; look again later at another one."""
        is_busy = self._head_size or self._hold is not None or self._waiting
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
        self._answer_waiting()

    def shutdown(self) -> None:
        """The server ends: what is not a whole request yet gets no answer."""
        if isinstance(self._hold, ResponseWriter):
            self._hold.end_response()
        self.transport.close()
        if self.scheme == "https":  # TLS waits for the peer to agree, and idle clients do not
            self.loop.call_later(TLS_CLOSE_SECONDS, self.transport.abort)

    def _close(self) -> None:
        """Close; but let a peer that is still sending read the answer first, or it would see a reset."""
        self._stop_timer()
        if self._head_size and self.transport.can_write_eof() and not self.transport.is_closing():
            self._waiting.clear()
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def reject(self, code: str) -> None:
        """Respond to a request that is rejected, and close."""
        if self.transport.is_closing() or self._is_last:
            return
        self._take(Cycle(False), code)
