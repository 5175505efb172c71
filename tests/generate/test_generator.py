from __future__ import annotations

import copy
import random
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mockserver.documents.source import Source
from mockserver.documents.tree import BASE, Documents
from mockserver.errors import CannotGenerate
from mockserver.generate import patterns
from mockserver.generate.generator import Generator
from mockserver.schemas.validators import Schemas
from tests.generate.random_schemas import HERE, SCHEMAS, VALUES
from tests.schemas import test_validators as test_schemas


def opened(schema: Any) -> tuple[Documents, Schemas]:
    documents = Documents({f"{BASE}schema.json": Source("schema.json", "", schema)})
    return documents, Schemas(documents)


def generate(schema: Any, seed: str = "seed", **how: Any) -> tuple[Any, bool]:
    """A value for the schema, and whether it is valid."""
    documents, schemas = opened(schema)
    node = documents.root(f"{BASE}schema.json")
    value = Generator.seeded(documents, schemas, seed, **how).value(node)
    return value, schemas.at(node).is_valid(value)


def mend(schema: Any, value: Any) -> Any:
    documents, schemas = opened(schema)
    node = documents.root(f"{BASE}schema.json")
    found = Generator.seeded(documents, schemas, "seed").mended(node, value)
    assert schemas.at(node).is_valid(found), (schema, found)
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS | test_schemas.SCHEMAS)
def test_what_is_generated_is_valid_and_the_same_for_the_same_seed(schema: Any) -> None:
    try:
        value, valid = generate(schema)
    except CannotGenerate:
        return
    assert valid
    assert generate(schema)[0] == value


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS, VALUES)
def test_what_is_mended_is_valid_and_what_is_valid_stays(schema: Any, value: Any) -> None:
    documents, schemas = opened(schema)
    node = documents.root(f"{BASE}schema.json")
    try:
        found = Generator.seeded(documents, schemas, "seed").mended(node, value)
    except CannotGenerate:
        return
    assert schemas.at(node).is_valid(found)
    assert not schemas.at(node).is_valid(value) or found == value


TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": f"{HERE}/$defs/tree"}}},
}
ENDLESS = {
    "type": "object",
    "required": ["next"],
    "properties": {"next": {"oneOf": [{"$ref": f"{HERE}/$defs/endless"}, {"type": "null"}]}},
}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["email", "age"], "properties": {"email": {"format": "email"}, "age": {"minimum": 18, "type": "integer"}}},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"const": 1}}, "required": ["b"]}]},
        {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "multipleOf": 7, "minimum": 8}]},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        {"oneOf": [{"type": "string"}, {"type": "string", "format": "date"}]},
        {"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "integer"}}]},
        {"type": "array", "minItems": 3, "maxItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        {"type": "array", "contains": {"const": 7}, "minContains": 2, "items": {"type": "integer"}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False, "minItems": 2},
        {"type": "string", "minLength": 40, "maxLength": 41},
        {"type": "string", "pattern": "^[a-z]+$", "minLength": 30, "maxLength": 30},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
        {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[A-Z]{3}$"}},
        {"type": "object", "minProperties": 2, "patternProperties": {"^x-[a-z]+$": {"type": "integer"}}, "additionalProperties": False},
        {"type": "object", "properties": {"a": True, "b": True, "c": True}, "required": ["a"], "maxProperties": 1},
        {"type": "object", "properties": {"card": {"const": 1}}, "required": ["card"], "dependentRequired": {"card": ["address"]}},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"type": "boolean"}}}}},
        {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"], "if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "not": {"required": ["a"]}},
        {"type": "integer", "not": {"enum": [0, 1, 2]}, "minimum": 0, "maximum": 3},
        {"allOf": [{"properties": {"a": {"type": "integer"}}}], "unevaluatedProperties": False, "minProperties": 1},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "multipleOf": 0.01, "minimum": 19.99, "maximum": 20.01},
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "minimum": 1},
        {"type": ["null", "string"], "format": "uuid"},
        {"$ref": f"{HERE}/$defs/tree", "$defs": {"tree": TREE}},
        {"$ref": f"{HERE}/$defs/endless", "$defs": {"endless": ENDLESS}},
        {"type": "string", "examples": ["one", "two"]},
        {"type": "object", "properties": {"a": {"type": "integer", "example": "no number"}}, "required": ["a"]},
        *({"type": "string", "format": name} for name in ("date-time", "date", "time", "duration", "uri", "ipv4", "ipv6", "hostname", "uuid", "uri-reference", "json-pointer")),
    ],
)  # fmt: skip
def test_common_schemas_can_be_met(schema: dict[str, Any]) -> None:
    assert all(generate(copy.deepcopy(schema), str(seed))[1] for seed in range(20))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{3}-\d{4}$", r"^[A-Z]{2}[0-9]{6}$", r"^(GET|POST)$", r"^[^/]+/[^/]+$", r"^\p{Lu}\p{Ll}+$", r"^#[0-9a-fA-F]{6}$",
        r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$", r"^(?!-)[a-z-]{1,10}$", r"^([ab])\1\1$",
        r"^\u0041\x42\t?$", r"^[\w.-]+@[\w-]+\.[a-z]{2,}$", r"^$", r"a|b", r"^(\+\d{1,3})?\s?\d{5,}$", r"^[\]\-\\^]+$",
        r"^arn:aws:[a-z]+:::[a-z0-9.-]{3,63}$", r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$", r"^\S+$", r"^.{5}$", r"^[^a-zA-Z0-9]$",
    ],
)  # fmt: skip
def test_a_pattern_is_satisfied(pattern: str) -> None:
    for seed in range(10):
        value, valid = generate({"type": "string", "pattern": pattern}, str(seed))
        assert valid, value


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{1,2", "(?", r"\p{Nothing}", "(?#x)", "(" * 100, r"\u{zz}", "[", "a)"]
)
def test_a_pattern_that_cannot_be_read_is_no_crash(pattern: str) -> None:
    with suppress(patterns.Unsupported):
        patterns.write(pattern, random.Random(1))


@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(a*)*\1$", "^(?=(a+)+b)a*$", "^(a|aa)+$"])
def test_a_pattern_that_backtracks_for_ever_comes_to_an_end(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern, "minLength": 200}
    with suppress(CannotGenerate):
        assert generate(schema)[1]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a$", "minLength": 2},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "string"}, {"type": "string"}]},
        {"$ref": f"{HERE}/$defs/a", "$defs": {"a": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": f"{HERE}/$defs/a"}}}}},
        False,
    ],
)  # fmt: skip
def test_a_schema_that_nothing_satisfies_is_an_error_that_names_it(schema: Any) -> None:
    with pytest.raises(CannotGenerate) as caught:
        generate(schema)
    assert caught.value.schema.startswith(f"{BASE}schema.json#")


def test_what_cannot_be_made_and_need_not_be_there_is_left_out() -> None:
    never = {"type": "string", "pattern": "^a$", "minLength": 2}
    assert generate({"type": "object", "properties": {"a": never, "b": {"const": 1}}})[0] == {"b": 1}
    assert generate({"type": "array", "items": never})[0] == []


def test_a_value_looks_like_what_its_name_and_format_promise() -> None:
    names = ["email", "createdAt", "first_name", "home_url", "ipAddress", "uuid"]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    value = generate(schema)[0]
    forms = [r".+@.+\..+", r"\d{4}-\d\d-\d\dT.*Z", r"[A-Z]\w+", r"https?://.*", r"\d+\.\d+\.\d+\.\d+", r"[0-9a-f-]{36}"]
    assert [re.fullmatch(form, value[name]) is not None for name, form in zip(names, forms, strict=True)] == [True] * 6
    age = generate({"type": "object", "properties": {"age": {"type": "integer"}}})[0]["age"]
    assert 18 <= age <= 80


def test_what_was_created_was_not_updated_before_that() -> None:
    stamp = {"type": "string", "format": "date-time"}
    schema = {
        "type": "object",
        "properties": {"deletedAt": stamp, "updated_at": stamp, "created_at": stamp, "name": {"type": "string"}},
    }
    for seed in range(20):
        value = generate(schema, str(seed))[0]
        assert list(value) == ["deletedAt", "updated_at", "created_at", "name"]
        assert value["created_at"] <= value["updated_at"] <= value["deletedAt"]


def test_values_that_are_given_stand_where_their_names_match() -> None:
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "petId": {"type": "string"},
            "owner": {"type": "object", "properties": {"id": {"type": "integer"}}},
        },
    }
    value = generate(item, given={"pet_id": 7, "": 7})[0]
    assert (value["id"], value["petId"]) == ("7", "7")
    assert value["owner"]["id"] != 7


def test_a_discriminator_names_the_schema_that_was_taken() -> None:
    pet = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    schema = {
        "$ref": f"{HERE}/$defs/Pet",
        "$defs": {
            "Cat": {"allOf": [pet, {"properties": {"lives": {"type": "integer"}}, "required": ["lives"]}]},
            "Dog": {"allOf": [pet, {"properties": {"breed": {"type": "string"}}, "required": ["breed"]}]},
            "Pet": {"anyOf": [{"$ref": f"{HERE}/$defs/Cat"}, {"$ref": f"{HERE}/$defs/Dog"}], "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/$defs/Cat"}}},
        },
    }  # fmt: skip
    found = {(value["kind"], "lives" in value) for value in (generate(schema, str(seed))[0] for seed in range(20))}
    assert found == {("cat", True), ("Dog", False)}


def test_a_discriminator_that_is_taken_over_names_the_schema_that_takes_it() -> None:
    kind = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    schema = {
        "$ref": f"{HERE}/$defs/Cat",
        "$defs": {
            "Pet": kind | {"discriminator": {"propertyName": "kind"}},
            "Cat": {"allOf": [{"$ref": f"{HERE}/$defs/Pet"}]},
        },
    }
    assert generate(schema)[0] == {"kind": "Cat"}
    documents, schemas = opened(schema)
    cat = documents.root(f"{BASE}schema.json").child("$defs", "Cat")
    assert Generator.seeded(documents, schemas, "seed").value(cat) == {"kind": "Cat"}


def test_members_that_are_written_alone_are_left_out_of_answers() -> None:
    schema = {
        "type": "object",
        "properties": {"password": {"type": "string", "writeOnly": True}, "id": {"const": 1, "readOnly": True}},
    }
    assert list(generate(schema)[0]) == ["id"]
    assert list(generate(schema, hidden="readOnly")[0]) == ["password"]


def test_examples_are_passed_over_where_that_is_asked_for() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "example": "this"}}}
    assert generate(schema)[0] == {"a": "this"}
    assert generate(schema, from_examples=False)[0]["a"] != "this"


@pytest.mark.parametrize(
    ("schema", "value", "found"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}, {"a": "7", "b": "kept"}, {"a": 7, "b": "kept"}),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}, {"a": 1, "z": 2}, {"a": "1"}),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, ["x", "y", "z"], ["x", "y"]),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["x", "x"], ["x"]),
        ({"type": "string", "maxLength": 3}, "four", "fou"),
        ({"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]}, {"type": "string"}]}, {"kind": "a", "n": True}, None),
    ],
)  # fmt: skip
def test_what_is_right_in_an_example_is_kept_and_the_rest_made_anew(schema: Any, value: Any, found: Any) -> None:
    made = mend(schema, value)
    assert found is None or made == found
    assert not isinstance(value, dict) or all(made[name] == value[name] for name in value if name in ("b", "kind"))


def test_a_large_and_deep_schema_stays_small() -> None:
    wide = {
        "type": "object",
        "properties": {
            f"p{number}": {"type": "array", "items": {"$ref": f"{HERE}/$defs/wide"}} for number in range(30)
        },
    }
    value = generate({"$ref": f"{HERE}/$defs/wide", "$defs": {"wide": wide}})[0]
    assert len(str(value)) < 40_000
