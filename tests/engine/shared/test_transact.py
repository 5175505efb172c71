"""A request is handled again where another process was faster, and then nothing of the first try remains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import Contract
from mockserver.engine.commands import Fire
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.shared.sandboxes import ATTEMPTS, SharedSandboxes
from mockserver.errors import Refusal
from mockserver.refusals import IdempotencyInFlight, StoreBusy, StoreLogFull, StoreUnavailable
from tests.engine.shared.memory_store import MemoryStore


class Held:
    """A response that is held back."""

    scenario = "baseline"
    released = False

    def release(self) -> None:
        self.released = True


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sandboxes(small: Contract, store: MemoryStore) -> SharedSandboxes:
    return SharedSandboxes(small, store)


@pytest.fixture
def others(small: Contract, store: MemoryStore) -> SharedSandboxes:
    """The sandboxes of another process over the same store."""
    return SharedSandboxes(small, store)


def fire(sandbox: Sandbox, key: str, transition: str) -> None:
    sandbox.run("baseline").submit(lambda _, at: Fire("jobs", key, transition, at))


def status(sandboxes: Sandboxes, key: str) -> Any:
    return sandboxes.transact(lambda _: sandboxes.get("one").run("baseline").state.record("jobs", key)["status"])


def overtaken(
    store: MemoryStore, others: SharedSandboxes, times: int = 1, work: Callable[[Sandbox], object] | None = None
) -> None:
    """Has the other process change the sandbox just before this one stores its changes, so often."""
    left = times

    def change(_: Refusal | None) -> None:
        (work or (lambda sandbox: fire(sandbox, "b", "finish")))(others.get("one"))

    def before() -> None:
        nonlocal left
        if left:
            left -= 1
            hook, store.before_append = store.before_append, lambda: None
            others.transact(change)
            store.before_append = hook

    store.before_append = before


def test_without_a_store_a_request_is_handled_once(small: Contract) -> None:
    attempts: list[Refusal | None] = []

    def attempt(refusal: Refusal | None) -> str:
        attempts.append(refusal)
        return "response"

    assert Sandboxes(small).transact(attempt) == "response"
    assert attempts == [None]


def test_a_change_is_there_for_the_other_process(sandboxes: SharedSandboxes, others: SharedSandboxes) -> None:
    sandboxes.transact(lambda _: fire(sandboxes.get("one"), "a", "cancel"))
    assert status(others, "a") == "cancelled"


def test_a_request_that_was_overtaken_is_handled_again_on_what_the_other_did(
    sandboxes: SharedSandboxes, others: SharedSandboxes, store: MemoryStore
) -> None:
    overtaken(store, others)
    result: list[Any] = []

    def attempt(refusal: Refusal | None) -> int:
        assert refusal is None
        sandbox = sandboxes.get("one")
        result.append(sandbox.run("baseline").state.record("jobs", "b")["status"])
        fire(sandbox, "a", "cancel")
        return len(result)

    assert sandboxes.transact(attempt) == 2
    assert result == ["running", "done"]
    assert sandboxes.transact(lambda _: sandboxes.get("one").run("baseline").revision) == 2


def test_a_request_that_is_overtaken_again_and_again_is_refused(
    sandboxes: SharedSandboxes, others: SharedSandboxes, store: MemoryStore
) -> None:
    def put_and_take(sandbox: Sandbox) -> None:
        sandbox.run("baseline").advance(1)

    overtaken(store, others, times=1_000, work=put_and_take)
    attempts: list[Refusal | None] = []

    def attempt(refusal: Refusal | None) -> None:
        attempts.append(refusal)
        if refusal is None:
            fire(sandboxes.get("one"), "a", "cancel")

    sandboxes.transact(attempt)
    assert attempts == [None] * ATTEMPTS + [StoreBusy()]
    store.before_append = lambda: None
    assert status(sandboxes, "a") == "queued"


@pytest.mark.parametrize("refusal", [StoreUnavailable(), StoreLogFull(3)], ids=lambda refusal: refusal.code)
def test_a_store_that_does_not_take_the_changes_refuses_the_request(
    sandboxes: SharedSandboxes, store: MemoryStore, refusal: Refusal
) -> None:
    def refuse() -> None:
        raise refusal

    store.before_append = refuse
    attempts: list[Refusal | None] = []

    def attempt(given: Refusal | None) -> str:
        attempts.append(given)
        if given is None:
            fire(sandboxes.get("one"), "a", "cancel")
        return "refused" if given else "done"

    assert sandboxes.transact(attempt) == "refused"
    assert attempts == [None, refusal]
    store.before_append = lambda: None
    assert status(sandboxes, "a") == "queued"


def test_a_request_that_finds_the_store_away_answers_that_itself(
    sandboxes: SharedSandboxes, store: MemoryStore
) -> None:
    store.is_available = False

    def attempt(refusal: Refusal | None) -> str:
        assert refusal is None
        try:
            sandboxes.get("one")
        except StoreUnavailable:
            return "unavailable"
        return "available"

    assert sandboxes.transact(attempt) == "unavailable"


def test_nothing_of_a_request_that_failed_half_way_is_stored(sandboxes: SharedSandboxes) -> None:
    def attempt(_: Refusal | None) -> None:
        fire(sandboxes.get("one"), "a", "cancel")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sandboxes.transact(attempt)
    assert status(sandboxes, "a") == "queued"


def test_a_key_that_a_discarded_try_began_is_free_for_the_next(
    sandboxes: SharedSandboxes, others: SharedSandboxes, store: MemoryStore
) -> None:
    overtaken(store, others)
    tries = 0

    def attempt(_: Refusal | None) -> None:
        nonlocal tries
        tries += 1
        sandbox = sandboxes.get("one")
        assert sandbox.run("baseline").begin_key("k", "request") is None
        fire(sandbox, "a", "cancel")

    sandboxes.transact(attempt)
    assert tries == 2


def test_a_key_stays_in_flight_after_the_request_until_its_response_is_delivered(sandboxes: SharedSandboxes) -> None:
    def begin(_: Refusal | None) -> None:
        sandboxes.get("one").run("baseline").begin_key("k", "request")

    sandboxes.transact(begin)
    with pytest.raises(IdempotencyInFlight):
        sandboxes.get("one").run("baseline").begin_key("k", "request")


def test_a_response_that_a_discarded_try_held_back_is_not_held(
    sandboxes: SharedSandboxes, others: SharedSandboxes, store: MemoryStore
) -> None:
    overtaken(store, others)
    held: list[Held] = []

    def attempt(_: Refusal | None) -> None:
        sandbox = sandboxes.get("one")
        held.append(Held())
        sandbox.hold(held[-1])
        fire(sandbox, "a", "cancel")

    sandboxes.transact(attempt)
    assert list(sandboxes.get("one").held_responses) == held[1:]
    sandboxes.transact(lambda _: sandboxes.get("one").reset())
    assert [response.released for response in held] == [False, True]


def test_sandboxes_can_be_listed_without_beginning_a_run(small: Contract, sandboxes: SharedSandboxes) -> None:
    sandboxes.transact(lambda _: sandboxes.get("one").now("baseline"))
    listed = sandboxes.transact(lambda _: sandboxes.summaries())
    assert [(sandbox.name, sandbox.runs) for sandbox in listed] == [("one", [])]
