from __future__ import annotations

from mockserver.engine.commands import Fired
from mockserver.engine.unreported_transitions import UNREPORTED_LIMIT, UnreportedTransitions

FIRST, SECOND = Fired("jobs", "a", "start", 1), Fired("jobs", "b", "cancel", 2)


def test_transitions_are_reported_once_and_in_order() -> None:
    unreported = UnreportedTransitions(0)
    assert not unreported.transitions
    unreported.add_due([FIRST], until=5)
    unreported.transitions.add(SECOND)
    assert unreported.transitions
    assert unreported.drain() == (FIRST, SECOND)
    assert unreported.drain() == ()
    assert unreported.settled_until == 5


def test_the_oldest_are_not_reported_where_there_are_too_many() -> None:
    unreported = UnreportedTransitions(0)
    unreported.transitions.add(FIRST)
    unreported.add_due([SECOND] * UNREPORTED_LIMIT, until=2)
    assert unreported.drain() == (SECOND,) * UNREPORTED_LIMIT


def test_what_was_saved_is_not_drained() -> None:
    unreported = UnreportedTransitions(3, [FIRST])
    saved = unreported.saved()
    unreported.drain()
    again = UnreportedTransitions(*saved)
    assert again.drain() == (FIRST,)
    assert again.settled_until == 3
