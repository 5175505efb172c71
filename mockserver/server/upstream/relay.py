"""Carries out one passed request on a connection of our own server: streamed both ways, with flow control."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from mockserver.errors import ENDING
from mockserver.http.exchange import PassedOn
from mockserver.http.gateway.decoding import VALIDATED_LIMIT
from mockserver.http.gateway.passing import Passing, ReturnedHead
from mockserver.http.gateway.request_head import forwarded_trailers
from mockserver.http.messages import Response
from mockserver.http.pipeline import log_failure
from mockserver.refusals import UpstreamFailed, UpstreamTimeout
from mockserver.server import served_app
from mockserver.server.cycle import Cycle
from mockserver.server.delayed_send import GONE_SECONDS, LINGER_NONE
from mockserver.server.rejections import rejection
from mockserver.server.upstream.connections import OutgoingBody, UpstreamResponse, header_lines
from mockserver.server.upstream.reader import InterimResponse
from mockserver.server.wsgi_bridge import STATUS_LINES

if TYPE_CHECKING:
    from mockserver.server.upstream.passing_protocol import PassingProtocol

# Bytes of a request's body that wait for the upstream; then the client is read no further.
WAITING_BYTES = 256 * 1024


class IncomingBody:
    """The body of a request while it comes. `length` is None if it is not known.

    `on_room` is called when the client can be read on. `trailers` are complete when the body is.
    """

    def __init__(self, length: int | None, on_room: Callable[[], None]) -> None:
        self.length, self._on_room = length, on_room
        self.trailers: list[tuple[bytes, bytes]] = []
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self.has_begun = self.is_ended = self._is_dropped = False

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more should be read."""
        return self._size >= WAITING_BYTES

    def feed(self, part: bytes) -> None:
        """Add a part that has come."""
        self.has_begun = True
        if not self._is_dropped:
            self._parts.append(part)
            self._size += len(part)
            self._wake()

    def end(self) -> None:
        """Note that the body is complete."""
        self.is_ended = True
        self._wake()

    def drop(self) -> None:
        """Forget what waits and what is to come: nobody reads it."""
        self._is_dropped, self._size = True, 0
        self._parts.clear()

    async def next(self) -> bytes | None:
        """The next part; None at the end."""
        while not self._parts:
            if self.is_ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        part = b"".join(self._parts)
        self._parts.clear()
        was_full, self._size = self.is_full, 0
        if was_full:
            self._on_room()
        return part

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Relay:
    """One passed request. `incoming` is its body where that is still coming, or has just come."""

    def __init__(
        self, protocol: PassingProtocol, cycle: Cycle, passed_on: PassedOn, incoming: IncomingBody | None
    ) -> None:
        self._protocol, self._cycle, self._incoming = protocol, cycle, incoming
        self._passing = Passing(passed_on, passes_trailers=True, is_http_1_0=cycle.is_http_1_0)
        self._has_begun = self._is_over = False
        self._response: UpstreamResponse | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to pass the request on."""
        self._passing.on_reset = self._reset
        self._task = self._protocol.loop.create_task(self._run())

    def cancel(self) -> None:
        """Stop, since the connection was closed."""
        self._stop()
        self._passing.abandon()

    def watch_peer(self) -> None:
        """The client sends no more, and may have gone: give the upstream some time for its response to begin."""
        self._protocol.loop.call_later(GONE_SECONDS, self._close_unless_begun)

    def _close_unless_begun(self) -> None:
        if not (self._has_begun or self._is_over):
            self._protocol.transport.close()

    def reject(self, code: str) -> None:
        """Stop, since the rest of the request cannot be read: respond with a rejection if nothing was sent yet."""
        self._stop()
        self._passing.abandon()
        if self._has_begun:
            self._protocol.break_off()
        else:
            self._cycle.keep_alive = False
            self._protocol.end_relay(self._cycle, *rejection(code))

    def _stop(self) -> None:
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

    def _reset(self, response: Response) -> None:
        """Send another response, if nothing was sent yet. May be called from any thread."""
        self._protocol.loop.call_soon_threadsafe(self._send_instead, response)

    def _send_instead(self, response: Response) -> None:
        if not self._is_over and not self._has_begun:
            self._stop()
            self._passing.finish("the sandbox was reset")
            self._send_whole(response)

    async def _run(self) -> None:
        try:
            await self._pass_on()
        except (*ENDING, asyncio.CancelledError):
            raise
        except BaseException as error:
            log_failure(self._passing.request.method, self._passing.request.path, error)
            self._passing.abandon()
            if self._has_begun:
                self._break_off()
            else:
                self._is_over = True
                self._cycle.keep_alive = False
                self._protocol.end_relay(self._cycle, *rejection("internal-error"))
        finally:
            if self._response is not None:
                self._response.close()

    async def _pass_on(self) -> None:
        passing, began = self._passing, self._protocol.loop.time()
        try:
            upstream_response = self._response = await self._protocol.upstreams.request(
                passing.upstream, passing.head, self._outgoing(), self._send_interim
            )
            received = upstream_response.head
            head = passing.receive(received.status, received.phrase, received.headers, received.length)
            if passing.delay:
                await asyncio.sleep(began + passing.delay / 1_000 - self._protocol.loop.time())
            if passing.is_buffered:
                response = passing.patched(await self._collect(upstream_response))
                self._is_over = True
                self._send_whole(response)
                return
        except (UpstreamFailed, UpstreamTimeout) as refusal:
            response = passing.fail(refusal)
            self._is_over = True
            self._send_whole(response)
            return
        try:
            await self._stream(head, upstream_response)
        except (UpstreamFailed, UpstreamTimeout) as refusal:
            passing.finish(f"the response was broken off: {refusal.reason}")
            self._break_off()

    def _send_interim(self, interim: InterimResponse) -> None:
        """Pass a response on that comes before the one that counts (RFC 9110, section 15.2)."""
        head = self._passing.receive_interim(interim.status, interim.phrase, interim.headers)
        if head is not None:
            self._protocol.transport.write(head_lines(head, is_chunked=False) + b"\r\n")

    async def _stream(self, head: ReturnedHead, upstream_response: UpstreamResponse) -> None:
        """Send the response while it comes."""
        protocol = self._protocol
        is_http_1_0 = self._cycle.is_http_1_0
        is_chunked = head.has_content and head.length is None and not is_http_1_0
        if (head.has_content and head.length is None and is_http_1_0) or not self._is_received:
            self._cycle.keep_alive = False
        self._has_begun = True
        part = upstream_response.head.take() if head.has_content else b""
        protocol.write_head(self._cycle, head_lines(head, is_chunked=is_chunked), _framed(part, is_chunked))
        self._passing.response_copy.add(part)
        while head.has_content:
            await protocol.flow.drain()
            part = await upstream_response.read()
            if not part:
                break
            self._passing.response_copy.add(part)
            protocol.transport.write(_framed(part, is_chunked))
        if upstream_response.head.is_complete:
            await upstream_response.read()  # to its end, so that the connection is used again
        self._passing.finish()
        self._is_over = True
        trailers = header_lines(self._passing.returned_trailers(upstream_response.head.trailers))
        protocol.end_relay(self._cycle, b"", b"0\r\n" + trailers + b"\r\n" if is_chunked else b"")

    async def _collect(self, upstream_response: UpstreamResponse) -> bytes:
        """The whole body of a response. Raises UpstreamFailed where it is too long to be patched."""
        parts, size = list[bytes](), 0
        while part := await upstream_response.read():
            self._passing.response_copy.add(part)
            size += len(part)
            parts.append(part)
            if size > VALIDATED_LIMIT:
                reason = f"an override patches its body, which is longer than {VALIDATED_LIMIT} bytes"
                raise UpstreamFailed(self._passing.upstream.address.url, reason)
        return b"".join(parts)

    @property
    def _is_received(self) -> bool:
        return self._incoming is None or self._incoming.is_ended

    def _outgoing(self) -> OutgoingBody:
        body = self._passing.body
        if body is not None:
            headers = self._passing.request.by_name
            return OutgoingBody(body, is_framed=bool(body) or "Content-Length" in headers)
        if self._incoming is None:
            return OutgoingBody(is_framed=False)
        if self._incoming.length == 0:
            return OutgoingBody()
        return OutgoingBody(source=self, length=self._incoming.length)

    async def next(self) -> bytes | None:
        """The next part of the request's body, for the upstream."""
        assert self._incoming is not None
        part = await self._incoming.next()
        if part is not None:
            self._passing.request_copy.add(part)
        return part

    def trailers(self) -> Sequence[tuple[str, str]]:
        """The trailers of the request, for the upstream."""
        assert self._incoming is not None
        return forwarded_trailers(self._passing.request, self._incoming.trailers)

    def _send_whole(self, response: Response) -> None:
        if not self._is_received:
            self._cycle.keep_alive = False
        self._protocol.end_relay(self._cycle, *served_app.encode(self._passing.request, response))

    def _break_off(self) -> None:
        """Break the client's connection, so that the response cannot pass for a complete one."""
        self._is_over = True
        raw = self._protocol.transport.get_extra_info("socket")
        if raw is not None:
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._protocol.break_off()


def head_lines(head: ReturnedHead, *, is_chunked: bool) -> bytes:
    """The status line and the headers, without the empty line after them."""
    line = f"HTTP/1.1 {head.status} {head.phrase}\r\n".encode("latin-1", "replace")
    if not head.phrase:
        line = STATUS_LINES.get(head.status, line)
    # `Date` in one spelling, by which the server finds it.
    pairs = [("Date" if name.lower() == "date" else name, value) for name, value in head.headers]
    line += header_lines(pairs)
    if is_chunked:
        line += b"Transfer-Encoding: chunked\r\n"
    elif head.length is not None and head.status != 204:
        line += b"Content-Length: %d\r\n" % head.length
    return line


def _framed(part: bytes, is_chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part) if is_chunked and part else part
