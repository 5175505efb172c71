from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver import Contract
from mockserver.contract.model import SortField
from mockserver.engine.table import Table, comparable

STEPS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 3) | st.none()), max_size=20)


@given(STEPS)
def test_a_table_agrees_with_a_plain_dictionary_and_leaves_former_tables_alone(
    built_in: Contract, steps: list[tuple[str, int | None]]
) -> None:
    table = Table.of(built_in.resources["sessions"], ())
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
        assert [row.record for row in table.ordered(())] == list(model.values())
        for value in (1, 2, 3):
            grouped = [row.record for row in table.group("course_id", value)]
            assert grouped == [one for one in model.values() if one["course_id"] == value]


def test_rows_are_sorted_by_each_field_and_equal_ones_as_they_arrived(built_in: Contract) -> None:
    records = [{"id": key, "course_id": course} for key, course in (("a", 1), ("b", 2), ("c", 1), ("d", 2))]
    table = Table.of(built_in.resources["sessions"], ((record, None, None) for record in records))
    sort = (SortField("course_id", descending=True),)
    assert [row.record["id"] for row in table.ordered(sort)] == ["b", "d", "a", "c"]


def test_values_of_all_types_have_an_order() -> None:
    values = [[1], "b", 2, None, "a", True, 1.5, {"a": 1}, False]
    assert sorted(values, key=comparable) == [None, False, True, 1.5, 2, "a", "b", [1], {"a": 1}]
