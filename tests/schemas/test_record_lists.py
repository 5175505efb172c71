"""Lists of records are validated and written like any value, and each record once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from mockserver.schemas import record_lists
from mockserver.schemas.record_lists import ListedRecords, list_writer
from mockserver.schemas.validators import Validator
from mockserver.syntax import strict_json

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
        "components": {"schemas": {"Thing": thing, "Things": THINGS}},
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
        ([{"id": 2**70, "tags": ["é", 1.5, {"deep": [None, True]}]}], 1),
        ([{"id": 2**70, "tags": ["é", 1.5]}, {"id": 1}], 2**71),
    ],
)
def test_a_list_is_written_where_the_whole_value_is_valid(tmp_path: Path, records: list[Any], total: Any) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    value, listed = enveloped(records, total)
    expected = strict_json.dump(value) if validator.is_valid(value) else None
    assert [validator.write_list(value, listed) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize(
    ("records", "written"),
    [([{"id": 1}, {"id": 2}], b'[{"id":1},{"id":2}]'), ([{"id": 1}, {"id": "two"}], None), ([], b"[]")],
)
def test_a_list_without_an_envelope_is_written_where_its_records_are_valid(
    tmp_path: Path, records: list[Any], written: bytes | None
) -> None:
    validator = validator_of(tmp_path, THINGS)
    assert validator.write_list(records, ListedRecords(None, records)) == written


def test_a_record_is_validated_once_and_what_replaces_it_again(tmp_path: Path) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    writer = list_writer(validator, "things")
    assert writer is not None
    validated: list[Any] = []
    is_valid = writer._item.is_valid
    writer._item.use(lambda record: validated.append(record) or is_valid(record))  # type: ignore[func-returns-value]
    first, second, changed = {"id": 1}, {"id": 2}, {"id": 2, "name": "two"}
    for records in ([first, second], [second, first], [first, changed]):
        writer.write(*enveloped(records))
    assert validated == [first, second, changed]


def test_records_that_are_kept_as_json_have_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_lists, "KEPT_LIMIT", 20)
    writer = list_writer(validator_of(tmp_path, ENVELOPE), "things")
    assert writer is not None
    before = writer._kept
    value, listed = enveloped([{"id": number} for number in range(5)])
    assert writer.write(value, listed) == strict_json.dump(value)
    # Each has eight bytes: of the first four, the last two are kept, until the fifth is too many again.
    assert list(writer._kept.records.values()) == [{"id": 4}]
    # Another thread may be reading these.
    assert before.written.keys() == before.records.keys() == {id(record) for record in listed.records[:2]}
    assert writer.write(value, listed) == strict_json.dump(value)


@pytest.mark.parametrize(
    "schema",
    [
        {**THINGS, "uniqueItems": True},
        {**THINGS, "minItems": 1},
        {**THINGS, "prefixItems": [{"type": "object"}]},
        {**THINGS, "contains": {"required": ["name"]}},
        {**THINGS, "allOf": [{"maxItems": 1}]},
        {"$ref": "#/components/schemas/Things", "maxItems": 1},
        {"type": "array"},
        {"oneOf": [THINGS, {"type": "null"}]},
    ],
)
def test_a_list_of_which_its_schema_says_more_is_written_as_a_whole(tmp_path: Path, schema: Any) -> None:
    envelope = {**ENVELOPE, "properties": {**ENVELOPE["properties"], "things": schema}}  # type: ignore[dict-item]
    assert list_writer(validator_of(tmp_path, schema), None) is None
    assert list_writer(validator_of(tmp_path, envelope), "things") is None


@pytest.mark.parametrize(
    "keywords",
    [
        {"not": {"properties": {"things": {"maxItems": 0}}}},
        {"if": {"required": ["total"]}, "then": {"properties": {"things": {"maxItems": 3}}}},
        {"patternProperties": {"^t": True}},
        {"propertyNames": {"maxLength": 10}},
    ],
)
def test_an_envelope_that_may_say_more_of_its_list_is_written_as_a_whole(
    tmp_path: Path, keywords: dict[str, Any]
) -> None:
    assert list_writer(validator_of(tmp_path, {**ENVELOPE, **keywords}), "things") is None


def test_records_whose_schema_depends_on_its_surroundings_are_validated_with_them(tmp_path: Path) -> None:
    thing = {"type": "object", "properties": {"part": {"$dynamicRef": "#node"}}, "$dynamicAnchor": "node"}
    assert list_writer(validator_of(tmp_path, ENVELOPE, thing), "things") is None


def test_a_list_elsewhere_than_its_member_is_written_as_a_whole(tmp_path: Path) -> None:
    validator = validator_of(tmp_path, ENVELOPE)
    assert list_writer(validator, "others") is None
    assert list_writer(validator, None) is None
