"""What uvicorn asks about one request and its response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import httptools


class Cycle:
    """One request and its response, as far as uvicorn asks about them."""

    __slots__ = ("disconnected", "is_http_1_0", "keep_alive", "message_event", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = self.is_http_1_0 = False
        self.message_event = _NOTHING


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
