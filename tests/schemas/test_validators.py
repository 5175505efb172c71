from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.errors import Violation
from mockserver.schemas.validators import Schemas, Validator

FORMATS = (
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
)  # fmt: skip
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
        st.fixed_dictionaries({"prefixItems": some, "items": inner}),
        st.fixed_dictionaries({"contains": inner}, optional={"minContains": st.integers(0, 2), "maxContains": st.integers(0, 2)}),
        st.fixed_dictionaries({"prefixItems": some, "contains": inner, "unevaluatedItems": inner}),
        st.fixed_dictionaries({"allOf": some, "unevaluatedItems": inner}), st.fixed_dictionaries({"anyOf": some, "unevaluatedItems": inner}),
        st.fixed_dictionaries({"allOf": some, "unevaluatedProperties": inner}), st.fixed_dictionaries({"anyOf": some, "unevaluatedProperties": inner}),
        st.fixed_dictionaries({"dependentSchemas": st.dictionaries(st.sampled_from("abc"), inner, max_size=2)}),
        st.fixed_dictionaries({"dependentRequired": st.dictionaries(st.sampled_from("ab"), st.lists(st.sampled_from("abc"), unique=True), max_size=2)}),
        st.fixed_dictionaries({"properties": named, "unevaluatedProperties": inner}),
        st.fixed_dictionaries({"propertyNames": inner}),
    )  # fmt: skip


SCHEMAS = st.recursive(SCALARS, _combine, max_leaves=5)


def validator(schema: Any) -> Validator:
    documents = Documents({f"{BASE_URI}schema.json": Source("schema.json", "", schema)})
    return Schemas(documents).validator(documents.root(f"{BASE_URI}schema.json"))


def check_both_agree(schema: Any, value: Any) -> None:
    compiled = validator(schema)
    is_valid = compiled.is_valid(value)
    errors = compiled.schemas.explainer.explain(compiled.address, value)
    assert is_valid == (not errors), (schema, value, errors)


@given(SCHEMAS, JSON)
def test_both_libraries_agree_on_any_schema_and_value(schema: Any, value: Any) -> None:
    check_both_agree(schema, value)


TEXTS = (
    "2026-01-15T09:00:00Z", "2026-01-15t09:00:00z", "2026-01-15 09:00:00Z", "2026-02-30T09:00:00Z", "2026-01-15",
    "09:00:00Z", "P1D", "P", "a@example.com", "a@b", "@", "example.com", "-a.com", "192.0.2.1", "192.0.2.256", "::1",
    "https://example.com/", "not a uri", "/a/b", "#x", "123e4567-e89b-42d3-a456-426614174000", "123", "/a~0b", "/a~", "[",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_both_libraries_agree_on_every_format(name: str) -> None:
    for text in TEXTS:
        check_both_agree({"format": name}, text)


@pytest.mark.parametrize("text", ["a\n", "\n", "٣", "a", "aa\n"])
@pytest.mark.parametrize("pattern", ["^a$", r"^\d$", "^a*$"])
def test_both_libraries_agree_on_patterns_that_python_matches_differently(pattern: str, text: str) -> None:
    check_both_agree({"type": "string", "pattern": pattern}, text)
    check_both_agree({"patternProperties": {pattern: False}}, {text: 1})
    check_both_agree({"patternProperties": {pattern: True}, "additionalProperties": False}, {text: 1})


def test_a_violation_has_pointer_and_keyword_and_suggests_the_nearest_name() -> None:
    schema = {
        "properties": {"status": {"enum": ["queued", "failed"]}, "at": {"format": "date-time"}},
        "required": ["id"],
        "additionalProperties": False,
    }
    assert validator(schema).violations({"status": "faild", "att": 1}, "body") == [
        Violation(
            "body", "/status", "enum", '"faild" is not one of "queued", "failed". Did you mean "failed"?'
        ),
        Violation("body", "", "required", '"id" is required and missing', missing="id"),
        Violation("body", "", "additionalProperties", '"att" is not declared here. Did you mean "at"?'),
    ]  # fmt: skip


def test_a_false_schema_is_explained_too() -> None:
    for schema in ({"anyOf": [False]}, False, {"properties": {"a": False}}):
        check_both_agree(schema, {"a": 1})


def test_the_branch_that_accepts_the_type_of_the_value_is_explained() -> None:
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
        ({"kind": "cat"}, Violation("body", "", "required", '"lives" is required and missing', missing="lives")),
        ({"kind": "cta"}, Violation("body", "/kind", "enum", '"cta" is not one of "cat", "dog", "hound". Did you mean "cat"?')),
        ({}, Violation("body", "", "required", '"kind" is required and missing', missing="kind")),
    ],
)  # fmt: skip
def test_the_branch_that_a_discriminating_member_selects_is_explained(value: Any, violation: Violation) -> None:
    branches = [
        {"required": ["kind", "lives"], "properties": {"kind": {"const": "cat"}}},
        {"required": ["kind", "bark"], "properties": {"kind": {"enum": ["dog", "hound"]}}},
    ]
    for keyword in ("oneOf", "anyOf"):
        assert validator({keyword: branches}).violations(value, "body") == [violation]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"minItems": 2}, ["a"], "it has 1 item, but must have at least 2"),
        ({"maxItems": 1}, ["a", "b"], "it has 2 items, but must have at most 1"),
        ({"minProperties": 1}, {}, "it has 0 members, but must have at least 1"),
        ({"maxProperties": 0}, {"a": 1}, "it has 1 member, but must have at most 0"),
        ({"const": None}, True, "true is not null"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "3 matches both oneOf/0 and oneOf/1, but must match exactly one of the alternatives"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 0, "0 matches none of the alternatives: 0 is less than the minimum of 1; or 0 is less than the minimum of 2"),
        ({"anyOf": [{"required": ["a"]}, {"properties": {"b": {"maxLength": 1}}}]}, {"b": "xx"}, '{"b": "xx"} matches none of the alternatives: "a" is required and missing; or /b: "xx" is longer than 1 character'),
        ({"anyOf": [{"minimum": number} for number in range(1, 9)]}, 0, "0 matches none of the alternatives"),
        ({"propertyNames": {"pattern": "^k_"}}, {"a": 1}, 'the name "a" does not match "^k_"'),
        ({"required": ["a"], "anyOf": [{"required": ["a", "b"]}, {"required": ["a", "c"]}]}, {}, '"a" is required and missing'),
        ({"anyOf": [{"type": "string"}, {"type": ["array", "null"], "minItems": 2}]}, 5, "5 is not of type string or array or null"),
        ({"anyOf": [{"type": "string"}, {"minimum": 6}]}, 5, "5 is less than the minimum of 6"),
        ({"anyOf": [{"properties": {"a": {"minimum": 3}}}, {"required": ["b"]}]}, {"a": 1}, '{"a": 1} matches none of the alternatives: /a: 1 is less than the minimum of 3; or "b" is required and missing'),
        ({"anyOf": [{"minimum": 9}, {"anyOf": [{"minimum": 8}, {"minimum": 7}]}]}, 5, "5 matches none of the alternatives: 5 is less than the minimum of 9"),
        ({"anyOf": [{"minimum": number} for number in range(1, 6)]}, 0, "0 matches none of the alternatives"),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}, {}, 'one of "a", "b" and "c" is required'),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, 'only one of "a", "b" may be present'),
        ({"required": ['say "hi"']}, {}, '"say \\"hi\\"" is required and missing'),
        ({"dependentRequired": {"a": ["it's"]}}, {"a": 1}, '"it\'s" is required beside "a", and missing'),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1}, 'the name "abc" is longer than 2 characters'),
        ({"not": {}}, 1, "1 is not allowed here"),
        ({"type": "string", "examples": ["30s", "1h"]}, 500, '500 is not of type string; an example is "30s"'),
        ({"type": ["integer", "null"], "example": 7}, "x", '"x" is not of type integer or null; an example is 7'),
        ({"pattern": "^J", "example": "J-1"}, "x", '"x" does not match "^J"; an example is "J-1"'),
        ({"format": "date", "examples": ["2024-01-31"]}, "x", '"x" is not a valid date; an example is "2024-01-31"'),
        ({"type": "string", "examples": [7, {"a": 1}], "example": "7"}, 1, '1 is not of type string; an example is "7"'),
        ({"type": "string", "format": "email", "example": "none"}, "x", '"x" is not a valid email'),
        ({"type": "string", "pattern": "^J", "example": "none"}, 5, "5 is not of type string"),
        ({"type": "string", "example": ""}, 5, "5 is not of type string"),
        ({"type": "string", "example": "x" * 99}, 1, "1 is not of type string"),
        ({"pattern": "^J", "example": "x"}, "x", '"x" does not match "^J"'),
        ({"minimum": 3, "examples": [4]}, 1, "1 is less than the minimum of 3"),
        ({"minLength": 2.0}, "a", '"a" is shorter than 2 characters'),
        ({"contains": {"const": 1}, "minContains": 2.0}, [1], '1 item of it matches {"const": 1}, but at least 2 must'),
        ({"unevaluatedItems": {"type": "string"}}, [1], "1 is not declared here, and the schema of such items does not allow that"),
    ],
)  # fmt: skip
def test_a_violation_is_described_in_terms_of_json(schema: Any, value: Any, message: str) -> None:
    assert [violation.message for violation in validator(schema).violations(value, "body")] == [message]


TAGGED: dict[str, Any] = {
    "allOf": [{"properties": {"a": {"type": "integer"}}}],
    "patternProperties": {"^x-": {"type": "integer"}},
    "unevaluatedProperties": False,
}
TUPLE = {"allOf": [{"prefixItems": [{"type": "integer"}]}], "unevaluatedItems": False}


@pytest.mark.parametrize(
    ("schema", "value", "violations"),
    [
        (TAGGED, {"a": "x"}, [("/a", "type")]),
        (TAGGED, {"x-a": "x"}, [("/x-a", "type")]),
        (TAGGED, {"a": "x", "b": 1}, [("", "unevaluatedProperties"), ("/a", "type")]),
        (TAGGED, {"a": 1, "b": 1}, [("", "unevaluatedProperties")]),
        ({**TAGGED, "anyOf": [{"required": ["c"], "additionalProperties": True}]}, {"b": 1}, [("", "required")]),
        (TUPLE, ["x"], [("/0", "type")]),
        (TUPLE, [1, 2], [("", "unevaluatedItems")]),
    ],
)  # fmt: skip
def test_what_is_declared_where_another_keyword_fails_is_not_reported_as_undeclared(
    schema: Any, value: Any, violations: list[Any]
) -> None:
    reported = validator(schema).violations(value, "body")
    assert sorted((violation.pointer, violation.keyword) for violation in reported) == violations


def test_members_of_an_alternative_that_does_not_apply_are_called_so() -> None:
    cat = {"properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]}
    dog = {"properties": {"kind": {"const": "dog"}, "barks": {"type": "boolean"}}, "required": ["kind"]}
    schema = {"oneOf": [cat, dog], "unevaluatedProperties": False}
    (violation,) = validator(schema).violations({"kind": "cat", "barks": True, "age": 3}, "body")
    assert violation.message == ('"age" is not declared here; "barks" is declared only in schemas that do not apply')


def test_what_is_undeclared_in_a_member_is_not_reported_of_the_value_itself() -> None:
    schema = {"properties": {"inner": {"$ref": f"{BASE_URI}schema.json"}}, "unevaluatedProperties": False}
    (violation,) = validator(schema).violations({"inner": {"outer": 1}}, "body")
    assert violation.pointer == "/inner"


def test_alternatives_that_both_match_are_named() -> None:
    address = f"{BASE_URI}schema.json#/$defs"
    definitions = {"Cat": {"required": ["name"]}, "Cow": {"type": "string"}, "Dog": {"required": ["name"]}}
    schema = {"oneOf": [{"$ref": f"{address}/{name}"} for name in definitions], "$defs": definitions}
    (violation,) = validator(schema).violations({"name": "Rex"}, "body")
    both = "oneOf/0 (Cat) and oneOf/2 (Dog)"
    assert violation.message == f'{{"name": "Rex"}} matches both {both}, but must match exactly one of the alternatives'


def test_schemas_that_lead_to_others_are_compiled_together_after_a_few_that_were_compiled_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mockserver.schemas.validators.SINGLE_LIMIT", 15)
    definitions: dict[str, Any] = {f"S{number}": {"allOf": [{"$ref": f"#/$defs/T{number}"}]} for number in range(9)}
    definitions |= {f"T{number}": {"type": "string", "maxLength": number} for number in range(9)}
    documents = Documents({BASE_URI: Source("x.json", "", {"$defs": definitions})})
    schemas = Schemas(documents)
    validators = [schemas.validator(documents.root(BASE_URI).child("$defs", f"S{number}")) for number in range(9)]
    lengths = [[validator.is_valid("x" * length) for length in range(10)] for validator in validators]
    assert lengths == [[length <= number for length in range(10)] for number in range(9)]
    assert all(validator.is_compiled for validator in validators)


def test_a_schema_that_only_refers_to_another_has_its_validator() -> None:
    address = f"{BASE_URI}api.json#/components/schemas"
    definitions = {"A": {"$ref": f"{address}/B", "description": "the same"}, "B": {"type": "string"}}
    documents = Documents(
        {f"{BASE_URI}api.json": Source("api.json", "", {"openapi": "3.1.0", "components": {"schemas": definitions}})}
    )
    schemas, root = Schemas(documents), documents.root(f"{BASE_URI}api.json").child("components", "schemas")
    assert schemas.validator(root.child("A")) is schemas.validator(root.child("B"))


def test_members_whose_names_match_a_pattern_are_not_named_as_undeclared() -> None:
    schema = {"properties": {"b": True}, "patternProperties": {"^x-": True}, "additionalProperties": False}
    (violation,) = validator(schema).violations({"x-a": 1, "c": 1, "b": 1}, "body")
    assert violation.message == '"c" is not declared here. Known: b.'
