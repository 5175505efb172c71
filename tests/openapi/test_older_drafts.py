"""Schemas of older drafts of JSON Schema inside a document of OpenAPI 3.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract
from mockserver.openapi.dialects import older_drafts

TUPLE: dict[str, Any] = {
    "type": "array",
    "items": [{"type": "string"}, {"type": "integer"}],
    "additionalItems": False,
    "minItems": 2,
}
DEPENDENT: dict[str, Any] = {
    "type": "object",
    "dependencies": {"a": ["b"], "c": {"required": ["d"], "properties": {"d": {"$ref": "#/components/schemas/Text"}}}},
}
ABOVE: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer", "minimum": 1, "exclusiveMinimum": True}},
}
REFERENCE: dict[str, Any] = {"properties": {"a": {"$ref": "#/components/schemas/Text", "minLength": 5}}}


def write(folder: Path, schema: Any, **members: Any) -> Path:
    """A document with an operation that takes and returns values of the schema."""
    content = {"content": {"application/json": {"schema": schema}}}
    post = {"requestBody": content, "responses": {"200": {"description": "ok", **content}}}
    file = folder / "openapi.json"
    file.write_text(
        json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "Drafts", "version": "1"},
                "paths": {"/a": {"post": post}},
                "components": {"schemas": {"Text": {"type": "string"}}},
                **members,
            }
        )
    )
    return file


@pytest.mark.parametrize(
    ("draft", "schema", "valid", "invalid"),
    [
        ("http://json-schema.org/draft-07/schema#", TUPLE, ["a", 1], ["a", "b"]),
        ("http://json-schema.org/draft-07/schema#", TUPLE, ["a", 1], ["a", 1, 2]),
        ("https://json-schema.org/draft/2019-09/schema", TUPLE, ["a", 1], ["a", 1, 2]),
        ("http://json-schema.org/draft-07/schema", DEPENDENT, {"a": 1, "b": 1}, {"a": 1}),
        ("http://json-schema.org/draft-06/schema#", DEPENDENT, {"c": 1, "d": "x"}, {"c": 1, "d": 5}),
        ("http://json-schema.org/draft-04/schema#", ABOVE, {"a": 2}, {"a": 1}),
        ("http://json-schema.org/draft-07/schema#", REFERENCE, {"a": "x"}, {"a": 5}),
    ],
)
@pytest.mark.parametrize("is_inline", [True, False])
def test_a_draft_is_honoured(
    tmp_path: Path, draft: str, schema: dict[str, Any], valid: Any, invalid: Any, is_inline: bool
) -> None:
    file = (
        write(tmp_path, {"$schema": draft, **schema}) if is_inline else write(tmp_path, schema, jsonSchemaDialect=draft)
    )
    assert load_contract(file).warnings == []
    client = create_app(file).test_client()
    assert [client.post("/a", json=body).status_code for body in (valid, invalid)] == [200, 422]


def test_an_inner_schema_may_be_in_another_draft_than_the_document(tmp_path: Path) -> None:
    current = {"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "string"}]}
    schema = {"type": "object", "properties": {"old": TUPLE, "new": current}}
    file = write(tmp_path, schema, jsonSchemaDialect="http://json-schema.org/draft-07/schema#")
    client = create_app(file).test_client()
    bodies = [{"old": ["a", 1], "new": ["a", 1]}, {"old": ["a", 1, 2]}, {"new": [5]}]
    assert [client.post("/a", json=body).status_code for body in bodies] == [200, 422, 422]


BOX: dict[str, Any] = {
    "definitions": {
        "size": {**TUPLE, "items": [{"$ref": "#/definitions/text"}, {"$ref": "#named"}]},
        "text": {"type": "string"},
        "whole": {"$id": "#named", "type": "integer"},
    },
    "type": "object",
    "properties": {"size": {"$ref": "#/definitions/size"}, "lid": {"type": "string"}},
    "dependencies": {"lid": ["size"]},
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("body", "violations"),
    [
        ({"size": ["a", 1], "lid": "x"}, []),
        ({"size": ["a", "b"]}, [("/size/1", "type")]),
        ({"size": ["a", 1, 2]}, [("/size", "items")]),
        ({"lid": "x"}, [("", "dependentRequired")]),
    ],
)
def test_a_file_beside_the_document_is_in_the_draft_that_it_names(
    tmp_path: Path, version: str, body: Any, violations: list[Any]
) -> None:
    box = {"$schema": "http://json-schema.org/draft-07/schema#", **BOX}
    (tmp_path / "box.json").write_text(json.dumps(box))
    file = write(tmp_path, {"$ref": "box.json"}, openapi=version)
    assert load_contract(file).warnings == []
    response = create_app(file).test_client().post("/a", json=body)
    reported = [(violation["pointer"], violation["keyword"]) for violation in response.get_json().get("violations", [])]
    assert reported == violations


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_reference_through_a_keyword_that_is_renamed_leads_to_its_new_place(tmp_path: Path, version: str) -> None:
    pair = {
        "type": "object",
        "properties": {
            "row": {"type": "array", "items": [{"type": "integer"}, {"$ref": "#/components/schemas/Pair/properties/row/items/0"}]},
            "tag": {"$ref": "#/components/schemas/Pair/dependencies/row/properties/mark"},
        },
        "dependencies": {"row": {"properties": {"mark": {"type": "string"}}}},
    }  # fmt: skip
    dialect = {"jsonSchemaDialect": "http://json-schema.org/draft-07/schema#"} if version == "3.1.0" else {}
    components = {"schemas": {"Pair": pair}}
    file = write(tmp_path, {"$ref": "#/components/schemas/Pair"}, openapi=version, components=components, **dialect)
    client = create_app(file).test_client()
    bodies: list[Any] = [{"row": [1, 2], "tag": "x"}, {"row": [1, "x"]}, {"tag": 5}]
    assert [client.post("/a", json=body).status_code for body in bodies] == [200, 422, 422]


def test_a_file_with_a_recursive_reference_is_left_to_the_validators(tmp_path: Path) -> None:
    tree = {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$recursiveRef": "#"}}},
    }
    (tmp_path / "tree.json").write_text(json.dumps(tree))
    client = create_app(write(tmp_path, {"$ref": "tree.json"})).test_client()
    bodies: list[Any] = [{"children": [{}]}, {"children": [5]}]
    assert [client.post("/a", json=body).status_code for body in bodies] == [200, 422]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_dependencies_are_applied_in_every_draft_with_a_reason(tmp_path: Path, version: str) -> None:
    client = create_app(write(tmp_path, DEPENDENT, openapi=version)).test_client()
    messages = [violation["message"] for violation in client.post("/a", json={"a": 1}).get_json()["violations"]]
    assert messages == ['"b" is required beside "a", and missing']


@pytest.mark.parametrize("dialect", ["https://example.com/own", "draft-99"])
def test_an_unknown_draft_is_a_warning(tmp_path: Path, dialect: str) -> None:
    file = write(tmp_path, {"type": "object"}, jsonSchemaDialect=dialect)
    assert [problem.code for problem in load_contract(file).warnings] == ["dialect"]


def test_a_keyword_of_an_older_draft_is_ignored_with_a_warning_in_the_current_one(tmp_path: Path) -> None:
    file = write(tmp_path, ABOVE)
    assert {problem.code for problem in load_contract(file).warnings} == {"schema"}
    assert create_app(file).test_client().post("/a", json={"a": 1}).status_code == 200


@pytest.mark.parametrize(
    ("uri", "draft"),
    [
        ("http://json-schema.org/draft-04/schema#", 4),
        ("https://json-schema.org/draft-07/schema", 7),
        ("https://json-schema.org/draft/2020-12/schema", 2020),
        ("https://spec.openapis.org/oas/3.1/dialect/base", 2020),
        ("https://example.com", None),
        (5, None),
    ],
)
def test_a_draft_is_known_by_its_uri(uri: object, draft: int | None) -> None:
    assert older_drafts.draft_of(uri) == draft
