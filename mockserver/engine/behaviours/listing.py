"""The behaviour `list`: filter, sort, page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract, Record, SortField
from mockserver.engine.behaviours.calls import OperationCall, OperationResult, ResultKind
from mockserver.engine.behaviours.envelopes import Page, complete_envelope
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.run import Run
from mockserver.engine.state.presentation import with_all_derived
from mockserver.engine.state.sorted_rows import Condition, Row, SortedRows, SortOrder, matches, sort_order
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRequest


class ListRecords(Implementation):
    """Lists the records that the path and the query select, in an order, one page of them."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self._derived = frozenset(field.name for field in self.resource.derived_fields)
        self._has_references = any(field in self.resource.references for _, field in self._path_fields) or any(
            field in self.resource.references for field in behaviour.filters
        )

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """List the records. Raises UnknownRecord for a path that refers to none, and InvalidRequest for a bad sort."""
        state = run.state
        rows = self._select(state, call)
        total = len(rows)
        offset, limit = self._page_bounds(call, total)
        records = [row[0] for row in rows.page(offset, limit)]
        if self._derived:
            records = with_all_derived(state, self.resource, records)
        value = self._envelope(run, records, total, offset, limit) if self.behaviour.items is not None else records
        return OperationResult(value, ResultKind.RETURNED, None, total)

    def _select(self, state: State, call: OperationCall) -> SortedRows:
        table = state.tables[self.resource.name]
        order = self._order(table, call)
        conditions: list[Condition] = []
        if self._path_fields:
            values = self.path_values(call)
            self.require_references(state, values)
            conditions += [(field, (value,)) for field, value in values.items()]
        for name in self.behaviour.filters:
            if name in call.query:
                value = call.query[name]
                conditions.append((name, tuple(value) if isinstance(value, list) else (value,)))
        where = tuple(conditions)
        if self._derived and (order.sorts_by(self._derived) or any(name in self._derived for name, _ in where)):
            # These are not stored, so neither is an order or a selection by them.
            records = [row.record for row in table.ordered()]
            shown = map(Row, with_all_derived(state, self.resource, records), range(len(records)))
            return SortedRows.from_rows(order, [row for row in shown if matches(row, where)])
        if where and self._has_references and (reference := self._reference(call)) is not None:
            return SortedRows.from_rows(order, [row for row in table.group(*reference) if matches(row, where)])
        return table.ordered(order, where)

    def _reference(self, call: OperationCall) -> tuple[str, Any] | None:
        """The first condition that is one value of a reference: the table has its rows by that."""
        references = self.resource.references
        for name, field in self._path_fields:
            if field in references and not isinstance(call.path[name], list):
                return field, call.path[name]
        for name in self.behaviour.filters:
            if name in references and name in call.query and not isinstance(call.query[name], list):
                return name, call.query[name]
        return None

    def _order(self, table: Table, call: OperationCall) -> SortOrder:
        parameter = self.behaviour.sort
        sort = call.query.get(parameter) if parameter is not None else None
        if not sort:
            return table.order
        fields = _sort_fields(sort if isinstance(sort, str) else ",".join(sort))
        unknown = next((field.name for field in fields if field.name not in self.resource.fields), None)
        if unknown is not None:
            message = f"{quote(unknown)} is not a field to sort by.{did_you_mean(unknown, self.resource.fields)}"
            raise InvalidRequest([Violation("query", "", "sort", message, parameter)])
        return sort_order(fields)

    def _page_bounds(self, call: OperationCall, total: int) -> tuple[int, int | None]:
        """Offset and limit of the page that the query asks for."""
        behaviour, query = self.behaviour, call.query
        limit, offset = _whole_number(query, behaviour.limit), _whole_number(query, behaviour.offset)
        if offset is None and behaviour.page is not None:
            number = _whole_number(query, behaviour.page)
            if number is not None:
                # Without a limit, the first page has all records.
                offset = max(0, number - behaviour.first_page) * (total if limit is None else limit)
        return offset or 0, limit

    def _envelope(self, run: Run, records: list[Record], total: int, offset: int, limit: int | None) -> dict[str, Any]:
        behaviour = self.behaviour
        envelope: dict[str, Any] = {behaviour.items or "": records}
        if behaviour.total is not None:
            envelope[behaviour.total] = total
        if behaviour.envelope_schema is None:
            return envelope
        page = Page(total, offset, len(records), limit, behaviour.first_page)
        return complete_envelope(self.contract, behaviour.envelope_schema, envelope, page, self.seed(run))


def _whole_number(query: Mapping[str, Any], parameter: str | None) -> int | None:
    value = query.get(parameter or "")
    # To JSON Schema 5.0 is an integer, too.
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return max(0, int(value))
    return None


@lru_cache(maxsize=256)
def _sort_fields(text: str) -> tuple[SortField, ...]:
    return tuple(SortField.parse(part) for part in text.split(","))
