"""A request whose response takes long to compute: other requests are handled in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mockserver.server.response_turns import ResponseTurns


class PostponedRequest:
    """Has `respond` called when it is its turn."""

    def __init__(self, respond: Callable[[], None], turns: ResponseTurns, loop: asyncio.AbstractEventLoop) -> None:
        self._respond, self._turns = respond, turns
        turns.add_again(self, loop)

    def respond_to_waiting(self) -> None:
        """Continue with the request."""
        self._respond()

    def respond_at_once(self) -> None:
        """Go on with it before its turn."""
        self._turns.remove(self)
        self._respond()

    def cancel(self) -> None:
        """Do not respond, since the connection was closed."""
        self._turns.remove(self)
