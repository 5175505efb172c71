"""Moving the clock takes time in proportion to the transitions that fall due."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mockserver import load_contract
from mockserver.contract.model import ClockPlan, Rule
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from tests.attack.growth import assert_grows_linearly

SECOND = 1_000


@pytest.mark.parametrize("times", [None, 1_000_000])
def test_the_time_of_transitions_in_a_loop_grows_linearly(times: int | None) -> None:
    contract = load_contract()
    loop = [("queued", "start"), ("running", "fail"), ("failed", "retry")]
    rules = tuple(Rule(state, transition, SECOND, SECOND, {"id": "job-1"}, times) for state, transition in loop)
    baseline = contract.scenarios["baseline"]
    scenario = replace(baseline, progress={"jobs": rules}, clock=ClockPlan(baseline.clock.start))

    def prepare(size: int) -> Callable[[], object]:
        run = Run(Start(contract, scenario), 1, lambda: 0.0)
        return lambda: run.timeline.settle(run.now + size * SECOND)

    assert_grows_linearly(prepare, 2_000)
