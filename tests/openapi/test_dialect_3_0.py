from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app
from tests.documents.broken import document, load, thing_validator


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "nullable": False}, ["a"], [None]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a", None], ["b"]),
        ({"nullable": True, "allOf": [{"$ref": "#/components/schemas/Word"}]}, ["a", None], [1]),
        ({"allOf": [{"$ref": "#/components/schemas/Word"}, {"nullable": True, "description": "d"}]}, ["a", None], [1]),
        ({"allOf": [{"$ref": "#/components/schemas/Word"}, {"nullable": True}], "nullable": False}, ["a"], [None]),
        ({"allOf": [{"$ref": "#/components/schemas/Word"}, {"nullable": True, "maxLength": 1}]}, ["a"], ["ab", None]),
        ({"nullable": True, "oneOf": [{"$ref": "#/components/schemas/Word"}, {"type": "integer"}]}, ["a", 1, None], [1.5]),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, [0.1], [0]),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": True}, [8], [9]),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": False}, [0], [-1]),
        ({"$ref": "#/components/schemas/Word", "maxLength": 1, "nullable": True}, ["abc"], [None]),
        ({"type": "object", "properties": {"nullable": {"type": "string"}}}, [{"nullable": "a"}], [{"nullable": None}]),
        ({"type": "object", "properties": {"example": {"$ref": "#/components/schemas/Word"}}}, [{"example": "a"}], [{"example": 1}]),
        ({"type": "array", "items": {"type": "string", "nullable": True}}, [["a", None]], [[1]]),
        ({"type": "string", "example": {"$ref": "#/nowhere"}}, ["a"], [1]),
        ({"type": "array", "items": [{"type": "string"}], "additionalItems": {"type": "boolean"}}, [["a", True]], [["a", "b"], [True]]),
    ],
)  # fmt: skip
def test_a_schema_is_read_as_openapi_3_0_defines_it(
    tmp_path: Path, schema: Any, valid: list[Any], invalid: list[Any]
) -> None:
    is_valid = thing_validator(load(tmp_path, document({"Thing": schema, "Word": {"type": "string"}})))
    assert [is_valid(value) for value in valid + invalid] == [True] * len(valid) + [False] * len(invalid)


def test_in_3_1_siblings_of_a_reference_count_and_nullable_does_not(tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/Word", "maxLength": 1, "nullable": True}
    is_valid = thing_validator(load(tmp_path, document({"Thing": schema, "Word": {"type": "string"}}, "3.1.0")))
    assert is_valid("a") is True
    assert is_valid("ab") is False
    assert is_valid(None) is False


@pytest.mark.parametrize(("version", "counts"), [("3.0.3", False), ("3.1.0", True)])
def test_siblings_of_the_reference_of_a_body_or_parameter_count_only_in_3_1(
    tmp_path: Path, version: str, counts: bool
) -> None:
    written = document({"Thing": {"type": "object"}, "Count": {"type": "integer", "default": 7}}, version)
    beside = {"required": ["a"], "properties": {"a": {"const": 5}}}
    whole = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing", **beside}}}}
    count = {"$ref": "#/components/schemas/Count", "maximum": 9}
    post = written["paths"]["/things"]["post"]
    post |= {"requestBody": whole, "responses": {"200": {"description": "a thing", **whole}}}
    post["parameters"] = [{"name": "count", "in": "query", "schema": count}]
    contract = load(tmp_path, written)
    assert contract.operations["post"].parameters[0].default == 7
    client = create_app(contract).test_client()
    response = client.post("/things?count=9", json={"a": 5})
    assert response.status_code == 200
    assert response.json == ({"a": 5} if counts else {})
    refused = [client.post("/things?count=10", json={"a": 5}), client.post("/things", json={"a": 6})]
    assert [response.status_code for response in refused] == [422 if counts else 200] * 2


def test_a_reference_into_a_relocated_schema_still_resolves(tmp_path: Path) -> None:
    owner = {"nullable": True, "allOf": [{"type": "object", "required": ["x"]}]}
    schemas = {"Thing": {"$ref": "#/components/schemas/Owner/allOf/0"}, "Owner": owner}
    is_valid = thing_validator(load(tmp_path, document(schemas)))
    assert is_valid({"x": 1}) is True
    assert is_valid({}) is False
    assert is_valid(None) is False


def test_a_reference_to_a_sibling_that_3_0_ignores_is_left_out(tmp_path: Path) -> None:
    schemas = {"Thing": {"properties": {"a": {"$ref": "#/components/schemas/Odd/allOf/3"}}}, "Odd": {"$ref": "#/components/schemas/Word", "allOf": {"3": {"type": "integer"}}}, "Word": {"type": "string"}}  # fmt: skip
    assert thing_validator(load(tmp_path, document(schemas)))({"a": 1})


def test_the_served_document_is_unchanged(tmp_path: Path) -> None:
    written = document({"Thing": {"type": "number", "nullable": True, "minimum": 1, "exclusiveMinimum": True}})
    client = create_app(load(tmp_path, written)).test_client()
    assert client.get("/openapi.json").json == written


def test_a_file_that_a_3_0_document_refers_to_is_read_as_3_0(tmp_path: Path) -> None:
    main = document({"Thing": {"$ref": "parts/word.json"}})
    is_valid = thing_validator(load(tmp_path, main, parts__word={"type": "string", "nullable": True}))
    assert is_valid(None) is True
    assert is_valid(1) is False


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_read_only_and_write_only_properties_are_required_in_one_direction(tmp_path: Path, version: str) -> None:
    base = {
        "type": "object",
        "required": ["id", "name", "secret"],
        "properties": {
            "id": {"$ref": "#/components/schemas/Id"},
            "name": {"type": "string"},
            "secret": {"type": "string", "writeOnly": True},
        },
    }
    whole = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id"]}]}
    schemas = {"Thing": whole, "Base": base, "Id": {"type": "integer", "readOnly": True}}
    contract = load(tmp_path, document(schemas, version))
    assert thing_validator(contract, "request")({"name": "a", "secret": "b"})
    assert not thing_validator(contract, "request")({"id": 1, "name": "a"})
    assert thing_validator(contract, "response")({"id": 1, "name": "a"})
    assert not thing_validator(contract, "response")({"name": "a", "secret": "b"})
    assert not thing_validator(contract)({"id": 1, "name": "a"})
    client = create_app(contract).test_client()
    assert client.post("/things", json={"name": "a", "secret": "b"}).status_code == 200
    assert [violation["message"] for violation in client.post("/things", json={"id": 1, "name": "a"}).json["violations"]] == ['"secret" is required and missing']  # fmt: skip


KINDS = {
    "Cat": {"type": "object", "properties": {"kind": {"type": "string"}, "size": {"type": "integer"}}},
    "Dog": {"type": "object", "properties": {"kind": {"type": "string"}, "size": {"type": "integer"}}},
    "Hen": {"type": "object", "properties": {"kind": {"enum": ["hen"]}, "eggs": {"type": "integer"}}, "required": ["eggs", "kind"]},
}  # fmt: skip
CHOICE = [{"$ref": f"#/components/schemas/{name}"} for name in KINDS]


def test_a_discriminator_selects_the_alternative(tmp_path: Path) -> None:
    discriminator = {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog", "puppy": "Dog"}}
    is_valid = thing_validator(
        load(tmp_path, document({"Thing": {"oneOf": CHOICE, "discriminator": discriminator}, **KINDS}))
    )
    assert is_valid({"kind": "Cat", "size": 1})  # the name of its schema
    assert is_valid({"kind": "puppy", "size": 1})
    assert is_valid({"kind": "hen", "eggs": 2})  # its own schema says which
    assert not is_valid({"kind": "dog", "size": "big"})
    assert not is_valid({"kind": "cow", "size": 1})
    assert not is_valid({"size": 1})


def test_a_discriminator_can_name_files(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"kind": {"type": "string"}}}
    choice = [{"$ref": "kinds/cat.json"}, {"$ref": "kinds/dog.json"}]
    discriminator = {"propertyName": "kind", "mapping": {"puppy": "kinds/dog.json", "hound": "./kinds/dog.json#"}}
    main = document({"Thing": {"oneOf": choice, "discriminator": discriminator}})
    is_valid = thing_validator(load(tmp_path, main, kinds__cat=schema, kinds__dog=schema))
    assert [is_valid({"kind": kind}) for kind in ("puppy", "hound", "cat")] == [True] * 3
    assert [is_valid({"kind": kind}) for kind in ("dog", "dog.json#", "cow")] == [False] * 3


def test_a_parent_and_children_that_refer_to_each_other_do_not_form_a_cycle(tmp_path: Path) -> None:
    parent = {
        "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
        "oneOf": [{"$ref": "#/components/schemas/Cat"}], "discriminator": {"propertyName": "kind"},
    }  # fmt: skip
    child = {"allOf": [{"$ref": "#/components/schemas/Thing"}, {"required": ["lives"]}]}
    contract = load(tmp_path, document({"Cat": child, "Thing": parent}))
    is_valid = thing_validator(contract)
    assert is_valid({"kind": "Cat", "lives": 9})
    assert not is_valid({"kind": "Cat"})
    assert not is_valid({"lives": 9})
    assert [(warning.code, warning.pointer) for warning in contract.warnings] == [("circle", "/components/schemas/Cat/allOf/0/$ref")]  # fmt: skip
