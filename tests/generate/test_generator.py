from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.errors import CannotGenerate
from mockserver.generate.generator import Generator
from mockserver.generate.vocabulary import WORDS
from mockserver.schemas.validators import Schemas
from tests.generate.random_schemas import HERE, SCHEMAS, VALUES
from tests.schemas import test_validators as test_schemas


def load(schema: Any) -> tuple[Documents, Schemas]:
    documents = Documents({f"{BASE_URI}schema.json": Source("schema.json", "", schema)})
    return documents, Schemas(documents)


def generate(schema: Any, seed: str = "seed", **options: Any) -> tuple[Any, bool]:
    """A value for the schema, and whether it is valid."""
    documents, schemas = load(schema)
    node = documents.root(f"{BASE_URI}schema.json")
    value = Generator.seeded(documents, schemas, seed, **options).generate(node)
    return value, schemas.validator(node).is_valid(value)


def repair(schema: Any, value: Any) -> Any:
    documents, schemas = load(schema)
    node = documents.root(f"{BASE_URI}schema.json")
    repaired = Generator.seeded(documents, schemas, "seed").repair(node, value)
    assert schemas.validator(node).is_valid(repaired), (schema, repaired)
    return repaired


@given(SCHEMAS | test_schemas.SCHEMAS)
def test_a_generated_value_is_valid_and_depends_on_the_seed_alone(schema: Any) -> None:
    try:
        value, valid = generate(schema)
    except CannotGenerate:
        return
    assert valid
    assert generate(schema)[0] == value


@given(SCHEMAS, VALUES)
def test_a_repaired_value_is_valid_and_a_valid_one_is_kept(schema: Any, value: Any) -> None:
    documents, schemas = load(schema)
    node = documents.root(f"{BASE_URI}schema.json")
    try:
        repaired = Generator.seeded(documents, schemas, "seed").repair(node, value)
    except CannotGenerate:
        return
    assert schemas.validator(node).is_valid(repaired)
    assert not schemas.validator(node).is_valid(value) or repaired == value


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
        {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^k_"}, "additionalProperties": {"type": "integer"}},
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
        {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": False, "minProperties": 3},
        {"type": "string", "format": "date", "pattern": "^2024-"},
        {"type": "string", "format": "date-time", "pattern": r"\+00:00$"},
        {"type": "string", "format": "date-time", "pattern": r"T\d\d:\d\d:\d\dZ$"},
        {"type": "string", "format": "date-time", "pattern": r"\.\d{6}Z$"},
        {"type": "string", "format": "date-time", "maxLength": 20},
        {"type": "string", "format": "uuid", "pattern": "^[0-9A-F-]+$"},
        {"type": "string", "format": "ipv4", "pattern": r"^10\."},
        {"type": "string", "format": "ipv4", "maxLength": 7},
        {"type": "string", "format": "hostname", "minLength": 30},
        *({"type": "string", "format": name, "minLength": 7, "maxLength": 7} for name in ("hostname", "email", "uri")),
        {"type": "string", "format": "email", "minLength": 80, "maxLength": 120},
        {"type": "string", "format": "byte", "minLength": 100, "maxLength": 103},
        {"type": "string", "format": "date-time", "minLength": 25, "maxLength": 25},
        {"type": "string", "format": "duration", "minLength": 4, "maxLength": 4},
        {"type": "string", "format": "ipv4", "minLength": 14, "maxLength": 15},
        {"type": "string", "format": "ipv6", "minLength": 38},
        {"type": "string", "format": "json-pointer", "minLength": 1, "maxLength": 3},
        {"type": "string", "format": "password", "minLength": 9, "maxLength": 9},
        {"type": "string", "format": "phone", "maxLength": 11},
        {"type": "string", "format": "email", "not": {"pattern": r"@example\.com$"}},
        {"type": "string", "not": {"pattern": "[a-z]"}, "minLength": 3},
        {"type": "string", "not": {"pattern": r"\w"}, "minLength": 1, "maxLength": 5},
        {"type": "integer", "allOf": [{"not": {"minimum": 50, "maximum": 90}}, {"minimum": 50, "maximum": 91}]},
        {"type": "string", "format": "byte", "minLength": 10, "maxLength": 11},
        {"type": "string", "format": "url", "maxLength": 14},
        {"type": "string", "allOf": [{"pattern": "[A-Z]"}, {"pattern": "[a-z]"}, {"pattern": "[0-9]"}], "minLength": 9},
        {"type": "string", "allOf": [{"pattern": "^[a-z]"}, {"pattern": "[0-9]$"}, {"pattern": "_"}]},
        {"type": "array", "items": {"type": "integer", "minimum": 0}, "contains": {"minimum": 200}, "maxContains": 1, "minItems": 4},
        {"type": "array", "items": {"enum": ["a", "b"]}, "contains": {"const": "a"}, "minContains": 0, "maxContains": 0, "minItems": 3},
        {"type": "array", "items": {"enum": [1, 2]}, "not": {"contains": {"const": 1}}, "minItems": 4},
        {"type": "array", "contains": {"const": 1}, "minContains": 2.0, "maxContains": 3.0},
        *({"type": "string", "format": name} for name in ("date-time", "date", "time", "duration", "uri", "ipv4", "ipv6", "hostname", "uuid", "uri-reference", "json-pointer")),
    ],
)  # fmt: skip
def test_common_schemas_can_be_satisfied(schema: dict[str, Any]) -> None:
    assert all(generate(copy.deepcopy(schema), str(seed))[1] for seed in range(20))


@pytest.mark.parametrize("step", [0.01, 0.1, 0.05, 0.001, 1.1])
def test_a_multiple_is_one_for_validators_that_divide_floats(step: float) -> None:
    schema = {"type": "number", "multipleOf": step, "minimum": 1, "maximum": 1000}
    numbers = [generate(schema, str(seed))[0] for seed in range(200)]
    assert [number for number in numbers if not (number / step).is_integer()] == []


def test_a_multiple_that_floats_do_not_divide_is_generated_if_there_is_no_other() -> None:
    schema = {"type": "number", "multipleOf": 0.01, "minimum": 133.82, "maximum": 133.82}
    assert generate(schema, "a") == (133.82, True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": ["boolean", "null"]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "not": {"maxItems": 3}},
        {"oneOf": [{"prefixItems": [{"const": 1}, {"const": 2}]}, {"prefixItems": [{"const": 1}, {"const": 3}]}], "unevaluatedItems": False},
        {"type": "object", "anyOf": [{"required": ["a", "b"]}, {"required": ["c"]}], "maxProperties": 1},
    ],
)  # fmt: skip
def test_where_the_least_value_is_not_valid_a_larger_one_is_generated(schema: dict[str, Any]) -> None:
    assert all(generate(schema, str(seed), minimal=True)[1] for seed in range(10))


@pytest.mark.parametrize(
    ("schema", "lowest", "highest"),
    [
        ({"format": "int8"}, -128, 127),
        ({"format": "uint8"}, 0, 255),
        ({"format": "uint16", "minimum": 65_530}, 65_530, 65_535),
        ({"format": "int32", "minimum": 2_147_483_600}, 2_147_483_600, 2_147_483_647),
        ({"format": "int8", "minimum": 500}, 500, 1_500),
    ],
)
def test_an_integer_is_in_the_range_of_its_format_where_its_bounds_allow(
    schema: dict[str, Any], lowest: int, highest: int
) -> None:
    values = [generate({"type": "integer", **schema}, str(seed))[0] for seed in range(50)]
    assert lowest <= min(values)
    assert max(values) <= highest


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
def test_a_schema_that_no_value_satisfies_is_an_error_that_names_it(schema: Any) -> None:
    with pytest.raises(CannotGenerate) as caught:
        generate(schema)
    assert caught.value.schema.startswith(f"{BASE_URI}schema.json#")


def test_an_optional_member_that_cannot_be_generated_is_left_out() -> None:
    never = {"type": "string", "pattern": "^a$", "minLength": 2}
    assert generate({"type": "object", "properties": {"a": never, "b": {"const": 1}}})[0] == {"b": 1}
    assert generate({"type": "array", "items": never})[0] == []


def test_a_value_fits_its_name_and_format() -> None:
    forms = {
        "email": r".+@.+\..+",
        "createdAt": r"\d{4}-\d\d-\d\dT.*Z",
        "first_name": r"[A-Z]\w+",
        # Hosts that do not exist: a client may follow an address.
        "home_url": r"https://\w+\.example\.com/\w+",
        "website": r"https://\w+\.example\.com/\w+",
        "domain": r"\w+\.example\.com",
        "avatar": r"https://\w+\.example\.com/\w+\.jpg",
        "ipAddress": r"\d+\.\d+\.\d+\.\d+",
        "uuid": r"[0-9a-f-]{36}",
    }
    value = generate({"type": "object", "properties": {name: {"type": "string"} for name in forms}})[0]
    assert [name for name, form in forms.items() if not re.fullmatch(form, value[name])] == []
    texts = {
        "char": r"[a-zA-Z]",
        "int32": r"\d+",
        "double": r"\d+\.\d\d",
        "base64url": r"[\w-]+",
        "date-time-local": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
        "http-date": r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} 2025 \d\d:\d\d:\d\d GMT",
        "media-range": r"\w+/\w+",
        "sf-string": r'"\w+"',
        "mac": r"02(:[0-9a-f]{2}){5}",
    }
    value = generate({"properties": {name: {"type": "string", "format": name} for name in texts}, "type": "object"})[0]
    assert [name for name, form in texts.items() if not re.fullmatch(form, value[name])] == []
    age = generate({"type": "object", "properties": {"age": {"type": "integer"}}})[0]["age"]
    assert 18 <= age <= 80


def test_instants_are_in_the_order_of_their_names() -> None:
    stamp = {"type": "string", "format": "date-time"}
    schema = {
        "type": "object",
        "required": ["deletedAt"],
        "properties": {"deletedAt": stamp, "updated_at": stamp, "created_at": stamp, "name": {"type": "string"}},
    }
    for seed in range(20):
        value = generate(schema, str(seed))[0]
        assert list(value) == ["deletedAt", "updated_at", "created_at", "name"]
        assert value["created_at"] <= value["updated_at"] <= value["deletedAt"]


def test_known_values_go_to_the_members_of_their_names() -> None:
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "petId": {"type": "string"},
            "owner": {"type": "object", "properties": {"id": {"type": "integer"}}},
        },
    }
    value = generate(item, known_values={"pet_id": 7, "": 7})[0]
    assert value["id"] == "7"
    assert value["petId"] == "7"
    assert value["owner"]["id"] != 7


def test_a_discriminator_names_the_branch_that_was_chosen() -> None:
    pet = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    schema = {
        "$ref": f"{HERE}/$defs/Pet",
        "$defs": {
            "Cat": {"allOf": [pet, {"properties": {"lives": {"type": "integer"}}, "required": ["lives"]}]},
            "Dog": {"allOf": [pet, {"properties": {"breed": {"type": "string"}}, "required": ["breed"]}]},
            "Pet": {"anyOf": [{"$ref": f"{HERE}/$defs/Cat"}, {"$ref": f"{HERE}/$defs/Dog"}], "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/$defs/Cat"}}},
        },
    }  # fmt: skip
    kinds = {(value["kind"], "lives" in value) for value in (generate(schema, str(seed))[0] for seed in range(20))}
    assert kinds == {("cat", True), ("Dog", False)}


def test_an_inherited_discriminator_names_the_inheriting_schema() -> None:
    kind = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    schema = {
        "$ref": f"{HERE}/$defs/Cat",
        "$defs": {
            "Pet": kind | {"discriminator": {"propertyName": "kind"}},
            "Cat": {"allOf": [{"$ref": f"{HERE}/$defs/Pet"}]},
        },
    }
    assert generate(schema)[0] == {"kind": "Cat"}
    documents, schemas = load(schema)
    cat = documents.root(f"{BASE_URI}schema.json").child("$defs", "Cat")
    assert Generator.seeded(documents, schemas, "seed").generate(cat) == {"kind": "Cat"}


def test_a_discriminator_without_a_property_name_is_ignored() -> None:
    schema = {"type": "object", "discriminator": {"propertyName": {"a": 1}}, "required": ["a"]}
    assert generate(schema)[1]


def test_hidden_members_are_left_out() -> None:
    schema = {
        "type": "object",
        "properties": {"password": {"type": "string", "writeOnly": True}, "id": {"const": 1, "readOnly": True}},
    }
    assert list(generate(schema)[0]) == ["id"]
    assert list(generate(schema, hidden="readOnly")[0]) == ["password"]


def test_examples_can_be_ignored() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "example": "this"}}}
    assert generate(schema)[0] == {"a": "this"}
    assert generate(schema, from_examples=False)[0]["a"] != "this"


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}, {"a": "7", "b": "kept"}, {"a": 7, "b": "kept"}),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}, {"a": 1, "z": 2}, {"a": "1"}),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, ["x", "y", "z"], ["x", "y"]),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["x", "x"], ["x"]),
        ({"type": "string", "maxLength": 3}, "four", "fou"),
        ({"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]}, {"type": "string"}]}, {"kind": "a", "n": True}, None),
    ],
)  # fmt: skip
def test_what_is_valid_in_a_value_is_kept_and_the_rest_replaced(schema: Any, value: Any, expected: Any) -> None:
    repaired = repair(schema, value)
    assert expected is None or repaired == expected
    assert not isinstance(value, dict) or all(repaired[name] == value[name] for name in value if name in ("b", "kind"))


def test_a_large_and_deep_schema_stays_small() -> None:
    wide = {
        "type": "object",
        "properties": {
            f"p{number}": {"type": "array", "items": {"$ref": f"{HERE}/$defs/wide"}} for number in range(30)
        },
    }
    value = generate({"$ref": f"{HERE}/$defs/wide", "$defs": {"wide": wide}})[0]
    assert len(str(value)) < 40_000


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "example": "lamps"}, ["lamps", "lamps-2", "lamps-3"]),
        ({"type": "integer", "example": 7}, [7, 8, 9]),
    ],
)
def test_items_with_an_example_for_their_key_have_keys_of_their_own(schema: Any, expected: list[Any]) -> None:
    item = {"type": "object", "required": ["id", "name"], "properties": {"id": schema, "name": {"type": "string"}}}
    value, is_valid = generate({"type": "array", "items": item, "minItems": 3, "maxItems": 3})
    assert is_valid
    assert [each["id"] for each in value] == expected


@pytest.mark.parametrize("seed", [f"seed {number}" for number in range(5)])
def test_a_key_in_a_format_is_generated_where_its_example_is_taken(seed: str) -> None:
    key = {"type": "string", "format": "uuid", "example": "7d9f2a30-0c3c-4e43-9a44-2f2a5b0b1f3e"}
    item = {"type": "object", "required": ["id", "name"], "properties": {"id": key, "name": {"type": "string"}}}
    value, is_valid = generate({"type": "array", "items": item, "minItems": 3, "maxItems": 3}, seed)
    assert is_valid
    assert len({each["id"] for each in value}) == 3


def test_items_whose_key_is_a_constant_share_it() -> None:
    item = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"const": 1}, "name": {"type": "string"}},
    }
    value, is_valid = generate({"type": "array", "items": item, "minItems": 3})
    assert is_valid
    assert {each["id"] for each in value} == {1}


@pytest.mark.parametrize(
    "currency", [{"type": "string"}, {"enum": ["CHF", "EUR"]}, {"type": "string", "format": "currency"}]
)
def test_all_amounts_have_the_same_currency(currency: Any) -> None:
    money = {
        "type": "object",
        "required": ["amount", "currency"],
        "properties": {"amount": {"type": "integer"}, "currency": currency},
    }
    value, is_valid = generate({"type": "array", "items": money, "minItems": 9})
    assert is_valid
    assert len({amount["currency"] for amount in value}) == 1


def test_currencies_that_are_compared_differ() -> None:
    pair = {"type": "object", "required": ["base_currency"], "properties": {"base_currency": {"type": "string"}}}
    value, _ = generate({"type": "array", "items": pair, "minItems": 9})
    assert len({rate["base_currency"] for rate in value}) > 1


@pytest.mark.parametrize(
    ("other", "is_thing"), [("price", True), ("categoryId", True), ("email", False), ("label", False)]
)
def test_the_name_of_a_thing_is_not_that_of_a_person(other: str, is_thing: bool) -> None:
    text = {"type": "string"}
    value, _ = generate({"type": "object", "required": ["name", other], "properties": {"name": text, other: text}})
    assert (set(value["name"].lower().split()) <= set(WORDS)) is is_thing
