"""Whether a record may stand in a resource: its schema, its derived fields, its references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.contract.model import Record, Resource
from mockserver.contract.times import parse_instant
from mockserver.errors import Violation, quote

Exists = Callable[[str, Any], bool]


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
