from __future__ import annotations

import pytest

from mockserver import Contract
from mockserver.contract.lifecycle import Lifecycle, Transition, Verdict

ACCEPTED, REPEATED, REFUSED = Verdict.ACCEPTED, Verdict.REPEATED, Verdict.REFUSED


@pytest.fixture
def jobs(built_in: Contract) -> Lifecycle:
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    return lifecycle


@pytest.mark.parametrize(
    ("state", "last", "retry", "cancel"),
    [
        ("queued", None, REFUSED, ACCEPTED),
        ("queued", "retry", REPEATED, ACCEPTED),
        ("running", "start", REFUSED, ACCEPTED),
        ("succeeded", "succeed", REFUSED, REFUSED),
        ("failed", "fail", ACCEPTED, REFUSED),
        ("cancelled", "cancel", REFUSED, REPEATED),
        ("cancelled", None, REFUSED, REFUSED),
    ],
)
def test_retry_leads_from_failed_cancel_from_queued_and_running_and_repeats_are_harmless(
    jobs: Lifecycle, state: str, last: str | None, retry: Verdict, cancel: Verdict
) -> None:
    assert (jobs.judge(state, last, "retry"), jobs.judge(state, last, "cancel")) == (retry, cancel)


def test_a_transition_that_the_state_allows_is_never_taken_for_a_repeat() -> None:
    turning = Lifecycle("state", "on", {"turn": Transition("turn", ("on",), "on")})
    assert turning.judge("on", "turn", "turn") is ACCEPTED


def test_without_a_log_the_only_way_into_a_state_counts_as_the_last_transition(jobs: Lifecycle) -> None:
    found = {state: jobs.assumed_last(state) for state in jobs.states}
    assert found == {
        "queued": None, "running": "start", "succeeded": "succeed", "failed": "fail", "cancelled": "cancel",
    }  # fmt: skip


def test_allowed_lists_the_transitions_as_declared(jobs: Lifecycle) -> None:
    assert {state: jobs.allowed(state) for state in jobs.states} == {
        "queued": ("start", "cancel"),
        "running": ("succeed", "fail", "cancel"),
        "succeeded": (),
        "failed": ("retry",),
        "cancelled": (),
    }
