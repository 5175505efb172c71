from __future__ import annotations

import pytest
from msgspec.structs import replace

from mockserver import Contract
from mockserver.engine import start as start_module
from mockserver.engine.start import Start
from mockserver.errors import CannotGenerate


def test_records_that_cannot_be_generated_are_generated_once(small: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def fail(*_: object) -> None:
        calls.append(None)
        raise CannotGenerate("job.json", "it has no value")

    monkeypatch.setattr(start_module, "populate", fail)
    start = Start(small, small.scenarios["baseline"])
    for _ in range(3):
        with pytest.raises(CannotGenerate, match="it has no value"):
            _ = start.state
    assert len(calls) == 1


def test_records_of_a_scenario_that_starts_now_fail_once_whatever_the_time(
    small: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def fail(*_: object) -> None:
        calls.append(None)
        raise CannotGenerate("job.json", "it has no value")

    monkeypatch.setattr(start_module, "populate", fail)
    scenario = small.scenarios["baseline"]
    clock = replace(scenario.clock, mode="real", starts_now=True)
    start = Start(small, replace(scenario, clock=clock))
    for _ in range(3):
        with pytest.raises(CannotGenerate, match="it has no value"):
            _ = start.started_now().state
    assert len(calls) == 1
