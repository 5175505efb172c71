from __future__ import annotations

import pytest

from mockserver import Contract
from mockserver.engine.commands import Command, Fire, Put
from mockserver.engine.history import CHECKPOINT_EVERY, History
from mockserver.engine.reducer import apply, finish
from mockserver.engine.start import Start
from mockserver.engine.state.state import State, fingerprint
from mockserver.refusals import BeyondLog

BASE_AT = 1_000


@pytest.fixture
def base(small: Contract) -> State:
    return Start(small, small.scenarios["baseline"]).state


def fill(history: History, contract: Contract, state: State, *commands: Command) -> list[State]:
    """Appends commands; the states after each."""
    states = []
    for command in commands:
        state = apply(state, command)
        history.append(command, state)
        states.append(state)
    return states


def fires(*named: tuple[str, str, int]) -> list[Command]:
    return [Fire("jobs", key, transition, at) for key, transition, at in named]


THREE = fires(("a", "start", 2_000), ("b", "finish", 3_000), ("a", "finish", 3_000))


def status(state: State, key: str) -> object:
    return state.record("jobs", key)["status"]


def test_the_state_after_any_number_of_commands_can_be_folded_again(small: Contract, base: State) -> None:
    history = History(base, BASE_AT)
    fill(history, small, base, *THREE)
    states = [finish(history.fold(count)) for count in range(4)]
    assert [(status(state, "a"), status(state, "b")) for state in states] == [
        ("queued", "running"),
        ("running", "running"),
        ("running", "done"),
        ("done", "done"),
    ]


def test_folding_changes_nothing_until_the_history_is_truncated(small: Contract, base: State) -> None:
    history = History(base, BASE_AT)
    fill(history, small, base, *THREE)
    finish(history.fold(1))
    assert history.commands == THREE
    history.truncate(1)
    assert history.commands == THREE[:1]


def test_commands_are_counted_up_to_and_including_an_instant(small: Contract, base: State) -> None:
    history = History(base, BASE_AT)
    fill(history, small, base, *THREE)
    assert [history.count_until(at) for at in (1_999, 2_000, 2_999, 3_000)] == [0, 1, 1, 3]


def test_a_full_history_drops_its_oldest_command(small: Contract, base: State) -> None:
    history = History(base, BASE_AT, limit=2)
    fill(history, small, base, *THREE)
    assert history.commands == THREE[1:]
    assert history.dropped == 1
    assert status(finish(history.fold(0)), "a") == "running"


def test_a_history_that_has_dropped_commands_is_not_complete(small: Contract, base: State) -> None:
    history = History(base, BASE_AT, limit=2)
    history.require_complete()
    fill(history, small, base, *THREE)
    with pytest.raises(BeyondLog):
        history.require_complete()


def test_an_instant_before_the_base_of_a_full_history_is_beyond_the_log(small: Contract, base: State) -> None:
    history = History(base, BASE_AT, limit=2)
    fill(history, small, base, *THREE)
    assert history.count_until(2_000) == 0
    with pytest.raises(BeyondLog):
        history.count_until(1_999)


def test_a_state_is_folded_from_the_last_checkpoint_before_it(small: Contract, base: State) -> None:
    history = History(base, BASE_AT)
    command = Fire("jobs", "a", "start", 2_000)
    # Not what the commands lead to, so that it shows which state the fold began with.
    for _ in range(CHECKPOINT_EVERY):
        history.append(command, base)
    assert finish(history.fold(CHECKPOINT_EVERY)) is base


def test_a_history_returns_to_an_earlier_position(small: Contract, base: State) -> None:
    history = History(base, BASE_AT)
    fill(history, small, base, THREE[0])
    position = history.position()
    fill(history, small, finish(history.fold(1)), *THREE[1:])
    assert history.return_to(position)
    assert history.commands == THREE[:1]


def test_a_history_that_has_dropped_commands_since_does_not_return(small: Contract, base: State) -> None:
    history = History(base, BASE_AT, limit=2)
    position = history.position()
    fill(history, small, base, *THREE)
    assert not history.return_to(position)


@pytest.mark.parametrize("limit", [1, 2, CHECKPOINT_EVERY - 1, CHECKPOINT_EVERY, CHECKPOINT_EVERY + 1])
@pytest.mark.parametrize("more", [0, 1, CHECKPOINT_EVERY, 2 * CHECKPOINT_EVERY + 7])
def test_a_full_history_reaches_back_exactly_as_far_as_its_limit(
    small: Contract, base: State, limit: int, more: int
) -> None:
    history = History(base, BASE_AT, limit=limit)
    job = {"id": "a", "owner_id": 1, "status": "queued"}
    puts: list[Command] = [
        Put(
            "jobs", "a", {**job, "updated_at": f"1970-01-01T00:{number // 60:02}:{number % 60:02}.000Z"}, 2_000 + number
        )
        for number in range(limit + more)
    ]
    states = fill(history, small, base, *puts)
    assert history.commands == puts[more:]
    assert history.dropped == more
    assert [fingerprint(finish(history.fold(count))) for count in range(limit, -1, -(limit // 3 + 1))] == [
        fingerprint([base, *states][more + count]) for count in range(limit, -1, -(limit // 3 + 1))
    ]
    if more:
        assert history.count_until(puts[more - 1].at) == 0
        with pytest.raises(BeyondLog):
            history.count_until(puts[more - 1].at - 1)


def test_what_a_full_history_dropped_stays_dropped_when_the_rest_is_undone(small: Contract, base: State) -> None:
    history = History(base, BASE_AT, limit=2)
    fill(history, small, base, *THREE)
    history.truncate(0)
    assert history.commands == []
    assert history.dropped == 1
    assert status(finish(history.fold(0)), "a") == "running"
    fill(history, small, finish(history.fold(0)), *THREE[1:])
    assert history.commands == THREE[1:]
    assert history.dropped == 1


def test_a_full_history_applies_no_command_again(small: Contract, base: State, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(base, BASE_AT, limit=2)
    monkeypatch.setattr("mockserver.engine.history.apply", None)
    fill(history, small, base, *THREE)
    assert history.dropped == 1
