"""Selecting and sorting records takes no longer where a request names thousands of values or fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.state.row_conditions import Compared, Condition, OneOf, comparable
from mockserver.syntax.sort_parameters import Criterion, read_order
from tests.attack.growth import assert_grows_linearly


def compared(values: list[str]) -> Condition:
    return Compared.of(("a",), "in", [operand for value in values if (operand := comparable(value))], False)


@pytest.mark.parametrize("make", [lambda values: OneOf.of("a", values), compared], ids=["equal", "compared"])
def test_selecting_by_as_many_values_as_there_are_records_grows_linearly(
    make: Callable[[list[str]], Condition],
) -> None:
    def prepare(size: int) -> Callable[[], object]:
        condition = make([f"x{number}" for number in range(size)])
        records = [{"a": f"y{number}"} for number in range(size)]
        return lambda: list(filter(condition.matches, records))

    assert_grows_linearly(prepare, 2_000)


@pytest.mark.parametrize("values", [[*range(20)], [*range(20), [1]], [[1]]])
def test_values_of_any_type_are_compared(values: list[Any]) -> None:
    records = [{"a": value} for value in (1, 1.0, True, "1", [1], {"b": 1}, None)]
    condition = OneOf.of("a", values)
    assert list(filter(condition.matches, records)) == [record for record in records if record["a"] in values]


def test_a_field_is_sorted_by_once() -> None:
    text = ",".join(["-a", "b", "a", "createdAt", "created_at"] * 1_000)
    fields = frozenset({"a", "b", "created_at"})
    assert read_order(text, fields) == (Criterion("a", True), Criterion("b", False), Criterion("created_at", False))
