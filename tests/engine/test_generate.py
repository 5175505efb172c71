from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mockserver.contract.documents import BASE, Documents
from mockserver.contract.schemas import Schemas
from mockserver.contract.source import Source
from mockserver.engine.generate import Generator
from mockserver.errors import CannotGenerate
from tests.contract.test_schemas import SCHEMAS


def generate(schema: Any, seed: str = "seed") -> tuple[Any, bool]:
    """A value for the schema, and whether it is valid."""
    documents = Documents({f"{BASE}schema.json": Source("schema.json", "", schema)})
    schemas, node = Schemas(documents), documents.root(f"{BASE}schema.json")
    value = Generator.seeded(documents, schemas, seed).value(node)
    return value, schemas.at(node).is_valid(value)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS)
def test_what_is_generated_is_valid_and_the_same_for_the_same_seed(schema: Any) -> None:
    try:
        value, valid = generate(schema)
    except CannotGenerate:
        return
    assert valid
    assert generate(schema)[0] == value


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["email", "age"], "properties": {"email": {"format": "email"}, "age": {"minimum": 18, "type": "integer"}}},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"const": 1}}, "required": ["b"]}]},
        {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "multipleOf": 7, "minimum": 8}]},
        {"type": "array", "minItems": 3, "maxItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        {"type": "string", "minLength": 40, "maxLength": 41},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": ["null", "string"], "format": "uuid"},
        {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}},
        {"type": "string", "examples": ["one", "two"]},
        *({"type": "string", "format": name} for name in ("date-time", "date", "time", "duration", "uri", "ipv4", "ipv6", "hostname", "uuid", "uri-reference", "json-pointer")),
    ],
)  # fmt: skip
def test_common_schemas_can_be_met(schema: dict[str, Any]) -> None:
    if "$defs" in schema:
        schema["$ref"] = f"{BASE}schema.json#/$defs/tree"
        schema["$defs"]["tree"]["properties"]["children"]["items"]["$ref"] = f"{BASE}schema.json#/$defs/tree"
    assert all(generate(schema, str(seed))[1] for seed in range(20))


def test_what_cannot_be_met_is_an_error_that_names_the_schema() -> None:
    with pytest.raises(CannotGenerate) as caught:
        generate({"type": "string", "pattern": "^[0-9]{12}$"})
    assert caught.value.schema == f"{BASE}schema.json#"


def test_a_schema_that_nothing_satisfies_is_an_error() -> None:
    with pytest.raises(CannotGenerate):
        generate(False)
