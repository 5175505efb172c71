from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given

from mockserver.syntax import yaml_reader, yaml_writer
from tests.syntax.test_yaml_reader import VALUES

LARGE = "x" * yaml_writer.LARGE_SIZE


@given(VALUES)
def test_large_items_of_a_sequence_read_back_as_the_same(value: Any) -> None:
    text = yaml_writer.dump_items([value, [value, LARGE]])
    assert text.endswith('"]\n')
    assert yaml_reader.parse(text) == [value, [value, LARGE]]


@pytest.mark.parametrize(
    "value",
    [
        [1e16, 1e-7, -2.5e300, -0.0],
        [10**30, 1e16],
        {"a" * 2_000: {"b" * 2_000: 1}, "c": 1e16},
        {'é"' * 1_000: "1e5:"},
        {'"' + "a" * 1_000 + '":': '"' + "b" * 1_000 + '":1e5'},
        {("a" * 500 + '"') * 4: "b", "c": 1.5},
        '\u2028\u2029\x7f\x85\ufeff\ufffe\t\n"\\/😀é #: - ?',
        {"on": "yes", "~": "null", "1e5": "0x1", "": []},
        ["x"] * yaml_writer.LARGE_SIZE,
    ],
)
def test_large_items_read_back_as_the_same_by_yaml_1_1_too(value: Any) -> None:
    items = [[value, LARGE]]
    text = yaml_writer.dump_items(items)
    assert text.count("\n") == 1
    assert yaml_reader.parse(text) == items
    assert yaml.safe_load(text) == items


def test_what_follows_many_items_is_written_as_json() -> None:
    items = [{"a": "x" * 1_000} for _ in range(2 * yaml_writer.INDENTED_SIZE // 1_000)]
    text = yaml_writer.dump_items(items)
    assert text.startswith("- {a: x")
    assert text.endswith('x"}\n')
    assert yaml_reader.parse(text) == items
