from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver import Contract
from mockserver.contract.overrides import read_override
from mockserver.engine.commands import AddOverride, Fire, RemoveOverride
from mockserver.engine.reducer import apply
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from mockserver.engine.state.state import fingerprint
from mockserver.errors import Refusal
from mockserver.refusals import BeyondLog, TransitionNotAllowed
from tests.attack.scale import rounds
from tests.engine.test_overrides import NoContent


@pytest.fixture
def run(small: Contract) -> Run:
    return Run(Start(small, small.scenarios["baseline"]), 1)


def fire(run: Run, key: str, transition: str) -> None:
    run.submit(lambda _, at: Fire("jobs", key, transition, at))


def test_an_accepted_command_counts_a_revision_and_is_logged_with_the_clock(run: Run) -> None:
    fire(run, "a", "cancel")
    assert run.revision == 1
    assert run.history.commands == [Fire("jobs", "a", "cancel", run.now)]


def test_a_repeat_and_a_refusal_leave_no_trace(run: Run) -> None:
    fire(run, "a", "cancel")
    before = (run.state, run.revision, len(run.history.commands))
    fire(run, "a", "cancel")
    with pytest.raises(TransitionNotAllowed):
        fire(run, "a", "start")
    assert (run.state, run.revision, len(run.history.commands)) == before


def test_the_uses_of_a_removed_override_are_forgotten(run: Run, small: Contract) -> None:
    override, _ = read_override({"operation": "getJob", "status": 503}, small.operations)
    assert override is not None
    run.submit(lambda _, at: AddOverride(override, at))
    run.use_override("getJob", {}, NoContent())
    assert run.save().override_uses == {"override-1": 1}
    run.submit(lambda _, at: RemoveOverride("override-1", at))
    assert run.save().override_uses == {}


def test_a_run_is_what_its_log_folds_to(run: Run, small: Contract) -> None:
    state = run.state
    for key, transition in (("a", "start"), ("b", "finish"), ("a", "finish"), ("x/y", "cancel")):
        fire(run, key, transition)
    for command in run.history.commands:
        state = apply(state, command)
    assert fingerprint(state) == run.fingerprint


def test_a_full_log_folds_its_oldest_commands_into_the_start(small: Contract) -> None:
    run = Run(Start(small, small.scenarios["baseline"]), 1, log_limit=2)
    for key, transition in (("a", "start"), ("a", "finish"), ("b", "finish")):
        run.advance(1_000)
        fire(run, key, transition)
    assert len(run.history.commands) == 2
    before = run.fingerprint
    with pytest.raises(BeyondLog):
        run.undo(3)
    with pytest.raises(BeyondLog):
        run.rewind(3_000)
    assert run.fingerprint == before
    run.undo(2)
    assert [run.state.record("jobs", key)["status"] for key in "ab"] == ["running", "running"]


def test_of_a_cancel_and_a_finish_that_race_exactly_one_wins(built_in: Contract) -> None:
    start = Start(built_in, built_in.scenarios["baseline"])
    threads = 32
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds(200, 1_000)):
            run, gate = Run(start, 1), threading.Barrier(threads)

            def attempt(number: int, run: Run = run, gate: threading.Barrier = gate) -> str:
                name = "cancel" if number % 2 else "succeed"
                gate.wait(10)
                try:
                    fire(run, "job-2", name)
                except Refusal:
                    return "refused"
                return name

            answers = list(pool.map(attempt, range(threads)))
            won = {response for response in answers if response != "refused"}
            assert len(won) == 1
            assert run.revision == 1
            log = run.state.tables["job_events"].group("job_id", "job-2")
            assert [row.record["event_type"] for row in log] == ["start", *won]


def test_a_run_goes_on_where_its_contract_has_changed(run: Run, small: Contract) -> None:
    fire(run, "a", "start")
    run.set_clock_mode("real", speed=3)
    changed = run.rebase(Start(small, small.scenarios["baseline"]))
    assert changed.fingerprint == run.fingerprint
    assert changed.clock.mode == "real"
    assert changed.clock.speed == 3
    assert changed.generation == 2
    assert changed.revision == 0
    changed.undo(1)
    assert changed.fingerprint == Start(small, small.scenarios["baseline"]).fingerprint


def test_transitions_before_a_change_of_the_contract_are_not_reported_after_it(run: Run, small: Contract) -> None:
    fire(run, "a", "start")
    assert run.rebase(Start(small, small.scenarios["baseline"])).drain_fired() == ()


def test_a_run_whose_log_does_not_hold_all_of_its_commands_does_not(small: Contract) -> None:
    run = Run(Start(small, small.scenarios["baseline"]), 1, log_limit=1)
    for key in "ab":
        fire(run, key, "cancel")
    with pytest.raises(BeyondLog):
        run.rebase(Start(small, small.scenarios["baseline"]))
