"""Records as clients see them, with their derived members, and as the functions of `handlers.py` see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.contract.model import ComputedField, DerivedField, Record, Resource
from mockserver.contract.records import record_key
from mockserver.engine.state.json_values import copy_json
from mockserver.engine.state.sorted_rows import Row, SortedRows
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table
from mockserver.errors import Refusal, did_you_mean, quote, unknown_name
from mockserver.refusals import UnknownRecord

# Members that are being computed, by resource and name: records are shown without them meanwhile.
Computing = frozenset[tuple[str, str]]


class UnknownName(Exception):
    """A function of `handlers.py` names a resource or a member that there is not."""


def with_derived_fields(state: State, resource: Resource, record: Record) -> Record:
    """The record as clients see it: with its derived fields computed. Raises HandlerFailed and HandlerTimeout."""
    return with_all_derived(state, resource, [record])[0] if resource.derived_fields else record


def with_all_derived(state: State, resource: Resource, records: Sequence[Record]) -> list[Record]:
    """As `with_derived_fields`, for records of one resource."""
    records = [_with_declared(state, resource, record) for record in records]
    computed = resource.computed
    if not computed or not records:
        return records
    python, function = computed[0].function.python, computed[0].function
    views, failed = RecordsView(state.detached()), list[ComputedField]()

    def compute() -> list[Record]:
        return [{**record, **views.computed_members(resource, record, failed)} for record in records]

    try:
        return python.call(function, compute)
    except Refusal as refusal:
        if type(refusal).code.startswith("handler-"):
            raise
        # What a read of another record refuses is not a refusal of this request.
        raise python.failure(failed[-1].function if failed else function, refusal) from None


def list_records(state: State, table: Table, offset: int = 0, limit: int | None = None) -> list[Record]:
    """At most `limit` records of a table after the first `offset`, in order of arrival, derived fields computed."""
    rows = table.ordered().page(offset, limit)
    return with_all_derived(state, table.layout.resource, [row.record for row in rows])


def _with_declared(state: State, resource: Resource, record: Record) -> Record:
    if not resource.derived:
        return record
    return {**record, **{field.name: _derive(state, resource, field, record) for field in resource.derived}}


def _derive(state: State, resource: Resource, field: DerivedField, record: Record) -> Any:
    table = state.tables[field.resource]
    rows = table.group(field.reference, record[resource.key])
    if not rows:
        return field.none
    first = min(rows, key=table.layout.order.key) if len(rows) > 1 else rows[0]
    return field.values.get(str(first.record.get(field.field)), field.none)


class HandedRecord(dict[str, Any]):
    """A record as a function of `handlers.py` gets it: a copy that it may change, with what clients do not see."""

    def __init__(self, members: Record, resource: Resource) -> None:
        super().__init__(members)
        self.resource = resource


class RecordsView:
    """The records of a state: `records.orders` are those of a resource, and so are `records["orders"]`.

    Used by the one thread that a function runs on. `computing` are the members that records are shown without.
    """

    def __init__(self, state: State, computing: Computing = frozenset()) -> None:
        self._state, self._computing = state, computing

    def __getattr__(self, name: str) -> ResourceView:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> ResourceView:
        tables = self._state.tables
        if name not in tables:
            raise UnknownName(unknown_name("resource", name, tables))
        return self._resource_view(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.tables)

    def _resource_view(self, name: str) -> ResourceView:
        return ResourceView(self, name)

    def table(self, name: str) -> Table:
        """The table of a resource, as it is now."""
        return self._state.tables[name]

    def shown(self, resource: Resource, record: Record) -> dict[str, Any]:
        """A record with its derived members, as a copy that may be changed."""
        record = _with_declared(self._state, resource, record)
        computed = self.computed_members(resource, record, []) if resource.computed else {}
        return HandedRecord(copy_json(record) | computed, resource)

    def computed_members(self, resource: Resource, record: Record, trace: list[ComputedField]) -> dict[str, Any]:
        """The values of a record's computed members; `trace` gets each before it is computed."""
        members: dict[str, Any] = {}
        for field in resource.computed:
            name = resource.name, field.name
            if name in self._computing:
                continue
            trace.append(field)
            inner = RecordsView(self._state, self._computing | {name})
            function = field.function
            arguments = {"records": inner} if "records" in function.takes else {}
            value = function.function(inner.shown(resource, record), **arguments)
            members[field.name] = copy_json(value, f"{function.subject} returned")
        return members


class ResourceView:
    """The records of one resource, as a function of `handlers.py` reads them: each is a copy."""

    def __init__(self, records: RecordsView, name: str) -> None:
        self._records, self._name = records, name

    @property
    def _table(self) -> Table:
        return self._records.table(self._name)

    def __getitem__(self, key: Any) -> dict[str, Any]:
        row = self._row(key)
        if row is None:
            raise UnknownRecord(self._name, key)
        return self._shown(row)

    def get(self, key: Any, default: Any = None) -> Any:
        """The record with that key, or else `default`."""
        row = self._row(key)
        return default if row is None else self._shown(row)

    def __contains__(self, key: Any) -> bool:
        return self._row(key) is not None

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.all())

    def all(self) -> list[dict[str, Any]]:
        """Every record, in the resource's order."""
        return [self._shown(row) for row in self._table.ordered(self._table.layout.order)]

    def where(self, /, **fields: Any) -> list[dict[str, Any]]:
        """The records whose members have these values, in the resource's order. Raises UnknownName."""
        table, resource = self._table, self._table.layout.resource
        self._require_members(fields)
        derived = {field.name for field in resource.derived_fields}
        stored = {name: value for name, value in fields.items() if name not in derived}
        reference = next((name for name in stored if name in resource.references), None)
        if reference is not None and record_key(stored[reference]) is not None:
            group = table.group(reference, record_key(stored[reference]))
            rows = list(SortedRows.from_rows(table.layout.order, group))
        else:
            rows = list(table.ordered(table.layout.order))
        shown = [self._shown(row) for row in rows if _has_values(row.record, stored)]
        derived_values = {name: value for name, value in fields.items() if name in derived}
        return [record for record in shown if _has_values(record, derived_values)] if derived_values else shown

    def _require_members(self, fields: Mapping[str, Any]) -> None:
        resource = self._table.layout.resource
        if resource.shape.is_open:
            return
        for name in fields:
            if name not in resource.fields:
                hint = did_you_mean(name, resource.fields)
                raise UnknownName(f"{resource.name} have no member {quote(name)}.{hint}")

    def _row(self, key: Any) -> Row | None:
        plain = record_key(key)
        return self._table.get(plain) if plain is not None else None

    def _shown(self, row: Row) -> dict[str, Any]:
        return self._records.shown(self._table.layout.resource, row.record)


def _has_values(record: Record, values: Mapping[str, Any]) -> bool:
    return all(record.get(name) == value for name, value in values.items())
