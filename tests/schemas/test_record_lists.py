"""Lists of records are validated like any value, and each record once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.schemas import record_lists
from mockserver.schemas.record_lists import ListedRecords, list_validator
from mockserver.schemas.validators import Validator

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string", "maxLength": 5}},
}
THINGS = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
ENVELOPE = {
    "type": "object",
    "required": ["things", "total"],
    "properties": {"things": THINGS, "total": {"type": "integer"}},
    "additionalProperties": False,
}


def validator_of(folder: Path, schema: Any, thing: Any = THING) -> Validator:
    """The validator of a response with this schema."""
    content = {"application/json": {"schema": schema}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"get": {"responses": {"200": {"description": "All", "content": content}}}}},
        "components": {"schemas": {"Thing": thing}},
    }
    path = folder / "things.json"
    path.write_text(json.dumps(document))
    (operation,) = load_contract(path).operations.values()
    validator = operation.responses["200"].media["application/json"].validator
    assert validator is not None
    return validator


def enveloped(records: list[Any], total: Any = 2) -> tuple[Any, ListedRecords]:
    return {"things": records, "total": total}, ListedRecords("things", records)


@pytest.mark.parametrize(
    ("records", "total"),
    [
        ([], 0),
        ([{"id": 1}], 1),
        ([{"id": 1}, {"id": 2, "name": "short"}], 2),
        ([{"id": 1}, {"id": 2, "name": "too long"}], 2),
        ([{"id": 1}, {}], 2),
        ([{"id": 1}], "one"),
        ([{"id": 1}, None], 2),
    ],
)
def test_a_list_is_valid_where_the_whole_value_is(tmp_path: Path, records: list[Any], total: Any) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    value, listed = enveloped(records, total)
    assert [validator.accepts_list(value, listed) for _ in range(2)] == [validator.is_valid(value)] * 2


def test_a_list_without_an_envelope_is_valid_where_its_records_are(tmp_path: Path) -> None:
    validator = validator_of(tmp_path, THINGS)
    cases: list[tuple[list[Any], bool]] = [
        ([{"id": 1}, {"id": 2}], True),
        ([{"id": 1}, {"id": "two"}], False),
        ([], True),
    ]
    for records, is_valid in cases:
        assert validator.accepts_list(records, ListedRecords(None, records)) is is_valid


def test_a_record_is_validated_once_and_what_replaces_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    by_record = list_validator(validator, "things")
    assert by_record is not None
    validated: list[Any] = []
    is_valid = by_record._item.is_valid
    by_record._item.use(lambda record: validated.append(record) or is_valid(record))  # type: ignore[func-returns-value]
    first, second, changed = {"id": 1}, {"id": 2}, {"id": 2, "name": "two"}
    for records in ([first, second], [second, first], [first, changed]):
        assert by_record.is_valid(*enveloped(records))
    assert validated == [first, second, changed]
    monkeypatch.setattr(record_lists, "VALID_LIMIT", 3)
    assert by_record.is_valid(*enveloped([{"id": 4}, {"id": 5}, {"id": 6}]))
    assert len(by_record._valid_records) == 3


@pytest.mark.parametrize(
    "schema",
    [
        {**THINGS, "uniqueItems": True},
        {**THINGS, "minItems": 1},
        {**THINGS, "prefixItems": [{"type": "object"}]},
        {**THINGS, "contains": {"required": ["name"]}},
        {**THINGS, "allOf": [{"maxItems": 1}]},
        {"type": "array"},
        {"oneOf": [THINGS, {"type": "null"}]},
    ],
)
def test_a_list_of_which_its_schema_says_more_is_validated_as_a_whole(tmp_path: Path, schema: Any) -> None:
    envelope = {**ENVELOPE, "properties": {**ENVELOPE["properties"], "things": schema}}  # type: ignore[dict-item]
    assert list_validator(validator_of(tmp_path, schema), None) is None
    assert list_validator(validator_of(tmp_path, envelope), "things") is None


@pytest.mark.parametrize(
    "keywords",
    [
        {"not": {"properties": {"things": {"maxItems": 0}}}},
        {"if": {"required": ["total"]}, "then": {"properties": {"things": {"maxItems": 3}}}},
        {"patternProperties": {"^t": True}},
        {"propertyNames": {"maxLength": 10}},
    ],
)
def test_an_envelope_that_may_say_more_of_its_list_is_validated_as_a_whole(
    tmp_path: Path, keywords: dict[str, Any]
) -> None:
    assert list_validator(validator_of(tmp_path, {**ENVELOPE, **keywords}), "things") is None


def test_records_whose_schema_depends_on_its_surroundings_are_validated_with_them(tmp_path: Path) -> None:
    thing = {"type": "object", "properties": {"part": {"$dynamicRef": "#node"}}, "$dynamicAnchor": "node"}
    assert list_validator(validator_of(tmp_path, ENVELOPE, thing), "things") is None


def test_a_list_elsewhere_than_its_member_is_validated_as_a_whole(tmp_path: Path) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    assert list_validator(validator, "others") is None
    assert list_validator(validator, None) is None
