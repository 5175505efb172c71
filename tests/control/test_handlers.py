from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import __version__
from mockserver.engine.journal import CLIENT_ERRORS
from tests.conftest import SCENARIOS


def test_health_answers_once_the_server_is_ready(client: FlaskClient) -> None:
    assert client.get("/__mock/health").json == {"status": "ok", "version": __version__}
    assert client.head("/__mock/health").status_code == 200


def test_reset_goes_back_byte_for_byte(client: FlaskClient) -> None:
    def everything() -> tuple[bytes, ...]:
        return tuple(client.get(p).data for p in ("/admin/jobs", "/admin/jobs/job-7/events", "/tutor/courses/course-algebra/sessions"))  # fmt: skip

    start = client.get("/__mock/state").json
    before = everything()
    client.post("/admin/jobs/job-7/retry")
    client.put("/__mock/scenario", json={"name": "empty"})
    assert everything() != before
    response = client.post("/__mock/reset")
    assert response.json == {
        "sandbox": "default", "scenario": "baseline", "generation": 2, "revision": 0,
        "fingerprint": start["fingerprint"],
    }  # fmt: skip
    assert everything() == before


def test_reset_of_one_run_keeps_the_others_and_the_active_scenario(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry")
    client.put("/__mock/scenario", json={"name": "stuck-queue"})
    client.post("/admin/jobs/job-3/cancel")
    response = client.post("/__mock/reset", json={"scope": "run"})
    assert response.json["scenario"] == "stuck-queue"
    assert response.json["revision"] == 0
    assert response.json["generation"] == 2
    assert client.get("/admin/jobs/job-3").json["status"] == "running"
    assert client.get("/admin/jobs/job-7", headers={"X-Mock-Scenario": "baseline"}).json["status"] == "queued"


def test_reset_of_all_reaches_every_sandbox(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": "other"})
    client.post("/__mock/reset", json={"scope": "all"})
    assert client.get("/admin/jobs/job-7", headers={"X-Mock-Sandbox": "other"}).json["status"] == "failed"


def test_the_response_names_the_scenario_that_was_made_active(client: FlaskClient) -> None:
    response = client.put("/__mock/scenario", json={"name": "empty"})
    assert response.json["scenario"] == "empty"
    assert response.headers["X-Mock-Scenario"] == "empty"
    assert client.get("/__mock/scenarios").json["active"] == "empty"


def test_the_active_scenario_holds_for_its_sandbox_alone(client: FlaskClient) -> None:
    client.put("/__mock/scenario", json={"name": "empty"})
    assert client.get("/admin/jobs").json["total"] == 0
    assert client.get("/admin/jobs", headers={"X-Mock-Sandbox": "other"}).json["total"] == 36


def test_without_an_active_scenario_the_default_holds_again(client: FlaskClient) -> None:
    client.put("/__mock/scenario", json={"name": "empty"})
    assert client.delete("/__mock/scenario").status_code == 204
    assert client.get("/admin/jobs").json["total"] == 36


def test_scenarios_are_listed_with_their_summaries_and_the_default(client: FlaskClient) -> None:
    listed = client.get("/__mock/scenarios").json
    assert listed["default"] == "baseline"
    assert listed["active"] is None
    assert [item["name"] for item in listed["scenarios"]] == SCENARIOS
    assert all(item["summary"] for item in listed["scenarios"])


def test_sandboxes_are_listed_and_forgotten(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": "one"})
    listed = client.get("/__mock/sandboxes").json["sandboxes"]
    (sandbox,) = [entry for entry in listed if entry["name"] == "one"]
    assert sandbox == {
        "name": "one", "active": None, "requests": 1, "violations": 0,
        "runs": [{"scenario": "baseline", "generation": 1, "revision": 1}],
    }  # fmt: skip
    assert client.delete("/__mock/sandboxes/one").status_code == 204
    assert client.delete("/__mock/sandboxes/one").json["code"] == "unknown-sandbox"
    assert client.get("/admin/jobs/job-7", headers={"X-Mock-Sandbox": "one"}).json["status"] == "failed"


RECORD = {
    "session_id": "session-1",
    "type": "transcription",
    "status": "queued",
    "updated_at": "2026-01-15T08:59:59.000Z",
}


def test_a_record_is_created_at_its_key(client: FlaskClient) -> None:
    created = client.put("/__mock/state/jobs/job-new", json=RECORD)
    assert created.status_code == 201
    assert created.headers["Location"] == "/__mock/state/jobs/job-new"
    assert created.json == {"id": "job-new", **RECORD}


def test_a_record_that_exists_is_replaced(client: FlaskClient) -> None:
    client.put("/__mock/state/jobs/job-new", json=RECORD)
    replaced = client.put("/__mock/state/jobs/job-new", json={**RECORD, "status": "failed"})
    assert replaced.status_code == 200
    assert client.get("/admin/jobs/job-new").json == {"id": "job-new", **RECORD, "status": "failed"}


def test_a_transition_is_fired(client: FlaskClient) -> None:
    client.put("/__mock/state/jobs/job-new", json=RECORD)
    fired = client.post("/__mock/state/jobs/job-new/start")
    assert fired.status_code == 200
    assert fired.json["status"] == "running"
    assert client.get("/admin/jobs/job-new").json == fired.json
    assert [item["event_type"] for item in client.get("/admin/jobs/job-new/events").json["events"]] == ["start"]


def test_a_record_is_removed(client: FlaskClient) -> None:
    assert client.delete("/__mock/state/jobs/job-7").status_code == 204
    assert client.get("/admin/jobs/job-7").status_code == 404


def test_a_key_is_read_in_the_type_that_the_keys_have(small_client: FlaskClient) -> None:
    assert small_client.put("/__mock/state/owners/7", json={}).json == {"id": 7, "state": "idle"}
    assert small_client.delete("/__mock/state/owners/7").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "json", "status", "code"),
    [
        ("GET", "/__mock/nowhere", None, 404, "unknown-path"),
        ("POST", "/__mock/health", None, 405, "method-not-allowed"),
        ("POST", "/__mock/reset", {"scope": "everything"}, 422, "invalid-request"),
        ("POST", "/__mock/reset", {"scop": "all"}, 422, "invalid-request"),
        ("POST", "/__mock/reset", [], 422, "invalid-request"),
        ("GET", "/__mock/state?all=1", None, 422, "invalid-request"),
        ("PUT", "/__mock/scenario", {"name": "nope"}, 422, "unknown-scenario"),
        ("PUT", "/__mock/scenario", None, 422, "invalid-request"),
        ("PUT", "/__mock/state/jbs/x", {}, 404, "unknown-resource"),
        ("PUT", "/__mock/state/jobs/x", {"status": "queued"}, 422, "invalid-record"),
        ("PUT", "/__mock/state/job_events/1", {}, 409, "not-keyed"),
        ("DELETE", "/__mock/state/jobs/x", None, 404, "unknown-record"),
        ("DELETE", "/__mock/state/sessions/session-1", None, 409, "record-in-use"),
        ("POST", "/__mock/state/jobs/job-1/strt", None, 404, "unknown-transition"),
        ("POST", "/__mock/state/jobs/job-1/succeed", None, 409, "transition-not-allowed"),
        ("POST", "/__mock/state/jobs/nope/start", None, 404, "unknown-record"),
        ("DELETE", "/__mock/sandboxes/nope", None, 404, "unknown-sandbox"),
    ],
)
def test_a_control_call_that_cannot_be_is_refused_and_changes_nothing(
    client: FlaskClient, method: str, path: str, json: Any, status: int, code: str
) -> None:
    before = client.get("/__mock/state").data
    response = client.open(path, method=method, **({"json": json} if json is not None else {}))
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == code
    assert response.headers["X-Mock-Code"] == code
    assert client.get("/__mock/state").data == before


def test_state_holds_every_record_and_the_fingerprint(client: FlaskClient) -> None:
    state = client.get("/__mock/state").json
    assert {name: len(records) for name, records in state["records"].items()} == {
        "courses": 3, "sessions": 16, "jobs": 36, "job_events": 74,
    }  # fmt: skip
    assert state["records"]["sessions"][0]["status_badge"]["label"] == "Ready"
    assert len(state["fingerprint"]) == 64


@pytest.mark.parametrize("path", ["/openapi.json", "/__mock/openapi.json"])
def test_both_documents_stand_on_their_own(client: FlaskClient, path: str) -> None:
    document = client.get(path).json

    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [result for item in value for result in references(item)]
        if not isinstance(value, dict):
            return []
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [result for item in value.values() for result in references(item)]

    assert document["openapi"].startswith("3.1.")
    for reference in references(document):
        place = document
        assert reference.startswith("#/")
        for token in reference[2:].split("/"):
            place = place[token.replace("~1", "/").replace("~0", "~")]


def test_below_a_base_address_locations_stay_below_it(client: FlaskClient) -> None:
    record = {"id": "course-new", "title": "New"}
    created = client.put("/__mock/in/mine/__mock/state/courses/course-new", json=record)
    assert created.headers["Location"] == "/__mock/in/mine/__mock/state/courses/course-new"
    assert client.get("/__mock/in/mine/").headers["Location"] == "/__mock/in/mine/__mock/"


def move(client: FlaskClient, **body: Any) -> dict[str, Any]:
    """What the clock answers to a move."""
    response = client.post("/__mock/clock", json=body)
    assert response.status_code == 200
    assert isinstance(response.json, dict)
    return response.json


@pytest.fixture
def recovering(client: FlaskClient) -> FlaskClient:
    client.put("/__mock/scenario", json={"name": "fails-then-recovers"})
    return client


def test_the_clock_is_shown_with_what_is_due_next(recovering: FlaskClient) -> None:
    assert recovering.get("/__mock/clock").json == {
        "now": "2026-01-15T09:00:00.000Z", "mode": "manual", "next_due": "2026-01-15T09:00:05.000Z",
        "generation": 1, "revision": 0,
    }  # fmt: skip


def test_the_clock_is_moved_to_what_is_due_next_which_is_fired(recovering: FlaskClient) -> None:
    moved = move(recovering, advance="next")
    assert moved["now"] == "2026-01-15T09:00:05.000Z"
    assert moved["fired"][0] == {
        "resource": "jobs", "key": "job-1", "transition": "start", "at": "2026-01-15T09:00:05.000Z",
    }  # fmt: skip
    assert recovering.get("/admin/jobs/job-1").json["status"] == "running"


def test_a_rewind_takes_back_what_was_fired(recovering: FlaskClient) -> None:
    move(recovering, advance="next")
    assert move(recovering, rewind="1s")["fired"] == []
    assert recovering.get("/admin/jobs/job-1").json["status"] == "queued"


def test_the_clock_is_set_to_a_time(client: FlaskClient) -> None:
    assert move(client, set="2026-01-15T09:01:00Z")["now"] == "2026-01-15T09:01:00.000Z"


def test_undo_takes_back_the_last_change(client: FlaskClient) -> None:
    move(client, set="2026-01-15T09:01:00Z")
    client.post("/admin/jobs/job-7/retry")
    assert move(client, undo=1)["now"] == "2026-01-15T09:01:00.000Z"
    assert client.get("/admin/jobs/job-7").json["status"] == "failed"


def test_what_moves_the_clock_is_changed(client: FlaskClient) -> None:
    real = move(client, mode="real", speed=10)
    assert real["mode"] == "real"
    assert real["speed"] == 10
    assert move(client, mode="per-request", step="5s")["step"] == 5_000


@pytest.mark.parametrize(
    ("move", "status", "code"),
    [
        ({"advance": "-5s"}, 422, "bad-time"),
        ({"advance": "NaN"}, 422, "bad-time"),
        ({"advance": "1e999s"}, 422, "bad-time"),
        ({"advance": "soon"}, 422, "bad-time"),
        ({"advance": 5}, 422, "invalid-request"),
        ({"advance": "5s", "rewind": "5s"}, 422, "invalid-request"),
        ({}, 422, "invalid-request"),
        ({"speed": 2}, 422, "invalid-request"),
        ({"set": "yesterday"}, 422, "invalid-request"),
        ({"set": "2020-01-01T00:00:00Z"}, 422, "before-start"),
        ({"rewind": "1s"}, 422, "before-start"),
        ({"undo": 1}, 422, "nothing-to-undo"),
        ({"undo": 0}, 422, "invalid-request"),
        ({"mode": "per-request"}, 422, "bad-time"),
        ({"mode": "real", "speed": 0}, 422, "invalid-request"),
        ({"advance": "100000000000d"}, 422, "bad-time"),
        ({"advance": "3000000d"}, 422, "bad-time"),
    ],
)
def test_a_move_that_cannot_be_leaves_the_clock_where_it_is(
    client: FlaskClient, move: dict[str, Any], status: int, code: str
) -> None:
    before = client.get("/__mock/clock").data, client.get("/__mock/state").data
    response = client.post("/__mock/clock", json=move)
    assert response.status_code == status
    assert response.json["code"] == code
    assert (client.get("/__mock/clock").data, client.get("/__mock/state").data) == before


def test_state_is_shown_in_parts(client: FlaskClient) -> None:
    part = client.get("/__mock/state?resource=jobs&offset=1&limit=2").json
    assert [item["id"] for item in part["records"].pop("jobs")] == ["job-2", "job-3"]
    assert part["records"] == {}
    assert part["totals"] == {"courses": 3, "sessions": 16, "jobs": 36, "job_events": 74}
    assert part["fingerprint"] == client.get("/__mock/state").json["fingerprint"]
    assert client.get("/__mock/state?limit=0").json["records"] == {
        "courses": [],
        "sessions": [],
        "jobs": [],
        "job_events": [],
    }
    assert client.get("/__mock/state?resource=jbs").json["code"] == "unknown-resource"


@pytest.mark.parametrize(
    ("headers", "base", "sandbox", "scenario"),
    [
        ({}, "", ("default", "default"), ("baseline", "default")),
        ({"X-Mock-Sandbox": "a"}, "", ("a", "header X-Mock-Sandbox"), ("baseline", "default")),
        ({"Cookie": "mock_sandbox=a; mock_scenario=empty"}, "", ("a", "cookie mock_sandbox"), ("empty", "cookie mock_scenario")),
        ({"Cookie": "mock_sandbox=a"}, "/__mock/in/b@slow", ("b", "base address"), ("slow", "base address")),
    ],
)  # fmt: skip
def test_the_selection_is_listed_with_its_source(
    client: FlaskClient, headers: dict[str, str], base: str, sandbox: tuple[str, str], scenario: tuple[str, str]
) -> None:
    assert client.get(f"{base}/__mock/scenarios", headers=headers).json["selected"] == {
        "sandbox": sandbox[0], "sandbox_via": sandbox[1], "scenario": scenario[0], "scenario_via": scenario[1],
        "ignored": [],
    }  # fmt: skip


def test_an_ignored_cookie_is_listed(client: FlaskClient) -> None:
    selected = client.get("/__mock/scenarios", headers={"Cookie": "mock_sandbox=a/b; mock_scenario=nope"}).json[
        "selected"
    ]
    assert selected["sandbox"] == "default"
    assert selected["sandbox_via"] == "default"
    assert selected["ignored"] == ["mock_sandbox", "mock_scenario"]


def test_the_clock_tells_how_far_the_run_is(client: FlaskClient) -> None:
    client.post("/admin/jobs/job-7/retry")
    clock = client.get("/__mock/clock").json
    assert clock["generation"] == 1
    assert clock["revision"] == 1
    client.post("/__mock/clock", json={"undo": 1})
    clock = client.get("/__mock/clock").json
    assert clock["generation"] == 2
    assert clock["revision"] == 0


def test_the_document_lists_the_codes_that_fail_the_verdict(client: FlaskClient) -> None:
    document = client.get("/__mock/openapi.json").json or {}
    assert set(document["components"]["schemas"]["ClientError"]["enum"]) == CLIENT_ERRORS


def test_reading_the_javascript_package_begins_no_sandbox(client: FlaskClient) -> None:
    client.get("/__mock/kit.tgz", headers={"X-Mock-Sandbox": "only-here"})
    sandboxes = (client.get("/__mock/sandboxes").json or {})["sandboxes"]
    assert "only-here" not in [sandbox["name"] for sandbox in sandboxes]
