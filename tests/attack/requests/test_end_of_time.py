"""The end of the year 9999, after which RFC 3339 has no times: what would pass it is refused, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.contract.model import ClockPlan
from mockserver.engine.clock import Clock
from mockserver.syntax.instants import EARLIEST, LATEST, format_instant, parse_instant
from tests.conftest import MakeContract

END = "9999-12-31T23:59:59.999Z"
PROGRESS = {
    "jobs": [
        {"state": "queued", "after": "5s", "fire": "start"},
        {"state": "running", "after": "5s", "fire": "finish"},
    ]
}


def client_at(make_contract: MakeContract, instant: str | None, progress: dict[str, Any] | None = None) -> FlaskClient:
    def change(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"]["progress"] = progress or {}

    client = create_app(load_contract(make_contract(change))).test_client(use_cookies=False)
    if instant is not None:
        assert move(client, set=instant)[0] == 200
    return client


def move(client: FlaskClient, **body: Any) -> tuple[int, Any]:
    response = client.post("/__mock/clock", json=body)
    return response.status_code, response.json


def state(client: FlaskClient) -> Any:
    held = client.get("/__mock/state").json
    return held["fingerprint"], client.get("/__mock/clock").json["now"]


CHANGES: list[tuple[str, str, Any]] = [
    ("post", "/jobs/b/cancel", None),
    ("post", "/jobs", {"id": "new", "owner_id": 1}),
    ("patch", "/jobs/b", {"note": "x"}),
    ("post", "/__mock/state/jobs/b/finish", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_stamp_after_the_end_is_refused_and_changes_nothing(
    make_contract: MakeContract, method: str, path: str, body: Any
) -> None:
    client = client_at(make_contract, END)
    assert client.post("/jobs/a/cancel").json["updated_at"] == END
    before = state(client)
    response = getattr(client, method)(path, **({} if body is None else {"json": body}))
    assert response.status_code == 422
    assert response.json["code"] == "bad-time"
    assert state(client) == before


def test_a_refused_change_is_possible_after_the_clock_was_set_back(make_contract: MakeContract) -> None:
    client = client_at(make_contract, END)
    assert [client.post(f"/jobs/{job}/cancel").status_code for job in "ab"] == [200, 422]
    move(client, rewind="1h")
    assert [client.post(f"/jobs/{job}/cancel").status_code for job in "ab"] == [200, 200]


@pytest.mark.parametrize("body", [{"advance": "1ms"}, {"advance": "30s"}, {"set": "9999-12-31T23:59:59.999-00:01"}])
def test_the_clock_does_not_move_past_the_end(make_contract: MakeContract, body: dict[str, str]) -> None:
    client = client_at(make_contract, END)
    status, problem = move(client, **body)
    assert status == 422
    assert problem["code"] == "bad-time"
    assert move(client, mode="manual")[1]["now"] == END


def test_a_change_after_which_a_transition_would_be_due_past_the_end_is_refused(make_contract: MakeContract) -> None:
    client = client_at(make_contract, "9999-12-31T23:59:58.000Z", PROGRESS)
    before = state(client)
    response = client.post("/jobs", json={"id": "new", "owner_id": 1})
    assert response.status_code == 422
    assert response.json["code"] == "bad-time"
    assert state(client) == before


def test_a_move_after_which_a_transition_would_be_due_past_the_end_is_refused(make_contract: MakeContract) -> None:
    client = client_at(make_contract, "9999-12-31T23:59:50.000Z", PROGRESS)
    assert client.post("/jobs", json={"id": "new", "owner_id": 1}).status_code == 201
    before = state(client)
    assert [move(client, advance="6s")[1]["code"], move(client, advance="next")[1]["code"]] == ["bad-time"] * 2
    assert state(client) == before


def test_a_per_request_clock_stops_at_the_end(make_contract: MakeContract) -> None:
    client = client_at(make_contract, END)
    move(client, mode="per-request", step="1s")
    response = client.get("/jobs")
    assert response.status_code == 422
    assert response.json["code"] == "bad-time"
    assert client.get("/__mock/clock").json["now"] == END


@pytest.mark.parametrize("speed", [1.0, 1e12, 1e308])
def test_a_real_clock_stops_at_the_end(speed: float) -> None:
    plan = ClockPlan(start=LATEST - 10, mode="real", speed=speed)
    assert Clock.from_plan(plan, 0.0).now(1e6) == LATEST


def test_a_real_clock_that_is_fast_is_served_at_the_end(make_contract: MakeContract) -> None:
    client = client_at(make_contract, END)
    assert move(client, mode="real", speed=1000)[0] == 200
    assert [client.get("/jobs").status_code for _ in range(3)] == [200] * 3
    assert client.get("/__mock/clock").json["now"] == END


def test_a_scenario_may_begin_at_the_end(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"] |= {"progress": PROGRESS, "clock": {"start": END}}

    client = create_app(load_contract(make_contract(change))).test_client()
    assert client.get("/jobs").status_code == 200
    assert client.get("/__mock/clock").json["next_due"] is None


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
def test_an_instant_outside_the_years_that_can_be_written_is_invalid(text: str) -> None:
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        parse_instant(text)


@pytest.mark.parametrize("instant", [EARLIEST, LATEST])
def test_the_first_and_the_last_instant_can_be_read_and_written(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize("count", [1, 1.0])
def test_a_count_may_be_written_as_json_schema_allows(make_contract: MakeContract, count: float) -> None:
    client = client_at(make_contract, None)
    client.post("/jobs/a/cancel")
    assert move(client, undo=count)[0] == 200
    assert client.get("/jobs/a").json["status"] == "queued"
