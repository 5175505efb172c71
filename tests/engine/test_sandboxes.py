from __future__ import annotations

import pytest

from mockserver import Contract
from mockserver.engine.commands import Fire
from mockserver.engine.sandboxes import IDLE_SECONDS, Sandboxes
from mockserver.refusals import BadSandbox, SandboxLimit, UnknownSandbox


class Watch:
    """A clock for idle time that moves when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sandboxes(small: Contract, watch: Watch) -> Sandboxes:
    return Sandboxes(small, limit=3, seconds=watch)


def cancel(sandboxes: Sandboxes, name: str, scenario: str = "baseline") -> None:
    sandboxes.get(name).run(scenario).submit(lambda _, at: Fire("jobs", "a", "cancel", at))


def status(sandboxes: Sandboxes, name: str) -> str:
    result: str = sandboxes.get(name).run("baseline").state.record("jobs", "a")["status"]
    return result


def test_no_sandbox_sees_another(sandboxes: Sandboxes) -> None:
    cancel(sandboxes, "one")
    assert status(sandboxes, "one") == "cancelled"
    assert status(sandboxes, "two") == "queued"


def test_reset_goes_back_to_the_very_start_and_counts_a_generation(sandboxes: Sandboxes) -> None:
    run = sandboxes.get("one").run("baseline")
    before = run.fingerprint
    cancel(sandboxes, "one")
    assert run.fingerprint != before
    sandboxes.get("one").reset()
    fresh = sandboxes.get("one").run("baseline")
    assert fresh.fingerprint == before
    assert fresh.generation == 2
    assert fresh.revision == 0
    assert fresh.state is sandboxes.starts["baseline"].state


def test_a_scenario_that_comes_back_counts_on_its_generations(sandboxes: Sandboxes) -> None:
    cancel(sandboxes, "one")
    starts = dict(sandboxes.starts)
    sandboxes.replace_contract({name: start for name, start in starts.items() if name != "baseline"})
    sandboxes.replace_contract(starts)
    assert sandboxes.get("one").run("baseline").generation == 2


def test_work_in_flight_from_before_a_reset_cannot_write_after_it(sandboxes: Sandboxes) -> None:
    old = sandboxes.get("one").run("baseline")
    sandboxes.get("one").reset()
    old.submit(lambda _, at: Fire("jobs", "a", "cancel", at))
    assert status(sandboxes, "one") == "queued"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a\r\nb", "x" * 65, "é", "a b", "a/b", "a\n"])
def test_a_name_that_is_not_well_formed_is_refused(sandboxes: Sandboxes, name: str) -> None:
    with pytest.raises(BadSandbox):
        sandboxes.get(name)


def test_at_the_limit_a_new_sandbox_is_refused_while_the_others_are_in_use(sandboxes: Sandboxes) -> None:
    for name in ("default", "one", "two"):
        cancel(sandboxes, name)
    with pytest.raises(SandboxLimit):
        sandboxes.get("three")


def test_at_the_limit_the_one_that_has_been_idle_longest_makes_room(sandboxes: Sandboxes, watch: Watch) -> None:
    for watch.now, name in enumerate(("default", "one", "two")):
        cancel(sandboxes, name)
    watch.now = IDLE_SECONDS + 2
    sandboxes.get("three")
    assert [item.name for item in sandboxes.summaries()] == ["default", "three", "two"]


def test_a_sandbox_can_be_forgotten_once(sandboxes: Sandboxes) -> None:
    sandboxes.get("one")
    sandboxes.remove("one")
    with pytest.raises(UnknownSandbox):
        sandboxes.remove("one")


def test_asking_for_the_time_or_for_a_run_that_has_begun_begins_none(sandboxes: Sandboxes) -> None:
    sandbox = sandboxes.get("one")
    begins = sandboxes.starts["baseline"].scenario.clock.initial
    assert sandbox.now("baseline") == begins
    assert sandbox.runs.get("baseline") is None
    assert sandbox.runs == {}
    run = sandbox.run("baseline")
    run.advance(5)
    assert sandbox.now("baseline") == begins + 5
    assert sandbox.runs.get("baseline") is run
