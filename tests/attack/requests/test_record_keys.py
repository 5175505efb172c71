"""Keys of records in every notation that JSON has for them: numbers are compared as numbers, and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app, load_contract
from mockserver.engine.commands import Put
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from tests.attack.scale import some
from tests.conftest import MakeContract

JSON = "application/json"
HUGE = 10_000_000_000_000_000_000_000


def with_owners(files: dict[str, Any]) -> None:
    """Operations on the owners, whose keys are integers and to which jobs refer."""
    record = {"content": {JSON: {"schema": {"type": "object"}}}}
    paths, operations = files["schemas/openapi.yaml"]["paths"], files["schemas/resources.yaml"]["operations"]
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths["/owners"] = {
        "post": {
            "operationId": "createOwner",
            "requestBody": record,
            "responses": {"201": {"description": "x", **record}},
        }
    }
    paths["/owners/{id}"] = {
        "parameters": [key],
        "get": {"operationId": "getOwner", "responses": {"200": {"description": "x", **record}}},
        "put": {
            "operationId": "putOwner",
            "requestBody": record,
            "responses": {"200": {"description": "x", **record}},
        },
        "delete": {"operationId": "deleteOwner", "responses": {"204": {"description": "x"}}},
    }
    operations |= {
        "createOwner": {"create": "owners"},
        "getOwner": {"read": "owners"},
        "putOwner": {"replace": "owners"},
        "deleteOwner": {"delete": "owners"},
    }


@pytest.fixture
def owners(make_contract: MakeContract) -> FlaskClient:
    return create_app(load_contract(make_contract(with_owners))).test_client(use_cookies=False)


def post(client: FlaskClient, path: str, text: str) -> tuple[int, Any]:
    response = client.post(path, data=text, content_type=JSON)
    return response.status_code, response.json


@pytest.mark.parametrize("key", ["2", "2.0", "2e0", "20e-1", "2.000"])
def test_a_key_that_is_taken_is_a_conflict_in_every_notation(owners: FlaskClient, key: str) -> None:
    status, problem = post(owners, "/owners", f'{{"id": {key}}}')
    assert status == 409
    assert problem["code"] == "record-exists"
    assert problem["detail"] == "owners already has a record 2."


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [("1e22", str(HUGE), HUGE), (str(HUGE), "1e22", HUGE), ("7.0", "7", 7), ("-0.0", "0", 0), ("7", "7.0", 7)],
)
def test_a_key_is_the_same_however_it_was_written(owners: FlaskClient, first: str, second: str, key: int) -> None:
    assert post(owners, "/owners", f'{{"id": {first}}}') == (201, {"id": key, "state": "idle"})
    assert post(owners, "/owners", f'{{"id": {second}}}')[0] == 409
    assert owners.get(f"/owners/{key}").json == {"id": key, "state": "idle"}
    assert owners.delete(f"/owners/{key}").status_code == 204
    assert owners.get(f"/owners/{key}").status_code == 404


@pytest.mark.parametrize("key", some(["true", '"2"', "2.5", "null", "[2]", '{"a": 2}'], 3))
def test_what_is_no_key_is_invalid(owners: FlaskClient, key: str) -> None:
    status, problem = post(owners, "/owners", f'{{"id": {key}}}')
    assert status == 422
    assert [entry["pointer"] for entry in problem["violations"]] == ["/id"]


@pytest.mark.parametrize("reference", ["2", "2.0", "2e0"])
def test_a_reference_is_found_however_it_was_written(owners: FlaskClient, reference: str) -> None:
    status, job = post(owners, "/jobs", f'{{"id": "new", "owner_id": {reference}}}')
    assert status == 201
    assert job["owner_id"] == 2
    assert owners.get("/owners/2/jobs").json[0]["id"] == "new"
    assert owners.delete("/owners/2").status_code == 409


@pytest.mark.parametrize("reference", ["9", "9.0", "1e22"])
def test_a_reference_to_nothing_is_invalid_however_it_was_written(owners: FlaskClient, reference: str) -> None:
    status, problem = post(owners, "/jobs", f'{{"id": "new", "owner_id": {reference}}}')
    assert status == 422
    assert [entry["keyword"] for entry in problem["violations"]] == ["references"]


@pytest.mark.parametrize("key", [True, [1], {"a": 1}, 1.5])
def test_a_reference_that_the_schema_leaves_open_must_still_be_a_key(make_contract: MakeContract, key: Any) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["owner_id"] = {}

    client = create_app(load_contract(make_contract(change))).test_client()
    response = client.post("/jobs", json={"id": "new", "owner_id": key})
    assert [(entry["pointer"], entry["keyword"]) for entry in response.json["violations"]] == [
        ("/owner_id", "references")
    ]


def test_a_replaced_record_may_repeat_its_key_in_another_notation(owners: FlaskClient) -> None:
    response = owners.put("/owners/2", data='{"id": 2.0}', content_type=JSON)
    assert response.status_code == 200
    assert response.text == '{"id":2,"state":"over"}'


def test_a_put_of_the_control_api_stores_the_key_as_an_integer(owners: FlaskClient) -> None:
    response = owners.put("/__mock/state/owners/7", data='{"id": 7.0}', content_type=JSON)
    assert response.status_code == 201
    assert response.text == '{"id":7,"state":"idle"}'


def test_fixtures_may_write_keys_in_any_notation(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        with_owners(files)
        files["fixtures/small/owners.json"][1]["id"] = 2.0
        files["fixtures/small/jobs.json"][0]["owner_id"] = 1.0

    client = create_app(load_contract(make_contract(change))).test_client()
    assert client.get("/owners/2").text == '{"id":2,"state":"over"}'
    assert '"id":"a","owner_id":1,' in client.get("/owners/1/jobs").text


def test_two_fixtures_with_the_same_key_in_two_notations_are_an_error(problems: Any) -> None:
    def change(files: dict[str, Any]) -> None:
        files["fixtures/small/owners.json"].append({"id": 2.0})

    assert [text.partition(": ")[2] for text in problems(change)] == ["the key 2 is already used in line 1"]


def test_a_scenario_may_write_the_key_of_a_record_in_any_notation(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        with_owners(files)
        files["scenarios/baseline.yaml"]["records"] = {"owners": [{"id": 2.0}, {"id": 8.0}]}

    client = create_app(load_contract(make_contract(change))).test_client()
    assert [client.get(f"/owners/{key}").json["id"] for key in (2, 8)] == [2, 8]


def test_a_number_and_a_text_of_the_same_digits_are_two_records_that_progress_at_the_same_time(
    make_contract: MakeContract,
) -> None:
    def change(files: dict[str, Any]) -> None:
        files["schemas/job.json"]["properties"]["id"] = {"type": ["string", "integer"]}
        files["schemas/event.json"]["properties"]["job_id"] = {"type": ["string", "integer"]}
        files["scenarios/baseline.yaml"]["progress"] = {
            "jobs": [{"state": "queued", "after": "5s", "fire": "start", "where": {"note": "x"}}]
        }

    contract: Contract = load_contract(make_contract(change))
    run = Run(Start(contract, contract.scenarios["baseline"]), 1)
    for key in ("2", 2):
        record = {
            "id": key,
            "owner_id": 1,
            "status": "queued",
            "updated_at": "2026-01-01T00:00:10.000Z",
            "note": "x",
        }
        run.submit(lambda _, at, key=key, record=record: Put("jobs", key, record, at))  # type: ignore[misc]
    assert [(fired.key, fired.transition) for fired in run.advance(6_000)] == [(2, "start"), ("2", "start")]
