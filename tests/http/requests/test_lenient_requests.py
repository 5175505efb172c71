"""Requests that violate the contract and are not refused: `--lenient-requests`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from tests.conftest import MakeContract

BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["name"]}}}}
PET = {"description": "a pet", "content": {"application/json": {"example": {"name": "Rex"}}}}
PETS = {
    "/pets": {
        "post": {
            "operationId": "addPet",
            "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
            "requestBody": BODY,
            "responses": {"201": PET},
        }
    },
    "/locked": {"get": {"responses": {"200": PET}, "security": [{"bearer": []}]}},
}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    schemes = {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}
    document = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": PETS, "components": schemes}
    (tmp_path / "pets.json").write_text(json.dumps(document))
    return create_app(load_contract(tmp_path / "pets.json"), strict_requests=False).test_client()


def last_entry(client: FlaskClient) -> Any:
    return client.get("/__mock/requests?limit=1").get_json()["requests"][0]


@pytest.mark.parametrize(
    ("query", "data", "content_type", "note"),
    [
        ("", b"{}", "application/json", 'The request violates the contract: "name" is required and missing'),
        ("?dry=x", b'{"name": "a"}', "application/json", 'query dry: "x" is not of type boolean'),
        ("", b"{", "application/json", "The request body cannot be read"),
        ("", b"", None, "a body is required and missing"),
        ("", b"a", "text/plain", "This operation accepts application/json"),
        ("", b"a", "application/json; charset=klingon", 'The charset "klingon" is not supported'),
    ],
)
def test_an_example_responds_to_a_request_that_violates_the_contract(
    client: FlaskClient, query: str, data: bytes, content_type: str | None, note: str
) -> None:
    response = client.post(f"/pets{query}", data=data, content_type=content_type)
    assert (response.status_code, response.get_json()) == (201, {"name": "Rex"})
    assert last_entry(client)["note"].startswith("not refused: ")
    assert note in last_entry(client)["note"]
    assert client.get("/__mock/verdict").status_code == 200


def test_the_journal_lists_the_violations(client: FlaskClient) -> None:
    client.post("/pets?dry=x", json={})
    violations = last_entry(client)["violations"]
    assert [(item["location"], item["keyword"]) for item in violations] == [("query", "type"), ("body", "required")]


def test_a_request_that_is_repeated_in_other_sandboxes_has_the_same_note(client: FlaskClient) -> None:
    for sandbox in ("a", "b", "a"):
        headers = {"X-Mock-Sandbox": sandbox}
        assert client.post("/pets", json={}, headers=headers).status_code == 201
        entry = client.get("/__mock/requests?limit=1", headers=headers).get_json()["requests"][0]
        assert (len(entry["violations"]), entry["note"][:11]) == (1, "not refused")


def test_a_valid_request_has_no_note(client: FlaskClient) -> None:
    client.post("/pets", json={"name": "a"})
    assert "note" not in last_entry(client)


def test_an_override_matches_and_responds(client: FlaskClient) -> None:
    override = {"operation": "addPet", "where": {"dry": "x"}, "match": {"body": {"required": ["nme"]}}, "status": 409}
    assert client.post("/__mock/overrides", json=override).status_code == 201
    assert client.post("/pets?dry=x", json={"nme": "a"}).status_code == 409
    assert client.post("/pets?dry=x", json={}).status_code == 201


def test_credentials_and_paths_are_still_required(client: FlaskClient) -> None:
    assert client.get("/locked").status_code == 401
    assert client.get("/pets/1").status_code == 404


def test_the_control_api_refuses_invalid_requests(client: FlaskClient) -> None:
    assert client.post("/__mock/clock", json={"advance": 1}).status_code == 422


def test_operations_that_keep_state_refuse_it_unless_an_override_replaces_the_response(
    make_contract: MakeContract,
) -> None:
    client = create_app(make_contract(), strict_requests=False).test_client()
    refused = client.post("/jobs?nope=1", json={"owner_id": "x"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "invalid-request")
    assert "note" not in last_entry(client)
    client.post("/__mock/overrides", json={"operation": "createJob", "status": 503})
    assert client.post("/jobs?nope=1", json={"owner_id": "x"}).status_code == 503
