"""The behaviour `list`: filter, search, sort, page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from operator import is_
from typing import Any

from msgspec.structs import replace

from mockserver.contract.behaviour import Behaviour, ResultKind
from mockserver.contract.model import Contract, Record, SortField
from mockserver.contract.records import fit_key
from mockserver.engine.behaviours import cursors
from mockserver.engine.behaviours.calls import OperationCall, OperationResult, Pages
from mockserver.engine.behaviours.envelopes import Page, complete_envelope
from mockserver.engine.behaviours.selecting import SelectingImplementation
from mockserver.engine.run import Run
from mockserver.engine.state.presentation import with_all_derived
from mockserver.engine.state.row_conditions import (
    members_read,
)
from mockserver.engine.state.sorted_rows import Row, SortedRows, SortOrder, matches, sort_order
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRequest, UnknownCursor
from mockserver.schemas.member_shapes import member_shape
from mockserver.schemas.record_lists import ListedRecords
from mockserver.syntax.member_path import MemberPath, with_member, without_member
from mockserver.syntax.sort_parameters import DIRECTIONS, read_order

DESCENDING = frozenset(word for word, is_descending in DIRECTIONS.items() if is_descending)
# What clients send for the first page.
NO_CURSOR = (None, "")
# The end of the pages of a list whose schema has no null for it.
ABSENT = object()


class ListRecords(SelectingImplementation):
    """Lists the records that the path and the query select, in an order, one page of them."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self._derived = frozenset(field.name for field in self.resource.derived_fields)
        self._has_references = any(field in self.resource.references for _, field in self._path_fields) or any(
            field in self.resource.references for field in behaviour.filters
        )

        # Whether records are shown as the state has them, as the value or as a member of it.
        is_whole = behaviour.shown is None and not self.resource.derived_fields and not self.resource.hidden
        self._shows_state = len(behaviour.items) <= 1 and is_whole
        self._member = behaviour.items[0] if behaviour.items else None
        # Whether the envelope has no other members than the records and their number.
        self._is_plain_envelope = (
            behaviour.envelope_schema is None and len(behaviour.items) == 1 and len(behaviour.total) <= 1
        )
        self._page_members = PageMembers(operation, behaviour)
        self._sortable = frozenset(self.resource.fields)
        roles = {"limit": behaviour.limit, "offset": behaviour.offset, "page": behaviour.page}
        # From what records are counted, and the names of the parameters that page.
        self._counting = behaviour.first_offset, {role: name for role, name in roles.items() if name is not None}
        headers = (header for response in operation.responses.values() for header in response.headers)
        # Otherwise nothing in a response can lead to other pages.
        self._has_links = behaviour.envelope_schema is not None or any(
            header.name.lower() == "link" for header in headers
        )

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """List the records.

        Raises UnknownRecord for a path that refers to none, UnknownCursor for a key that is none, and InvalidRequest
        for a bad sort, cursor or date.
        """
        state, call = run.state, self.with_body(call)
        rows = self.select(state, call)
        page = self._page(state, rows, call)
        listed = rows.page(page.offset, page.size)
        records = [row.record for row in listed]
        shows_state = self._shows_state
        if self.behaviour.shown is not None:
            records = [self.referred(state, self.behaviour.shown, record) for record in records]
        else:
            if self._derived:
                records = with_all_derived(state, self.resource, records)
            if self.resource.conceals:
                shown = [self.resource.shown(record) for record in records]
                shows_state = shows_state and all(map(is_, shown, records))
                records = shown
        following = self._next_cursor(rows, listed, page, call)
        value = self.envelope(run, records, page, following) if self.behaviour.items else records
        pages = self._other_pages(page, following) if self._has_links else None
        listed_records = ListedRecords(self._member, records) if shows_state else None
        return OperationResult(value, ResultKind.RETURNED, None, page.total, pages, listed_records)

    def _other_pages(self, page: Page, following: str | None) -> Pages:
        cursor = self.behaviour.selection.cursor
        if cursor is None or cursor.parameter is None:
            return page.relations()
        return {"next": {cursor.parameter: following}} if following is not None else {}

    def with_body(self, call: OperationCall) -> OperationCall:
        """The call with the members of its body as parameters, as a search by POST has them."""
        return replace(call, query={**call.body, **call.query}) if isinstance(call.body, dict) else call

    def select(self, state: State, call: OperationCall) -> SortedRows:
        """The records that the path and the query select, in order. Raises as `perform` does."""
        table = state.tables[self.resource.name]
        order = self._order(table, call)
        where = self.conditions(state, call)
        if self._derived and (order.sorts_by(self._derived) or not self._derived.isdisjoint(members_read(where))):
            # These are not stored, so neither is an order or a selection by them.
            stored = list(table.ordered())
            records = with_all_derived(state, self.resource, [row.record for row in stored])
            shown = [replace(row, record=record) for row, record in zip(stored, records, strict=True)]
            return SortedRows.from_rows(order, [row for row in shown if matches(row, where)])
        if where and self._has_references and (reference := self._reference(call)) is not None:
            return SortedRows.from_rows(order, [row for row in table.group(*reference) if matches(row, where)])
        return table.ordered(order, where)

    def _reference(self, call: OperationCall) -> tuple[str, Any] | None:
        """The first condition that is one value of a reference: the table has its rows by that."""
        references = self.resource.references
        for name, field in self._path_fields:
            if field in references and not isinstance(call.path[name], list):
                return field, self.path_value(call, name)
        for name in self.behaviour.filters:
            if name in references and name in call.query and not isinstance(call.query[name], list):
                return name, call.query[name]
        return None

    def _order(self, table: Table, call: OperationCall) -> SortOrder:
        parameter = self.behaviour.sort
        sort = call.query.get(parameter) if parameter is not None else None
        if not sort:
            return table.layout.order
        direction = call.query.get(self.behaviour.order) if self.behaviour.order is not None else None
        text = sort if isinstance(sort, str) else ",".join(map(str, sort))
        is_reversed = direction is not None and str(direction).lower() in DESCENDING
        fields, order = _read_order(text, self._sortable, is_reversed)
        if order is not None:
            return order
        if self.contract.inferred:
            # Nothing says by what the real server sorts then.
            return table.layout.order
        unknown = next(field.name for field in fields if field.name not in self._sortable)
        message = f"{quote(unknown)} is not a field to sort by.{did_you_mean(unknown, self.resource.fields)}"
        raise InvalidRequest([Violation("query", "", "sort", message, parameter)])

    def _page(self, state: State, rows: SortedRows, call: OperationCall) -> Page:
        """The page that a call asks for."""
        total, first_page, cursor = len(rows), self.behaviour.first_page, self.behaviour.selection.cursor
        offset, limit = self._page_bounds(call, total)
        if cursor is None:
            return Page(total, offset, _size(total - offset, limit), limit, first_page, False, *self._counting)
        after, before = call.query.get(cursor.parameter or ""), call.query.get(cursor.before or "")
        if after not in NO_CURSOR and before not in NO_CURSOR:
            message = f"cannot be combined with {cursor.parameter}"
            raise InvalidRequest([Violation("query", "", "cursor", message, cursor.before)])
        if after not in NO_CURSOR:
            offset += rows.count_before(self._place(state, rows, call, cursor.parameter or ""), inclusive=True)
        elif before not in NO_CURSOR:
            end = rows.count_before(self._place(state, rows, call, cursor.before or ""))
            offset = 0 if limit is None else max(0, end - limit)
            return Page(total, offset, end - offset, limit, first_page, True, *self._counting)
        return Page(total, offset, _size(total - offset, limit), limit, first_page, False, *self._counting)

    def _place(self, state: State, rows: SortedRows, call: OperationCall, parameter: str) -> Row:
        """A row at the place that a cursor stands for. Raises UnknownCursor and InvalidRequest."""
        text = call.query[parameter]
        if self._page_members.by_key:
            row = state.tables[self.resource.name].get(self.full_key(call, self._as_key(text)))
            if row is None:
                raise UnknownCursor(self.resource.name, text, parameter)
            return row
        try:
            return cursors.read(text, rows.order, self._list_name(rows.order, call))
        except cursors.MalformedCursor:
            hint = "send one that it returned, with the same filters and sort"
            message = f"{quote(text)} is not a cursor of this list; {hint}"
            raise InvalidRequest([Violation("query", "", "cursor", message, parameter)]) from None

    def _as_key(self, value: Any) -> Any:
        """A key as records have it: a number may be sent as text."""
        return fit_key(self.resource.fields[self.resource.local_key], value)

    def _list_name(self, order: SortOrder, call: OperationCall) -> bytes:
        """What distinguishes a list from every other: its operation and order, and what selects its records."""
        selection = {name: call.query[name] for name in self._page_members.selecting if name in call.query}
        return json.dumps([self.operation.id, order.fields, call.path, selection], sort_keys=True).encode()

    def _next_cursor(self, rows: SortedRows, listed: list[Row], page: Page, call: OperationCall) -> str | None:
        """The cursor of the page after this one; None if there is none."""
        if self.behaviour.selection.cursor is None or page.goes_back or not page.has_next or not listed:
            return None
        if self._page_members.by_key:
            return str(listed[-1].record[self.resource.local_key])
        return cursors.write(rows.order, listed[-1], self._list_name(rows.order, call))

    def _page_bounds(self, call: OperationCall, total: int) -> tuple[int, int | None]:
        """Offset and limit of the page that the query asks for."""
        behaviour, query = self.behaviour, call.query
        limit, offset = _whole_number(query, behaviour.limit), _whole_number(query, behaviour.offset)
        offset = None if offset is None else max(0, offset - behaviour.first_offset)
        if offset is None and behaviour.page is not None:
            number = _whole_number(query, behaviour.page)
            if number is not None:
                # Without a limit, the first page has all records.
                offset = max(0, number - behaviour.first_page) * (total if limit is None else limit)
        return offset or 0, limit

    def envelope(self, run: Run, records: list[Record], page: Page, following: str | None = None) -> dict[str, Any]:
        """The records in the envelope of the operation, with the counts of a page."""
        behaviour = self.behaviour
        if self._is_plain_envelope:
            envelope: dict[str, Any] = {behaviour.items[0]: records}
            if behaviour.total:
                envelope[behaviour.total[0]] = page.total
        else:
            counted = ((behaviour.items, records), (behaviour.total, page.total))
            members = {path: value for path, value in counted if path}
            envelope = complete_envelope(self.contract, behaviour.envelope_schema, members, page, self.seed(run))
        return self._page_members.fill(envelope, page, following)

    def whole_list(self, run: Run, records: list[Record]) -> Any:
        """Records that are not paged, as the operation responds with them."""
        if not self.behaviour.items and not self.behaviour.total:
            return records
        return self.envelope(run, records, Page.whole(len(records)))


class CountRecords(ListRecords):
    """Counts the records that the path and the query select."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """The number alone, or in a member of an envelope. Raises as for a list."""
        total = len(self.select(run.state, self.with_body(call)))
        if not self.behaviour.total:
            return OperationResult(total, total=total)
        return OperationResult(self.envelope(run, [], Page.whole(total)), total=total)


class PageMembers:
    """The members of a list's envelope that lead to its next page."""

    def __init__(self, operation: Operation, behaviour: Behaviour) -> None:
        cursor = behaviour.selection.cursor
        self._next = cursor.next if cursor is not None else None
        self._more = cursor.more if cursor is not None else None
        self.by_key = cursor is not None and cursor.by_key
        self.selecting = sorted({*behaviour.filters, *behaviour.selection.parameters})
        self._end = _end_of_pages(operation, self._next) if self._next is not None else None

    def fill(self, envelope: dict[str, Any], page: Page, following: str | None) -> dict[str, Any]:
        """The envelope with these members; `following` is the cursor of the next page."""
        if self._next is not None:
            value = following if following is not None else self._end
            is_absent = value is ABSENT
            envelope = without_member(envelope, self._next) if is_absent else with_member(envelope, self._next, value)
        if self._more is not None:
            envelope = with_member(envelope, self._more, page.has_next)
        return envelope


def _end_of_pages(operation: Operation, path: MemberPath) -> Any:
    """What the schema allows for the cursor after the last page: null, else no member, else an empty text."""
    success = operation.success(200)
    media_type = json_media_type(success[1]) if success is not None else None
    if media_type is None or media_type.schema is None:
        return None
    if "null" in member_shape(media_type.shape, path).types:
        return None
    holders = member_shape(media_type.shape, path[:-1]).unconditional()
    return "" if any(path[-1] in schema.value.get("required", ()) for schema in holders) else ABSENT


def _size(remaining: int, limit: int | None) -> int:
    """How many records a page has, where so many remain; None is for no limit."""
    return max(0, remaining if limit is None else min(remaining, limit))


def _whole_number(query: Mapping[str, Any], parameter: str | None) -> int | None:
    if parameter is None:
        return None
    value = query.get(parameter)
    # To JSON Schema 5.0 is an integer, too.
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return max(0, int(value))
    return None


@lru_cache(maxsize=256)
def _read_order(
    text: str, sortable: frozenset[str], is_reversed: bool
) -> tuple[tuple[SortField, ...], SortOrder | None]:
    """The fields that a text sorts by, and the order if all of them are sortable."""
    criteria = read_order(text, sortable)
    fields = tuple(SortField(criterion.name, criterion.is_descending != is_reversed) for criterion in criteria)
    return fields, sort_order(fields) if sortable.issuperset([field.name for field in fields]) else None
