"""Discriminators whose property is restricted by the schemas themselves."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve

TEXT: dict[str, Any] = {"type": "string"}
BOTH: dict[str, Any] = {"type": "string", "enum": ["cat", "dog"]}
MAPPING = {"cat": "#/components/schemas/Cat", "dog": "Dog"}
REX = {"kind": "dog", "name": "Rex", "bark": "wuff"}


def api(
    base: dict[str, Any],
    *,
    cat: dict[str, Any] | None = None,
    dog: dict[str, Any] | None = None,
    mapping: dict[str, str] | None = None,
    keyword: str = "oneOf",
) -> dict[str, Any]:
    """Cats and dogs that share a base, whose `kind` has the schema `base`, and their own one if there is one."""

    def child(kind: dict[str, Any] | None, member: str) -> dict[str, Any]:
        own = {"kind": kind, member: TEXT} if kind is not None else {member: TEXT}
        return {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": own}]}

    discriminator = {"propertyName": "kind"} | ({"mapping": mapping} if mapping is not None else {})
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    examples = {"application/json": {**content["application/json"], "example": REX}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {
            "/pets": {
                "post": {
                    "requestBody": {"required": True, "content": content},
                    "responses": {"200": {"description": "ok", "content": examples}},
                },
                "get": {"responses": {"200": {"description": "ok", "content": content}}},
            }
        },
        "components": {
            "schemas": {
                "Base": {"type": "object", "required": ["kind"], "properties": {"kind": base, "name": TEXT}},
                "Cat": child(cat, "meow"),
                "Dog": child(dog, "bark"),
                "Pet": {
                    keyword: [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                    "discriminator": discriminator,
                },
            }
        },
    }


@pytest.fixture(
    params=[
        api(BOTH, mapping=MAPPING),
        api(BOTH),
        api(BOTH, mapping=MAPPING, keyword="anyOf"),
        api({"type": "string", "pattern": "^[a-z]+$"}, mapping=MAPPING),
        api({"allOf": [BOTH]}, mapping=MAPPING),
        api(BOTH, cat={"type": "string", "enum": ["cat"]}, dog={"type": "string", "enum": ["dog"]}),
        api(BOTH, cat={"const": "cat"}, dog={"const": "dog"}, mapping=MAPPING),
        api(TEXT, cat={"const": "cat"}, dog={"const": "dog"}),
        api(TEXT, mapping=MAPPING),
    ]
)
def pets(request: pytest.FixtureRequest, serve: Serve) -> FlaskClient:
    """A client of each of these APIs."""
    return serve(request.param)


@pytest.mark.parametrize(
    "body", [{"kind": "dog", "bark": "x"}, {"kind": "cat", "meow": "x"}, {"kind": "dog", "meow": 5}]
)
def test_a_body_that_the_named_alternative_allows_is_accepted(pets: FlaskClient, body: dict[str, Any]) -> None:
    assert pets.post("/pets", json=body).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "dog", "bark": 5}, "5 is not of type string"),
        ({"kind": "cow"}, '"cow" is not one of "cat", "dog".'),
        ({"name": "x"}, '"kind" is required and missing'),
    ],
)
def test_a_body_that_the_named_alternative_excludes_is_refused(
    pets: FlaskClient, body: dict[str, Any], message: str
) -> None:
    response = pets.post("/pets", json=body)
    assert response.status_code == 422
    assert [violation["message"] for violation in response.get_json()["violations"]] == [message]


def test_a_right_example_stays_as_it_is(pets: FlaskClient) -> None:
    assert pets.post("/pets", json=REX).get_json() == REX


def test_a_value_is_generated_for_one_of_the_alternatives(pets: FlaskClient) -> None:
    response = pets.get("/pets")
    assert response.status_code == 200
    assert response.get_json()["kind"] in ("cat", "dog")


def test_the_property_may_be_that_of_the_schema_around_the_alternatives(serve: Serve) -> None:
    document = api(TEXT, mapping=MAPPING)
    schemas = document["components"]["schemas"]
    schemas["Cat"] = {"type": "object", "required": ["meow"], "properties": {"meow": TEXT}}
    schemas["Dog"] = {"type": "object", "properties": {"bark": TEXT}}
    schemas["Pet"] |= {"type": "object", "required": ["kind"], "properties": {"kind": TEXT}}
    client = serve(document)
    assert client.post("/pets", json={"kind": "dog", "meow": "x"}).status_code == 200
    responses = [client.post("/pets", json=body) for body in ({"kind": "cat", "bark": "x"}, {"kind": "cow"}, {})]
    assert [response.get_json()["violations"][0]["message"] for response in responses] == [
        '"meow" is required and missing',
        '"cow" is not one of "cat", "dog".',
        '"kind" is required and missing',
    ]
    assert client.get("/pets").get_json()["kind"] in ("cat", "dog")


@pytest.mark.parametrize("body", [{"kind": "dog"}, {"kind": "cow", "bark": "x"}, {"bark": "x"}, {}])
def test_the_default_alternative_is_for_other_values_and_for_none(serve: Serve, body: dict[str, Any]) -> None:
    document = {**api(TEXT, mapping={"cat": "Cat"}), "openapi": "3.2.0"}
    schemas = document["components"]["schemas"]
    del schemas["Base"]["required"]
    schemas["Cat"]["required"] = ["meow"]
    schemas["Dog"]["additionalProperties"] = TEXT
    schemas["Pet"]["discriminator"]["defaultMapping"] = "#/components/schemas/Dog"
    client = serve(document)
    assert client.post("/pets", json=body).status_code == 200
    assert "5 is not of type string" in client.post("/pets", json={**body, "bark": 5}).get_json()["detail"]
    assert client.post("/pets", json={"kind": "cat"}).get_json()["violations"][0]["message"] == (
        '"meow" is required and missing'
    )


def test_a_generated_value_is_one_of_the_schemas_that_inherit(serve: Serve) -> None:
    pet = {"$ref": "#/components/schemas/Pet"}
    content = {"application/json": {"schema": {"type": "array", "minItems": 20, "items": pet}}}

    def child(parent: str, member: str) -> dict[str, Any]:
        own = {"type": "object", "required": [member], "properties": {member: {"type": "integer"}}}
        return {"allOf": [{"$ref": f"#/components/schemas/{parent}"}, own]}

    schemas = {
        "Pet": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": TEXT, "friend": pet},
            "discriminator": {"propertyName": "kind", "mapping": {"a-cat": "Cat"}},
        },
        "Cat": child("Pet", "meow"),
        "Dog": child("Pet", "bark"),
        "Puppy": child("Dog", "age"),
        "Owner": {"type": "object", "properties": {"pet": {"description": "hers", "allOf": [pet]}}},
    }
    client = serve(
        {
            "openapi": "3.0.3",
            "info": {"title": "Pets", "version": "1"},
            "paths": {
                "/pets": {
                    "get": {"responses": {"200": {"description": "ok", "content": content}}},
                    "post": {
                        "requestBody": {"required": True, "content": {"application/json": {"schema": pet}}},
                        "responses": {"204": {"description": "ok"}},
                    },
                }
            },
            "components": {"schemas": schemas},
        }
    )
    members = {"a-cat": {"meow"}, "Dog": {"bark"}, "Puppy": {"bark", "age"}}
    pets = client.get("/pets").get_json()
    assert {pet["kind"] for pet in pets} == set(members)
    assert all(pet.keys() - {"kind", "friend"} == members[pet["kind"]] for pet in pets)
    # The schemas that inherit say nothing about which values are valid (OpenAPI 3.1.1, section 4.8.25.4).
    assert client.post("/pets", json={"kind": "Dog"}).status_code == 204
