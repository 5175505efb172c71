from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.documents.source import Source
from mockserver.documents.tree import BASE, Documents
from mockserver.errors import Violation
from mockserver.schemas.messages import FORMATS
from mockserver.schemas.validators import Schemas, Validator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.sampled_from([0.5, 1.0, -2.5]) | st.text("ab1-", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
SCALARS = st.sampled_from([
    {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}, True, False, {},
    {"type": "string", "minLength": 2}, {"type": "string", "maxLength": 1}, {"type": "string", "pattern": "^a+$"},
    {"pattern": r"\d"}, {"minimum": 3}, {"exclusiveMaximum": 4}, {"multipleOf": 2}, {"multipleOf": 0.5},
    {"enum": [1, "a", None, [1], {"a": 1}]}, {"const": 1}, {"const": False}, {"type": ["string", "null"]},
    {"format": "date-time"}, {"format": "uuid"}, {"format": "email"}, {"format": "uri"}, {"format": "ipv4"},
])  # fmt: skip


def _combine(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 2), "uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"properties": named}, optional={
            "required": st.lists(st.sampled_from("abc"), unique=True, max_size=2), "additionalProperties": inner,
            "minProperties": st.integers(0, 2), "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=1),
        }),
        st.fixed_dictionaries({"allOf": some}), st.fixed_dictionaries({"anyOf": some}), st.fixed_dictionaries({"oneOf": some}),
        st.fixed_dictionaries({"not": inner}), st.fixed_dictionaries({"if": inner, "then": inner, "else": inner}),
        st.fixed_dictionaries({"prefixItems": some, "items": inner}), st.fixed_dictionaries({"contains": inner}),
        st.fixed_dictionaries({"dependentRequired": st.dictionaries(st.sampled_from("ab"), st.lists(st.sampled_from("abc"), unique=True), max_size=2)}),
        st.fixed_dictionaries({"properties": named, "unevaluatedProperties": inner}),
        st.fixed_dictionaries({"propertyNames": inner}),
    )  # fmt: skip


SCHEMAS = st.recursive(SCALARS, _combine, max_leaves=5)


def validator(schema: Any) -> Validator:
    documents = Documents({f"{BASE}schema.json": Source("schema.json", "", schema)})
    return Schemas(documents).at(documents.root(f"{BASE}schema.json"))


def both_agree(schema: Any, value: Any) -> None:
    judge = validator(schema)
    explained = judge.schemas.explain(judge.address, value)
    assert judge.is_valid(value) == (not explained), (schema, value, explained)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS, JSON)
def test_both_validators_give_one_verdict_on_any_value(schema: Any, value: Any) -> None:
    both_agree(schema, value)


TEXTS = (
    "2026-01-15T09:00:00Z", "2026-01-15t09:00:00z", "2026-01-15 09:00:00Z", "2026-02-30T09:00:00Z", "2026-01-15",
    "09:00:00Z", "P1D", "P", "a@example.com", "a@b", "@", "example.com", "-a.com", "192.0.2.1", "192.0.2.256", "::1",
    "https://example.com/", "not a uri", "/a/b", "#x", "123e4567-e89b-42d3-a456-426614174000", "123", "/a~0b", "/a~", "[",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_both_validators_give_one_verdict_on_every_format(name: str) -> None:
    for text in TEXTS:
        both_agree({"format": name}, text)


@pytest.mark.parametrize("text", ["a\n", "\n", "٣", "a", "aa\n"])
@pytest.mark.parametrize("pattern", ["^a$", r"^\d$", "^a*$"])
def test_a_pattern_means_the_same_to_both_where_python_would_differ(pattern: str, text: str) -> None:
    both_agree({"type": "string", "pattern": pattern}, text)
    both_agree({"patternProperties": {pattern: False}}, {text: 1})
    both_agree({"patternProperties": {pattern: True}, "additionalProperties": False}, {text: 1})


def test_a_violation_names_pointer_keyword_and_the_nearest_name() -> None:
    schema = {
        "properties": {"status": {"enum": ["queued", "failed"]}, "at": {"format": "date-time"}},
        "required": ["id"],
        "additionalProperties": False,
    }
    assert validator(schema).violations({"status": "faild", "att": 1}, "body") == [
        Violation(
            "body", "/status", "enum", '"faild" is not one of "queued", "failed". Did you mean "failed"?'
        ),
        Violation("body", "", "required", '"id" is required and missing'),
        Violation("body", "", "additionalProperties", '"att" is not declared here. Did you mean "at"?'),
    ]  # fmt: skip


def test_a_schema_that_admits_nothing_is_explained_too() -> None:
    for schema in ({"anyOf": [False]}, False, {"properties": {"a": False}}):
        both_agree(schema, {"a": 1})


def test_of_several_branches_the_one_that_fits_best_is_explained() -> None:
    schema = {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "required": ["a"], "properties": {"a": {"minimum": 3}}},
        ]
    }
    assert validator(schema).violations({"a": 1}, "body") == [
        Violation("body", "/a", "minimum", "1 is less than the minimum of 3")
    ]


@pytest.mark.parametrize(
    ("value", "violation"),
    [
        ({"kind": "cat"}, Violation("body", "", "required", '"lives" is required and missing')),
        ({"kind": "cta"}, Violation("body", "/kind", "enum", '"cta" is not one of "cat", "dog", "hound". Did you mean "cat"?')),
        ({}, Violation("body", "", "required", '"kind" is required and missing')),
    ],
)  # fmt: skip
def test_of_several_branches_the_one_that_a_member_names_is_explained(value: Any, violation: Violation) -> None:
    branches = [
        {"required": ["kind", "lives"], "properties": {"kind": {"const": "cat"}}},
        {"required": ["kind", "bark"], "properties": {"kind": {"enum": ["dog", "hound"]}}},
    ]
    for keyword in ("oneOf", "anyOf"):
        assert validator({keyword: branches}).violations(value, "body") == [violation]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"minItems": 2}, ["a"], "it has 1 item, and should have at least 2"),
        ({"maxItems": 1}, ["a", "b"], "it has 2 items, and should have at most 1"),
        ({"minProperties": 1}, {}, "it has 0 members, and should have at least 1"),
        ({"maxProperties": 0}, {"a": 1}, "it has 1 member, and should have at most 0"),
        ({"const": None}, True, "true is not null"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "3 fits more than one of the alternatives, and should fit one alone"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 0, "0 fits none of the alternatives"),
    ],
)  # fmt: skip
def test_a_violation_is_told_in_the_words_of_json(schema: Any, value: Any, message: str) -> None:
    assert [one.message for one in validator(schema).violations(value, "body")] == [message]
