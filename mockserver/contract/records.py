"""Validates records, joins their keys, and reads and shifts their stamps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP
from mockserver.contract.model import Record, Resource
from mockserver.errors import Violation, quote
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant, parse_instant

IDENTIFIES = "with the other fields of its key, it identifies the record"
# Whether a resource, by name, has a record with a key.
Exists = Callable[[str, Any], bool]
INTEGER = re.compile(r"-?[0-9]{1,18}")
STAMP_LENGTH = len("2026-01-15T09:00:00.000Z")
# Separates the values in a key that joins several; one within a value is escaped, as JSON Pointer escapes its slash.
SEPARATOR = ","


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
    """The record with its key, and the keys that it refers to, as `record_key` has them; joined ones are computed.

    One that joins a field which the record lacks is left out.
    """
    names = (resource.key, *resource.references, *(part for parts in resource.joined.values() for part in parts))
    floats = [name for name in names if isinstance(record.get(name), float)]
    whole = {name: key for name in floats if (key := record_key(record[name])) is not None}
    record = {**record, **whole} if whole else record
    if not resource.joined:
        return record
    return {**without_joined(resource, record), **dict(_joined_keys(resource, record))}


def without_joined(resource: Resource, record: Record) -> Record:
    """The record without what `with_plain_keys` computes."""
    return {name: value for name, value in record.items() if name not in resource.joined}


def _joined_keys(resource: Resource, record: Record) -> Iterator[tuple[str, str]]:
    for name, parts in resource.joined.items():
        keys = [record_key(record.get(part)) for part in parts]
        if None not in keys:
            yield name, SEPARATOR.join(_escape(key) for key in keys)


def _escape(key: Any) -> str:
    return str(key).replace("~", "~0").replace(SEPARATOR, "~1")


def split_key(resource: Resource, key: Any) -> dict[str, Any]:
    """The values that a record's key joins, by field, or the key alone; empty if it joins another number of them."""
    if not resource.unique_within:
        return {resource.key: key}
    texts = [text.replace("~1", SEPARATOR).replace("~0", "~") for text in str(key).split(SEPARATOR)]
    if len(texts) != len(resource.key_fields):
        return {}
    types = (resource.fields.get(name, frozenset()) for name in resource.key_fields)
    return dict(zip(resource.key_fields, map(fit_key, types, texts), strict=True))


def log_entry(resource: Resource, record: Record, log: Resource, reference: str, transition: str, at: str) -> Record:
    """The entry of a transition in a resource's log, whose field `reference` refers to the record."""
    if not resource.joined:
        return {reference: record[resource.key], LOG_EVENT: transition, LOG_STAMP: at}
    parts = log.joined.get(reference, (reference,))
    keys = dict(zip(parts, (record[name] for name in resource.key_fields), strict=True))
    return {**keys, reference: record[resource.key], LOG_EVENT: transition, LOG_STAMP: at}


def key_violations(resource: Resource, record: Record, key: Any) -> list[Violation]:
    """How the key of a record differs from the one of the path, by the fields that identify it."""
    expected = split_key(resource, key)
    for name in resource.key_fields:
        if name in expected and record_key(record.get(name)) != expected[name]:
            message = f"{quote(record.get(name))} is not the key {quote(expected[name])} of the path"
            return [Violation("body", json_pointer.append("", name), "key", message)]
    if record.get(resource.key) == key:
        return []
    fields = " and ".join(resource.key_fields)
    message = f"the key {quote(key)} of the path does not join {fields}: {quote(record.get(resource.key))} does"
    return [Violation("body", "", "key", message)]


def record_schemas(schemas: Schemas) -> Schemas:
    """The schemas as records match them: `writeOnly` members are required in requests alone."""
    return schemas.for_direction("response")


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
    if resource.unique_within and not violations:
        violations += [
            Violation("body", json_pointer.append("", name), "required", f"{quote(name)} is missing: {IDENTIFIES}")
            for name in resource.key_fields
            if record_key(record.get(name)) is None
        ]
    for name, target in resource.references.items():
        value = record.get(name)
        key = record_key(value)
        # A reference that joins several fields is not written: the last of them is.
        pointer = json_pointer.append("", resource.joined.get(name, (name,))[-1])
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
