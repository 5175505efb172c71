"""Recordings: served elsewhere, a run's file answers byte for byte like the run it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from mockserver import Contract, ContractError, create_app
from mockserver.engine.commands import KeepResponse
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.syntax import yaml_reader
from tests.conftest import MakeContract

PATHS = (
    "/admin/jobs?limit=500", "/admin/jobs/job-7", "/admin/jobs/job-7/events", "/admin/jobs/job-2/events",
    "/tutor/courses", "/tutor/courses/course-1/sessions",
)  # fmt: skip
Steps = st.SearchStrategy[Any]
POSTS: Steps = st.tuples(
    st.just("POST"),
    st.builds("/admin/jobs/job-{}/{}".format, st.integers(1, 36), st.sampled_from(["retry", "cancel"])),
    st.fixed_dictionaries({}, optional={"Idempotency-Key": st.sampled_from(["one", "two", "three"])}),
    st.none(),
)
FIRED: Steps = st.tuples(
    st.just("POST"),
    st.builds(
        "/__mock/state/jobs/job-{}/{}".format, st.integers(1, 36), st.sampled_from(["start", "succeed", "fail", "no"])
    ),
    st.just({}),
    st.none(),
)
PUTS: Steps = st.tuples(
    st.just("PUT"),
    st.builds("/__mock/state/jobs/{}".format, st.sampled_from(["job-1", "job-7", "0o17", "1e5", "é"])),
    st.just({}),
    st.sampled_from(["queued", "running", "failed"]).map(
        lambda status: {
            "session_id": "session-1", "type": "summarization", "status": status,
            "updated_at": "2026-01-15T08:59:00.000Z",
        }
    ),
)  # fmt: skip
REMOVALS: Steps = st.tuples(
    st.just("DELETE"),
    st.sampled_from(["/__mock/state/jobs/job-2", "/__mock/overrides/override-1", "/__mock/overrides"]),
    st.just({}),
    st.none(),
)
OVERRIDES: Steps = st.tuples(
    st.just("POST"),
    st.just("/__mock/overrides"),
    st.just({}),
    st.sampled_from(
        [
            {"operation": "getJob", "status": 503, "times": 2},
            {"operation": "listJobs", "headers": {"X-Note": "é: on"}},
            {"operation": "retryJob", "status": 500, "commit": True, "times": 1},
        ]
    ),
)
MOVES: Steps = st.tuples(
    st.just("POST"),
    st.just("/__mock/clock"),
    st.just({}),
    st.sampled_from([{"advance": "7s"}, {"advance": "next"}, {"rewind": "3s"}, {"undo": 1}, {"advance": "1m"}]),
)
READS: Steps = st.tuples(st.just("GET"), st.sampled_from(PATHS), st.just({}), st.none())
STEPS = st.lists(POSTS | FIRED | PUTS | REMOVALS | OVERRIDES | MOVES | READS, max_size=25)


def act(client: FlaskClient, step: tuple[str, str, Mapping[str, str], Any], scenario: str) -> tuple[int, bytes, Any]:
    method, path, headers, body = step
    extra = {"json": body} if body is not None else {}
    response = client.open(path, method=method, headers={**headers, "X-Mock-Scenario": scenario}, **extra)
    return response.status_code, response.data, response.headers.get("X-Note")


def record(client: FlaskClient, scenario: str) -> str:
    response = client.get("/__mock/recording", headers={"X-Mock-Scenario": scenario})
    assert response.status_code == 200
    assert response.content_type == "application/yaml"
    return response.text


def fingerprint(client: FlaskClient, scenario: str) -> str:
    result: str = client.get("/__mock/state", headers={"X-Mock-Scenario": scenario}).json["fingerprint"]
    return result


@given(STEPS, STEPS, st.sampled_from(["baseline", "fails-then-recovers", "flaky-actions"]))
def test_a_recording_continues_like_its_run(
    built_in: Contract, tmp_path: Path, before: list[Any], after: list[Any], scenario: str
) -> None:
    here = create_app(built_in).test_client()
    for step in before:
        act(here, step, scenario)
    text = record(here, scenario)
    (tmp_path / "found.yaml").write_text(text)
    there = create_app(built_in, scenario=str(tmp_path / "found.yaml")).test_client()
    assert (
        fingerprint(there, "found") == fingerprint(here, scenario) == yaml_reader.parse(text)["recorded"]["fingerprint"]
    )
    assert [act(there, ("GET", path, {}, None), "found") for path in PATHS] == [
        act(here, ("GET", path, {}, None), scenario) for path in PATHS
    ]
    # Going back to before the recording is the one thing that it cannot do.
    onward = [step for step in after if not isinstance(step[3], dict) or not {"rewind", "undo"} & step[3].keys()]
    for step in onward:
        if step[2] != "/__mock/overrides":
            assert act(there, step, "found") == act(here, step, scenario)
    assert fingerprint(there, "found") == fingerprint(here, scenario)
    (tmp_path / "again.yaml").write_text(record(there, "found"))
    again = create_app(built_in, scenario=str(tmp_path / "again.yaml")).test_client()
    assert fingerprint(again, "again") == fingerprint(here, scenario)


def test_a_recording_is_the_whole_scenario_and_what_was_done(client: FlaskClient) -> None:
    headers = {"X-Mock-Scenario": "happy-path"}
    client.post("/__mock/clock", json={"mode": "manual"}, headers=headers)
    client.post("/__mock/reset")
    headers = {"X-Mock-Scenario": "fails-then-recovers"}
    client.post("/__mock/clock", json={"advance": "5s"}, headers=headers)
    client.post("/admin/jobs/job-7/retry", headers=headers)
    text = record(client, "fails-then-recovers")
    data = yaml_reader.parse(text)
    assert text.startswith("# Recorded by mockserver ")
    assert data["commands"] == [
        {"at": "2026-01-15T09:00:05.000Z", "fire": {"resource": "jobs", "key": "job-7", "transition": "retry"}}
    ]
    assert data["clock"] == {
        "start": "2026-01-15T09:00:00.000Z", "mode": "manual", "now": "2026-01-15T09:00:05.000Z",
    }  # fmt: skip
    assert data["fixtures"] == "tutoring"
    assert data["recorded"]["from"] == "fails-then-recovers"
    assert "progress" in data


def test_a_real_clock_stands_still_in_a_recording(client: FlaskClient, built_in: Contract, tmp_path: Path) -> None:
    client.post("/__mock/clock", json={"advance": "10m"}, headers={"X-Mock-Scenario": "happy-path"})
    client.post("/__mock/clock", json={"mode": "manual"}, headers={"X-Mock-Scenario": "happy-path"})
    path = tmp_path / "found.yaml"
    path.write_text(record(client, "happy-path"))
    there = create_app(built_in, scenario=str(path)).test_client()
    assert fingerprint(there, "found") == fingerprint(client, "happy-path")
    assert (
        there.get("/__mock/clock").json == client.get("/__mock/clock", headers={"X-Mock-Scenario": "happy-path"}).json
    )
    assert there.get("/admin/jobs").data == client.get("/admin/jobs", headers={"X-Mock-Scenario": "happy-path"}).data


def test_the_clock_goes_back_as_far_as_the_recording(client: FlaskClient, built_in: Contract, tmp_path: Path) -> None:
    client.post("/__mock/clock", json={"advance": "5s"})
    client.post("/admin/jobs/job-7/retry")
    path = tmp_path / "found.yaml"
    path.write_text(record(client, "baseline"))
    there = create_app(built_in, scenario=str(path)).test_client()
    start = fingerprint(there, "found")
    there.post("/__mock/clock", json={"advance": "5s"})
    there.post("/admin/jobs/job-7/cancel")
    there.post("/__mock/clock", json={"rewind": "5s"})
    assert fingerprint(there, "found") == start
    refused = there.post("/__mock/clock", json={"rewind": "1ms"})
    assert refused.status_code == 422
    assert refused.json["code"] == "before-start"
    assert there.get("/__mock/verdict").json["verdict"] == "passed"


def test_a_run_whose_log_has_overflowed_cannot_be_recorded(client: FlaskClient) -> None:
    client.application.extensions["mockserver"].sandboxes.get("default").run("baseline").history.limit = 2
    for job in ("job-1", "job-2", "job-4"):
        client.post(f"/admin/jobs/{job}/cancel")
        client.post(f"/__mock/state/jobs/{job}/start")
    client.post("/admin/jobs/job-7/retry")
    response = client.get("/__mock/recording")
    assert response.status_code == 409
    assert response.json["code"] == "beyond-log"


def test_a_stored_binary_response_is_recorded_too(make_contract: MakeContract, tmp_path: Path) -> None:
    def binary(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["paths"]["/jobs"]["post"]["responses"]["201"]["content"] = {}

    contract = make_contract(binary)
    client = create_app(contract).test_client()
    headers = {"Idempotency-Key": "one"}
    first = client.post("/jobs", json={"owner_id": 1}, headers=headers)
    text = record(client, "baseline")
    there_file = tmp_path / "found.yaml"
    there_file.write_text(text)
    there = create_app(contract, scenario=str(there_file)).test_client()
    again = there.post("/jobs", json={"owner_id": 1}, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data


def test_a_stored_response_is_recorded_with_each_value_of_a_header(small: Contract) -> None:
    headers = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Other", "c"))
    command = KeepResponse("one", StoredResponse("digest", 201, b"{}", "application/json", headers), 0)
    assert decode_command(small, encode_command(command)) == command


def test_what_is_removed_together_is_recorded_in_the_order_of_the_records(make_contract: MakeContract) -> None:
    jobs = {"type": "array", "items": {"$ref": "job.json"}}

    def with_replacement(files: dict[str, Any]) -> None:
        files["schemas/openapi.yaml"]["paths"]["/jobs"]["put"] = {
            "operationId": "replaceJobs",
            "requestBody": {"content": {"application/json": {"schema": jobs}}},
            "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": jobs}}}},
        }
        files["schemas/resources.yaml"]["operations"]["replaceJobs"] = {"replace_all": "jobs"}

    client = create_app(make_contract(with_replacement)).test_client()
    assert client.put("/jobs", json=[]).status_code == 200
    (command,) = yaml_reader.parse(record(client, "baseline"))["commands"]
    assert [part["remove"]["key"] for part in command["transaction"]] == ["a", "b", "c", "x/y"]


GOOD = {"at": "2026-01-01T00:00:11Z", "fire": {"resource": "jobs", "key": "a", "transition": "start"}}


@pytest.mark.parametrize(
    ("commands", "pointer", "told"),
    [
        ([{**GOOD, "fire": {**GOOD["fire"], "key": "none"}}], "/commands/0", "no record"),  # type: ignore[dict-item]
        ([GOOD, GOOD], None, None),
        ([{**GOOD, "fire": {**GOOD["fire"], "transition": "go"}}], "/commands/0", "go"),  # type: ignore[dict-item]
        ([GOOD, {**GOOD, "at": "2026-01-01T00:00:10Z"}], "/commands/1/at", "out of order"),
        ([{**GOOD, "at": "2026-01-01T00:00:09Z"}], "/commands/0/at", "out of order"),
        ([{**GOOD, "at": "2026-01-01T00:00:13Z"}], "/commands/0/at", "out of order"),
        ([{**GOOD, "at": "soon"}], "/commands/0/at", "date-time"),
        ([{"at": "2026-01-01T00:00:11Z"}], "/commands/0", "member"),
        ([{**GOOD, "use_override": "scenario-1"}], "/commands/0", "member"),
        ([{"at": GOOD["at"], "add_override": {"operation": "getJb"}}], "/commands/0/add_override", "status"),
        ([{"at": GOOD["at"], "remove_override": "none"}], "/commands/0", "none"),
        ([{"at": GOOD["at"], "put": {"resource": "jobs", "key": "a", "record": {}}}], "/commands/0", "required"),
        ([{"at": GOOD["at"], "remove": {"resource": "owners", "key": 1}}], "/commands/0", "refer"),
    ],
)
def test_an_invalid_command_is_reported_with_its_location(
    make_contract: MakeContract, commands: list[Any], pointer: str | None, told: str | None
) -> None:
    def change(files: dict[str, Any]) -> None:
        clock = {"start": "2026-01-01T00:00:10Z", "now": "2026-01-01T00:00:12Z"}
        files["scenarios/baseline.yaml"] = {"fixtures": "small", "clock": clock, "commands": commands}

    path = make_contract(change)
    if pointer is None:
        assert create_app(path).test_client().get("/jobs/a").json["status"] == "running"
        return
    with pytest.raises(ContractError) as error:
        create_app(path)
    problem = error.value.problems[0]
    assert problem.file == "scenarios/baseline.yaml"
    assert problem.pointer == pointer
    assert problem.line is not None
    assert told is not None
    assert told in problem.message


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        ({"start": "2026-01-01T00:00:10Z", "now": "2026-01-01T00:00:09Z"}, "before the clock's start"),
        ({"start": "now", "mode": "real", "now": "2026-01-01T00:00:09Z"}, "give the clock a fixed start"),
        ({"start": "now", "mode": "real", "move_fixtures": True}, "give the clock a fixed start"),
        ({"move_fixtures": True}, "start"),
    ],
)
def test_an_invalid_clock_is_reported(problems: Callable[..., list[str]], clock: dict[str, Any], told: str) -> None:
    def change(files: dict[str, Any]) -> None:
        files["scenarios/baseline.yaml"] = {"fixtures": "small", "clock": clock}

    result = problems(change)
    assert result
    assert told in result[0]


def test_fixtures_can_be_moved_to_any_start(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        clock = {"start": "2030-01-01T00:00:00Z", "move_fixtures": True}
        files["scenarios/baseline.yaml"] = {"fixtures": "small", "clock": clock}

    client = create_app(make_contract(change)).test_client()
    assert client.get("/jobs/c").json["updated_at"] == "2030-01-01T00:00:00.000Z"
    assert client.get("/jobs/b").json["updated_at"] == "2029-12-31T23:59:59.000Z"
