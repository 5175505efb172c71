"""Reads requests from the bytes of a connection, within limits of size and time: uvicorn's httptools protocol."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver.errors import ENDING
from mockserver.http.pipeline import log_failure
from mockserver.server import rejections, wsgi_bridge
from mockserver.server.cycle import Cycle, request_head
from mockserver.server.rejections import HEAD_LIMIT, HEADER_LIMIT, RequestRejected
from mockserver.server.request_host import with_effective_host
from mockserver.server.served_app import ParsedRequest, ServedApp


class RequestReader(HttpToolsProtocol):
    """The reading half of a connection: `_take` gets each request, `reject` the code of what is not a request.

    Uvicorn keeps the connections, the keep-alive timer, flow control and shutdown.
    """

    served: ServedApp
    cycle: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.served = self.config.loaded_app
        self.parser = self._new_parser()
        self.url, self.headers, self._body = b"", [], bytearray()
        # Whether a request has begun and is not complete, and whether its head is not complete.
        self._is_incomplete = self._in_head = False
        # The bytes of the head so far, and of trailers.
        self._head_size, self._declared_length = 0, 0
        # The bytes of a request that came after those that it began with, framing included.
        self._further_size = 0
        # Headers of an offer to upgrade, while the head is parsed again without them.
        self._offers: list[tuple[bytes, bytes]] = []
        # Nothing that comes after the last request is read.
        self._is_last = False
        # How many requests were complete in the bytes that are being parsed.
        self._complete = 0
        # Whether the bytes that are being parsed begin with a request.
        self._begins = True
        # The method of the present request, where it is none that the parser knows.
        self._other_method: bytes | None = None
        # When the present bytes were received, and since when the client is to send more.
        self._received_at = self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def _take(self, cycle: Cycle, request: ParsedRequest | str) -> None:
        """Respond to a request, or reject one with a code, after the requests before it."""

    @abstractmethod
    def reject(self, code: str) -> None:
        """Respond to a request that is rejected, and close."""

    @property
    @abstractmethod
    def is_responding(self) -> bool:
        """Whether the response to an earlier request has not been sent yet."""

    @property
    @abstractmethod
    def is_held_up(self) -> bool:
        """Whether it has to respond to an earlier request first, or its peer does not read the responses."""

    @property
    @abstractmethod
    def waiting_bytes(self) -> int:
        """The size of the bodies of requests that wait for earlier responses, or for their turn."""

    @abstractmethod
    def regulate_reading(self) -> None:
        """Read no further where requests or responses pile up; otherwise go on."""

    def _note_upload(self) -> None:
        self.served.uploads.note(self, len(self._body) + self.waiting_bytes)

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Requests after one with `Connection: close` are ignored, and other versions are refused, by this class.
        parser.set_dangerous_leniencies(lenient_data_after_close=True, lenient_version=True)
        return parser

    def _read(self, data: bytes) -> bool:
        """Parse bytes: callbacks take what is complete, and the time of what is not is watched. Whether they are valid.

        An offer to upgrade is ignored, as RFC 9110, section 7.8, allows.
        """
        self._complete, self._received_at, self._begins = 0, self.loop.time(), not self._is_incomplete
        self._further_size += len(data)
        rest: bytes | memoryview = data
        try:
            while True:
                try:
                    self.parser.feed_data(rest)
                    break
                except httptools.HttpParserUpgrade as offer:
                    rest = memoryview(data)[len(data) - len(rest) + offer.args[0] :]
                except httptools.HttpParserInvalidMethodError:
                    readable = self._with_known_method(data)
                    if readable is None:
                        raise
                    rest = data = readable
                    continue
                if self._is_last:
                    break
                self._parse_without_offer()
        except httptools.HttpParserError as error:
            self._reject_unparsed(error, data)
            return False
        if self._is_incomplete and not self._is_last:
            self._watch()
        return True

    def _with_known_method(self, data: bytes) -> bytes | None:
        """The bytes with a method that the parser knows; None unless they begin with one that the contract declares."""
        line = rejections.REQUEST_LINE.match(data) if self._begins and not self._complete else None
        if line is None or not self.served.declares(line["method"]):
            return None
        self.parser, self._other_method = self._new_parser(), line["method"]
        return b"POST" + data[line.end("method") :]

    def _parse_without_offer(self) -> None:
        """Parse the head again without the offer: the parser takes what follows such a head for another protocol."""
        # An offer in HTTP/1.0 is ignored altogether (RFC 9110, section 7.8).
        is_heard = self.parser.get_http_version() != "1.0"
        self._offers = [header for header in self.headers if header[0] == b"upgrade" and is_heard]
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
        elif isinstance(error, httptools.HttpParserInvalidMethodError) and self._begins and not self._complete:
            self.reject(rejections.code_of_unknown_method(data))
        else:
            self.reject(rejections.code_of_unparsed(self.parser.get_method(), self.url))

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
        if not self._is_incomplete:
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
        self._is_incomplete = self._in_head = True
        self._head_size = 0
        self._further_size, self._since = 0, self._received_at

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self.url += url
        if len(self.url) > HEAD_LIMIT:
            raise RequestRejected("uri-too-long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is counted and left alone: it must not pass for a header."""
        self._head_size += len(name) + len(value) + 4
        if self._head_size >= HEAD_LIMIT or len(self.headers) == HEADER_LIMIT:
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
            elif not self.is_responding:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body; past the limit it is dropped, and the response sent at once."""
        if self._is_last:
            return
        if len(self._body) + len(body) > self.served.body_limit or self._declared_length > self.served.body_limit:
            self._overflow()
            return
        self._body += body
        self._note_upload()

    def on_message_complete(self) -> None:
        """The request is complete: respond to it."""
        if self._is_last or (self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"):
            return
        request = self._request()
        self._body = bytearray()
        self._note_complete()
        self._take(self.cycle, request)
        if request.body:
            self._note_upload()

    def _note_complete(self) -> None:
        self._is_incomplete, self._other_method = False, None
        self._complete += 1

    def _request(self, too_large: int = 0) -> ParsedRequest:
        method = (self._other_method or self.parser.get_method()).decode("ascii")
        version = "1.0" if self.parser.get_http_version() == "1.0" else "1.1"
        target = wsgi_bridge.origin_form(self.url)
        return ParsedRequest(method, version, target, self.headers, bytes(self._body), too_large)

    def _overflow(self) -> None:
        self.cycle.keep_alive = False
        self._body = bytearray()
        self._note_upload()
        # The application refuses it by its length; the body itself is dropped.
        self._take(self.cycle, self._request(max(self._declared_length, self.served.body_limit + 1)))
