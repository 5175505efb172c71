"""The records of one resource as an immutable value: a change makes a new table that shares what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from rpds import HashTrieSet

from mockserver.contract.model import Record, Resource
from mockserver.contract.records import record_key
from mockserver.engine.state.persistent_map import PersistentMap
from mockserver.engine.state.row_conditions import Condition
from mockserver.engine.state.schedule import UNUSED, DueTransition, RuleUses
from mockserver.engine.state.sorted_rows import ARRIVAL, Row, SortedRows, SortOrder, matches, sort_order

# By the referring field, by the key it refers to: the keys of the rows (a HashTrieSet).
Groups = Mapping[str, PersistentMap]
Where = tuple[Condition, ...]
# The keys in the fields within which a key is unique.
Owner = tuple[str | int | None, ...]

# How many views a table keeps, and after how many changes (or a sixteenth of the rows) a view is sorted again.
VIEW_LIMIT = 8
CHANGE_LIMIT = 32
NO_KEYS: HashTrieSet[Any] = HashTrieSet()


class Change(Struct, frozen=True):
    """A row that was removed and one that was added, after the change `before`; `number` counts from 1."""

    before: Change | None
    old: Row | None
    new: Row | None
    number: int


class View(Struct, frozen=True):
    """Sorted and filtered rows, and what has changed since they were last used: the oldest changes first."""

    rows: SortedRows
    changes: tuple[Change, ...] = ()


ViewName = tuple[SortOrder, Where]
Views = dict[ViewName, View]


class Layout(Struct, frozen=True):
    """What the contract says of a table.

    `order` is that in which the records are listed. `log` names the resource that logs their transitions, and the field
    of the log that refers to the record.
    """

    resource: Resource
    order: SortOrder
    log: tuple[str, str] | None


def with_subscription(row: Row, subscription: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The subscription of a row, to which a request adds."""
    return row.subscription if not subscription else {**(row.subscription or {}), **subscription}


class Table(Struct, eq=False):
    """Rows by key, and by what they refer to. If the resource has no key, a row's key is its position.

    `next_position` is that of the next row: no other row ever had it, also not one that was removed. `last_number`
    likewise: keys that are numbers count on from the highest that there ever was.

    Sorted views are handed on to changed tables, and brought up to date when they are used.
    """

    layout: Layout
    _rows: PersistentMap
    _groups: Groups
    next_position: int
    _size: int
    # Views of this table or a former one, and what has changed since. The dictionary may be shared with other
    # tables: only the table that has no changes since adds to it.
    _views: tuple[Views, Change | None]
    # The highest key that is a number, by the owner within which keys are unique.
    _numbers: PersistentMap

    @classmethod
    def from_records(
        cls,
        resource: Resource,
        records: Iterable[tuple[Record, str | None, DueTransition | None]],
        log: tuple[str, str] | None = None,
    ) -> Table:
        """A table of records in order of arrival, each with its last transition and the one it waits for."""
        rows: dict[Any, Row] = {}
        groups: dict[str, dict[Any, list[Any]]] = {field: {} for field in resource.references}
        numbers: dict[Owner, int] = {}
        local_key, owner_fields = resource.local_key, resource.unique_within
        position = 0
        for position, (record, last, due) in enumerate(records, 1):
            key = record[resource.key] if resource.key else position
            rows[key] = Row(record, position, last, due)
            if type(number := record.get(local_key)) is int:
                owner = tuple(record_key(record.get(name)) for name in owner_fields)
                numbers[owner] = max(number, numbers.get(owner, number))
            for field, group in groups.items():
                group.setdefault(record.get(field), []).append(key)
        persistent_groups = {
            field: PersistentMap.from_items({value: HashTrieSet(keys) for value, keys in group.items()})
            for field, group in groups.items()
        }
        layout = Layout(resource, sort_order(resource.sort), log)
        return cls(
            layout,
            PersistentMap.from_items(rows),
            persistent_groups,
            position + 1,
            len(rows),
            ({}, None),
            PersistentMap.from_items(numbers),
        )

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: Any) -> bool:
        return key in self._rows

    def get(self, key: Any) -> Row | None:
        """The row with that key."""
        row: Row | None = self._rows.get(key)
        return row

    @property
    def newest(self) -> Row:
        """The row that was appended last, of a resource without a key."""
        row: Row = self._rows[self.next_position - 1]
        return row

    def put(
        self,
        key: Any,
        record: Record,
        last: str | None = None,
        due: DueTransition | None = None,
        uses: RuleUses = UNUSED,
        subscription: Mapping[str, str] | None = None,
    ) -> Table:
        """The table with `record` under `key`; a record that replaces another takes its place."""
        old = self._rows.get(key)
        if old is not None:
            subscription = with_subscription(old, subscription)
            return self.replace(key, old, Row(record, old.position, last, due, uses, subscription))
        row = Row(record, self.next_position, last, due, uses, subscription)
        return self._add(key, row, self._with_number(record))

    def replace(self, key: Any, old: Row, new: Row) -> Table:
        """The table with `new` in place of `old`, which is the row of `key`."""
        groups, old_record, record = self._groups, old.record, new.record
        for field in groups:
            before, after = old_record.get(field), record.get(field)
            if before != after:
                group = _without_key(groups[field], before, key)
                group = group.insert(after, group.get(after, NO_KEYS).insert(key))
                groups = {**groups, field: group}
        rows, views = self._rows.insert(key, new), self._changed(old, new)
        return Table(self.layout, rows, groups, self.next_position, self._size, views, self._numbers)

    def append(self, record: Record) -> Table:
        """The table with one more record, for a resource without a key."""
        return self._add(self.next_position, Row(record, self.next_position), self._numbers)

    def _add(self, key: Any, row: Row, numbers: PersistentMap) -> Table:
        groups: dict[str, PersistentMap] = {}
        record = row.record
        for field, group in self._groups.items():
            value = record.get(field)
            groups[field] = group.insert(value, group.get(value, NO_KEYS).insert(key))
        rows, views = self._rows.insert(key, row), self._changed(None, row)
        return Table(self.layout, rows, groups, self.next_position + 1, self._size + 1, views, numbers)

    def _with_number(self, record: Record) -> PersistentMap:
        resource, numbers = self.layout.resource, self._numbers
        number = record.get(resource.local_key)
        if type(number) is not int:
            return numbers
        owner = tuple(record_key(record.get(name)) for name in resource.unique_within)
        last = numbers.get(owner)
        return numbers.insert(owner, number) if last is None or number > last else numbers

    def last_number(self, owner: Owner = ()) -> int:
        """The highest key that is a number and that a record of an owner ever had; 0 where none had one."""
        number: int = self._numbers.get(owner, 0)
        return max(0, number)

    def remove(self, key: Any) -> Table:
        """The table without the record of `key`. Raises KeyError."""
        row = self._rows[key]
        groups: dict[str, PersistentMap] = {}
        for field, group in self._groups.items():
            groups[field] = _without_key(group, row.record.get(field), key)
        rows, views = self._rows.remove(key), self._changed(row, None)
        return Table(self.layout, rows, groups, self.next_position, self._size - 1, views, self._numbers)

    def without(self, field: str, value: Any) -> Table:
        """The table without the records whose reference `field` is `value`."""
        table = self
        for key in self._groups[field].get(value, NO_KEYS):
            table = table.remove(key)
        return table

    def detached(self) -> Table:
        """The same table for another thread: the views that it keeps are its own."""
        views, change = self._views
        views = dict(views)
        return Table(
            self.layout, self._rows, self._groups, self.next_position, self._size, (views, change), self._numbers
        )

    def keys(self) -> list[Any]:
        """Every key, in order of arrival."""
        key = self.layout.resource.key
        return [row.record[key] if key else row.position for row in self.ordered()]

    def group(self, field: str, value: Any) -> list[Row]:
        """The rows whose reference `field` is `value`, in order of arrival."""
        rows = [self._rows[key] for key in self._groups[field].get(value, NO_KEYS)]
        rows.sort(key=_position)
        return rows

    def ordered(self, order: SortOrder = ARRIVAL, where: Where = ()) -> SortedRows:
        """The rows that meet every condition of `where`, in an order."""
        name, (views, change) = (order, where), self._views
        try:
            view = views.get(name)
        except TypeError:  # conditions with arrays or objects cannot be keys, so no view is kept of them
            return self._sort(order, where)
        changes = view.changes if view is not None else ()
        if view is not None and change is not None:
            changes = (*changes, change)
        if view is None or _is_outdated(view.rows, changes):
            rows = self._sort(order, where)
            views, change = self._views  # which may have been brought up to date for this
        elif changes:
            rows = _bring_up_to_date(view.rows, changes, where)
        else:
            return view.rows
        if change is not None:
            views = _with_change(views, change, name)
            self._views = views, None
        while name not in views and len(present := list(views)) >= VIEW_LIMIT:
            # The view of all rows last: searches are many, and each is filtered from that one.
            views.pop(next((other for other in present if other[1]), present[0]), None)
        views[name] = View(rows)
        return rows

    def _sort(self, order: SortOrder, where: Where) -> SortedRows:
        if where and (order, ()) in self._views[0]:
            return self.ordered(order).filtered(where)
        return SortedRows.from_rows(order, [row for row in self._rows.values() if matches(row, where)])

    def _changed(self, old: Row | None, new: Row | None) -> tuple[Views, Change | None]:
        """The views of the table in which `old` is replaced by `new`."""
        views, change = self._views
        if not views:
            return {}, None
        if change is None:
            return views, Change(None, old, new, 1)
        if change.number < CHANGE_LIMIT:
            return views, Change(change, old, new, change.number + 1)
        # So that tables do not keep ever more former rows alive for views that nobody uses.
        return _with_change(views, change), Change(None, old, new, 1)


def _without_key(group: PersistentMap, value: Any, key: Any) -> PersistentMap:
    """The keys by what their rows refer to, without a key of the rows that refer to `value`."""
    keys: HashTrieSet[Any] = group[value].discard(key)
    return group.insert(value, keys) if keys else group.remove(value)


def _with_change(views: Views, change: Change, without: ViewName | None = None) -> Views:
    """The views after further changes, except for those that are outdated and for the one named `without`."""
    changed: Views = {}
    # A copy, since threads of other runs may add views of the start, which all runs share.
    for name, view in views.copy().items():
        changes = (*view.changes, change)
        if name != without and not _is_outdated(view.rows, changes):
            changed[name] = View(view.rows, changes)
    return changed


def _is_outdated(rows: SortedRows, changes: tuple[Change, ...]) -> bool:
    """Whether it is quicker to sort again than to make all these changes."""
    number = 0
    for change in changes:
        number += change.number
    return number > CHANGE_LIMIT and number > len(rows) // 16


def _bring_up_to_date(rows: SortedRows, changes: tuple[Change, ...], where: Where) -> SortedRows:
    for last in changes:
        for old, new in _in_order(last):
            if where:
                old = old if old is not None and matches(old, where) else None
                new = new if new is not None and matches(new, where) else None
            if old is not None or new is not None:
                rows = rows.changed(old, new)
    return rows


def _in_order(last: Change) -> list[tuple[Row | None, Row | None]]:
    """Old and new row of each change up to `last`, the first change first."""
    changes: list[tuple[Row | None, Row | None]] = []
    change: Change | None = last
    while change is not None:
        changes.append((change.old, change.new))
        change = change.before
    changes.reverse()
    return changes


def _position(row: Row) -> int:
    return row.position
