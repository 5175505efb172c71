"""Schemas that are valid and hardly meant so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import create_app, load_contract

TEXT = {"type": "string"}
CLOSED = {"type": "object", "additionalProperties": False, "properties": {"b": TEXT}}
NEEDS_A = {"type": "object", "required": ["a"], "properties": {"a": TEXT}}


def warnings(folder: Path, schema: Any, version: str = "3.1.0") -> list[tuple[str, str]]:
    """The pointers below the schema, and the codes, of what is reported about it."""
    file = folder / "openapi.json"
    file.write_text(
        json.dumps(
            {
                "openapi": version,
                "info": {"title": "T", "version": "1"},
                "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}},
                "components": {"schemas": {"Thing": schema, "Closed": CLOSED, "Text": TEXT}},
            }
        )
    )
    reported = load_contract(file).warnings
    return [(problem.pointer.removeprefix("/components/schemas/Thing"), problem.code) for problem in reported]


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({**CLOSED, "allOf": [NEEDS_A]}, "/allOf"),
        ({"allOf": [{"$ref": "#/components/schemas/Closed"}, NEEDS_A]}, "/allOf"),
        ({"allOf": [{"$ref": "#/components/schemas/Closed"}], "required": ["a"]}, "/allOf"),
        ({"type": "null", "oneOf": [NEEDS_A, CLOSED]}, "/oneOf"),
        ({"type": "string", "anyOf": [{"type": "integer"}, {"type": "null"}]}, "/anyOf"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "/allOf"),
        ({"type": "string", "enum": [1, 2]}, "/enum"),
        ({"type": "string", "const": 1}, "/const"),
        ({"type": "string", "enum": ["a", 2]}, "/enum"),
        ({"type": "integer", "enum": [1, 1.5]}, "/enum"),
    ],
)
def test_a_schema_that_excludes_what_it_lists_or_requires_is_named(tmp_path: Path, schema: Any, pointer: str) -> None:
    assert warnings(tmp_path, schema) == [(pointer, "unsatisfiable")]


@pytest.mark.parametrize(
    "schema",
    [
        {**CLOSED, "properties": {"a": TEXT}, "allOf": [NEEDS_A]},
        {"allOf": [NEEDS_A, {"type": "object", "properties": {"c": TEXT}}]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"type": "number", "enum": [1, 1.5]},
        {"type": "integer", "enum": [1.0]},
        {"type": ["object", "null"], "oneOf": [NEEDS_A, CLOSED]},
        {"type": "object", "additionalProperties": False, "patternProperties": {"^a": TEXT}, "allOf": [NEEDS_A]},
        {"nullable": False, "type": "string"},
    ],
)
def test_a_schema_that_something_satisfies_is_not_named(tmp_path: Path, schema: Any) -> None:
    assert warnings(tmp_path, schema) == []


def test_an_enum_of_openapi_3_0_need_not_list_null(tmp_path: Path) -> None:
    assert warnings(tmp_path, {"type": "string", "nullable": True, "enum": ["a", None]}, "3.0.3") == []


@pytest.mark.parametrize("keyword", ["nullable", "type", "required", "default", "readOnly"])
def test_a_keyword_beside_a_reference_of_openapi_3_0_is_named(tmp_path: Path, keyword: str) -> None:
    values = {"nullable": True, "type": "string", "required": ["a"], "default": "a", "readOnly": True}
    schema = {"$ref": "#/components/schemas/Text", keyword: values[keyword]}
    assert warnings(tmp_path, schema, "3.0.3") == [(f"/{keyword}", "ref-sibling")]


@pytest.mark.parametrize(("keyword", "version"), [("description", "3.0.3"), ("x-own", "3.0.3"), ("type", "3.1.0")])
def test_a_harmless_keyword_beside_a_reference_is_not_named(tmp_path: Path, keyword: str, version: str) -> None:
    assert warnings(tmp_path, {"$ref": "#/components/schemas/Text", keyword: "string"}, version) == []


def test_nullable_has_no_meaning_in_openapi_3_1(tmp_path: Path) -> None:
    assert warnings(tmp_path, {"type": "string", "nullable": True}) == [("/nullable", "nullable")]


@pytest.mark.parametrize("second", [CLOSED, {"$ref": "#/components/schemas/Closed"}])
def test_a_member_that_one_part_of_an_all_of_excludes_is_named_with_the_part(
    tmp_path: Path, second: dict[str, Any]
) -> None:
    content = {"application/json": {"schema": {"allOf": [NEEDS_A, second]}}}
    post = {"requestBody": {"content": content}, "responses": {"200": {"description": "ok"}}}
    file = tmp_path / "openapi.json"
    file.write_text(
        json.dumps(
            {
                "openapi": "3.1.0",
                "info": {"title": "T", "version": "1"},
                "paths": {"/a": {"post": post}},
                "components": {"schemas": {"Closed": CLOSED}},
            }
        )
    )
    response = create_app(file).test_client().post("/a", json={"a": "x", "b": "y"})
    assert [violation["message"] for violation in response.get_json()["violations"]] == [
        '"a" is not declared in allOf/1, whose additionalProperties: false excludes the members of other parts.'
    ]
