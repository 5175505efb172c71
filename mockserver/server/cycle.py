"""What uvicorn asks about one request and its response."""

from __future__ import annotations


class Cycle:
    """One request and its response, as far as uvicorn asks about them."""

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = False
        self.message_event = _NOTHING


class _Nothing:
    def set(self) -> None:
        """Uvicorn wakes a waiting task; there is none."""


_NOTHING = _Nothing()
