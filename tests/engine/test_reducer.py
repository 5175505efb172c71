from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import Contract, Violation, load_contract
from mockserver.contract.model import Record
from mockserver.engine.commands import Command, Fire, Put, Remove
from mockserver.engine.reducer import apply, fired_by
from mockserver.engine.start import Start
from mockserver.engine.state.presentation import with_derived_fields
from mockserver.engine.state.state import State, fingerprint
from mockserver.errors import Refusal
from mockserver.refusals import (
    InvalidRecord,
    NotKeyed,
    RecordInUse,
    TransitionNotAllowed,
    UnknownRecord,
    UnknownResource,
    UnknownTransition,
)
from mockserver.syntax.instants import parse_instant
from tests.conftest import MakeContract

NOW = parse_instant("2026-01-01T00:00:10Z")


@pytest.fixture
def state(small: Contract) -> State:
    return Start(small, small.scenarios["baseline"]).state


def events(state: State, key: str) -> list[Record]:
    return [row.record for row in state.tables["events"].group("job_id", key)]


def test_an_accepted_transition_sets_state_and_stamp_and_appends_one_event(small: Contract, state: State) -> None:
    after = apply(state, Fire("jobs", "a", "cancel", NOW))
    assert after.record("jobs", "a") == {
        "id": "a", "owner_id": 1, "status": "cancelled", "updated_at": "2026-01-01T00:00:10.000Z",
    }  # fmt: skip
    assert events(after, "a") == [{"job_id": "a", "event_type": "cancel", "at": "2026-01-01T00:00:10.000Z"}]
    assert state.record("jobs", "a")["status"] == "queued"


def test_a_repeat_is_the_very_same_state(small: Contract, state: State) -> None:
    after = apply(state, Fire("jobs", "a", "cancel", NOW))
    assert apply(after, Fire("jobs", "a", "cancel", NOW + 5)) is after


def test_a_fixtures_last_log_entry_is_what_a_repeat_is_judged_by(small: Contract, state: State) -> None:
    assert apply(state, Fire("jobs", "b", "start", NOW)) is state


def test_what_the_state_does_not_allow_is_refused_with_what_it_does(small: Contract, state: State) -> None:
    with pytest.raises(TransitionNotAllowed) as caught:
        apply(state, Fire("jobs", "a", "finish", NOW))
    assert caught.value == TransitionNotAllowed("jobs", "a", "finish", "queued", ["start", "cancel"])


def test_a_stamp_is_a_millisecond_after_the_latest_where_the_clock_stands_still(small: Contract, state: State) -> None:
    after = apply(state, Fire("jobs", "a", "start", NOW))
    after = apply(after, Fire("jobs", "b", "finish", NOW))
    after = apply(after, Fire("jobs", "a", "finish", NOW))
    assert [after.record("jobs", key)["updated_at"][-5:] for key in "ba"] == [".001Z", ".002Z"]


def test_a_record_that_was_put_has_no_last_transition_and_no_event(small: Contract, state: State) -> None:
    record = {"id": "n", "owner_id": 1, "status": "running", "updated_at": "2026-01-01T00:00:05.000Z"}
    after = apply(state, Put("jobs", "n", record, NOW))
    assert events(after, "n") == []
    with pytest.raises(TransitionNotAllowed):
        apply(after, Fire("jobs", "n", "start", NOW))


def test_a_state_that_the_schema_does_not_require_stays_if_a_record_is_put_without_it(
    make_contract: MakeContract,
) -> None:
    contract = load_contract(make_contract(lambda files: files["schemas/job.json"]["required"].remove("status")))
    state = Start(contract, contract.scenarios["baseline"]).state
    before = state.record("jobs", "c")
    record = {name: value for name, value in before.items() if name != "status"}
    assert apply(state, Put("jobs", "c", record, NOW)).record("jobs", "c")["status"] == before["status"]


def test_a_record_without_a_state_that_the_schema_does_not_require_is_in_the_initial_one(
    make_contract: MakeContract,
) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["required"].remove("status")
        del files["fixtures/small/jobs.json"][0]["status"]

    contract = load_contract(make_contract(change))
    state = Start(contract, contract.scenarios["baseline"]).state
    record = {"id": "n", "owner_id": 1, "updated_at": "2026-01-01T00:00:05.000Z"}
    state = apply(state, Put("jobs", "n", record, NOW))
    for key in ("a", "n"):
        assert state.record("jobs", key)["status"] == "queued"
        assert apply(state, Fire("jobs", key, "start", NOW)).record("jobs", key)["status"] == "running"


def test_a_repeat_is_one_also_after_a_client_has_written_the_record(small: Contract, state: State) -> None:
    state = apply(state, Fire("jobs", "a", "cancel", NOW))
    after = apply(state, Put("jobs", "a", {**state.record("jobs", "a"), "note": "late"}, NOW, touch=True))
    assert fired_by(state, Put("jobs", "a", {}, NOW, touch=True), after) == []
    assert apply(after, Fire("jobs", "a", "cancel", NOW)) is after


def put(record: dict[str, Any], key: str = "a") -> Put:
    valid = {"id": "a", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:05.000Z"}
    return Put("jobs", key, {**valid, **record}, NOW)


@pytest.mark.parametrize(
    ("command", "violation"),
    [
        (put({"status": "dne"}), Violation("body", "/status", "enum", '"dne" is not one of "queued", "running", "done", "cancelled". Did you mean "done"?')),
        (put({"owner_id": 9}), Violation("body", "/owner_id", "references", "owners has no record 9")),
        (put({"id": "b"}), Violation("body", "/id", "key", '"b" is not the key "a" of the path')),
        (put({"updated_at": "2026-01-01T00:00:10.001Z"}), Violation("body", "/updated_at", "clock", '"2026-01-01T00:00:10.001Z" is later than the run\'s clock, 2026-01-01T00:00:10.000Z')),
        (Put("owners", 1, {"id": 1, "state": "idle"}, NOW), Violation("body", "/state", "derived", '"state" is computed on read; leave it out')),
    ],
)  # fmt: skip
def test_a_record_that_breaks_the_contract_is_not_put(
    small: Contract, state: State, command: Put, violation: Violation
) -> None:
    with pytest.raises(InvalidRecord) as caught:
        apply(state, command)
    assert caught.value.violations == (violation,)


def test_removing_a_record_removes_its_log(small: Contract, state: State) -> None:
    after = apply(state, Remove("jobs", "c", NOW))
    assert after.has_record("jobs", "c") is False
    assert events(after, "c") == []
    assert len(events(after, "b")) == 1


def test_a_record_that_others_refer_to_stays(small: Contract, state: State) -> None:
    with pytest.raises(RecordInUse):
        apply(state, Remove("owners", 1, NOW))


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (Fire("jbs", "a", "cancel", NOW), UnknownResource),
        (Fire("jobs", "zz", "cancel", NOW), UnknownRecord),
        (Fire("jobs", "a", "cancl", NOW), UnknownTransition),
        (Fire("owners", 1, "cancel", NOW), UnknownTransition),
        (Remove("jobs", "zz", NOW), UnknownRecord),
        (Remove("events", 1, NOW), NotKeyed),
        (Put("events", 1, {}, NOW), NotKeyed),
    ],
)
def test_a_name_that_is_not_there_is_refused(
    small: Contract, state: State, command: Command, kind: type[Refusal]
) -> None:
    with pytest.raises(kind):
        apply(state, command)


COMMANDS = st.lists(
    st.one_of(
        st.builds(Fire, st.just("jobs"), st.sampled_from(["job-1", "job-2", "job-7", "job-14", "job-99"]),
                  st.sampled_from(["start", "succeed", "fail", "retry", "cancel"]), st.integers(0, 3), st.none()),
        st.builds(Remove, st.just("jobs"), st.sampled_from(["job-1", "job-8"]), st.integers(0, 3)),
    ),
    max_size=25,
)  # fmt: skip


@given(COMMANDS)
def test_status_events_and_badge_agree_and_stamps_strictly_increase(
    built_in: Contract, commands: list[Command]
) -> None:
    scenario = built_in.scenarios["baseline"]
    state = Start(built_in, scenario).state
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    stamps = [state.latest]
    for command in commands:
        try:
            after = apply(state, command)
        except Refusal:
            continue
        if isinstance(command, Fire) and after is not state:
            stamps.append(after.latest)
        state = after
    assert stamps == sorted(set(stamps))
    for row in state.tables["jobs"].ordered():
        log = [entry.record for entry in state.tables["job_events"].group("job_id", row.record["id"])]
        ended = lifecycle.transitions[log[-1]["event_type"]].target if log else "queued"
        assert ended == row.record["status"]
        assert not log or log[-1]["at"] == row.record["updated_at"]
    sessions = built_in.resources["sessions"]
    for row in state.tables["sessions"].ordered():
        jobs = [one.record for one in state.tables["jobs"].group("session_id", row.record["id"])]
        latest = sorted(jobs, key=lambda one: (one["updated_at"], one["id"]))[-1]["status"] if jobs else "none"
        badge = with_derived_fields(state, sessions, row.record)["status_badge"]
        assert badge["status"] == latest


@given(COMMANDS)
def test_the_same_commands_fold_to_the_same_fingerprint(built_in: Contract, commands: list[Command]) -> None:
    result = set()
    for _ in range(2):
        state = Start(built_in, built_in.scenarios["baseline"]).state
        for command in commands:
            try:
                state = apply(state, command)
            except Refusal:
                continue
        result.add(fingerprint(state))
    assert len(result) == 1
