"""Effects and conditions of transitions, and the one way into a state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import ContractError, create_app, load_contract
from mockserver.check.checker import ContractChecker
from tests.contract.orders import write

NOW = "2026-01-15T09:00:00.000Z"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(write(tmp_path)).test_client()


def order(client: FlaskClient, key: str = "a") -> dict[str, Any]:
    record: dict[str, Any] = client.get(f"/orders/{key}").json or {}
    return record


def events(client: FlaskClient) -> list[tuple[str, str]]:
    return [(event["order_id"], event["event_type"]) for event in client.get("/events").json or []]


def transitions(contents: dict[str, Any]) -> dict[str, Any]:
    declared: dict[str, Any] = contents["schemas/resources.yaml"]["resources"]["orders"]["lifecycle"]["transitions"]
    return declared


def test_now_is_the_stamp_in_the_form_of_the_field(client: FlaskClient) -> None:
    paid = client.post("/orders/a/pay").json or {}
    assert {name: paid[name] for name in ("updated_at", "paid_at", "paid_on", "paid_seconds", "currency")} == {
        "updated_at": NOW,
        "paid_at": NOW,
        "paid_on": "2026-01-15",
        "paid_seconds": 1768467600,
        "currency": "EUR",
    }


def test_a_part_of_the_body_is_kept(client: FlaskClient) -> None:
    body = {"reason": "too late", "user": {"name": "Ada"}}
    cancelled = client.post("/orders/a/cancel", json=body).json or {}
    assert cancelled["reason"] == "too late"
    assert cancelled["by"] == {"name": "Ada", "at": NOW}


def test_two_dollar_signs_are_one(client: FlaskClient) -> None:
    assert (client.post("/orders/a/cancel").json or {})["currency"] == "$EUR"


@pytest.mark.parametrize("body", [None, {}, {"user": {}}])
def test_a_field_from_a_part_that_the_body_lacks_is_left_out(client: FlaskClient, body: Any) -> None:
    cancelled = client.post("/orders/a/cancel", json=body).json or {}
    assert cancelled.keys() & {"reason", "by"} == set()


def test_what_does_not_fit_the_record_is_refused_and_changes_nothing(client: FlaskClient) -> None:
    before = order(client)
    response = client.post("/orders/a/cancel", json={"reason": "far too long to be kept"})
    assert response.status_code == 422
    assert (response.json or {})["violations"][0]["pointer"] == "/reason"
    assert order(client) == before


def test_a_transition_whose_condition_fails_is_a_409_with_the_violation(client: FlaskClient) -> None:
    response = client.post("/orders/free/pay")
    assert response.status_code == 409
    problem = response.json or {}
    assert problem["code"] == "guard-failed"
    assert [violation["pointer"] for violation in problem["violations"]] == ["/amount"]
    assert order(client, "free")["status"] == "draft"


def test_a_repeat_is_still_a_repeat(client: FlaskClient) -> None:
    first = client.post("/orders/a/pay").json
    assert client.post("/orders/a/pay").json == first


def test_the_control_api_fires_with_a_body(client: FlaskClient) -> None:
    fired = client.post("/__mock/state/orders/a/cancel", json={"reason": "by hand"}).json or {}
    assert fired["reason"] == "by hand"


def test_a_due_transition_whose_condition_fails_is_skipped(client: FlaskClient) -> None:
    moved = client.post("/__mock/clock", json={"advance": "1h"}).json or {}
    assert moved["fired"] == []
    assert order(client, "p")["status"] == "paid"


def test_it_is_tried_again_once_the_record_has_changed(client: FlaskClient) -> None:
    client.post("/__mock/clock", json={"advance": "1h"})
    client.patch("/orders/p", json={"tracking": "T1"})
    moved = client.post("/__mock/clock", json={"advance": "10s"}).json or {}
    assert [(fired["key"], fired["transition"]) for fired in moved["fired"]] == [("p", "ship")]


def test_one_large_step_of_the_clock_skips_as_small_ones_do(tmp_path: Path) -> None:
    app = create_app(write(tmp_path))
    fingerprints = []
    for sandbox, steps in (("one", ["30s"]), ("many", ["10s"] * 3)):
        client = app.test_client()
        headers = {"X-Mock-Sandbox": sandbox}
        for step in steps:
            client.post("/__mock/clock", json={"advance": step}, headers=headers)
        fingerprints.append((client.get("/__mock/state", headers=headers).json or {})["fingerprint"])
    assert fingerprints[0] == fingerprints[1]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_write_of_the_state_is_the_transition_to_it(client: FlaskClient, method: str) -> None:
    written = client.open("/orders/a", method=method, json={"amount": 10, "status": "paid"}).json or {}
    assert {name: written[name] for name in ("status", "paid_at", "currency")} == {
        "status": "paid",
        "paid_at": NOW,
        "currency": "EUR",
    }
    assert events(client) == [("a", "pay")]


def test_a_written_transition_is_judged_with_the_other_members(client: FlaskClient) -> None:
    assert client.patch("/orders/free", json={"status": "paid"}).status_code == 409
    assert client.patch("/orders/free", json={"status": "paid", "amount": 3}).status_code == 200


def test_its_effects_read_the_body(client: FlaskClient) -> None:
    written = client.patch("/orders/a", json={"status": "cancelled", "reason": "changed"}).json or {}
    assert written["reason"] == "changed"


def test_after_it_the_operation_of_the_transition_is_a_repeat(client: FlaskClient) -> None:
    written = client.patch("/orders/a", json={"status": "paid"}).json
    assert client.post("/orders/a/pay").json == written


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_state_that_no_transition_leads_to_is_a_409_and_changes_nothing(client: FlaskClient, method: str) -> None:
    before = order(client)
    response = client.open("/orders/a", method=method, json={"amount": 99, "status": "shipped"})
    assert response.status_code == 409
    problem = response.json or {}
    assert problem["code"] == "no-transition"
    assert problem["current"] == "draft"
    assert problem["allowed"] == ["paid", "cancelled"]
    assert order(client) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_write_of_the_present_state_is_no_transition(client: FlaskClient, method: str) -> None:
    assert client.open("/orders/a", method=method, json={"amount": 99, "status": "draft"}).status_code == 200
    assert events(client) == []


def test_put_state_of_the_control_api_may_write_any_state(client: FlaskClient) -> None:
    response = client.put("/__mock/state/orders/a", json={"status": "shipped", "amount": 1})
    assert response.status_code == 200


def test_a_new_record_has_the_initial_state_only(client: FlaskClient) -> None:
    assert client.post("/orders", json={"amount": 1, "status": "draft"}).status_code == 201
    refused = client.post("/orders", json={"amount": 1, "status": "paid"})
    assert refused.status_code == 409
    assert (refused.json or {})["code"] == "no-transition"


def test_a_new_record_has_what_it_must_have_and_no_more(client: FlaskClient) -> None:
    created = client.post("/orders", json={"note": "x"}).json or {}
    assert created.keys() == {"id", "status", "amount", "note", "created_at", "updated_at"}


def test_a_new_record_is_completed_by_the_branch_that_its_members_are_of(client: FlaskClient) -> None:
    """The schema has other members for `paid`, and the branch that is tried first depends on the key."""
    created = [client.post("/orders", json={"note": str(number)}) for number in range(20)]
    assert {(response.status_code, (response.json or {}).get("status")) for response in created} == {(201, "draft")}


def test_fill_names_the_optional_members_of_a_new_record(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        contents["schemas/resources.yaml"]["resources"]["orders"]["fill"] = ["tracking", "by"]

    client = create_app(write(tmp_path, change)).test_client()
    created = client.post("/orders", json={"amount": 1}).json or {}
    assert created.keys() >= {"tracking", "by"}


def test_a_recording_reproduces_effects_and_bodies(client: FlaskClient, tmp_path: Path) -> None:
    client.post("/orders/a/cancel", json={"reason": "kept"})
    client.patch("/orders/p", json={"status": "cancelled", "reason": "written"})
    records = (client.get("/__mock/state").json or {})["records"]
    recording = tmp_path / "recorded.yaml"
    recording.write_text(client.get("/__mock/recording").text)
    served = create_app(load_contract(tmp_path), scenario=str(recording)).test_client()
    assert (served.get("/__mock/state").json or {})["records"] == records


def test_undo_and_rewind_take_effects_back(client: FlaskClient) -> None:
    before = (client.get("/__mock/state").json or {})["fingerprint"]
    client.post("/orders/a/pay")
    client.post("/__mock/clock", json={"undo": 1})
    assert (client.get("/__mock/state").json or {})["fingerprint"] == before


def check(path: Path) -> list[str]:
    """What `mockserver check` finds."""
    checker = ContractChecker(load_contract(path))
    list(checker.steps())
    return [str(finding.problem) for finding in checker.findings]


def test_check_proves_the_states_after_effects(tmp_path: Path) -> None:
    assert check(write(tmp_path)) == []


def test_check_reports_a_state_that_effects_leave_invalid(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        del transitions(contents)["pay"]["set"]["paid_at"]

    assert any("paid_at" in problem for problem in check(write(tmp_path, change)))


@pytest.mark.parametrize(
    ("transition", "pointer", "message"),
    [
        ({"set": {"status": "paid"}}, "/set/status", '"status" holds the state, so `set` cannot write it'),
        ({"set": {"id": "x"}}, "/set/id", '"id" is the key, so `set` cannot write it'),
        ({"set": {"updated_at": "$now"}}, "/set/updated_at", "has the time already"),
        ({"set": {"paid_att": "$now"}}, "/set", 'Did you mean "paid_at"?'),
        ({"set": {"paid_at": "$noww"}}, "/set/paid_at", 'Did you mean "$now"?'),
        ({"set": {"reason": "$bodi.reason"}}, "/set/reason", 'Did you mean "$body"?'),
        ({"set": {"by": {"name": "$body..x"}}}, "/set/by/name", "is neither $now nor $body.MEMBER"),
        ({"set": {"amount": "ten"}}, "/set/amount", "does not match the schema of amount"),
        ({"when": {"type": "nothing"}}, "/when/type", "is not a JSON Schema"),
        ({"when": {"$ref": "other.json"}}, "/when/$ref", "is not a JSON Schema"),
    ],
)
def test_a_mistake_is_reported_with_its_place(
    tmp_path: Path, transition: dict[str, Any], pointer: str, message: str
) -> None:
    path = write(tmp_path, lambda contents: transitions(contents)["pay"].update(transition))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    reported = [problem for problem in caught.value.problems if message in problem.message]
    assert [problem.pointer for problem in reported] == [f"/resources/orders/lifecycle/transitions/pay{pointer}"]


def test_a_member_that_no_body_has_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, lambda contents: transitions(contents)["cancel"]["set"].update(note="$body.reson"))
    with pytest.raises(ContractError, match=r'reson, which the body lacks. Did you mean "reason"\?'):
        load_contract(path)


def updating(contents: dict[str, Any], effects: dict[str, Any]) -> None:
    """Let the operation that cancels an order be an update with effects, in a resource without lifecycle."""
    resources = contents["schemas/resources.yaml"]
    resources["operations"]["cancelOrder"] = {"update": "orders", "set": effects}
    del resources["operations"]["payOrder"], resources["resources"]["orders"]["lifecycle"]
    del contents["scenarios/baseline.yaml"]["progress"]


def test_an_update_writes_the_time_and_a_part_of_the_body(tmp_path: Path) -> None:
    effects = {"paid_at": "$now", "paid_on": "$now", "note": "$body.user.name", "status": "cancelled"}
    client = create_app(write(tmp_path, lambda contents: updating(contents, effects))).test_client()
    changed = client.post("/orders/p/cancel", json={"reason": "x", "user": {"name": "Ada"}}).json or {}
    assert {name: changed[name] for name in (*effects, "reason")} == {
        "paid_at": NOW,
        "paid_on": "2026-01-15",
        "note": "Ada",
        "status": "cancelled",
        "reason": "x",
    }


@pytest.mark.parametrize(
    ("effects", "message"),
    [
        ({"paid_at": "$noww"}, 'Did you mean "$now"?'),
        ({"paid_att": "$now"}, 'Did you mean "paid_at"?'),
        ({"amount": "$now", "status": "$now"}, "does not match the schema of status"),
        ({"note": "$body.reson"}, '`set` sets a field to $body.reson, which the body lacks. Did you mean "reason"?'),
    ],
)
def test_a_mistake_in_the_effects_of_an_update_is_reported(
    tmp_path: Path, effects: dict[str, Any], message: str
) -> None:
    path = write(tmp_path, lambda contents: updating(contents, effects))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert [problem.message for problem in caught.value.problems if message in problem.message]
