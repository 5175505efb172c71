from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract
from mockserver.check.checker import ContractChecker
from tests.conftest import MakeContract
from tests.documents.broken import document, load


def check(path: Path, schema: dict[str, Any], version: str = "3.1.0") -> list[tuple[str, str, str]]:
    """The level, pointer and message of each finding about a document with one schema."""
    checker = ContractChecker(load(path, document({"Thing": schema}, version)))
    for _ in checker.steps():
        pass
    return [(finding.level, finding.problem.pointer, finding.problem.message) for finding in checker.findings]


def test_an_invalid_example_inside_a_schema_is_a_warning(tmp_path: Path) -> None:
    schema = {
        "properties": {"a b": {"type": "integer", "examples": [1, "x"]}, "example": {"type": "string", "example": "y"}},
        "example": {"a b": 1},
    }
    message = 'the example does not match its schema: "x" is not of type integer; an example is 1'
    assert check(tmp_path, schema) == [("warning", "/components/schemas/Thing/properties/a b/examples/1", message)]


def test_an_example_may_be_valid_in_either_direction(tmp_path: Path) -> None:
    secret, own = {"type": "string", "writeOnly": True}, {"type": "integer", "readOnly": True}
    schema = {"required": ["own", "secret"], "properties": {"own": own, "secret": secret}}
    assert check(tmp_path, {**schema, "example": {"own": 1}}, "3.0.3") == []
    assert check(tmp_path, {**schema, "example": {"secret": "x"}}, "3.0.3") == []
    assert [message for _, _, message in check(tmp_path, {**schema, "example": {}}, "3.0.3")] == [
        'the example does not match its schema: "own" is required and missing',
        'the example does not match its schema: "secret" is required and missing',
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"nullable": True, "type": "string", "example": None},
        {"nullable": True, "allOf": [{"type": "string"}], "example": None},
        {"$ref": "#/components/schemas/Other", "example": 1},
    ],
)
def test_an_example_of_openapi_3_0_is_validated_by_its_dialect(tmp_path: Path, schema: dict[str, Any]) -> None:
    other = {"type": "string", "maximum": 1, "exclusiveMaximum": True}
    checker = ContractChecker(load(tmp_path, document({"Thing": schema, "Other": other})))
    assert list(checker.steps()) != []
    assert checker.findings == []


def test_an_invalid_example_inside_a_schema_of_a_directory_is_a_warning_too(make_contract: MakeContract) -> None:
    def change(files: dict[str, Any]) -> None:
        content = files["schemas/openapi.yaml"]["paths"]["/message"]["get"]["responses"]["200"]["content"]
        content["application/json"]["schema"] = {"type": "string", "example": 7}

    checker = ContractChecker(load_contract(make_contract(change)))
    assert list(checker.steps()) != []
    assert [
        (result.level, result.problem.message) for result in checker.findings if result.problem.code == "example"
    ] == [("warning", "the example does not match its schema: 7 is not of type string")]


@pytest.mark.parametrize(
    ("schema", "messages"),
    [
        ({"type": "integer", "default": "x"}, ['"x" is not of type integer']),
        ({"type": "string", "enum": ["a", "b"], "default": "c"}, ['"c" is not one of "a", "b".']),
        ({"type": "integer", "maximum": 5, "default": 5}, []),
    ],
)
def test_a_default_that_breaks_its_schema_is_a_warning(
    tmp_path: Path, schema: dict[str, Any], messages: list[str]
) -> None:
    pointer = "/components/schemas/Thing/default"
    assert check(tmp_path, schema) == [
        ("warning", pointer, f"the default does not match its schema: {message}") for message in messages
    ]


def test_a_parameter_without_a_schema_is_checked_and_kept_state_for(tmp_path: Path) -> None:
    pet = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
    one = {"200": {"description": "ok", "content": {"application/json": {"schema": pet}}}}
    several = {
        "200": {"description": "ok", "content": {"application/json": {"schema": {"type": "array", "items": pet}}}}
    }
    item = {"parameters": [{"name": "id", "in": "path", "required": True}], "get": {"responses": one}}
    paths = {"/pets/{id}": item, "/pets": {"get": {"responses": several}}, "/#a=b": {"get": {"responses": one}}}
    contract = load(tmp_path, document(None, paths=paths))
    checker = ContractChecker(contract)
    assert list(checker.steps()) != []
    assert {finding.problem.code for finding in checker.findings} == {"parameter", "fragment-in-path"}
    client = create_app(contract.root / "api.json", stateful=True).test_client()
    key = client.get("/pets").get_json()[0]["id"]
    assert client.get(f"/pets/{key}").get_json()["id"] == key
