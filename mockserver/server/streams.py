"""Writes open streams to their connections: by the event loop, without a thread or a task for any of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mockserver.errors import ENDING
from mockserver.http.pipeline import log_failure
from mockserver.http.streaming.messages import COMMENT
from mockserver.http.streaming.streams import COMMENT_SECONDS, PORTION_BYTES, SHARED_SECONDS, UNREAD_LIMIT, Stream

if TYPE_CHECKING:
    from mockserver.engine.run import Run
    from mockserver.server.protocol import Protocol

# The streams that are written to, and about how many bytes, before other connections have their turn.
TURN, TURN_BYTES = 50, PORTION_BYTES
# Bytes that the system keeps for a connection whose peer does not read.
SEND_BUFFER = 128 * 1024
# What a message takes that was not read yet, roughly.
MESSAGE_BYTES = 256
# How long a peer may read nothing of that.
UNREAD_SECONDS = 1.0
# How often it is checked whether a peer is still there that sends no more.
CHECK_SECONDS = 1.0
LAST_CHUNK = b"0\r\n\r\n"


class StreamLoop:
    """Which streams of an event loop are to be read, and when something is due by itself."""

    def __init__(self, before_reading: Callable[[], object]) -> None:
        self._before_reading = before_reading
        self._woken: dict[StreamWriter, None] = {}
        self._open: dict[StreamWriter, None] = {}
        self._lock = threading.Lock()
        self._is_scheduled = False
        self._timers: dict[Run, tuple[float, asyncio.TimerHandle]] = {}
        self._shared: asyncio.TimerHandle | None = None

    def add(self, writer: StreamWriter) -> None:
        """A stream was opened."""
        self._open[writer] = None
        if writer.stream.is_shared and self._shared is None:
            self._look_at_shared(writer.loop)

    def remove(self, writer: StreamWriter) -> None:
        """A stream was closed."""
        self._open.pop(writer, None)
        self._woken.pop(writer, None)
        run = writer.stream.run
        if run is not None and not run.listeners and run in self._timers:
            self._timers.pop(run)[1].cancel()

    def wake(self, writer: StreamWriter) -> None:
        """There may be something to read. Called by any thread."""
        with self._lock:
            self._woken[writer] = None
            if self._is_scheduled:
                return
            self._is_scheduled = True
        writer.loop.call_soon_threadsafe(self._read_woken, writer.loop)

    def watch_clock(self, writer: StreamWriter) -> None:
        """Have the stream be read when its run fires a transition by itself."""
        run, seconds = writer.stream.run, writer.stream.seconds_until_due()
        if run is None or seconds is None:
            return
        # What is due already could not be fired: the store does not respond.
        seconds = seconds or SHARED_SECONDS
        when = writer.loop.time() + seconds
        timer = self._timers.get(run)
        if timer is not None:
            if timer[0] <= when:
                return
            timer[1].cancel()
        self._timers[run] = when, writer.loop.call_later(seconds, self._fall_due, run)

    def _fall_due(self, run: Run) -> None:
        self._timers.pop(run, None)
        run.wake_listeners()

    def _read_woken(self, loop: asyncio.AbstractEventLoop) -> None:
        self._before_reading()
        written = 0
        for writer in list(self._woken)[:TURN]:
            # It may be woken again while it is read.
            if self._woken.pop(writer, self) is not self:
                written += self._write(writer)
            if written >= TURN_BYTES:
                break
        with self._lock:
            self._is_scheduled = bool(self._woken)
            if self._is_scheduled:
                loop.call_soon(self._read_woken, loop)

    def _write(self, writer: StreamWriter) -> int:
        try:
            return writer.write()
        except ENDING:
            raise
        except BaseException as error:
            log_failure("the stream", "", error)
            writer.abort()
            return 0

    def _look_at_shared(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read one stream of each run that other processes change, which wakes the others if there is something."""
        self._shared = None
        leaders = {id(writer.stream.run): writer for writer in self._open if writer.stream.is_shared}
        for writer in leaders.values():
            self.wake(writer)
        if leaders:
            self._shared = loop.call_later(SHARED_SECONDS, self._look_at_shared, loop)


class StreamWriter(ABC):
    """Writes a stream to a connection, as fast as the peer reads."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, streams: StreamLoop, stream: Stream
    ) -> None:
        self.loop, self.stream = loop, stream
        self._transport, self._streams = transport, streams
        self._is_open = True
        self._comment: asyncio.TimerHandle | None = None
        self._comment_seconds = COMMENT_SECONDS
        # How much was not sent yet when it was found that too much is not read.
        self._unsent = 0
        self._unread_timer: asyncio.TimerHandle | None = None

    def start(self, head: bytes) -> None:
        """Write the head of the response, and begin."""
        raw: socket.socket | None = self._transport.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        # First, since a client that has received the head may count the streams.
        self._streams.add(self)
        self.stream.start(lambda: self._streams.wake(self))
        self._transport.write(head)
        self._comment = self.loop.call_later(self._comment_seconds, self._keep_alive)

    def watch_peer(self) -> None:
        """The peer sends no more: whether it still reads shows only where something is written."""
        self._comment_seconds = CHECK_SECONDS
        if self._comment is not None:
            self._comment.cancel()
        self._keep_alive()

    def write(self) -> int:
        """Write some of what there is to read, if the peer reads it; the number of bytes."""
        written = 0
        if self._is_open and not self.is_paused and (messages := self.stream.read()):
            data = self._framed(messages)
            written = len(data)
            self._transport.write(data)
        if not self._is_open:
            return written
        if self.stream.has_ended:
            self._end()
            return written
        self._streams.watch_clock(self)
        if self.is_paused and self._unread_timer is None and self._is_unread():
            self._unsent = self._transport.get_write_buffer_size()
            self._unread_timer = self.loop.call_later(UNREAD_SECONDS, self._check_unread)
        elif self.stream.has_more:
            self._streams.wake(self)
        return written

    def cancel(self) -> None:
        """Let go of everything, since the connection was closed."""
        if self._is_open:
            self._is_open = False
            for timer in (self._comment, self._unread_timer):
                if timer is not None:
                    timer.cancel()
            self.stream.close()
            self._streams.remove(self)

    def abort(self) -> None:
        """Break the connection: the client continues on another one."""
        self.cancel()
        self._transport.abort()

    @property
    @abstractmethod
    def is_paused(self) -> bool:
        """Whether the peer does not read what was written."""

    @abstractmethod
    def _framed(self, messages: Sequence[bytes]) -> bytes:
        """Messages as they are sent."""

    @abstractmethod
    def _comment_bytes(self) -> bytes:
        """What keeps the connection alive."""

    @abstractmethod
    def _end(self) -> None:
        """The stream has ended."""

    def _is_unread(self) -> bool:
        """Whether more is not read than may be, roughly."""
        unread = self.stream.unread() * MESSAGE_BYTES
        return self._transport.get_write_buffer_size() + unread > UNREAD_LIMIT

    def _check_unread(self) -> None:
        """Cut off a peer that has read nothing for a while; one that reads what came at once has time for that."""
        self._unread_timer = None
        if not self.is_paused or not self._is_unread():
            return
        if self._transport.get_write_buffer_size() >= self._unsent:
            self.abort()
        else:
            self.write()

    def _keep_alive(self) -> None:
        if not self.is_paused:
            self._transport.write(self._comment_bytes())
        self.stream.keep_in_use()
        self._comment = self.loop.call_later(self._comment_seconds, self._keep_alive)


class ResponseWriter(StreamWriter):
    """Writes a stream as the body of a response of HTTP/1. `on_done` is called once it has ended."""

    def __init__(self, connection: Protocol, stream: Stream, on_done: Callable[[], None]) -> None:
        super().__init__(connection.loop, connection.transport, connection.served.streams, stream)
        self._done, self._flow = on_done, connection.flow
        # HTTP/1.0 has no other end of a response than that of the connection.
        self._in_chunks = connection.parser.get_http_version() != "1.0"

    @property
    def is_paused(self) -> bool:
        """Whether the peer does not read."""
        return self._flow.write_paused

    def begin(self, head: bytes, body: bytes) -> None:
        """Write the head, whose framing is added, and what the stream begins with."""
        framing = b"Transfer-Encoding: chunked\r\n" if self._in_chunks else b""
        self.start(b"".join((head, framing, b"\r\n", self._framed([body]))))

    def end_response(self) -> None:
        """Mark the end of the response, as the server ends."""
        if self._is_open:
            self.cancel()
            if self._in_chunks:
                self._transport.write(LAST_CHUNK)

    def _end(self) -> None:
        self.end_response()
        self._done()

    def _framed(self, messages: Sequence[bytes]) -> bytes:
        data = b"".join(messages)
        return b"%x\r\n%b\r\n" % (len(data), data) if self._in_chunks and data else data

    def _comment_bytes(self) -> bytes:
        return self._framed([COMMENT])
