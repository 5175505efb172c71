from __future__ import annotations

import pytest

from mockserver import Contract
from mockserver.contract.lifecycle import Lifecycle, Transition, Verdict

ACCEPTED, REPEATED, REJECTED = Verdict.ACCEPTED, Verdict.REPEATED, Verdict.REJECTED


@pytest.fixture
def jobs(built_in: Contract) -> Lifecycle:
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    return lifecycle


@pytest.mark.parametrize(
    ("state", "last", "transition", "verdict"),
    [
        ("queued", None, "retry", REJECTED),
        ("queued", None, "cancel", ACCEPTED),
        ("queued", "retry", "retry", REPEATED),
        ("queued", "retry", "cancel", ACCEPTED),
        ("running", "start", "retry", REJECTED),
        ("running", "start", "cancel", ACCEPTED),
        ("succeeded", "succeed", "retry", REJECTED),
        ("succeeded", "succeed", "cancel", REJECTED),
        ("failed", "fail", "retry", ACCEPTED),
        ("failed", "fail", "cancel", REJECTED),
        ("cancelled", "cancel", "retry", REJECTED),
        ("cancelled", "cancel", "cancel", REPEATED),
        ("cancelled", None, "retry", REJECTED),
        ("cancelled", None, "cancel", REJECTED),
    ],
)
def test_a_transition_is_accepted_from_its_sources_and_repeated_if_it_led_here(
    jobs: Lifecycle, state: str, last: str | None, transition: str, verdict: Verdict
) -> None:
    assert jobs.decide(state, last, transition) is verdict


def test_a_transition_that_the_state_allows_is_never_a_repeat() -> None:
    turning = Lifecycle("state", "on", {"turn": Transition("turn", ("on",), "on")})
    assert turning.decide("on", "turn", "turn") is ACCEPTED


def test_without_a_log_the_only_transition_into_a_state_counts_as_the_last(jobs: Lifecycle) -> None:
    assert {state: jobs.presumed_last(state) for state in jobs.states} == {
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
