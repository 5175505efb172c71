"""Invalid values are explained with bounded work, whatever the schema and the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.errors import Violation
from mockserver.schemas.validators import Schemas, Validator
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import combine, some

ADDRESS = f"{BASE_URI}schema.json"
NODE = {"$ref": f"{ADDRESS}#/$defs/Node"}


def validator(schema: Any) -> Validator:
    documents = Documents({ADDRESS: Source("schema.json", "", schema)})
    return Schemas(documents).validator(documents.root(ADDRESS))


def recursive(*branches: Any, keyword: str = "oneOf") -> Validator:
    return validator({"$defs": {"Node": {keyword: [*branches, {"type": "string"}]}}, **NODE})


def container(kind: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["kind", "children"],
        "properties": {"kind": {"const": kind}, "children": {"type": "array", "items": NODE}},
    }


def nested(depth: int, **members: Any) -> Any:
    """Objects in each other, the innermost with a 5 in it: as `child`, or in the array `children` beside `members`."""
    value: Any = 5
    for _ in range(depth):
        value = {**members, "children": [value]} if members else {"child": value}
    return value


BRANCHES = {"type": "object", "properties": {"child": NODE}}
SCHEMAS: dict[str, tuple[Callable[[], Validator], Callable[[int], Any], str]] = {
    "four kinds told apart by a constant": (
        lambda: recursive(*map(container, "abcd")), lambda depth: nested(depth, kind="c"), "/children/0",
    ),
    "four kinds, any of them": (
        lambda: recursive(*map(container, "abcd"), keyword="anyOf"), lambda depth: nested(depth, kind="c"), "/children/0",
    ),
    "two equal branches": (lambda: recursive(BRANCHES, BRANCHES), nested, "/child"),
    "two similar branches": (lambda: recursive(BRANCHES, {**BRANCHES, "title": "B"}, keyword="anyOf"), nested, "/child"),
    "a hundred kinds told apart by a constant": (
        lambda: recursive(*map(container, map(str, range(100)))), lambda depth: nested(depth, kind="42"), "/children/0",
    ),
    "a condition": (lambda: recursive({"if": BRANCHES, "then": BRANCHES, "else": BRANCHES}), nested, "/child"),
}  # fmt: skip


def kinds(*names: str) -> Validator:
    return validator({"items": {"oneOf": [{"$ref": f"{ADDRESS}#/$defs/{name}"} for name in names]}, "$defs": {
        name: {
            "allOf": [{"properties": {"kind": {"const": name}}}],
            "type": "object",
            "required": ["kind", "size"],
            "properties": {"size": {"type": "integer"}},
        } for name in names
    }})  # fmt: skip


@pytest.mark.parametrize(
    ("item", "pointer", "message"),
    [
        ({"kind": "b", "size": "x"}, "/0/size", '"x" is not of type integer'),
        ({"kind": "b"}, "/0", '"size" is required and missing'),
        ({"kind": "d", "size": 1}, "/0/kind", '"d" is not one of "a", "b", "c".'),
        ({"size": 1}, "/0", '"kind" is required and missing'),
        (5, "/0", "5 is not of type object"),
    ],
)
def test_of_alternatives_the_one_that_the_constants_name_is_explained(item: Any, pointer: str, message: str) -> None:
    violations = kinds("a", "b", "c").violations([item], "body")
    assert [(violation.pointer, violation.message) for violation in violations] == [(pointer, message)]


@pytest.mark.parametrize("values", [[1, 1.0], [2**100, 2.0**100], [{"a": 2**62}, {"a": float(2**62)}], [0, -0.0]])
def test_numbers_of_the_same_value_are_equal_items(values: list[Any]) -> None:
    assert not validator({"uniqueItems": True}).is_valid(values)


@pytest.mark.parametrize(
    "values", [[1, True], [2**62, 2**62 + 1], [10**30, 10**30 + 1], [2**100 + 1, 2.0**100], ["1", 1], [[], {}]]
)
def test_different_values_are_unique_items(values: list[Any]) -> None:
    assert validator({"uniqueItems": True}).is_valid(values)


@pytest.mark.parametrize(("name", "depth"), combine([name for name in SCHEMAS if name != "a condition"], [1, 8, 60]))
def test_the_wrong_leaf_of_a_value_by_a_recursive_schema_is_the_violation(name: str, depth: int) -> None:
    schema, value, step = SCHEMAS[name]
    (violation,) = schema().violations(value(depth), "body")
    assert violation.pointer == step * depth
    assert violation.message == "5 is not of type object or string"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_value_that_is_too_deep_to_be_explained_is_named_as_a_whole(name: str) -> None:
    schema, value, step = SCHEMAS[name]
    (violation,) = schema().violations(value(95), "body")
    assert violation.pointer in ("", step * 95)


@pytest.mark.parametrize("name", some(SCHEMAS, 3))
def test_explaining_a_value_by_a_recursive_schema_grows_linearly_with_its_depth(name: str) -> None:
    compiled, make, _ = SCHEMAS[name][0](), *SCHEMAS[name][1:]

    def prepare(depth: int) -> Callable[[], object]:
        value = make(depth)
        return lambda: [compiled.violations(value, "body") for _ in range(5)]

    assert_grows_linearly(prepare, 5)


NAMED_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
# Each has a schema, and a value of so many parts that is invalid, if only in its last part.
LARGE: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "equal integers of more than 64 bits": ({"uniqueItems": True}, lambda size: [10**50 + n % size for n in range(size + 1)]),
    "objects with equal integers of 63 bits": (
        {"uniqueItems": True}, lambda size: [{"id": 2**62 + n % size} for n in range(size + 1)],
    ),
    "integers whose hashes are equal": (
        {"uniqueItems": True}, lambda size: [(2**61 - 1) * (n % size) for n in range(size + 1)],
    ),
    "items that are evaluated by containing": (
        {"contains": {"type": "integer"}, "unevaluatedItems": False}, lambda size: [*range(size), "a"],
    ),
    "an array where objects of many kinds are expected": (
        {"oneOf": [{"type": "object", "properties": {"kind": {"const": n}}} for n in range(200)]}, lambda size: [{"a": 1}] * size,
    ),
    "an array that many schemas exclude": (
        {"allOf": [{"not": {"type": "array", "minItems": n}} for n in range(100)]}, lambda size: [{"a": 1}] * size,
    ),
    "long arrays in branches that nothing tells apart": (
        {"oneOf": [{"properties": {"a": {"items": {"properties": {f"b{n}": {"type": "string"}}}}}, "required": [f"c{n}"]} for n in range(50)]},
        lambda size: {"a": [{"b": 1} for _ in range(size)]},
    ),
    "equal objects": ({"uniqueItems": True}, lambda size: [*({"id": n} for n in range(size)), {"id": size - 1}]),
    "wrong items": ({"items": {"type": "string"}}, lambda size: [1] * size),
    "a wrong item at the end": ({"items": {"type": "string"}}, lambda size: ["a"] * size + [1]),
    "a wrong object at the end": (
        {"items": {"properties": {"a": {"type": "string"}}}}, lambda size: [{"a": "b"} for _ in range(size)] + [{"a": 1}],
    ),
    "wrong members": ({"additionalProperties": {"type": "string"}}, lambda size: {f"a{n}": 1 for n in range(size)}),
    "undeclared members": ({"properties": {}, "additionalProperties": False}, lambda size: {f"a{n}": 1 for n in range(size)}),
    "unevaluated members": (
        {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False}, lambda size: {f"a{n}": 1 for n in range(size)},
    ),
    "unevaluated items": ({"prefixItems": [True], "unevaluatedItems": False}, lambda size: list(range(size))),
    "wrong names": ({"propertyNames": {"pattern": "^[a-z]+$"}}, lambda size: {f"a{n}": 1 for n in range(size)}),
    "members by a pattern": ({"patternProperties": {"a": {"type": "string"}}}, lambda size: {f"a{n}": 1 for n in range(size)}),
    "items that do not match": ({"contains": {"type": "string"}}, lambda size: list(range(size))),
    "dependent schemas": (
        {"dependentSchemas": {"a0": {"additionalProperties": {"type": "string"}}}}, lambda size: {f"a{n}": 1 for n in range(size)},
    ),
    "a long text": ({"pattern": "^(a+)+$"}, lambda size: "a" * size + "!"),
    "many alternatives": (
        {"oneOf": [{"properties": {"kind": {"const": f"k{n}"}}, "required": ["kind"]} for n in range(100)]},
        lambda size: {"kind": "k", **{f"a{n}": 1 for n in range(size)}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "dialect"), combine(LARGE, [{}, NAMED_DIALECT]))
def test_explaining_a_large_value_grows_linearly_with_its_size(name: str, dialect: dict[str, str]) -> None:
    schema, make = LARGE[name]
    compiled = validator({**schema, **dialect})

    def prepare(size: int) -> Callable[[], object]:
        value = make(size)
        return lambda: compiled.violations(value, "body")

    assert_grows_linearly(prepare, 7_000)


@pytest.mark.parametrize("allowed", [False, {"type": "string"}])
def test_explaining_many_members_by_as_many_patterns_grows_linearly(allowed: Any) -> None:
    def prepare(size: int) -> Callable[[], object]:
        patterns = {f"^{number}$": {"type": "string"} for number in range(size)}
        compiled = validator({"patternProperties": patterns, "additionalProperties": allowed})
        value = {f"a{number}": 1 for number in range(size)}
        address, explainer = compiled.address, compiled.schemas.explainer
        return lambda: explainer.explain(address, value)

    assert_grows_linearly(prepare, 500)


def test_of_many_undeclared_members_the_first_are_named_whatever_the_patterns() -> None:
    patterns = {f"^b{number}$": {"type": "string"} for number in range(200)}
    value = {f"a{number}": 1 for number in range(10_000)}
    first, more = validator({"patternProperties": patterns, "additionalProperties": False}).violations(value, "body")
    listed = ", ".join(f'"a{number}"' for number in range(12))
    assert first.message == f"{listed}, … are not declared here."
    assert more.keyword == "more"


def missing(name: str) -> Violation:
    return Violation("body", "", "required", f'"{name}" is required and missing', missing=name)


@pytest.mark.parametrize(
    ("name", "violations"),
    [
        ("equal objects", [Violation("body", "", "uniqueItems", "the items 999 and 1000 are equal, but each must be unique")]),
        ("a wrong item at the end", [Violation("body", "/1000", "type", "1 is not of type string")]),
        ("a wrong object at the end", [Violation("body", "/1000/a", "type", "1 is not of type string")]),
        ("items that do not match", [Violation("body", "", "contains", '0 items of it match {"type": "string"}, but at least 1 must')]),
    ],
)  # fmt: skip
def test_the_violation_of_a_large_value_says_where_it_is(name: str, violations: list[Violation]) -> None:
    schema, make = LARGE[name]
    assert validator(schema).violations(make(1_000), "body") == violations


@pytest.mark.parametrize(("size", "has_more"), [(1, False), (100, False), (101, True), (100_000, True)])
def test_of_many_violations_the_first_hundred_are_listed_and_a_note_says_that_there_are_more(
    size: int, has_more: bool
) -> None:
    listed = [Violation("body", f"/{index}", "type", "1 is not of type string") for index in range(min(size, 100))]
    note = [Violation("body", "", "more", "there are more violations than these 100")] if has_more else []
    assert validator({"items": {"type": "string"}}).violations([1] * size, "body") == listed + note


def test_of_many_required_members_the_first_hundred_that_are_missing_are_listed() -> None:
    violations = validator({"required": [f"a{number}" for number in range(10_000)]}).violations({}, "body")
    assert violations[:-1] == [missing(f"a{number}") for number in range(100)]


def test_a_violation_at_the_end_of_long_arrays_in_each_other_is_found() -> None:
    value: list[Any] = [[{"a": number} for number in range(400)] for _ in range(400)]
    schema = {"items": {"items": {"properties": {"a": {"type": "integer"}}}}}
    (violation,) = validator(schema).violations([*value, [{"a": "b"}]], "body")
    assert violation.pointer == "/400/0/a"
    assert violation.keyword == "type"


def test_where_the_work_ends_before_a_violation_is_found_the_value_as_a_whole_is_named() -> None:
    names = [f"a{number}" for number in range(20_000)]
    schema = {"properties": {name: {"type": "object"} for name in names}, "additionalProperties": False}
    (violation,) = validator(schema).violations({**{name: {} for name in names}, "b": 1}, "body")
    assert violation == Violation("body", "", "schema", violation.message)
    assert "too large" in violation.message


@pytest.mark.parametrize("pattern", ["^(a|aa)+$(?!x)", r"(a*)*\1b"])
@pytest.mark.parametrize("keyword", ["items", "contains"])
def test_a_text_that_an_expression_goes_back_in_too_often_does_not_match(keyword: str, pattern: str) -> None:
    value = ["a" * 40 + "!"]
    assert not validator({keyword: {"pattern": pattern}}).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (
            {"contains": {"type": "string"}, "maxContains": 1},
            ["a", "b"],
            '2 items of it match {"type": "string"}, but at most 1 may',
        ),
        (
            {"contains": {"type": "string"}, "minContains": 2},
            ["a"],
            '1 item of it matches {"type": "string"}, but at least 2 must',
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, '"b" is required beside "a", and missing'),
        ({"not": {"type": "string"}}, "a", '"a" must not match {"type": "string"}'),
        ({"prefixItems": [True], "items": False}, [1, 2], "it has 1 item more than are declared"),
        ({"multipleOf": 0.1}, 0.25, "0.25 is not a multiple of 0.1"),
        ({"exclusiveMinimum": 2}, 2, "2 is not greater than 2"),
        ({"exclusiveMaximum": 2}, 2.5, "2.5 is not less than 2"),
        ({"pattern": "^a"}, "b", '"b" does not match "^a"'),
        (False, "b", '"b" is not allowed here'),
    ],
)
def test_each_keyword_has_a_message_of_its_own(schema: Any, value: Any, message: str) -> None:
    assert [violation.message for violation in validator(schema).violations(value, "body")] == [message]
