"""Sends delayed responses and injects connection faults, with timers of the event loop instead of threads."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import struct
from collections.abc import Callable
from typing import Any

from mockserver.engine.clock import monotonic
from mockserver.http.messages import RETRY_MILLISECONDS, Delivery, Response
from mockserver.server.response_turns import ResponseTurns

# The duration of a fault if the override has no delay.
TIMEOUT_MILLISECONDS = 60_000
SLOW_MILLISECONDS = 5_000
PIECES = 20
# How long a client that sends no more waits for what may never come.
GONE_SECONDS = 10.0
LINGER_NONE = struct.pack("ii", 1, 0)
_LENGTH = re.compile(rb"(?im)^content-length:[^\r]*\r\n")

Send = Callable[[bytes, bytes], None]
Encode = Callable[[Response], tuple[bytes, bytes]]


class DelayedSend:
    """One delayed response. `send` sends a head and a body, and then continues with the next request.

    `encode` gives the head and body of a response that is sent in place of the first one.
    `date` returns the headers that the server adds to every response, as lines. Without `has_content`, as in the
    response to HEAD, a spoiled response has none either.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        delivery: Delivery,
        response: tuple[bytes, bytes],
        encode: Encode,
        send: Send,
        *,
        date: Callable[[], bytes] = bytes,
        has_content: bool = True,
        turns: ResponseTurns | None = None,
    ) -> None:
        self._loop, self._transport, self._delivery = loop, transport, delivery
        self._encode, self._send = encode, send
        self._head, self._body = response
        self._date, self._has_content = date, has_content
        self._turns, self._deadline, self._due = turns or ResponseTurns(), 0.0, 0.0
        self._has_begun = False
        self._timer: asyncio.TimerHandle | None = None
        delivery.release = self._release

    def start(self) -> None:
        """Start the timer."""
        fault, delay = self._delivery.fault, self._delivery.delay
        if fault == "timeout":
            self._after(delay or TIMEOUT_MILLISECONDS, self._close)
        elif fault == "slow-body":
            self._after(0, self._trickle, delay or SLOW_MILLISECONDS, 0)
        elif self._delivery.retry is not None:
            self._deadline = monotonic() + delay / 1_000
            self.respond_to_waiting()
        else:
            self._after(delay, self._deliver)

    def watch_peer(self) -> None:
        """The peer sends no more, and has most likely gone: it holds up nobody, and gets only what comes soon."""
        self._delivery.delivered()
        latest = monotonic() + GONE_SECONDS
        self._deadline = min(self._deadline, latest)
        if self._due > latest:
            self._transport.close()

    def respond_to_waiting(self) -> None:
        """Send the response once there is one that need not wait, and at the deadline the last one."""
        retry = self._delivery.retry
        assert retry is not None
        response = retry()
        if response is not None:
            self._head, self._body = self._encode(response)
            if response.delivery is None:
                self._deliver()
                return
            response.delivery.delivered()
        remaining = (self._deadline - monotonic()) * 1_000
        if remaining <= 0:
            self._end(None)
            self._deliver()
        else:
            # In turns with others, since thousands may wait for the same moment.
            self._after(min(remaining, RETRY_MILLISECONDS), self._turns.add_again, self, self._loop)

    def cancel(self) -> None:
        """Stop the timer, since the connection was closed or another response was sent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._turns.remove(self)
        self._delivery.delivered()

    def _after(self, milliseconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Call `act` after a time. The loop's clock is coarse, so its timer may fire early and is checked."""
        due = self._due = monotonic() + milliseconds / 1_000

        def act_if_due() -> None:
            remaining = due - monotonic()
            if remaining > 0:
                self._timer = self._loop.call_later(remaining, act_if_due)
            else:
                act(*arguments)

        self._timer = self._loop.call_later(milliseconds / 1_000, act_if_due)

    def _deliver(self) -> None:
        fault = self._delivery.fault
        if fault is None:
            self.cancel()
            self._send(self._head, self._body)
            return
        if fault == "malformed-chunk":
            self._write_malformed()
        elif fault == "random-data-then-close":
            self._transport.write(hashlib.sha512(self._head).digest() + b"\r\n\r\n")
        elif fault == "connection-reset":
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            self.cancel()
            self._transport.abort()
            return
        self._close()

    def _write_malformed(self) -> None:
        """Write half of the body as a chunk, and then what is none."""
        if not self._has_content:
            self._transport.write(self._closing_head(self._head))
            return
        head = self._closing_head(_LENGTH.sub(b"", self._head) + b"Transfer-Encoding: chunked\r\n")
        half = self._body[: len(self._body) // 2]
        # A chunk of no bytes would end the body properly.
        chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
        self._transport.write(head + chunk + b"not a valid chunk size\r\n")

    def _closing_head(self, head: bytes) -> bytes:
        return head + self._date() + b"Connection: close\r\n\r\n"

    def _trickle(self, milliseconds: int, sent: int) -> None:
        """Send the body in pieces, the last of them at the end of the time."""
        if not self._has_begun:
            self._has_begun = True
            self._transport.write(self._closing_head(self._head))
        size = max(1, -(-len(self._body) // PIECES))
        if sent >= len(self._body):
            self._close()
            return
        self._transport.write(self._body[sent : sent + size])
        self._after(milliseconds / PIECES, self._trickle, milliseconds, sent + size)

    def _close(self) -> None:
        self.cancel()
        self._transport.close()

    def _release(self, response: Response) -> None:
        """Send another response now. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._send_instead, response, *self._encode(response))

    def _end(self, response: Response | None) -> None:
        if self._delivery.ended is not None:
            self._delivery.ended(response)

    def _send_instead(self, response: Response, head: bytes, body: bytes) -> None:
        if self._delivery.release is None:
            return  # already sent
        self._end(response)
        has_begun = self._has_begun
        self.cancel()
        if has_begun:
            self._transport.close()
        else:
            self._send(head, body)
