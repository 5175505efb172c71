"""Reads one response of the upstream from bytes (RFC 9112). No sockets here."""

from __future__ import annotations

from collections.abc import Sequence

import httptools
from msgspec import Struct

# Bytes of the status line and the headers.
HEAD_LIMIT = 256 * 1024
_TOO_LONG = f"its headers are longer than {HEAD_LIMIT} bytes"
# Statuses whose responses end with their head (RFC 9112, section 6.3).
_WITHOUT_BODY = (204, 304)


class MalformedResponse(Exception):
    """What the upstream sent is not an HTTP response, or ends before it is complete."""


class InterimResponse(Struct, frozen=True):
    """A response before the one that counts (RFC 9110, section 15.2)."""

    status: int
    phrase: str
    headers: Sequence[tuple[str, str]]


class ResponseReader:
    """The response to a request with this method; `parts` has what came of its body since it was last emptied.

    `length` is that of the body, None where only its end shows it. `interim` has the interim responses that
    came, and `trailers` are there when the body is complete.
    """

    def __init__(self, method: str) -> None:
        self._is_head = method == "HEAD"
        self._parser = httptools.HttpResponseParser(self)
        self._phrase = b""
        self._size = self._header_size = 0
        self._is_chunked = False
        self._has_more = False
        self.status, self.length = 0, None  # type: int, int | None
        self.headers: list[tuple[str, str]] = []
        self.trailers: list[tuple[str, str]] = []
        self.interim: list[InterimResponse] = []
        self.parts: list[bytes] = []
        self.has_begun = self.has_head = self.is_complete = False
        self.is_reusable = False

    @property
    def phrase(self) -> str:
        """The reason phrase."""
        return self._phrase.decode("latin-1")

    def feed(self, data: bytes) -> None:
        """Read more bytes. Raises MalformedResponse."""
        self.has_begun = True
        if self.is_complete:
            self.is_reusable = False
            return
        if not self.has_head:
            self._size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise MalformedResponse("it switched to another protocol, which was not requested") from None
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, MalformedResponse):
                raise error.__context__ from None
            # After a complete response, it does not matter what follows.
            if not self.is_complete:
                raise MalformedResponse(f"it sent what is not HTTP: {_reason(error)}") from None
            self.is_reusable = False
        if not self.has_head and self._size > HEAD_LIMIT:
            raise MalformedResponse(_TOO_LONG)

    def end(self) -> None:
        """The upstream has closed the connection. Raises MalformedResponse where the response is not complete."""
        self.is_reusable = False
        if self.is_complete:
            return
        if not self.has_head:
            raise MalformedResponse("it closed the connection without a response")
        if self._is_chunked or self.length is not None:
            raise MalformedResponse("it closed the connection before the body was complete")
        self.is_complete = True

    def take(self) -> bytes:
        """What came of the body since the last time."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data

    def take_interim(self) -> Sequence[InterimResponse]:
        """The interim responses that came since the last time."""
        interim, self.interim = self.interim, []
        return interim

    def on_message_begin(self) -> None:
        """A response begins: an interim one may precede the one that counts."""
        if self.is_complete:
            self.is_reusable, self._has_more = False, True
            return
        self._phrase, self.headers = b"", []

    def on_status(self, phrase: bytes) -> None:
        """A part of the reason phrase."""
        if not self._has_more:
            self._phrase += phrase

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer."""
        if self.is_complete:
            return
        self._header_size += len(name) + len(value)
        if self._header_size > HEAD_LIMIT:
            raise MalformedResponse(_TOO_LONG)
        pairs = self.trailers if self.has_head else self.headers
        pairs.append((name.decode("latin-1"), value.rstrip(b" \t").decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self.is_complete:
            return
        status = self._parser.get_status_code()
        if not 100 <= status <= 599:
            raise MalformedResponse(f"its status {status} is none of HTTP")
        if status < 200:
            if status == 101:
                raise MalformedResponse("it switched to another protocol, which was not requested")
            self.interim.append(InterimResponse(status, self.phrase, self.headers))
            return
        self.status, self.has_head = status, True
        for name, value in self.headers:
            lower = name.lower()
            if lower == "content-length" and value.isdigit():
                self.length = int(value)
            elif lower == "transfer-encoding":
                if value.lower() != "chunked":
                    raise MalformedResponse(f"it used the transfer coding {value}, which was not requested")
                self._is_chunked = True
        if self._is_chunked:
            self.length = None
        if self._is_head or status in _WITHOUT_BODY:
            self._complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self.is_complete:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """The response is complete, if it was not an interim one."""
        if self.has_head and not self.is_complete:
            self._complete()

    def _complete(self) -> None:
        self.is_complete = True
        self.is_reusable = self._parser.should_keep_alive()


def _reason(error: httptools.HttpParserError) -> str:
    text = str(error)
    return (text[:1].lower() + text[1:]) or "it cannot be parsed"
