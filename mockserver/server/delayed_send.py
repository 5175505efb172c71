"""Answers that are held back, and connections that fail on purpose: timers and acts on the transport, no thread."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from mockserver.server import wsgi_bridge

# What a fault takes where no delay says so.
TIMEOUT_MILLISECONDS = 60_000
SLOW_MILLISECONDS = 5_000
PIECES = 20
LINGER_NONE = struct.pack("ii", 1, 0)
_LENGTH = re.compile(rb"(?im)^content-length:[^\r]*\r\n")

Send = Callable[[bytes, bytes], None]


class Hold:
    """One answer on its way: held for a time, then sent or spoiled. `send` sends an answer and goes on."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        delivery: wsgi_bridge.Delivery,
        answer: tuple[bytes, bytes],
        send: Send,
    ) -> None:
        self._loop, self._transport, self._delivery, self._send = loop, transport, delivery, send
        self._head, self._body = answer
        self._begun = False
        self._timer: asyncio.TimerHandle | None = None
        delivery.release = self._release

    def start(self) -> None:
        """Begin to wait."""
        fault, delay = self._delivery.fault, self._delivery.delay
        if fault == "timeout":
            self._after(delay or TIMEOUT_MILLISECONDS, self._close)
        elif fault == "slow-body":
            self._after(0, self._trickle, delay or SLOW_MILLISECONDS, 0)
        else:
            self._after(delay, self._deliver)

    def cancel(self) -> None:
        """The connection is gone: nothing is sent any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._delivery.release = None
        if self._delivery.done is not None:
            self._delivery.done()
            self._delivery.done = None

    def _after(self, milliseconds: float, act: Callable[..., None], *arguments: Any) -> None:
        self._timer = self._loop.call_later(milliseconds / 1_000, act, *arguments)

    def _deliver(self) -> None:
        fault = self._delivery.fault
        if fault is None:
            self.cancel()
            self._send(self._head, self._body)
            return
        if fault == "malformed-chunk":
            head = _LENGTH.sub(b"", self._head) + b"Transfer-Encoding: chunked\r\n\r\n"
            half = self._body[: len(self._body) // 2]
            self._transport.write(head + b"%x\r\n%b\r\nthis is no chunk size\r\n" % (len(half), half))
        elif fault == "random-data-then-close":
            self._transport.write(hashlib.sha512(self._head).digest() + b"\r\n\r\n")
        elif fault == "connection-reset":
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            self.cancel()
            self._transport.abort()
            return
        self._close()

    def _trickle(self, milliseconds: int, sent: int) -> None:
        """Send the body in pieces, the last of them at the end of the time."""
        if not self._begun:
            self._begun = True
            self._transport.write(self._head + b"Connection: close\r\n\r\n")
        size = max(1, -(-len(self._body) // PIECES))
        if sent >= len(self._body):
            self._close()
            return
        self._transport.write(self._body[sent : sent + size])
        self._after(milliseconds / PIECES, self._trickle, milliseconds, sent + size)

    def _close(self) -> None:
        self.cancel()
        self._transport.close()

    def _release(self, status: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Send another answer now; from any thread."""
        self._loop.call_soon_threadsafe(self._instead, wsgi_bridge.head(status, headers, body), body)

    def _instead(self, head: bytes, body: bytes) -> None:
        if self._delivery.release is None:
            return  # it has been delivered meanwhile
        begun = self._begun
        self.cancel()
        if begun:
            self._transport.close()
        else:
            self._send(head, body)
