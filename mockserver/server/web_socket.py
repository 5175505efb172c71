"""WebSockets (RFC 6455): the connections of channels, after their opening handshake."""

from __future__ import annotations

import asyncio
import codecs
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from mockserver.errors import Refusal
from mockserver.http.streaming.streams import Stream
from mockserver.refusals import TooMuchToMatch
from mockserver.server.rejections import WAITING_LIMIT
from mockserver.server.served_app import EncodedResponse
from mockserver.server.streams import StreamLoop, StreamWriter
from mockserver.server.threaded_request import ThreadedRequest

if TYPE_CHECKING:
    from mockserver.server.protocol import Protocol

# In bytes; a longer message is refused with the close code 1009.
MESSAGE_LIMIT = 1024 * 1024
# The bytes that are parsed at once, a hundred frames or more, and for how long before others have their turn.
PART_BYTES, PARSE_SECONDS = 1_024, 0.003
# How long a peer may take to confirm that the connection is closed.
CLOSE_SECONDS = 2.0
# The longest reason in a close frame (RFC 6455, section 5.5).
REASON_BYTES = 123
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def upgrade(connection: Protocol, stream: Stream, head: bytes) -> None:
    """Go on with a connection of HTTP as a WebSocket; `head` lacks the headers of that."""
    socket = WebSocketConnection(connection, stream)
    connection.connections.discard(connection)
    connection.transport.set_protocol(socket)
    socket.begin(head)


class _Frames(ServerProtocol):
    """The library, which takes it for a mistake that a message was not complete when the client closes."""

    def recv_frame(self, frame: Frame) -> None:
        """Control frames may come between the fragments of a message (RFC 6455, section 5.4)."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class WebSocketConnection(asyncio.Protocol):
    """A connection. Uvicorn calls `shutdown` when the server ends."""

    def __init__(self, connection: Protocol, stream: Stream) -> None:
        self._server = cast("Any", connection.server_state)
        self._transport, self._stream, self._messages = connection.transport, stream, stream.client_messages
        self._frames = _Frames(state=OPEN, max_size=MESSAGE_LIMIT)
        self._writer = WebSocketWriter(self, connection.loop, connection.transport, connection.served.streams, stream)
        self._loop, self.is_paused = connection.loop, False
        # The message that comes, as far as it has come; a part may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text: list[str] = []
        # Whether a close frame was sent that the client has not asked for.
        self._has_closed = False
        # Messages that wait for the handler, and the one that it responds to.
        self._waiting: deque[str] = deque()
        self._handling: ThreadedRequest | None = None
        self._served = connection.served
        # What has come and is not parsed, and the call that goes on with it after others had their turn.
        self._unparsed = bytearray()
        self._parsing: asyncio.Handle | None = None
        self._is_parsing = False
        self._closing: asyncio.TimerHandle | None = None
        self._server.connections.add(self)

    def begin(self, head: bytes) -> None:
        """Complete the opening handshake, and send what the stream begins with."""
        opening = self._framed([self._stream.opening]) if self._stream.opening else b""
        self._writer.start(head + UPGRADE + opening)

    def data_received(self, data: bytes) -> None:
        """Frames of the client."""
        self._unparsed += data
        if self._parsing is None and self._may_parse():
            self._parse()

    def _parse(self) -> None:
        """Parse what has come, for a moment: thousands of frames may come at once, and others have their turn."""
        self._parsing, self._is_parsing = None, True
        end = self._loop.time() + PARSE_SECONDS
        while self._unparsed and self._may_parse():
            self._frames.receive_data(bytes(self._unparsed[:PART_BYTES]))
            del self._unparsed[:PART_BYTES]
            for frame in self._frames.events_received():
                if isinstance(frame, Frame) and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    self._receive(frame.opcode, bytes(frame.data), is_last=frame.fin)
            self._flush()
            if self._loop.time() >= end:
                break
        self._is_parsing = False
        self._regulate_reading()

    def _may_parse(self) -> bool:
        """Whether replies are read, and the handler keeps up."""
        return not self.is_paused and len(self._waiting) < WAITING_LIMIT

    def _regulate_reading(self) -> None:
        """Read further only where all that was read is parsed; go on with what is not."""
        if self._is_parsing:
            return
        if not self._unparsed and self._may_parse():
            self._transport.resume_reading()
            return
        self._transport.pause_reading()
        if self._may_parse() and self._parsing is None:
            self._parsing = self._loop.call_soon(self._parse)

    def eof_received(self) -> None:
        """The client sends nothing more, so the connection ends."""

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything."""
        if self._closing is not None:
            self._closing.cancel()
        self._server.connections.discard(self)
        self._writer.cancel()
        self._waiting.clear()
        self._unparsed.clear()
        if self._parsing is not None:
            self._parsing.cancel()
        if self._handling is not None:
            self._handling.cancel()

    def pause_writing(self) -> None:
        """The client does not read: nor is anything more read from it, so that no replies pile up."""
        self.is_paused = True
        self._regulate_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self.is_paused = False
        self._regulate_reading()
        self._writer.write()

    def shutdown(self) -> None:
        """The server ends."""
        self.close(CloseCode.GOING_AWAY, "the server ends")
        self._transport.close()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame, and wait a little for that of the client."""
        self._writer.cancel()
        self._has_closed = True
        if self._frames.state is OPEN:
            self._frames.send_close(code, reason.encode()[:REASON_BYTES].decode(errors="ignore"))
            self._flush()
            self._close_soon()

    def frame(self, message: bytes) -> bytes:
        """A text message as a frame."""
        return self._framed([message])

    def ping(self) -> bytes:
        """A ping as a frame, which the client answers."""
        if self._frames.state is not OPEN:
            return b""
        self._frames.send_ping(b"")
        return b"".join(self._frames.data_to_send())

    def _framed(self, messages: Sequence[bytes]) -> bytes:
        if self._frames.state is not OPEN:
            return b""
        for message in messages:
            self._frames.send_text(message)
        return b"".join(self._frames.data_to_send())

    def _receive(self, kind: Opcode, data: bytes, *, is_last: bool) -> None:
        """A part of a message. What came before a close frame of the client, or before a mistake, is still valid."""
        if self._has_closed:
            return
        if kind is Opcode.BINARY:
            self.close(CloseCode.UNSUPPORTED_DATA, "this channel takes text only")
            return
        try:
            text = self._decoder.decode(data, is_last)
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_DATA, "the text is not UTF-8")
            return
        if text:
            self._text.append(text)
        if is_last:
            text, self._text = "".join(self._text), []
            self._respond(text)

    def _respond(self, text: str) -> None:
        if self._messages is None:
            return
        try:
            reply = self._messages.reply_to(text)
        except TooMuchToMatch as refusal:
            self.close(CloseCode.MESSAGE_TOO_BIG, refusal.code)
            return
        if reply is not None:
            # Before the close frame that the library may have written meanwhile.
            self._transport.write(Frame(Opcode.TEXT, reply).serialize(mask=False))
        elif self._messages.has_handler:
            self._waiting.append(text)
            self._handle_next()
            return
        with suppress(Refusal):
            self._messages.log(text, reply)

    def _handle_next(self) -> None:
        """Have the handler respond to the messages, one after the other."""
        if self._handling is None and self._waiting and self._messages is not None:
            prepared = self._messages.to_handler(self._waiting.popleft())
            self._handling = ThreadedRequest(self._messages.service, prepared, self._send_response)
            self._handling.start(self._served.threads, self._loop)
        self._regulate_reading()

    def _send_response(self, sent: EncodedResponse) -> None:
        self._handling = None
        if sent.response.delivery is not None:
            sent.response.delivery.delivered()
        if sent.body:
            self._transport.write(self._framed([sent.body]))
        self._handle_next()

    def _flush(self) -> None:
        """Send what the library has to say, and close where it says so."""
        for data in self._frames.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._writer.cancel()
                if self._transport.can_write_eof() and not self._transport.is_closing():
                    self._transport.write_eof()
                # Closed while the client still sends, the connection would be reset, and the close frame lost.
                self._close_soon()

    def _close_soon(self) -> None:
        """Close the connection, unless the client does so first, or is not even reading."""
        if self._closing is None:
            self._closing = self._loop.call_later(CLOSE_SECONDS, self._close_now)

    def _close_now(self) -> None:
        (self._transport.abort if self.is_paused else self._transport.close)()


class WebSocketWriter(StreamWriter):
    """Writes the messages of a channel."""

    def __init__(
        self,
        connection: WebSocketConnection,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        streams: StreamLoop,
        stream: Stream,
    ) -> None:
        super().__init__(loop, transport, streams, stream)
        self._connection = connection

    @property
    def is_paused(self) -> bool:
        """Whether the client does not read."""
        return self._connection.is_paused

    def _framed(self, messages: Sequence[bytes]) -> bytes:
        return b"".join(map(self._connection.frame, messages))

    def _comment_bytes(self) -> bytes:
        return self._connection.ping()

    def _end(self) -> None:
        """A history that does not continue: clients connect again after the close code 1012."""
        is_reset = bool(self.stream.reason)
        code = CloseCode.SERVICE_RESTART if is_reset else CloseCode.INTERNAL_ERROR
        self._connection.close(code, self.stream.reason or "an event violates the contract")
