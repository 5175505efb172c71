"""Time, and what it does: each rule of the clock, and the laws that hold between its moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver import Contract, load_contract
from mockserver.contract.model import ClockPlan, Rule
from mockserver.engine import reducer
from mockserver.engine.commands import Fire, Fired, Put, Remove
from mockserver.engine.history import CHECKPOINT_EVERY
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from mockserver.engine.timeline import RESTART_LIMIT, StillSettling
from mockserver.errors import Refusal
from mockserver.refusals import BadTime, BeforeStart, NothingToUndo, TooMuchDue
from mockserver.syntax.instants import format_instant

SECOND, MINUTE = 1_000, 60_000
RULES = (
    Rule("queued", "start", 5 * SECOND, 5 * SECOND),
    Rule("running", "fail", 20 * SECOND, 20 * SECOND, where={"type": "transcription"}, times=1),
    Rule("running", "succeed", 15 * SECOND, 40 * SECOND),
    Rule("failed", "retry", 30 * SECOND, 30 * SECOND, times=2),
)


class Watch:
    """The machine's clock, in seconds, moved by the test."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract()


def make(
    contract: Contract, seconds: Callable[[], float] = lambda: 0.0, rules: tuple[Rule, ...] = RULES, **clock: Any
) -> Run:
    baseline = contract.scenarios["baseline"]
    plan = ClockPlan(baseline.clock.start, **clock)
    return Run(Start(contract, replace(baseline, progress={"jobs": rules}, clock=plan)), 1, seconds)


def status(run: Run, key: str) -> str:
    result: str = run.state.record("jobs", key)["status"]
    return result


def fire(run: Run, key: str, transition: str) -> None:
    run.submit(lambda _, at: Fire("jobs", key, transition, at))


def test_what_falls_due_is_fired_in_order_and_stamped_with_its_instant(contract: Contract) -> None:
    run = make(contract, rules=RULES[:2])
    start = run.now
    assert run.next_due == start + 5 * SECOND
    assert run.advance(25 * SECOND) == [
        Fired("jobs", "job-1", "start", start + 5 * SECOND),
        Fired("jobs", "job-14", "start", start + 5 * SECOND),
        Fired("jobs", "job-23", "start", start + 5 * SECOND),
        Fired("jobs", "job-2", "fail", start + 20 * SECOND),
        Fired("jobs", "job-24", "fail", start + 20 * SECOND),
        Fired("jobs", "job-1", "fail", start + 25 * SECOND),
        Fired("jobs", "job-14", "fail", start + 25 * SECOND),
    ]
    assert run.state.record("jobs", "job-1")["updated_at"] == format_instant(start + 25 * SECOND)


def test_the_first_rule_that_matches_counts_and_times_bounds_it_per_record(contract: Contract) -> None:
    run = make(contract)
    run.advance(10 * MINUTE)
    log = [row.record["event_type"] for row in run.state.tables["job_events"].group("job_id", "job-1")]
    assert log == ["start", "fail", "retry", "start", "succeed"]


def test_a_command_takes_the_record_off_the_agenda(contract: Contract) -> None:
    run = make(contract)
    fire(run, "job-1", "cancel")
    run.advance(10 * MINUTE)
    assert status(run, "job-1") == "cancelled"


def test_a_record_that_was_put_waits_from_the_command_on(contract: Contract) -> None:
    run = make(contract)
    run.advance(MINUTE)
    record = {
        "id": "n",
        "session_id": "session-6",
        "type": "summarization",
        "status": "queued",
        "updated_at": "2026-01-15T08:00:00.000Z",
    }
    run.submit(lambda _, at: Put("jobs", "n", record, at))
    run.advance(5 * SECOND - 1)
    assert status(run, "n") == "queued"
    run.advance(1)
    assert status(run, "n") == "running"
    run.submit(lambda _, at: Remove("jobs", "n", at))
    run.advance(MINUTE)
    assert not run.state.has_record("jobs", "n")


def write(run: Run, key: str) -> None:
    run.submit(lambda state, at: Put("jobs", key, state.record("jobs", key), at, touch=True))


def test_what_a_client_writes_does_not_make_a_record_wait_anew(contract: Contract) -> None:
    run = make(contract)
    run.advance(4 * SECOND)
    write(run, "job-1")
    run.advance(1 * SECOND)
    assert status(run, "job-1") == "running"


def test_what_a_client_writes_does_not_begin_the_count_of_times_anew(contract: Contract) -> None:
    run = make(contract, rules=RULES[:2])
    run.advance(25 * SECOND)
    assert status(run, "job-1") == "failed"
    fire(run, "job-1", "retry")
    write(run, "job-1")
    run.advance(MINUTE)
    assert status(run, "job-1") == "running"


def test_a_manual_clock_moves_only_when_told(contract: Contract) -> None:
    watch = Watch()
    run = make(contract, watch)
    before = run.now
    watch.now += 1_000
    run.count_request("listJobs")
    assert run.now == before
    assert status(run, "job-1") == "queued"


def test_a_real_clock_goes_with_the_machines_times_its_speed(contract: Contract) -> None:
    watch = Watch()
    run = make(contract, watch, mode="real", speed=2.0)
    start = run.now
    watch.now += 2.499
    assert run.now == start + 4_998
    assert status(run, "job-1") == "queued"
    watch.now += 0.001
    run.settle()
    assert status(run, "job-1") == "running"
    run.rewind(5 * SECOND)
    assert run.now == start
    assert status(run, "job-1") == "queued"
    watch.now += 3
    run.settle()
    assert status(run, "job-1") == "running"


def test_reading_a_run_changes_nothing(contract: Contract) -> None:
    watch = Watch()
    run = make(contract, watch, mode="real")
    before = run.state
    watch.now += 60
    assert run.next_due == run.now - 55 * SECOND
    assert run.fingerprint == Start(contract, run.scenario).fingerprint
    assert run.state is before
    assert run.drain_fired() == ()


def test_settling_fires_what_is_due_once(contract: Contract) -> None:
    watch = Watch()
    run = make(contract, watch, rules=RULES[:1], mode="real")
    watch.now += 5
    run.settle()
    settled = run.state
    run.settle()
    assert run.state is settled
    assert [fired.key for fired in run.drain_fired()] == ["job-1", "job-14", "job-23"]


def test_a_per_request_clock_moves_with_each_request_that_it_counts(contract: Contract) -> None:
    run = make(contract, mode="per-request", step=3 * SECOND, counted=frozenset({"listJobs"}))
    start = run.now
    for operation in ("listJobs", "getJob", "listJobs"):
        run.count_request(operation)
    assert run.now == start + 6 * SECOND
    assert status(run, "job-1") == "running"


def test_requests_that_move_the_clock_leave_a_run_untouched(contract: Contract) -> None:
    run = make(contract, mode="per-request", step=SECOND)
    run.count_request("listJobs")
    assert run.is_untouched


def test_a_clock_that_was_moved_leaves_no_run_untouched(contract: Contract) -> None:
    run = make(contract)
    run.advance(SECOND)
    assert not run.is_untouched


def test_the_mode_can_be_changed_where_the_clock_stands(contract: Contract) -> None:
    watch = Watch()
    run = make(contract, watch, mode="real")
    watch.now += 3
    run.set_clock_mode("manual")
    watch.now += 100
    stopped = run.now
    run.set_clock_mode("real", speed=10.0)
    watch.now += 1
    assert stopped - run.scenario.clock.start == 3_000
    assert run.now - stopped == 10_000
    with pytest.raises(BadTime):
        run.set_clock_mode("per-request")


def test_a_clock_that_starts_now_moves_the_stamps_of_the_fixtures_along(contract: Contract) -> None:
    baseline = contract.scenarios["baseline"]
    latest = Start(contract, baseline).state.latest
    plan = ClockPlan(latest, mode="real", starts_now=True)
    start = Start(contract, replace(baseline, clock=plan))
    moved = start.started_now()
    by = moved.scenario.clock.start - latest
    assert by > 0
    assert moved.state.latest == latest + by
    assert moved.state.tables["job_events"].ordered().page(0, 1)[0].record["at"] > "2026-01-15T06:00:00.000Z"
    assert Start(contract, baseline).started_now().scenario is baseline


def test_rewinding_drops_the_commands_accepted_later_for_good(contract: Contract) -> None:
    run = make(contract)
    before = run.fingerprint
    run.advance(SECOND)
    fire(run, "job-7", "retry")
    run.advance(SECOND)
    run.rewind(SECOND)
    assert status(run, "job-7") == "queued"
    assert len(run.history.commands) == 1
    run.rewind(1)
    assert run.history.is_empty
    assert run.fingerprint == before


def test_a_rewind_begins_a_generation(contract: Contract) -> None:
    run = make(contract)
    run.advance(SECOND)
    fire(run, "job-7", "retry")
    assert run.generation == 1
    run.rewind(SECOND)
    assert run.generation == 2
    assert run.revision == 0


def test_undo_drops_the_last_commands_and_leaves_the_clock_at_the_first_of_them(contract: Contract) -> None:
    run = make(contract)
    start = run.now
    fire(run, "job-1", "cancel")
    run.advance(SECOND)
    fire(run, "job-2", "cancel")
    run.advance(MINUTE)
    run.undo(1)
    assert run.now == start + SECOND
    assert status(run, "job-2") == "running"
    assert status(run, "job-1") == "cancelled"
    with pytest.raises(NothingToUndo):
        run.undo(2)


@pytest.mark.parametrize("move", [lambda run: run.rewind(1), lambda run: run.set_clock(run.now - 1)])
def test_the_clock_cannot_go_back_to_before_its_start(contract: Contract, move: Callable[[Run], object]) -> None:
    run = make(contract)
    with pytest.raises(BeforeStart):
        move(run)
    assert run.generation == 1


def test_rules_that_form_a_loop_are_stopped_and_nothing_has_changed(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reducer, "SETTLE_LIMIT", 50)
    run = make(
        contract, rules=(Rule("failed", "retry", 1, 1), Rule("queued", "start", 1, 1), Rule("running", "fail", 1, 1))
    )
    before = (run.now, run.fingerprint)
    with pytest.raises(TooMuchDue):
        run.advance(MINUTE)
    assert (run.now, run.fingerprint) == before


LOOP = (Rule("failed", "retry", 1, 1), Rule("queued", "start", 1, 1), Rule("running", "fail", 1, 1))


def rename_course(run: Run, title: str) -> None:
    course = {**run.state.record("courses", "course-algebra"), "title": title}
    run.submit(lambda _, at: Put("courses", course["id"], course, at))


def until_settled(move: Callable[[], object], between: Callable[[], object] = lambda: None) -> int:
    """How often the move was made before it came to its end."""
    for count in range(10_000):
        try:
            move()
        except StillSettling:
            between()
        else:
            return count
    raise AssertionError("it never ends")


def test_a_move_of_the_clock_that_makes_much_due_changes_nothing_until_it_ends(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make(contract, rules=LOOP)
    fired = whole.advance(50)
    monkeypatch.setattr(reducer, "PORTION", 10)
    run, seen = make(contract, rules=LOOP), list[Any]()
    before = run.snapshot
    moves = until_settled(lambda: seen.append(run.advance(50)), lambda: seen.append(run.snapshot))
    assert moves == len(fired) // 10
    assert seen == [before] * moves + [fired]
    assert run.fingerprint == whole.fingerprint


@pytest.mark.parametrize("move", [lambda run: run.rewind(1), lambda run: run.set_clock(run.now - 1)])
def test_going_back_behind_much_that_was_due_ends_where_it_was(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, move: Callable[[Run], object]
) -> None:
    run = make(contract, rules=LOOP)
    run.advance(50)
    before = run.fingerprint
    run.advance(1)
    rename_course(run, "Geometry")
    monkeypatch.setattr(reducer, "PORTION", 10)
    assert until_settled(lambda: move(run)) > 10
    assert run.fingerprint == before


def test_a_clock_that_goes_on_while_much_is_settled_ends_at_its_time(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    whole, run = (make(contract, watch, LOOP, mode="real") for _ in range(2))
    watch.now += 0.05
    monkeypatch.setattr(reducer, "PORTION", 10)

    def go_on() -> None:
        watch.now += 0.001

    assert until_settled(run.settle, go_on) > 10
    until_settled(whole.settle)
    assert run.fingerprint == whole.fingerprint
    assert run.next_due is not None
    assert run.next_due > run.now


def test_a_run_that_others_change_again_and_again_is_settled_all_the_same(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, numbers = make(contract, rules=LOOP), iter(range(100))
    monkeypatch.setattr(reducer, "PORTION", 10)
    moves = until_settled(lambda: run.advance(50), lambda: rename_course(run, f"Course {next(numbers)}"))
    assert moves == RESTART_LIMIT + 1


def test_what_was_too_much_is_not_settled_again(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reducer, "SETTLE_LIMIT", 50)
    monkeypatch.setattr(reducer, "PORTION", 10)
    run = make(contract, rules=LOOP)
    with pytest.raises(TooMuchDue):
        until_settled(lambda: run.advance(MINUTE))
    with pytest.raises(TooMuchDue):
        run.advance(MINUTE)
    until_settled(lambda: run.advance(3))
    assert run.now == run.scenario.clock.initial + 3


@pytest.mark.parametrize("move", [Run.settle, lambda run: run.rewind(1)])
def test_what_is_too_much_since_it_was_begun_changes_nothing(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, move: Callable[[Run], object]
) -> None:
    watch = Watch()
    run = make(contract, watch, LOOP, mode="real")
    monkeypatch.setattr(reducer, "SETTLE_LIMIT", 200)
    monkeypatch.setattr(reducer, "PORTION", 10)
    watch.now += 0.01
    until_settled(run.settle)
    rename_course(run, "Geometry")
    before = run.state, run.history.count
    watch.now += 0.01

    def go_on() -> None:
        watch.now += 1

    with pytest.raises(TooMuchDue):
        until_settled(lambda: move(run), go_on)
    assert (run.state, run.history.count) == before


def test_the_clock_cannot_go_beyond_the_year_9999(contract: Contract) -> None:
    run = make(contract, rules=())
    with pytest.raises(BadTime):
        run.advance(10**15)


def test_going_back_over_checkpoints_folds_to_the_same(contract: Contract) -> None:
    run = make(contract, rules=())
    marks = []
    for number in range(CHECKPOINT_EVERY * 2 + 20):
        if number % 100 == 0:
            marks.append((run.now, run.fingerprint))
        run.advance(1)
        fire(run, "job-7", "retry" if number % 3 == 0 else "start" if number % 3 == 1 else "fail")
    for now, fingerprint in reversed(marks):
        run.set_clock(now)
        assert run.fingerprint == fingerprint


MOVES = st.lists(st.integers(1, 90 * SECOND), min_size=1, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.integers(1, 40 * SECOND),
        st.tuples(st.sampled_from(["job-1", "job-2", "job-7", "job-14"]), st.sampled_from(["start", "succeed", "fail", "retry", "cancel"])),
    ),
    max_size=15,
)  # fmt: skip


@given(MOVES)
def test_one_long_move_equals_many_short_ones(contract: Contract, moves: list[int]) -> None:
    short, long = make(contract), make(contract)
    fired = [item for by in moves for item in short.advance(by)]
    assert long.advance(sum(moves)) == fired
    assert long.fingerprint == short.fingerprint


def play(run: Run, steps: list[Any], look: bool) -> list[int]:
    """Play steps on a run; the stamps of its commands."""
    stamps = []
    for step in steps:
        if look:
            assert run.state is run.state
            assert run.next_due is None or run.next_due > run.now
        if isinstance(step, int):
            run.advance(step)
            continue
        before = run.revision
        try:
            fire(run, *step)
        except Refusal:
            continue
        if run.revision > before:
            stamps.append(run.state.latest)
    return stamps


@given(STEPS)
def test_looking_changes_nothing_and_stamps_strictly_increase(contract: Contract, steps: list[Any]) -> None:
    seen, unseen = make(contract), make(contract)
    stamps = play(seen, steps, look=True)
    assert play(unseen, steps, look=False) == stamps
    assert seen.fingerprint == unseen.fingerprint
    assert stamps == sorted(set(stamps))


@given(STEPS, st.integers(0, 30 * SECOND))
def test_back_and_on_again_is_where_it_was_if_no_command_lay_between(
    contract: Contract, steps: list[Any], by: int
) -> None:
    run = make(contract)
    play(run, steps, look=False)
    run.advance(by)
    here = run.fingerprint
    run.rewind(by)
    run.advance(by)
    assert run.fingerprint == here
