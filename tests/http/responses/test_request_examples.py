"""Responses whose example has the name of those that describe the request."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import ContractError, load_contract
from tests.conftest import MakeContract, Serve


def named(**values: Any) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


def response(**values: Any) -> dict[str, Any]:
    return {"description": "one", "content": {"application/json": {"schema": {}, "examples": named(**values)}}}


def parameter(name: str, location: str, schema: str, **values: Any) -> dict[str, Any]:
    declared = {"name": name, "in": location, "schema": {"type": schema}, "examples": named(**values)}
    return declared | ({"required": True} if location == "path" else {})


CAR = {
    "parameters": [
        parameter("id", "path", "integer", known=7, missing=99, broken=5, text="8"),
        parameter("X-Trace", "header", "string", broken="x", number=12),
        parameter("lang", "query", "string", german="de", english="en"),
        {"name": "tags", "in": "query", "schema": {"type": "array"}, "examples": named(tagged=["a", "b"])},
        {"name": "at", "in": "query", "content": {"application/json": {"schema": {}, "examples": named(there={"x": 1})}}},
    ],
    "get": {
        "responses": {
            "200": response(
                first=1, known=2, german=3, text=4, number=5, tagged=6, there=7, example=8, english=9
            ),
            "404": response(missing="gone", known="never"),
            "4XX": response(odd="odd"),
            "default": response(broken="broken"),
        }
    },
}  # fmt: skip
CARS = {
    "post": {
        "requestBody": {
            "content": {
                "application/json": {"schema": {"type": "object"}, "examples": named(ok={"a": 1, "b": []}, twice={"a": 2})},
                "application/x-www-form-urlencoded": {"schema": {"properties": {"a": {"type": "integer"}}, "type": "object"}, "examples": named(form={"a": 3})},
            }
        },
        "responses": {"201": response(other=0, ok=1, form=3), "409": response(twice="twice")},
    }
}  # fmt: skip


@pytest.fixture
def cars(serve: Serve) -> FlaskClient:
    paths = {"/cars/{id}": CAR, "/cars": CARS}
    return serve({"openapi": "3.1.0", "info": {"title": "Cars", "version": "1"}, "paths": paths})


@pytest.mark.parametrize(
    ("target", "headers", "status", "body"),
    [
        ("/cars/1", {}, 200, 1),
        ("/cars/7", {}, 200, 2),
        ("/cars/8", {}, 200, 4),
        ("/cars/1?lang=de", {}, 200, 3),
        ("/cars/1?lang=fr", {}, 200, 1),
        ("/cars/99", {}, 404, "gone"),
        ("/cars/99?lang=de", {}, 200, 3),
        ("/cars/5", {}, 200, 1),
        ("/cars/5?lang=de", {"X-Trace": "x"}, 500, "broken"),
        ("/cars/1", {"X-Trace": "12"}, 200, 5),
        ("/cars/1?tags=a&tags=b", {}, 200, 6),
        ("/cars/1?tags=b&tags=a", {}, 200, 1),
        ('/cars/1?at={"x":1.0}', {}, 200, 7),
        ("/cars/99", {"Prefer": "example=first"}, 200, 1),
        ("/cars/99", {"Prefer": "code=200"}, 200, 1),
        ("/cars/1", {"Prefer": "example=missing"}, 404, "gone"),
        ("/cars/1", {"Prefer": "example=odd"}, 400, "odd"),
        ("/cars/1", {"Prefer": "example=broken"}, 500, "broken"),
        ("/cars/1", {"Prefer": "example=known"}, 200, 2),
        ("/cars/1", {"Prefer": "code=404, example=known"}, 404, "never"),
    ],
)
def test_a_request_that_is_an_example_gets_the_response_of_its_name(
    cars: FlaskClient, target: str, headers: dict[str, str], status: int, body: Any
) -> None:
    answer = cars.get(target, headers=headers)
    assert answer.status_code == status
    assert answer.get_json() == body


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ({"json": {"b": [], "a": 1.0}}, 201, 1),
        ({"json": {"a": 2}}, 409, "twice"),
        ({"json": {"a": 2, "b": 1}}, 201, 0),
        ({"data": {"a": "3"}}, 201, 3),
        ({"json": {"a": 3}}, 201, 3),
        ({}, 201, 0),
    ],
)
def test_a_body_that_is_an_example_gets_the_response_of_its_name(
    cars: FlaskClient, sent: dict[str, Any], status: int, body: Any
) -> None:
    answer = cars.post("/cars", **sent)
    assert answer.status_code == status
    assert answer.get_json() == body


def test_an_invalid_request_that_is_an_example_gets_the_error_of_its_name(serve: Serve) -> None:
    operation = {
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                    "examples": named(empty={}, text={"a": "x"}, ok={"a": 1}),
                }
            }
        },
        "responses": {"200": response(ok="ok"), "400": response(other={"e": "other"}, empty={"e": "empty"})},
    }
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": operation}}})
    assert client.post("/x", json={}).get_json() == {"e": "empty"}
    assert client.post("/x", json={"a": "x"}).get_json() != {"e": "empty"}
    assert client.post("/x", json={"a": "x"}).status_code == 400
    assert client.post("/x", json={}, headers={"Prefer": "example=other"}).get_json() == {"e": "other"}
    assert client.post("/x", json={"a": 1}).get_json() == "ok"


def test_an_example_in_a_media_type_that_the_client_does_not_accept_is_not_sent(serve: Serve) -> None:
    content = {"application/json": {"examples": named(a=1)}, "text/plain": {"examples": named(b="b")}}
    operation = {
        "parameters": [parameter("q", "query", "string", b="b")],
        "responses": {"200": {"description": "ok", "content": content}},
    }
    client = serve({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": operation}}})
    assert client.get("/x?q=b").text == "b"
    assert client.get("/x?q=b", headers={"Accept": "application/json"}).get_json() == 1


def test_an_override_takes_precedence_over_examples(cars: FlaskClient) -> None:
    cars.post("/__mock/overrides", json={"operation": "GET /cars/{id}", "status": 404, "example": "known"})
    assert cars.get("/cars/7").get_json() == "never"


def test_the_example_of_an_invalid_request_is_no_mistake(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        item = files["schemas/openapi.yaml"]["paths"]["/jobs"]
        media = item["post"]["requestBody"]["content"]["application/json"]
        media["examples"] = named(late=5, broken=5)
        item["post"]["responses"]["422"] = response(late={"e": 1})

    with pytest.raises(ContractError) as raised:
        load_contract(make_contract(change))
    assert {problem.pointer.rpartition("examples/")[2] for problem in raised.value.problems} == {"broken/value"}
