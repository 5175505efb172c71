"""Answers are, byte for byte, those that were recorded: a sample of `tests.golden.cases`, through both front ends.

Where an answer is meant to be another from now on: `python -m tests.golden.replay record --reduced`. What has changed
is told by `python -m tests.golden.replay --reduced` before.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.golden.cases import Case, reduced_cases
from tests.golden.replay import REDUCED, Pair, differences, play, read
from tests.golden.servers import FRONTS, Servers

CASES = reduced_cases()
PLAYED = [(front, case) for front in FRONTS for case in CASES if front in case.fronts]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Servers]]:
    with Servers(FRONTS[0]) as own, Servers(FRONTS[1]) as other:
        yield dict(zip(FRONTS, (own, other), strict=True))


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, list[Pair]]]:
    return {front: read(path) for front, path in REDUCED.items()}


@pytest.mark.parametrize(("front", "case"), PLAYED, ids=[f"{front}-{case.name}" for front, case in PLAYED])
def test_every_answer_is_the_recorded_one(
    front: str, case: Case, servers: dict[str, Servers], recorded: dict[str, dict[str, list[Pair]]]
) -> None:
    with servers[front].serve(case.settings) as address:
        answered = play(case, address, front)
    reported = [f"request {number + 1}: {text}" for number, text in differences(recorded[front][case.name], answered)]
    assert not reported, "\n".join(reported)


@pytest.mark.parametrize("front", FRONTS)
def test_the_record_has_the_requests_of_the_cases(front: str, recorded: dict[str, dict[str, list[Pair]]]) -> None:
    assert list(recorded[front]) == [case.name for case in CASES if front in case.fronts]
