"""Which records are removed together: a record and those that it owns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.model import Resource
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State

# The name of a resource, and the key of a record; of a resource without a key, the position of the row.
RecordPlace = tuple[str, Any]


def owned_rows(state: State, resource: str, key: Any) -> Mapping[RecordPlace, Row]:
    """The row of a record and those of the records that it owns, each followed by its own.

    Entries of a log are not among them.
    """
    owned: dict[RecordPlace, Row] = {}
    places: list[RecordPlace] = [(resource, key)]
    while places:
        place = places.pop()
        row = state.tables[place[0]].get(place[1])
        if row is None or place in owned:
            continue
        owned[place] = row
        below = [
            (other.name, row_key(other, row))
            for other, field in _referring(state, place[0])
            if field in other.owned_by
            for row in state.tables[other.name].group(field, place[1])
        ]
        places += reversed(below)
    return owned


def find_other_use(state: State, rows: Mapping[RecordPlace, Row]) -> tuple[RecordPlace, str, str] | None:
    """The first of these records that a record refers to which is none of them, with the resource and field of that."""
    for place in rows:
        for other, field in _referring(state, place[0]):
            if field not in other.owned_by:
                referring = state.tables[other.name].group(field, place[1])
                if any((other.name, row_key(other, row)) not in rows for row in referring):
                    return place, other.name, field
    return None


def row_key(resource: Resource, row: Row) -> Any:
    """What a table has a row under."""
    return row.record[resource.key] if resource.key else row.position


def _referring(state: State, resource: str) -> Iterator[tuple[Resource, str]]:
    """The resources with a field that refers to this one, and that field, without the log of this one."""
    log = state.tables[resource].layout.log
    for table in state.tables.values():
        other = table.layout.resource
        for field, target in other.references.items():
            if target == resource and (other.name, field) != log:
                yield other, field
