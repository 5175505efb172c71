"""Connections of one event loop to the upstream: opened, used for one request at a time, and kept for the next one."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from mockserver.contract.upstream import Upstream
from mockserver.errors import Refusal
from mockserver.http.gateway.request_head import ForwardedHead
from mockserver.refusals import UpstreamFailed, UpstreamTimeout
from mockserver.server.upstream.reader import InterimResponse, MalformedResponse, ResponseReader

# Bytes that are read and sent at once.
PART_BYTES = 128 * 1024
# How long a connection is kept without a request, and how many are.
IDLE_SECONDS, IDLE_LIMIT = 15.0, 64
# A gateway may send these again by itself (RFC 9110, section 9.2.2).
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))


InterimListener = Callable[[InterimResponse], None]


class BodySource(Protocol):
    """The body of a request that is still coming."""

    async def next(self) -> bytes | None:
        """The next part; None at the end."""

    def trailers(self) -> Sequence[tuple[str, str]]:
        """What follows the last part of a body in chunks."""


class OutgoingBody(Struct, frozen=True):
    """The body of a request: its `content`, or a `source` of it with its `length`, which is None if it is not known.

    Without `is_framed`, the request has no body at all.
    """

    content: bytes = b""
    source: BodySource | None = None
    length: int | None = None
    is_framed: bool = True

    @property
    def framing(self) -> bytes:
        """The header that frames the body (RFC 9112, section 6)."""
        if not self.is_framed:
            return b""
        length = len(self.content) if self.source is None else self.length
        return b"Transfer-Encoding: chunked\r\n" if length is None else b"Content-Length: %d\r\n" % length


class UpstreamResponse:
    """A response whose head has come. It is read to its end, or closed."""

    def __init__(self, connections: UpstreamConnections, attempt: _Attempt) -> None:
        self._connections, self._attempt = connections, attempt
        self.head = attempt.reader

    async def read(self) -> bytes:
        """The next part of the body; empty at its end. Raises UpstreamFailed and UpstreamTimeout."""
        while True:
            data = self.head.take()
            if data:
                return data
            if self.head.is_complete:
                self._connections.give_back(self._attempt)
                return b""
            await self._attempt.receive()

    def close(self) -> None:
        """Read no further."""
        self._attempt.close()


class UpstreamConnections:
    """The connections of one event loop that wait for the next request."""

    def __init__(self) -> None:
        self._idle: list[_IdleConnection] = []
        self._tls: ssl.SSLContext | None = None
        self._end_task: asyncio.Task[None] | None = None

    async def request(
        self, upstream: Upstream, head: ForwardedHead, body: OutgoingBody, on_interim: InterimListener | None = None
    ) -> UpstreamResponse:
        """Send a request; the response once its head has come. Raises UpstreamFailed and UpstreamTimeout.

        `on_interim` is called with each response that comes before it (1xx).
        An idempotent request whose body can be sent again may use a connection that is open already. If the upstream
        has closed that one before it responds, the request is sent once more over a new one.
        """
        if head.method in IDEMPOTENT and body.source is None:
            stream = self._take_idle(upstream)
            if stream is not None:
                attempt = _Attempt(upstream, stream, head.method)
                try:
                    return await self._respond(attempt, head, body, on_interim)
                except UpstreamFailed:
                    if attempt.reader.has_begun:
                        raise
        attempt = _Attempt(upstream, await self._connect(upstream), head.method)
        return await self._respond(attempt, head, body, on_interim)

    async def _respond(
        self, attempt: _Attempt, head: ForwardedHead, body: OutgoingBody, on_interim: InterimListener | None
    ) -> UpstreamResponse:
        try:
            attempt.send(head, body)
            while not attempt.reader.has_head:
                await attempt.receive()
                for interim in attempt.reader.take_interim():
                    if on_interim is not None:
                        on_interim(interim)
        except BaseException:
            attempt.close()
            raise
        return UpstreamResponse(self, attempt)

    async def _connect(self, upstream: Upstream) -> _Stream:
        address = upstream.address
        context: ssl.SSLContext | None = None
        loop = asyncio.get_running_loop()
        reader = _Reader(loop)
        if address.scheme == "https":
            context = upstream.tls or self._default_tls()
        try:
            async with asyncio.timeout(upstream.timeout):
                transport, protocol = await loop.create_connection(
                    lambda: asyncio.StreamReaderProtocol(reader, loop=loop), address.host, address.port, ssl=context,
                    server_hostname=address.host if context is not None else None,
                )  # fmt: skip
        except TimeoutError:
            raise UpstreamTimeout(address.url, upstream.timeout) from None
        except (OSError, UnicodeError) as error:
            raise UpstreamFailed(address.url, failure_reason(error)) from None
        return _Stream(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def _default_tls(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _take_idle(self, upstream: Upstream) -> _Stream | None:
        while self._idle:
            idle = self._idle.pop()
            stream = idle.take()
            if stream is not None and (idle.upstream.address, idle.upstream.tls) == (upstream.address, upstream.tls):
                return stream
            if stream is not None:
                stream.writer.transport.abort()
        return None

    def give_back(self, attempt: _Attempt) -> None:
        """Keep the connection of a response that is complete for another request, if it can be used for one."""
        if attempt.is_closed:
            return
        if not attempt.is_reusable or attempt.stream.reader.has_rest or len(self._idle) >= IDLE_LIMIT:
            attempt.close()
            return
        attempt.is_closed = True
        if self._end_task is None:
            self._end_task = asyncio.get_running_loop().create_task(self._close_at_the_end())
        self._idle.append(_IdleConnection(attempt.upstream, attempt.stream, self._idle))

    async def _close_at_the_end(self) -> None:
        """Wait to be cancelled, as tasks are when their event loop ends, which no open connection must outlive."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            for idle in tuple(self._idle):
                idle.close()


class _Reader(asyncio.StreamReader):
    """Calls `on_unasked`, while it is set, when anything comes, the end included."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(PART_BYTES, loop)
        self.on_unasked: Callable[[], None] | None = None
        self._unread = 0

    @property
    def has_rest(self) -> bool:
        """Whether something has come that was not read, or the end."""
        return self._unread > 0 or self.at_eof() or self.exception() is not None

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # transports have nothing else
        self._unread += len(data)
        super().feed_data(data)
        self._notify()

    def feed_eof(self) -> None:
        super().feed_eof()
        self._notify()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self._notify()

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        self._unread -= len(data)
        return data

    def _notify(self) -> None:
        if self.on_unasked is not None:
            self.on_unasked()


class _Stream(Struct, frozen=True):
    reader: _Reader
    writer: asyncio.StreamWriter


class _IdleConnection:
    """A connection that waits. Whatever the upstream sends meanwhile, the end included, ends its use."""

    def __init__(self, upstream: Upstream, stream: _Stream, idle: list[_IdleConnection]) -> None:
        self.upstream, self._stream, self._idle = upstream, stream, idle
        stream.reader.on_unasked = self.close
        self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def take(self) -> _Stream | None:
        """The connection, which is no longer in the list, if it is still open."""
        self._timer.cancel()
        self._stream.reader.on_unasked = None
        return None if self._stream.writer.transport.is_closing() else self._stream

    def close(self) -> None:
        """Close the connection, and take it off the list."""
        self._timer.cancel()
        self._stream.reader.on_unasked = None
        self._stream.writer.transport.abort()
        if self in self._idle:
            self._idle.remove(self)


class _Attempt:
    """One request over one connection."""

    def __init__(self, upstream: Upstream, stream: _Stream, method: str) -> None:
        self.upstream, self.stream = upstream, stream
        self.reader = ResponseReader(method)
        self.is_closed = False
        self._loop = asyncio.get_running_loop()
        # Since when the upstream is silent: it took a part of the request, or sent one of the body, or an interim
        # response. It has no more time for a head that comes in pieces. While the client has to send more, nothing is
        # expected of it.
        self._progress, self._waits_for_client = self._loop.time(), False
        self._is_sent = False
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_reusable(self) -> bool:
        """Whether the connection can be used for another request."""
        return self.reader.is_reusable and self._is_sent and not self.stream.writer.transport.is_closing()

    def send(self, head: ForwardedHead, body: OutgoingBody) -> None:
        """Send the head, and begin to send the body."""
        line = f"{head.method} {head.target} HTTP/1.1\r\n".encode("latin-1", "replace")
        raw = line + header_lines(head.headers) + body.framing + b"\r\n"
        if body.source is None and len(body.content) <= PART_BYTES:
            self.stream.writer.write(raw + body.content)
            self._is_sent = True
            return
        self.stream.writer.write(raw)
        self._sending = self._loop.create_task(self._send(body))

    async def receive(self) -> None:
        """Read what comes next. Raises UpstreamFailed and UpstreamTimeout."""
        url = self.upstream.address.url
        try:
            data = await self._read()
            if data:
                self.reader.feed(data)
                if self.reader.has_head or self.reader.interim:
                    self._progress = self._loop.time()
            else:
                self.reader.end()
        except MalformedResponse as error:
            raise UpstreamFailed(url, str(error)) from None
        except TimeoutError:
            raise UpstreamTimeout(url, self.upstream.timeout) from None
        except OSError as error:
            raise UpstreamFailed(url, failure_reason(error)) from None

    def close(self) -> None:
        """Close the connection, unless it was given back."""
        if not self.is_closed:
            self.is_closed = True
            if self._sending is not None:
                self._sending.cancel()
            self.stream.writer.transport.abort()

    async def _read(self) -> bytes:
        """The next bytes. Raises TimeoutError once the upstream has been silent, and not for the client's slowness."""
        if self.reader.has_head:
            # While the client did not read, nothing was read here either.
            self._progress = self._loop.time()
        deadline = self._progress + self.upstream.timeout
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    return await self.stream.reader.read(PART_BYTES)
            except TimeoutError:
                now = self._loop.time()
                deadline = (now if self._waits_for_client else self._progress) + self.upstream.timeout
                if deadline <= now:
                    raise

    async def _send(self, body: OutgoingBody) -> None:
        writer, is_chunked = self.stream.writer, body.source is not None and body.length is None
        try:
            async for part in self._parts(body):
                writer.writelines((b"%x\r\n" % len(part), part, b"\r\n") if is_chunked else (part,))
                await writer.drain()
                self._progress = self._loop.time()
            if is_chunked and body.source is not None:
                writer.write(b"0\r\n" + header_lines(body.source.trailers()) + b"\r\n")
            self._is_sent = True
        except OSError:
            # It takes no more; what it responds says why.
            pass
        except Exception:
            # The rest of the body does not come. Nothing must make the upstream believe that this was all.
            writer.transport.abort()

    async def _parts(self, body: OutgoingBody) -> AsyncIterator[bytes]:
        for piece in _pieces(body.content):
            yield piece
        while body.source is not None:
            self._waits_for_client = True
            part = await body.source.next()
            self._waits_for_client, self._progress = False, self._loop.time()
            if part is None:
                return
            if part:
                yield part


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Headers or trailers as they are sent."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1", "replace")


def failure_reason(error: BaseException) -> str:
    """Why a connection failed, for people."""
    if isinstance(error, Refusal):
        return error.detail
    if isinstance(error, socket.gaierror | UnicodeError):
        return "its host name cannot be resolved"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}; --upstream-ca names a certificate to trust"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
    # Where a name has several addresses, the text names the error of each.
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "it reset the connection"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), PART_BYTES):
        yield content[start : start + PART_BYTES]
