"""Lets all connections of an event loop respond in turns, so that none waits until every other one has responded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any, Protocol

# How long connections respond before the loop looks what else has come, unless a single response takes longer.
TURN_SECONDS = 0.05
# After a turn that has taken long, the loop needs several rounds for a new connection: to accept it, to read a request,
# and to write the response.
PAUSE_SECONDS = 0.002
WAITING_BYTES = attrgetter("waiting_bytes")


class Waiting(Protocol):
    """Continues with requests that have waited for their turn."""

    def respond_to_waiting(self) -> None:
        """Respond to some of the requests that wait for their turn."""


class Responder(Waiting, Protocol):
    """A connection that has requests to respond to."""

    @property
    def waiting_bytes(self) -> int:
        """How many bytes the bodies of its requests have."""


class ResponseTurns:
    """The connections whose requests wait until others have had their turn.

    A turn begins with the first request that has come since the loop has looked, and ends when it looks again.
    """

    def __init__(self) -> None:
        self._waiting: dict[Responder, None] = {}
        # Of those that wait again, thousands may have their turn at the same moment.
        self._waiting_again: dict[Waiting, None] = {}
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
        self._have_turn(loop)

    def add_again(self, waiting: Waiting, loop: asyncio.AbstractEventLoop) -> None:
        """Let a postponed request continue, by turns with requests that came later."""
        self._waiting_again[waiting] = None
        self._have_turn(loop)

    def remove(self, waiting: Any) -> None:
        """A connection has nothing to respond to any more."""
        self._waiting.pop(waiting, None)
        self._waiting_again.pop(waiting, None)

    def _have_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_scheduled:
            self._schedule(loop, self._began is not None and loop.time() - self._began > TURN_SECONDS)

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
            for waiting in self._in_order():
                if self._waiting.pop(waiting, self) is not self or self._waiting_again.pop(waiting, self) is not self:
                    waiting.respond_to_waiting()
                if loop.time() - began > TURN_SECONDS:
                    break
        finally:
            # Where one of them fails, the others still have their turn.
            self._is_scheduled = False
            if self._waiting or self._waiting_again:
                self._schedule(loop, loop.time() - began > TURN_SECONDS)

    def _in_order(self) -> Iterator[Any]:
        """A new request and a postponed one, alternately."""
        # Large bodies take the most time. Of others, the one that has waited longest is the first.
        pairs = zip_longest(sorted(self._waiting, key=WAITING_BYTES), list(self._waiting_again))
        return (waiting for waiting in chain.from_iterable(pairs) if waiting is not None)
