from __future__ import annotations

import pytest
from msgspec.structs import replace

from mockserver import Contract
from mockserver.contract.model import Rule
from mockserver.engine.commands import Fire, Fired
from mockserver.engine.start import Start
from mockserver.engine.timeline import Timeline
from mockserver.refusals import BadTime, BeforeStart, NothingToUndo
from mockserver.syntax.instants import LATEST


@pytest.fixture
def timeline(small: Contract) -> Timeline:
    """A timeline in which queued jobs start after five seconds."""
    scenario = replace(small.scenarios["baseline"], progress={"jobs": (Rule("queued", "start", 5_000, 5_000),)})
    return Timeline(Start(small, scenario), lambda: 0.0)


def status(timeline: Timeline, key: str) -> object:
    return timeline.state.record("jobs", key)["status"]


def test_settling_does_not_move_the_clock(timeline: Timeline) -> None:
    before = timeline.now
    assert timeline.settle(before + 4_999) == []
    fired = timeline.settle(before + 5_000)
    assert fired == [Fired("jobs", "a", "start", before + 5_000), Fired("jobs", "x/y", "start", before + 5_000)]
    assert timeline.now == before


def test_advancing_moves_the_clock_and_fires_what_falls_due(timeline: Timeline) -> None:
    to = timeline.now + 6_000
    assert [fired.key for fired in timeline.advance(to)] == ["a", "x/y"]
    assert timeline.now == to
    assert status(timeline, "a") == "running"


def test_the_clock_stays_within_the_calendar(timeline: Timeline) -> None:
    with pytest.raises(BadTime):
        timeline.advance(LATEST + 1)


def test_a_repeated_command_is_not_accepted(timeline: Timeline) -> None:
    command = Fire("jobs", "a", "cancel", timeline.now)
    assert timeline.accept(command)
    assert not timeline.accept(command)
    assert timeline.history.commands == [command]


def test_restoring_forgets_later_commands_and_fires_what_was_due(timeline: Timeline) -> None:
    begins = timeline.now
    timeline.advance(begins + 2_000)
    timeline.accept(Fire("jobs", "a", "cancel", timeline.now))
    timeline.restore(0, begins + 5_000)
    assert status(timeline, "a") == "running"
    assert timeline.now == begins + 5_000
    assert timeline.history.commands == []


def test_commands_remain_up_to_an_instant_that_is_not_before_the_start(timeline: Timeline) -> None:
    begins = timeline.now
    timeline.accept(Fire("jobs", "a", "cancel", begins))
    timeline.advance(begins + 1_000)
    timeline.accept(Fire("jobs", "b", "cancel", timeline.now))
    assert timeline.commands_until(begins + 999) == 1
    assert timeline.commands_before_last(2) == (0, begins)
    with pytest.raises(BeforeStart):
        timeline.commands_until(begins - 1)
    with pytest.raises(NothingToUndo):
        timeline.commands_before_last(3)


def test_a_timeline_returns_to_an_earlier_position(timeline: Timeline) -> None:
    position = timeline.position()
    timeline.advance(timeline.now + 5_000)
    timeline.accept(Fire("jobs", "b", "cancel", timeline.now))
    assert timeline.return_to(position)
    assert timeline.position() == position


def moved_start(small: Contract, seconds: int) -> Start:
    """A start of the same scenario, whose clock begins so much later."""
    scenario = small.scenarios["baseline"]
    plan = replace(scenario.clock, start=scenario.clock.start + seconds * 1_000)
    return Start(small, replace(scenario, clock=plan))


def test_commands_are_repeated_from_another_start_at_the_same_instant(timeline: Timeline, small: Contract) -> None:
    timeline.advance(timeline.now + 2_000)
    timeline.accept(Fire("jobs", "a", "cancel", timeline.now))
    repeated = timeline.repeated_from(Start(small, small.scenarios["baseline"]), {})
    assert status(repeated, "a") == "cancelled"
    assert repeated.now == timeline.now


def test_a_clock_that_has_not_moved_begins_where_the_new_start_says(timeline: Timeline, small: Contract) -> None:
    assert timeline.repeated_from(moved_start(small, 60), {}).now == timeline.now + 60_000


def test_a_clock_keeps_its_mode_where_commands_are_repeated(timeline: Timeline, small: Contract) -> None:
    timeline.clock = timeline.clock_with_mode("per-request", None, 1_000)
    repeated = timeline.repeated_from(Start(small, small.scenarios["baseline"]), {})
    assert repeated.clock == timeline.clock


def test_commands_from_before_the_new_start_are_not_repeated(timeline: Timeline, small: Contract) -> None:
    timeline.accept(Fire("jobs", "a", "cancel", timeline.now))
    with pytest.raises(BeforeStart):
        timeline.repeated_from(moved_start(small, 60), {})


def test_a_timeline_is_untouched_until_a_command_is_accepted(timeline: Timeline) -> None:
    assert timeline.is_untouched
    timeline.accept(Fire("jobs", "a", "cancel", timeline.now))
    assert not timeline.is_untouched


def test_a_timeline_whose_clock_has_another_mode_is_not_untouched(timeline: Timeline) -> None:
    timeline.clock = timeline.clock_with_mode("real", 2.0, None)
    assert not timeline.is_untouched
