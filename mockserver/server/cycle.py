"""What uvicorn asks about one request and its response."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import httptools


class Cycle:
    """One request and its response, as far as uvicorn asks about them."""

    __slots__ = ("disconnected", "is_http_1_0", "keep_alive", "message_event", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = self.is_http_1_0 = False
        self.message_event = _NOTHING


class WaitingRequests(deque[tuple[Cycle, Any, int]]):
    """Requests of a connection that wait for responses to earlier ones, and the `size` of their bodies.

    One read may bring thousands of them, so the size is not added up each time.
    """

    # A deque itself: that nothing waits is asked for each request.
    __slots__ = ("size",)

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def add(self, cycle: Cycle, request: Any, size: int = 0) -> None:
        """Add a request, with the size of its body."""
        self.append((cycle, request, size))
        self.size += size

    def take(self) -> tuple[Cycle, Any]:
        """Remove the first request."""
        cycle, request, size = self.popleft()
        self.size -= size
        return cycle, request

    def drop_last(self) -> None:
        """Remove the last request."""
        self.size -= self.pop()[2]

    def clear(self) -> None:
        """Remove all requests."""
        super().clear()
        self.size = 0


class Hold(Protocol):
    """What a connection waits for before it responds to the next request."""

    def cancel(self) -> None:
        """Stop, since the connection was closed."""


class _Nothing:
    def set(self) -> None:
        """Uvicorn wakes a waiting task; there is none."""


_NOTHING = _Nothing()


def request_head(parser: httptools.HttpRequestParser, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The head of the request that a parser has read, with other headers."""
    lines = [b"%b %b HTTP/%b" % (parser.get_method(), target, parser.get_http_version().encode())]
    lines += [b"%b: %b" % header for header in headers]
    return b"\r\n".join([*lines, b"", b""])
