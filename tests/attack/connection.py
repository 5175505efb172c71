"""A connection to the server without a socket: a test moves its clock, and decides when the peer reads."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from mockserver.server.protocol import Protocol
from mockserver.server.served_app import ServedApp
from mockserver.server.server import KEEP_ALIVE_SECONDS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HIGH_WATER = 64 * 1024


class Timer:
    """A call that is due at a time."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class Loop:
    """The clock and the timers of an event loop, in seconds."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, act: Callable[..., None], *arguments: Any) -> Timer:
        timer = Timer(lambda: act(*arguments))
        heapq.heappush(self._timers, (self.now + delay, next(self._numbers), timer))
        return timer

    def call_soon(self, act: Callable[..., None], *arguments: Any) -> Timer:
        return self.call_later(0, act, *arguments)

    def advance(self, seconds: float) -> None:
        """Move the clock, and fire each timer when it is due."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._timers)
            if timer.act is not None:
                timer.act()
        self.now = max(self.now, until)


class Connection:
    """One connection of a protocol, which is its transport, too. `received` is all that the peer has read."""

    def __init__(
        self,
        app: WSGIApplication,
        body_limit: int = 10_000,
        *,
        reads: bool = True,
        make_protocol: Callable[..., Protocol] = Protocol,
    ) -> None:
        self.loop, self.received, self.unread = Loop(), b"", bytearray()
        self.is_reading = True
        self._closing, self._reads = False, reads
        served: Any = ServedApp.of(app, body_limit)
        config = Config(
            app=served,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        loop: Any = self.loop
        transport: Any = self
        self.protocol = make_protocol(config, ServerState(), {}, loop)
        self.protocol.connection_made(transport)

    def send(self, data: bytes) -> None:
        """What the peer sends, and the turns of the loop that it leads to."""
        self.protocol.data_received(data)
        self.loop.advance(0)

    def read(self) -> None:
        """Have the peer read all that there is, again and again, until nothing comes."""
        while self.unread:
            self.received += bytes(self.unread)
            self.unread.clear()
            if self.protocol.flow.write_paused:
                self.protocol.resume_writing()
            self.loop.advance(0)

    @property
    def statuses(self) -> list[int]:
        """The statuses of all responses that the peer has read."""
        return [int(part[:3]) for part in self.received.split(b"HTTP/1.1 ")[1:]]

    def write(self, data: bytes) -> None:
        self.unread += data
        if self._reads:
            self.received += bytes(self.unread)
            self.unread.clear()
        elif len(self.unread) > HIGH_WATER:
            self.protocol.pause_writing()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def get_extra_info(self, name: str) -> Any:
        """Nothing is known of the socket."""
