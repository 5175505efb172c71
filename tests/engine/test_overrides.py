from __future__ import annotations

from typing import Any

import pytest

from mockserver import Contract
from mockserver.contract.model import Override
from mockserver.contract.overrides import read_override
from mockserver.engine.overrides import OverrideChoice, Overrides
from mockserver.schemas.reading_work import ReadingWork

SEED = 1


class NoContent:
    """A request without headers, cookies and a body."""

    body: Any = None

    def __init__(self) -> None:
        self.work = ReadingWork()

    def header(self, _: str) -> None:
        return None

    def cookie(self, _: str) -> None:
        return None


@pytest.fixture
def overrides(small: Contract) -> Overrides:
    """Three overrides of `getJob` for the job "a": the first has a share of next to nothing."""

    def read(**fields: Any) -> Override:
        override, violations = read_override({"operation": "getJob", "status": 503, **fields}, small.operations)
        assert violations == []
        assert override is not None
        return override

    where = {"job_id": "a"}
    return Overrides.from_scenario((read(share=0.000001, where=where), read(where=where), read(where=where)))


def choose(overrides: Overrides, key: str) -> OverrideChoice:
    return overrides.choose("getJob", {"job_id": key}, NoContent(), SEED)


def test_the_first_override_that_matches_and_is_drawn_is_chosen(overrides: Overrides) -> None:
    assert choose(overrides, "a") == OverrideChoice(overrides.active[1], ("scenario-1",))


def test_nothing_is_drawn_for_a_request_that_no_override_matches(overrides: Overrides) -> None:
    assert choose(overrides, "b") == OverrideChoice(None, ())


def test_what_was_drawn_in_vain_is_reported(overrides: Overrides) -> None:
    alone = Overrides.from_scenario((overrides.active[0].override,))
    assert choose(alone, "a") == OverrideChoice(None, ("scenario-1",))
