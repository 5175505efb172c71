"""Examples of media types are judged together or when they are first used, each once."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.loader import load_contract
from mockserver.contract.model import Contract
from mockserver.schemas import validators
from mockserver.web.app import create_app

SCHEMAS: dict[str, Any] = {
    "Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "owner": {"$ref": "#/components/schemas/Owner"}}},
    "Owner": {"type": "object", "properties": {"age": {"type": "integer"}, "pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
}  # fmt: skip
PET = {"$ref": "#/components/schemas/Pet"}
WARNING = (
    'the example "example" at api.json/paths/~1wrong/get/responses/200/content/application~1json does not match its '
    "schema; the invalid parts are regenerated"
)


def operation(content: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"responses": {"200": {"description": "ok", "content": {"application/json": content}}}}}


def load(folder: Path, paths: dict[str, Any], responses: dict[str, Any] | None = None) -> Contract:
    components = {"schemas": SCHEMAS, "responses": responses or {}}
    document = {
        "openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "paths": paths, "components": components,
    }  # fmt: skip
    (folder / "api.json").write_text(json.dumps(document))
    return load_contract(folder / "api.json")


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_wrong_example_is_repaired_and_logged_once_when_it_is_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(load(tmp_path, {"/wrong": operation({"schema": PET, "example": {"name": 5}})})).test_client()
    bodies = [client.get("/wrong", headers={"Prefer": "example=example"}).json for _ in range(2)]
    assert [type(body["name"]) for body in bodies] == [str, str]
    assert warnings_of(caplog) == [WARNING]


def test_a_valid_example_is_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = create_app(
        load(tmp_path, {"/right": operation({"schema": PET, "example": {"name": "Tom"}})})
    ).test_client()
    assert client.get("/right").json == {"name": "Tom"}
    assert warnings_of(caplog) == []


@pytest.mark.parametrize(
    ("example", "count"),
    [
        ({"name": "Tom"}, 0),
        ({"name": "Tom", "owner": {"age": 4, "pets": [{"name": "Kit"}]}}, 0),
        ({"name": 5}, 1),
        ({}, 1),
        ({"name": "Tom", "owner": {"age": 4, "pets": [{}]}}, 1),
        ({"name": "Tom", "owner": {"age": 4.5}}, 1),
        ([], 1),
        (None, 1),
    ],
)
def test_examples_judged_together_are_judged_as_each_alone(tmp_path: Path, example: Any, count: int) -> None:
    other = operation({"schema": {"$ref": "#/components/schemas/Owner"}, "example": {"age": 7}})
    paths = {"/tested": operation({"schema": PET, "example": example}), "/other": other}
    contract = load(tmp_path, paths)
    alone = contract.operations["GET /tested"].responses["200"].media["application/json"].validator
    assert alone is not None
    assert contract.schemas.compile(alone.address).is_valid(example) == (not count)
    assert contract.invalid_examples == count


def test_the_example_of_a_shared_response_is_counted_once(tmp_path: Path) -> None:
    shared = {"description": "ok", "content": {"application/json": {"schema": PET, "example": {}}}}
    reference = {"get": {"responses": {"200": {"$ref": "#/components/responses/Shared"}}}}
    contract = load(tmp_path, {"/a": reference, "/b": reference}, {"Shared": shared})
    assert contract.invalid_examples == 1
    assert [problem.pointer for problem in contract.warnings] == [
        "/components/responses/Shared/content/application~1json/example"
    ]


def test_examples_of_many_linked_schemas_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {f"/p{number}": operation({"schema": PET, "example": {}}) for number in range(20)}
    contract = load(tmp_path, paths)
    compiled = []
    compile_schema = validators._compile

    def compile_and_note(schema: Any, documents: Any, **options: Any) -> Any:
        compiled.append(schema)
        return compile_schema(schema, documents, **options)

    monkeypatch.setattr(validators, "_compile", compile_and_note)
    assert contract.invalid_examples == 20
    assert len(compiled) == 1
