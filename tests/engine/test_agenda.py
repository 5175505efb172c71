from __future__ import annotations

import random
from collections.abc import Callable

from msgspec.structs import replace

from mockserver.engine.state.schedule import Agenda, DueTransition
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import rounds


def transition(at: int, key: int) -> DueTransition:
    return DueTransition(at, "jobs", False, key, 0)


def drained(agenda: Agenda) -> list[DueTransition]:
    """The transitions of an agenda, which are taken off it one by one."""
    transitions = []
    while (due := agenda.first) is not None:
        transitions.append(due)
        agenda = agenda.with_replaced(due, None)
    return transitions


def test_an_agenda_has_its_transitions_in_the_order_in_which_they_are_due() -> None:
    draws = random.Random(1)
    expected = [transition(draws.randrange(50), key) for key in range(300)]
    agenda = Agenda.from_transitions(expected)
    for key in range(300, 300 + rounds(1_000, 20_000)):
        old = draws.choice(expected) if draws.random() < 0.6 and expected else None
        new = transition(draws.randrange(50), key) if draws.random() < 0.6 else None
        before, former = agenda, sorted(expected)
        agenda = agenda.with_replaced(old, new)
        expected = [each for each in expected if each != old] + ([new] if new is not None else [])
        assert agenda.first == min(expected, default=None)
        if key % 100 == 0:
            assert drained(agenda) == sorted(expected)
            assert drained(before) == former
    assert drained(agenda) == sorted(expected)


def test_an_agenda_that_nothing_is_taken_off_or_added_to_is_the_same() -> None:
    agenda = Agenda.from_transitions([transition(1, 1)])
    assert agenda.with_replaced(None, None) is agenda


def test_the_time_that_an_agenda_takes_grows_with_the_transitions() -> None:
    def prepare(size: int) -> Callable[[], object]:
        agenda = Agenda.from_transitions(transition(1, key) for key in range(size))

        def move_all() -> None:
            moved = agenda
            while (due := moved.first) is not None and due.at == 1:
                moved = moved.with_replaced(due, replace(due, at=2))

        return move_all

    assert_grows_linearly(prepare, 4_000)


def test_of_equal_instants_the_order_is_by_key_and_numbers_come_before_texts() -> None:
    transitions = [DueTransition(1, "jobs", isinstance(key, str), key, 0) for key in ("9", "10", 10, 9)]
    assert [due.key for due in drained(Agenda.from_transitions(transitions))] == [9, 10, "10", "9"]
