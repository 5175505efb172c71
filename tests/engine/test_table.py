from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import Contract
from mockserver.contract.model import SortField
from mockserver.engine.start import Start
from mockserver.engine.state import sorted_rows
from mockserver.engine.state import table as table_module
from mockserver.engine.state.row_conditions import OneOf
from mockserver.engine.state.sorted_rows import Row, ascending_key, matches, sort_order
from mockserver.engine.state.table import Table

STEPS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 3) | st.none()), max_size=20)


@given(STEPS)
def test_a_table_agrees_with_a_plain_dictionary_and_leaves_former_tables_alone(
    built_in: Contract, steps: list[tuple[str, int | None]]
) -> None:
    table = Table.from_records(built_in.resources["sessions"], ())
    model: dict[str, dict[str, object]] = {}
    for key, course in steps:
        former, size = table, len(table)
        if course is None:
            if key in table:
                table = table.remove(key)
                del model[key]
        else:
            record = {"id": key, "course_id": course}
            table = table.put(key, record)
            model[key] = record
        assert len(former) == size
        assert [row.record for row in table.ordered()] == list(model.values())
        for value in (1, 2, 3):
            grouped = [row.record for row in table.group("course_id", value)]
            assert grouped == [item for item in model.values() if item["course_id"] == value]


def test_rows_are_sorted_by_each_field_and_equal_ones_as_they_arrived(built_in: Contract) -> None:
    records = [{"id": key, "course_id": course} for key, course in (("a", 1), ("b", 2), ("c", 1), ("d", 2))]
    table = Table.from_records(built_in.resources["sessions"], ((record, None, None) for record in records))
    order = sort_order((SortField("course_id", descending=True),))
    assert [row.record["id"] for row in table.ordered(order)] == ["b", "d", "a", "c"]


RECORDS = st.fixed_dictionaries({"a": st.sampled_from(["x", "y", None, 3, True]), "b": st.integers(0, 4)})
SORTS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=2, unique_by=lambda one: one[0])
WHERES = st.sampled_from([(), (OneOf("a", ("x", 3)),), (OneOf("b", (1, 2, 3)), OneOf("a", ("y", None)))])
LOOKS = st.lists(st.tuples(SORTS, WHERES), min_size=1, max_size=12)
CHANGES = st.lists(st.tuples(st.integers(0, 12), RECORDS | st.none(), st.booleans()), max_size=40)


def sorted_plainly(rows: list[Row], sort: tuple[SortField, ...]) -> list[Row]:
    """The rows, which come in order of arrival, sorted by one field after the other, the last one first."""
    for field in reversed(sort):
        rows.sort(key=lambda row, name=field.name: ascending_key(row.record.get(name)), reverse=field.descending)  # type: ignore[misc]
    return rows


@given(CHANGES, LOOKS)
def test_an_order_carried_on_over_changes_is_the_order_made_anew(
    built_in: Contract, changes: list[Any], looks: list[Any]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "BLOCK_SIZE", 2)
        patch.setattr(table_module, "CHANGE_LIMIT", 5)
        patch.setattr(table_module, "VIEW_LIMIT", 3)
        table = Table.from_records(built_in.resources["courses"], ())
        for key, record, look in changes:
            if record is not None:
                table = table.put(key, {"id": key, **record})
            elif key in table:
                table = table.remove(key)
            for fields, where in looks if look else ():
                sort = tuple(SortField(name, descending) for name, descending in fields)
                expected = sorted_plainly([row for row in table.ordered() if matches(row, where)], sort)
                rows = table.ordered(sort_order(sort), where)
                assert list(rows) == expected
                assert len(rows) == len(expected)
                assert rows.page(2, 3) == expected[2:5]
                assert rows.page(3, None) == expected[3:]


def test_a_filter_by_an_array_is_looked_through(built_in: Contract) -> None:
    table = Table.from_records(built_in.resources["courses"], [({"id": "a", "tags": ["x"]}, None, None)])
    assert len(table.ordered(where=(OneOf("tags", (["x"],)),))) == 1


def test_values_of_all_types_have_an_order() -> None:
    values = [[1], "b", 2, None, "a", True, 1.5, {"a": 1}, False]
    assert sorted(values, key=ascending_key) == [None, False, True, 1.5, 2, "a", "b", [1], {"a": 1}]


TEXTS = st.text(st.sampled_from(["a", "b", "\0", "é", "\ud800", "\uffff", "\U0010ffff"]), max_size=4)
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.lists(st.integers(), max_size=2)
)


@given(st.lists(VALUES))
def test_a_descending_order_is_the_ascending_one_turned_around(values: list[Any]) -> None:
    order = sort_order((SortField("a", descending=True),))
    rows = [Row({"a": value}, position) for position, value in enumerate(values)]
    expected = sorted(values, key=ascending_key, reverse=True)
    assert [row.record["a"] for row in sorted(rows, key=order.key)] == expected


def test_equal_sorts_are_one_order() -> None:
    fields = ("updated_at", True), ("id", False)
    orders = {sort_order(tuple(SortField(*field) for field in fields)) for _ in range(2)}
    assert len(orders) == 1


def test_nothing_is_kept_of_what_no_row_refers_to(built_in: Contract) -> None:
    table = Table.from_records(built_in.resources["jobs"], [])
    for number in range(1_000):
        job = {"id": "a", "session_id": f"session-{number}"}
        table = table.put("a", job)
    assert table.group("session_id", "session-999") == [Row(job, 1)]
    assert table.group("session_id", "session-1") == []
    assert len(table.remove("a")._groups["session_id"].as_dict()) == 0


def test_threads_may_list_the_records_of_one_start_at_the_same_time(built_in: Contract) -> None:
    start = Start(built_in, built_in.scenarios["large-queue"]).state.tables["jobs"]
    job = start.get("job-1")
    assert job is not None

    def list_all(thread: int) -> None:
        for number in range(200):
            where = (OneOf.of("session_id", f"session-{(number * 7 + thread) % 20}"),)
            order = sort_order((SortField(("id", "type", "status")[number % 3]),))
            start.ordered(order, where)
            start.put("job-1", {**job.record, "type": str(number)}).ordered(order, where)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(list_all, range(4))) == [None] * 4
    finally:
        sys.setswitchinterval(interval)
