"""The fired transitions of a run that no journal entry has reported yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.commands import Fired

# Beyond that, the oldest are not reported.
UNREPORTED_LIMIT = 1_000


class UnreportedTransitions:
    """Due transitions and accepted commands, in order.

    `settled_until` is the clock up to which transitions were fired when the last of them was.
    """

    __slots__ = ("settled_until", "transitions")

    def __init__(self, settled_until: int, transitions: Sequence[Fired] = ()) -> None:
        self.settled_until = settled_until
        self.transitions: BoundedList[Fired] = BoundedList(UNREPORTED_LIMIT)
        self.transitions.extend(transitions)

    def add_due(self, transitions: Iterable[Fired], until: int) -> None:
        """Add the transitions that were due by `until`."""
        self.transitions.add_all(transitions)
        self.settled_until = until

    def drain(self) -> tuple[Fired, ...]:
        """Return the transitions, and forget them."""
        transitions = tuple(self.transitions)
        self.transitions.clear()
        return transitions

    def saved(self) -> tuple[int, tuple[Fired, ...]]:
        """The arguments that create another like this."""
        return self.settled_until, tuple(self.transitions)
