"""Validates records, and reads and shifts their stamps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.contract.lifecycle import LOG_STAMP
from mockserver.contract.model import Record, Resource
from mockserver.errors import Violation, quote
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant, parse_instant

# Whether a resource, by name, has a record with a key.
Exists = Callable[[str, Any], bool]
INTEGER = re.compile(r"-?[0-9]{1,18}")
STAMP_LENGTH = len("2026-01-15T09:00:00.000Z")


def record_key(value: Any) -> str | int | None:
    """The key that a JSON value is: a text, or a whole number however it is written (2.0 is 2); None for any other."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def fit_key(types: frozenset[str], value: Any) -> Any:
    """A key as a field of these types has it: a number as text, or a text of digits as a number."""
    if "string" in types:
        return str(value) if isinstance(value, int) and "integer" not in types else value
    return int(value) if "integer" in types and isinstance(value, str) and INTEGER.fullmatch(value) else value


def with_plain_keys(resource: Resource, record: Record) -> Record:
    """The record with its key, and the keys that it refers to, as `record_key` has them."""
    floats = [name for name in (resource.key, *resource.references) if isinstance(record.get(name), float)]
    whole = {name: key for name in floats if (key := record_key(record[name])) is not None}
    return {**record, **whole} if whole else record


def validate_record(resource: Resource, record: Record, exists: Exists) -> list[Violation]:
    """Validate a record by its schema and its references, which `exists` resolves.

    Derived fields are never stored: a record with one is invalid. The schema is applied with their defaults added.
    """
    violations = [
        Violation(
            "body",
            json_pointer.append("", field.name),
            "derived",
            f"{quote(field.name)} is computed on read; leave it out",
        )
        for field in resource.derived_fields
        if field.name in record
    ]
    violations += resource.validator.violations(_with_derived(resource, record), "body")
    for name, target in resource.references.items():
        value = record.get(name)
        key = record_key(value)
        pointer = json_pointer.append("", name)
        if value is None or (key is None and any(violation.pointer == pointer for violation in violations)):
            continue
        if key is None or not exists(target, key):
            violations.append(Violation("body", pointer, "references", f"{target} has no record {quote(value)}"))
    return violations


def matches_schema(resource: Resource, record: Record) -> bool:
    """Whether a record matches its schema, whatever it refers to; faster than `validate_record`."""
    return bool(resource.validator.is_valid(_with_derived(resource, record)))


def _with_derived(resource: Resource, record: Record) -> Record:
    derived, record = resource.derived_fields, resource.visible(record)
    return {**record, **{field.name: field.none for field in derived}} if derived else record


def read_stamp(record: Mapping[str, Any], field: str | None) -> int | None:
    """The instant in a record's field, in milliseconds since 1970; None if there is none."""
    value = record.get(field) if field is not None else None
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except ValueError:
        return None


def shift_stamps(
    resources: Mapping[str, Resource], records: Mapping[str, Sequence[Record]], milliseconds: int
) -> dict[str, tuple[Record, ...]]:
    """The records with each stamp moved by so many milliseconds."""
    fields = stamp_fields(resources)
    return {
        name: tuple(_shift_stamp(record, fields.get(name), milliseconds) for record in rows)
        for name, rows in records.items()
    }


def _shift_stamp(record: Record, field: str | None, milliseconds: int) -> Record:
    at = read_stamp(record, field)
    return record if at is None or field is None else {**record, field: format_instant(at + milliseconds)}


def stamp_fields(resources: Mapping[str, Resource]) -> dict[str, str]:
    """The field for stamps of each resource that has one: the lifecycle's `touch`, and that of log entries."""
    fields: dict[str, str] = {}
    lifecycles = {name: resource.lifecycle for name, resource in resources.items() if resource.lifecycle is not None}
    for name, lifecycle in lifecycles.items():
        if lifecycle.touch is not None:
            fields[name] = lifecycle.touch
    return fields | {lifecycle.log: LOG_STAMP for lifecycle in lifecycles.values() if lifecycle.log}


def latest_stamp(resources: Mapping[str, Resource], records: Mapping[str, Sequence[Record]]) -> int | None:
    """The latest stamp in the records, in milliseconds since 1970; None if there is none."""
    fields = stamp_fields(resources)
    latest: int | None = None
    for name, rows in records.items():
        field = fields.get(name)
        if field is None:
            continue
        texts = [row[field] for row in rows if isinstance(row, Mapping) and isinstance(row.get(field), str)]
        if all(len(text) == STAMP_LENGTH and text[-1] == "Z" for text in texts):
            # In this notation the order of texts is that of instants.
            texts = [max(texts)] if texts else []
        for text in texts:
            at = read_stamp({field: text}, field)
            latest = at if latest is None or (at is not None and at > latest) else latest
    return latest
