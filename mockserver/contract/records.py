"""Whether a record may stand in a resource: its schema, its derived fields, its references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.contract.lifecycle import LOG_STAMP
from mockserver.contract.model import Record, Resource
from mockserver.errors import Violation, quote
from mockserver.syntax.instants import format_instant, parse_instant

Exists = Callable[[str, Any], bool]
WRITTEN_LENGTH = len("2026-01-15T09:00:00.000Z")


def judge(resource: Resource, record: Record, exists: Exists) -> list[Violation]:
    """What is wrong with `record`; `exists(resource, key)` answers for references.

    Derived fields are never stored: a record that brings one is refused, and the rest is judged with a value in place.
    """
    found = [
        Violation("body", f"/{one.name}", "derived", f"{quote(one.name)} is computed on read; leave it out")
        for one in resource.derived
        if one.name in record
    ]
    stand_ins = {one.name: one.none for one in resource.derived}
    found += resource.validator.violations({**record, **stand_ins} if stand_ins else record, "body")
    for field, target in resource.references.items():
        key = record.get(field)
        if key is not None and isinstance(key, str | int) and not exists(target, key):
            found.append(Violation("body", f"/{field}", "references", f"{target} has no record {quote(key)}"))
    return found


def is_valid(resource: Resource, record: Record) -> bool:
    """Whether the record's own schema holds, derived fields aside; the quick half of `judge`."""
    stand_ins = {one.name: one.none for one in resource.derived}
    return bool(resource.validator.is_valid({**record, **stand_ins} if stand_ins else record))


def stamp(record: Mapping[str, Any], field: str | None) -> int | None:
    """The instant in a record's `field`, in milliseconds since 1970, if there is one."""
    value = record.get(field) if field is not None else None
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except ValueError:
        return None


def shifted(
    resources: Mapping[str, Resource], records: Mapping[str, Sequence[Record]], by: int
) -> dict[str, tuple[Record, ...]]:
    """The records with every stamp moved by so many milliseconds."""
    fields = stamp_fields(resources)
    return {name: tuple(_shifted(record, fields.get(name), by) for record in rows) for name, rows in records.items()}


def _shifted(record: Record, field: str | None, by: int) -> Record:
    at = stamp(record, field)
    return record if at is None or field is None else {**record, field: format_instant(at + by)}


def stamp_fields(resources: Mapping[str, Resource]) -> dict[str, str]:
    """The field that a transition writes its stamp into, by resource."""
    found: dict[str, str] = {}
    for name, one in resources.items():
        if one.lifecycle is not None and one.lifecycle.touch is not None:
            found[name] = one.lifecycle.touch
    return found | {one.lifecycle.log: LOG_STAMP for one in resources.values() if one.lifecycle and one.lifecycle.log}


def latest_stamp(resources: Mapping[str, Resource], records: Mapping[str, Sequence[Record]]) -> int | None:
    """The latest instant, in milliseconds since 1970, that a transition might have written into the records."""
    fields = stamp_fields(resources)
    latest: int | None = None
    for name, rows in records.items():
        field = fields.get(name)
        if field is None:
            continue
        texts = [row[field] for row in rows if isinstance(row, Mapping) and isinstance(row.get(field), str)]
        if all(len(text) == WRITTEN_LENGTH and text[-1] == "Z" for text in texts):
            # Written in the one way that sorts as it counts, so the greatest text is the latest.
            texts = [max(texts)] if texts else []
        for text in texts:
            at = stamp({field: text}, field)
            latest = at if latest is None or (at is not None and at > latest) else latest
    return latest
