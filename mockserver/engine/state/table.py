"""The records of one resource as an immutable value: a change makes a new table that shares what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rpds import HashTrieSet

from mockserver.contract.model import Record, Resource
from mockserver.engine.state.persistent_map import PersistentMap
from mockserver.engine.state.schedule import DueTransition
from mockserver.engine.state.sorted_rows import Row, Sort, SortedRows, meets

# By the field that refers, by what it refers to: the keys of the rows.
Groups = Mapping[str, PersistentMap]


# Orders are carried from table to table, each with what has changed since it was last asked for; after more changes
# than that it is cheaper to sort again.
VIEW_LIMIT = 8
CHANGE_LIMIT = 32
Where = tuple[tuple[str, tuple[Any, ...]], ...]


class Change(NamedTuple):
    """A row that was taken and one that was brought, after the change before; `number` counts from 1."""

    before: Change | None
    old: Row | None
    new: Row | None
    number: int


Views = dict[tuple[Sort, Where], tuple[SortedRows, Change | None]]
NONE: HashTrieSet[Any] = HashTrieSet()


class Table:
    """Rows by key, and by what they refer to. Where the resource has no key, a row's key is its position."""

    __slots__ = ("_groups", "_next", "_rows", "_views", "resource")

    def __init__(
        self,
        resource: Resource,
        rows: PersistentMap,
        groups: Groups,
        following: int,
        views: Views,
    ) -> None:
        self.resource = resource
        self._rows, self._groups, self._next, self._views = rows, groups, following, views

    @classmethod
    def from_records(
        cls, resource: Resource, records: Iterable[tuple[Record, str | None, DueTransition | None]]
    ) -> Table:
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
            field: PersistentMap.from_items({value: HashTrieSet(keys) for value, keys in group.items()})
            for field, group in groups.items()
        }
        return cls(resource, PersistentMap.from_items(rows), frozen, position + 1, {})

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Any) -> bool:
        return key in self._rows

    def get(self, key: Any) -> Row | None:
        """The row of that key."""
        row: Row | None = self._rows.get(key)
        return row

    def put(
        self,
        key: Any,
        record: Record,
        last: str | None = None,
        due: DueTransition | None = None,
        fired: tuple[int, ...] = (),
    ) -> Table:
        """The table with `record` under `key`; a record that was there keeps its place."""
        old = self._rows.get(key)
        row = Row(record, old.position if old is not None else self._next, last, due, fired)
        following = self._next if old is not None else self._next + 1
        rows, groups = self._rows.insert(key, row), self._regroup(key, old, record)
        return Table(self.resource, rows, groups, following, self._carried(old, row))

    def append(self, record: Record) -> Table:
        """The table with one more record, where the resource has no key."""
        return self.put(self._next, record)

    def remove(self, key: Any) -> Table:
        """The table without the record of `key`, which is there."""
        old = self._rows[key]
        rows, groups = self._rows.remove(key), self._regroup(key, old, None)
        return Table(self.resource, rows, groups, self._next, self._carried(old, None))

    def without(self, field: str, value: Any) -> Table:
        """The table without the records whose reference `field` is `value`."""
        table = self
        for key in self._groups[field].get(value, NONE):
            table = table.remove(key)
        return table

    def keys(self) -> list[Any]:
        """Every key, in the order of arrival."""
        own = self.resource.key
        return [row.record[own] if own is not None else row.position for row in self.ordered()]

    def group(self, field: str, value: Any) -> list[Row]:
        """The rows whose reference `field` is `value`, in the order of arrival."""
        rows = [self._rows[key] for key in self._groups[field].get(value, NONE)]
        rows.sort(key=lambda row: row.position)
        return rows

    def ordered(self, sort: Sort = (), where: Where = ()) -> SortedRows:
        """The rows whose fields have one of the values in `where`, in an order, equal ones as they arrived."""
        try:
            view, change = self._views.get((sort, where), (None, None))
        except TypeError:  # values that are arrays or objects: no view is kept of those
            return self._seen(sort, where)
        if view is None:
            view = self._seen(sort, where)
            while len(self._views) >= VIEW_LIMIT:
                self._views.pop(next(iter(self._views)), None)
        elif change is None:
            return view
        for one in _in_order(change):
            gone = one.old if one.old is not None and meets(one.old, where) else None
            come = one.new if one.new is not None and meets(one.new, where) else None
            if gone is not None or come is not None:
                view = view.changed(gone, come)
        self._views[sort, where] = view, None
        return view

    def _seen(self, sort: Sort, where: Where) -> SortedRows:
        return SortedRows.from_rows(sort, [row for row in self._rows.values() if meets(row, where)])

    def _carried(self, old: Row | None, new: Row | None) -> Views:
        """The orders for the table after a change, which is made up for when one is asked for."""
        carried: Views = {}
        for name, (view, change) in self._views.items():
            number = change.number + 1 if change is not None else 1
            if number <= max(CHANGE_LIMIT, len(view) // 16):
                carried[name] = view, Change(change, old, new, number)
        return carried

    def _regroup(self, key: Any, old: Row | None, record: Record | None) -> Groups:
        changed: dict[str, PersistentMap] = {}
        for field, group in self._groups.items():
            before = old.record.get(field) if old is not None else None
            after = record.get(field) if record is not None else None
            if old is not None and record is not None and before == after:
                continue
            if old is not None:
                group = group.insert(before, group.get(before, NONE).discard(key))
            if record is not None:
                group = group.insert(after, group.get(after, NONE).insert(key))
            changed[field] = group
        return {**self._groups, **changed} if changed else self._groups


def _in_order(change: Change | None) -> list[Change]:
    """A change and those before it, the first one first."""
    found = []
    while change is not None:
        found.append(change)
        change = change.before
    return found[::-1]
