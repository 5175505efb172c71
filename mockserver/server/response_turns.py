"""Lets all connections of an event loop respond in turns, so that none waits until every other one has responded."""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import Protocol

# How long connections respond before the loop looks what else has come, unless a single response takes longer.
TURN_SECONDS = 0.05
# After a turn that has taken long, the loop needs several rounds for a new connection: to accept it, to read a request,
# and to write the response.
PAUSE_SECONDS = 0.002
WAITING_BYTES = attrgetter("waiting_bytes")


class Responder(Protocol):
    """A connection that has requests to respond to."""

    @property
    def waiting_bytes(self) -> int:
        """How many bytes the bodies of its requests have."""

    def respond_to_waiting(self) -> None:
        """Respond to some of the requests that wait for their turn."""


class ResponseTurns:
    """The connections whose requests wait until others have had their turn.

    A turn begins with the first request that has come since the loop has looked, and ends when it looks again.
    """

    def __init__(self) -> None:
        self._waiting: dict[Responder, None] = {}
        self._is_scheduled = False
        self._began: float | None = None

    def is_over(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether what has come is to wait for the next turn."""
        if self._began is None:
            self._began = loop.time()
            loop.call_soon(self._end)
            return False
        return loop.time() - self._began > TURN_SECONDS

    def add(self, responder: Responder, loop: asyncio.AbstractEventLoop) -> None:
        """Have a connection respond once the loop has looked what else has come."""
        self._waiting[responder] = None
        if not self._is_scheduled:
            self._schedule(loop, self._began is not None and loop.time() - self._began > TURN_SECONDS)

    def remove(self, responder: Responder) -> None:
        """A connection has nothing to respond to any more."""
        self._waiting.pop(responder, None)

    def _end(self) -> None:
        self._began = None

    def _schedule(self, loop: asyncio.AbstractEventLoop, was_long: bool) -> None:
        """Have a turn begin: what comes before is responded to first."""
        self._is_scheduled = True
        if was_long:
            loop.call_soon(loop.call_later, PAUSE_SECONDS, self._respond, loop)
        else:
            loop.call_soon(self._respond, loop)

    def _respond(self, loop: asyncio.AbstractEventLoop) -> None:
        began = loop.time()
        try:
            # Large bodies take the most time. Of others, the one that has waited longest is the first.
            for responder in sorted(self._waiting, key=WAITING_BYTES):
                if self._waiting.pop(responder, self) is not self:
                    responder.respond_to_waiting()
                if loop.time() - began > TURN_SECONDS:
                    break
        finally:
            # Where one of them fails, the others still have their turn.
            self._is_scheduled = False
            if self._waiting:
                self._schedule(loop, loop.time() - began > TURN_SECONDS)
