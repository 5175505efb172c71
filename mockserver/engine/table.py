"""The records of one resource as an immutable value: a change makes a new table that shares what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rpds import HashTrieMap

from mockserver.contract import jsontext
from mockserver.contract.model import Record, Resource, SortField
from mockserver.engine.progress import Due


class Row(NamedTuple):
    """A record, its place in the order of arrival, and the transition that brought it to its state.

    `due` is what it waits for, `fired` the rules that it has been through.
    """

    record: Record
    position: int
    last: str | None = None
    due: Due | None = None
    fired: tuple[int, ...] = ()


class Table:
    """Rows by key, and by what they refer to. Where the resource has no key, a row's key is its position."""

    __slots__ = ("_groups", "_next", "_ordered", "_rows", "resource")

    def __init__(
        self,
        resource: Resource,
        rows: HashTrieMap[Any, Row],
        groups: Mapping[str, HashTrieMap[Any, tuple[Any, ...]]],
        following: int,
    ) -> None:
        self.resource = resource
        self._rows, self._groups, self._next = rows, groups, following
        self._ordered: dict[tuple[SortField, ...], list[Row]] = {}

    @classmethod
    def of(cls, resource: Resource, records: Iterable[tuple[Record, str | None, Due | None]]) -> Table:
        """A table of records in their order, each with its last transition and what it waits for."""
        rows: dict[Any, Row] = {}
        groups: dict[str, dict[Any, list[Any]]] = {field: {} for field in resource.references}
        position = 0
        for position, (record, last, due) in enumerate(records, 1):
            key = record[resource.key] if resource.key else position
            rows[key] = Row(record, position, last, due)
            for field, group in groups.items():
                group.setdefault(record.get(field), []).append(key)
        frozen = {
            field: HashTrieMap({value: tuple(keys) for value, keys in group.items()}) for field, group in groups.items()
        }
        return cls(resource, HashTrieMap(rows), frozen, position + 1)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Any) -> bool:
        return key in self._rows

    def get(self, key: Any) -> Row | None:
        """The row of that key."""
        return self._rows.get(key)

    def put(
        self, key: Any, record: Record, last: str | None = None, due: Due | None = None, fired: tuple[int, ...] = ()
    ) -> Table:
        """The table with `record` under `key`; a record that was there keeps its place."""
        old = self._rows.get(key)
        row = Row(record, old.position if old is not None else self._next, last, due, fired)
        following = self._next if old is not None else self._next + 1
        return Table(self.resource, self._rows.insert(key, row), self._regroup(key, old, record), following)

    def append(self, record: Record) -> Table:
        """The table with one more record, where the resource has no key."""
        return self.put(self._next, record)

    def remove(self, key: Any) -> Table:
        """The table without the record of `key`, which is there."""
        return Table(self.resource, self._rows.remove(key), self._regroup(key, self._rows[key], None), self._next)

    def without(self, field: str, value: Any) -> Table:
        """The table without the records whose reference `field` is `value`."""
        table = self
        for key in self._groups[field].get(value, ()):
            table = table.remove(key)
        return table

    def keys(self) -> list[Any]:
        """Every key, in the order of arrival."""
        own = self.resource.key
        return [row.record[own] if own is not None else row.position for row in self.ordered(())]

    def group(self, field: str, value: Any) -> list[Row]:
        """The rows whose reference `field` is `value`, in the order of arrival."""
        rows = [self._rows[key] for key in self._groups[field].get(value, ())]
        rows.sort(key=_position)
        return rows

    def ordered(self, sort: tuple[SortField, ...]) -> Sequence[Row]:
        """Every row in an order, equal ones as they arrived."""
        found = self._ordered.get(sort)
        if found is None:
            found = self._ordered[sort] = order(sorted(self._rows.values(), key=_position), sort)
        return found

    def _regroup(
        self, key: Any, old: Row | None, record: Record | None
    ) -> Mapping[str, HashTrieMap[Any, tuple[Any, ...]]]:
        changed = dict(self._groups)
        for field, group in self._groups.items():
            before = old.record.get(field) if old is not None else None
            after = record.get(field) if record is not None else None
            if old is not None and record is not None and before == after:
                continue
            if old is not None:
                group = group.insert(before, tuple(one for one in group.get(before, ()) if one != key))
            if record is not None:
                group = group.insert(after, (*group.get(after, ()), key))
            changed[field] = group
        return changed


def order(rows: list[Row], sort: tuple[SortField, ...]) -> list[Row]:
    """Sort rows in place by each field, the first one weighing most; the order they are in breaks ties."""
    for field in reversed(sort):
        rows.sort(key=lambda row, name=field.name: comparable(row.record.get(name)), reverse=field.descending)  # type: ignore[misc]
    return rows


def comparable(value: Any) -> tuple[int, Any]:
    """A sort key that orders values of any JSON type: null, then booleans, numbers, strings, the rest."""
    if type(value) is str:
        return 3, value
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return 4, jsontext.canonical(value)


def _position(row: Row) -> int:
    return row.position
