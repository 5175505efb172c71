"""Records that are removed with the one that owns them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver import Contract, load_contract
from mockserver.engine.commands import Put, Remove
from mockserver.engine.events.changes import changes_by
from mockserver.engine.reducer import apply
from mockserver.engine.start import Start
from mockserver.engine.state.state import State
from mockserver.refusals import RecordInUse
from mockserver.syntax.instants import parse_instant
from tests.conftest import MakeContract

NOW = parse_instant("2026-01-01T00:00:10Z")
MORE_THAN_THE_STACK_HOLDS = 2_000


def with_parents(owned_by: list[str]) -> Callable[[dict[str, Any]], None]:
    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["parent_id"] = {"type": "string"}
        jobs = files["schemas/resources.yaml"]["resources"]["jobs"]
        jobs |= {"references": {"owner_id": "owners", "parent_id": "jobs"}, "owned_by": owned_by}

    return change


@pytest.fixture
def contract(make_contract: MakeContract) -> Contract:
    return load_contract(make_contract(with_parents(["owner_id", "parent_id"])))


@pytest.fixture
def state(contract: Contract) -> State:
    return Start(contract, contract.scenarios["baseline"]).state


def with_child(state: State, key: str, parent: str) -> State:
    record = {**state.record("jobs", "a"), "id": key, "parent_id": parent}
    return apply(state, Put("jobs", key, record, NOW))


def test_a_record_that_is_owned_in_two_ways_is_removed_once(state: State) -> None:
    state = with_child(state, "d", "a")
    command = Remove("owners", 1, NOW)
    after = apply(state, command)
    assert after.tables["jobs"].keys() == ["c", "x/y"]
    removed = [(change.resource, change.key) for change in changes_by(state, command, after)]
    assert removed == [("owners", 1), ("jobs", "a"), ("jobs", "d"), ("jobs", "b")]


def test_a_long_chain_of_owned_records_is_removed(state: State) -> None:
    parent = "a"
    for number in range(MORE_THAN_THE_STACK_HOLDS):
        state = with_child(state, f"n{number}", parent)
        parent = f"n{number}"
    command = Remove("jobs", "a", NOW)
    after = apply(state, command)
    assert after.tables["jobs"].keys() == ["b", "c", "x/y"]
    assert sum(1 for _ in changes_by(state, command, after)) == 1 + MORE_THAN_THE_STACK_HOLDS


def test_a_record_that_goes_with_another_does_not_keep_what_it_refers_to(make_contract: MakeContract) -> None:
    contract = load_contract(make_contract(with_parents(["owner_id"])))
    state = with_child(Start(contract, contract.scenarios["baseline"]).state, "d", "a")
    assert apply(state, Remove("owners", 1, NOW)).tables["jobs"].keys() == ["c", "x/y"]
    with pytest.raises(RecordInUse) as caught:
        apply(state, Remove("jobs", "a", NOW))
    assert caught.value == RecordInUse("jobs", "a", "jobs", "parent_id")


def test_entries_without_a_key_are_removed_with_their_owner(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        del files["schemas/resources.yaml"]["resources"]["jobs"]["lifecycle"]["log"]
        files["schemas/resources.yaml"]["resources"]["events"]["owned_by"] = ["job_id"]

    contract = load_contract(make_contract(change))
    state = Start(contract, contract.scenarios["baseline"]).state
    after = apply(state, Remove("jobs", "c", NOW))
    assert [row.record["job_id"] for row in after.tables["events"].ordered()] == ["b"]


def test_entries_of_a_log_that_are_owned_too_are_removed_once(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        with_parents(["owner_id"])(files)
        files["schemas/event.json"]["properties"]["owner_id"] = {"type": "integer"}
        events = files["schemas/resources.yaml"]["resources"]["events"]
        events |= {"references": {"job_id": "jobs", "owner_id": "owners"}, "owned_by": ["owner_id"]}
        for event, owner in zip(files["fixtures/small/events.json"], (1, 2, 2), strict=True):
            event["owner_id"] = owner

    contract = load_contract(make_contract(change))
    after = apply(Start(contract, contract.scenarios["baseline"]).state, Remove("owners", 2, NOW))
    assert after.tables["jobs"].keys() == ["a", "b"]
    assert [row.record["job_id"] for row in after.tables["events"].ordered()] == ["b"]
