"""Schemas inside other files and bodies are usable whatever they combine, or are refused at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import create_app
from mockserver.schemas.inline_schemas import TOO_LARGE, compile_inline

TOO_MANY = [("", "it applies schemas in more than 100,000 ways, which would take too long")]


def chain(length: int, reference: str = "#/$defs/a{}", **names: Any) -> dict[str, Any]:
    """A schema that leads twice to a second one, which leads twice to a third one, and so on."""
    definitions: dict[str, Any] = {}
    for number in range(length):
        target = {"$ref": reference.format(number + 1)}
        definitions[f"a{number}"] = {"allOf": [target, {"anyOf": [target]}]}
    definitions[f"a{length}"] = {"type": "object"}
    for number, definition in enumerate(definitions.values()):
        definition.update({keyword: text.format(number) for keyword, text in names.items()})
    return {"$ref": reference.format(0), "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        chain(40),
        chain(40, "#a{}", **{"$anchor": "a{}"}),
        chain(40, "urn:a{}", **{"$id": "urn:a{}"}),
        chain(2_000),
        {"properties": {"nested": {"items": chain(40)}}, "$defs": chain(40)["$defs"]},
        {"not": chain(40), "$defs": chain(40)["$defs"]},
    ],
)
def test_one_that_combines_others_in_too_many_ways_is_refused(schema: Any) -> None:
    assert compile_inline(schema) == (None, TOO_MANY)


@pytest.mark.parametrize(
    "schema",
    [
        chain(10),
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {}]}}},
        {"properties": {"child": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
    ],
)
def test_others_are_used(schema: Any) -> None:
    validator, errors = compile_inline(schema)
    assert errors == []
    assert validator is not None
    assert validator.is_valid({"child": {"child": {}}})


AS_MEMBER = (
    'a member of that name and value is required by {{"properties": {{"{0}": {{"const": {1}}}}}, "required": ["{0}"]}}'
)


@pytest.mark.parametrize(
    ("schema", "errors"),
    [
        ({"status": "open"}, [("", "status", '"open"')]),
        ({"status": "open", "title": "Emma"}, [("", "status", '"open"')]),
        ({"properties": {"owner": {"name": "Ada"}}}, [("/properties/owner", "name", '"Ada"')]),
        ({"anyOf": [{"type": "null"}, {"items": {"size": 1}}]}, [("/anyOf/1/items", "size", "1")]),
        ({"not": {"equalTo": "a"}}, [("/not", "equalTo", '"a"')]),
    ],
)
def test_a_value_that_is_written_as_a_schema_is_refused(schema: Any, errors: list[tuple[str, str, str]]) -> None:
    assert compile_inline(schema) == (None, [
        (f"{pointer}/{name}", f'"{name}" is not a keyword of JSON Schema; {AS_MEMBER.format(name, value)}')
        for pointer, name, value in errors
    ])  # fmt: skip


def test_a_schema_that_only_describes_is_refused() -> None:
    reason = (
        f'every value matches a schema that only describes, by "title"; {AS_MEMBER.format("title", json.dumps("Emma"))}'
    )
    assert compile_inline({"title": "Emma"}) == (None, [("", reason)])


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"x-owner": "team", "type": "object"},
        {"title": "A book", "properties": {"status": {"const": {"status": "open"}}, "size": {"description": "in cm"}}},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "id": "urn:a",
            "dependencies": {"a": ["b"], "c": {"type": "object"}},
        },
        {"enum": [{"status": "open"}], "examples": [{"status": "open"}], "default": {"status": "open"}},
    ],
)
def test_names_in_values_and_annotations_are_no_mistakes(schema: Any) -> None:
    assert compile_inline(schema)[1] == []


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/__mock/overrides", {"operation": "retryJob", "status": 409, "match": {"body": chain(40)}}, "/match/body"),
        ("/__mock/verify", {"expect": [{"operation": "retryJob", "body": chain(40)}]}, "/expect/0/body"),
    ],
)
def test_a_request_with_such_a_schema_is_refused(path: str, body: Any, pointer: str) -> None:
    response = create_app().test_client().post(path, json=body)
    violations = [(violation["pointer"], violation["message"]) for violation in response.get_json()["violations"]]
    assert response.status_code == 422
    assert violations == [(pointer, TOO_MANY[0][1])]


@pytest.mark.parametrize(
    ("schema", "pointer", "reference"),
    [
        ({"$ref": "nope.json"}, "/$ref", "nope.json"),
        ({"$ref": "http://localhost/a"}, "/$ref", "http://localhost/a"),
        ({"properties": {"a/b": {"items": {"$ref": "x.json#/a"}}}}, "/properties/a~1b/items/$ref", "x.json#/a"),
        ({"anyOf": [{"$ref": "#"}, {"$ref": "#/nope"}]}, "/anyOf/1/$ref", "#/nope"),
        ({"properties": {"a": {"$dynamicRef": "#a"}}}, "/properties/a/$dynamicRef", "#a"),
        ({"$id": "urn:a", "$ref": "urn:b"}, "/$ref", "urn:b"),
        ({"enum": [{"$ref": "a"}], "$ref": "b"}, "/$ref", "b"),
    ],
)
def test_a_reference_to_what_is_not_in_the_schema_is_named(schema: Any, pointer: str, reference: str) -> None:
    message = f'"{reference}" is not in this schema, which may refer to its own parts only'
    assert compile_inline(schema) == (None, [(pointer, message)])


def test_an_unknown_draft_is_named() -> None:
    assert compile_inline({"$schema": "urn:a"}) == (None, [("/$schema", '"urn:a" is not a known draft of JSON Schema')])


@pytest.mark.parametrize(
    "large", [{"enum": list(range(10_000))}, {"properties": {str(number): {"type": "null"} for number in range(5_000)}}]
)
@pytest.mark.parametrize(
    ("path", "request_with", "pointer"),
    [
        ("overrides", lambda schema: {"operation": "*", "status": 409, "match": {"body": schema}}, "/match"),
        (
            "overrides",
            lambda schema: {"operation": "*", "status": 409, "match": {"headers": {"X-A": schema}}},
            "/match",
        ),
        ("verify", lambda schema: {"expect": [{"path": "/", "body": schema}]}, "/expect"),
        ("verify", lambda schema: {"expect": [{"path": "/", "body": True}, {"path": "/", "body": schema}]}, "/expect"),
    ],
)
def test_a_request_with_a_very_large_schema_is_refused(
    path: str, request_with: Callable[[Any], Any], pointer: str, large: Any
) -> None:
    response = create_app().test_client().post(f"/__mock/{path}", json=request_with(large))
    violations = [(violation["pointer"], violation["message"]) for violation in response.get_json()["violations"]]
    assert response.status_code == 422
    assert violations == [(pointer, TOO_LARGE)]


@pytest.mark.parametrize(
    ("schema", "value", "messages"),
    [
        ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "null"}}}, [1, 2], ["1 is not of type null", "2 is not of type null"]),
        ({"contains": {"$ref": "#a"}, "$defs": {"a": {"$anchor": "a", "type": "null"}}}, [1], ['0 items of it match {"$ref": "inline#a"}, but at least 1 must']),
        ({"patternProperties": {"^(a+)+$": {}}, "unevaluatedProperties": False}, {"a" * 40 + "!": 1}, [f'"{"a" * 40}!" is not declared here']),
        ({"patternProperties": {"^\\p{L}$": {}}, "unevaluatedProperties": False}, {"a": 1, "1": 1}, ['"1" is not declared here']),
        ({"prefixItems": [True], "unevaluatedItems": False}, [1, 2, 3], ["2, 3 are not declared here"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_value_is_explained(schema: Any, value: Any, messages: list[str]) -> None:
    validator, _ = compile_inline(schema)
    assert validator is not None
    assert [violation.message for violation in validator.violations(value, "body")] == messages


def test_a_value_is_refused_where_a_base_of_references_hides_the_reason() -> None:
    schema = {"$id": "urn:a", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "null"}}}
    validator, _ = compile_inline(schema)
    assert validator is not None
    assert len(validator.violations([1, 2], "body")) == 1
