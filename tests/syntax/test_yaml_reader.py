from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.syntax import yaml_reader
from mockserver.syntax.yaml_reader import MalformedYAML, YAMLNote

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet="abc~/ ", max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: yes", {"on": "yes"}),
        ("200: ok", {"200": "ok"}),
        ("a: true\nb: False", {"a": True, "b": False}),
        ("a: 2026-01-15\nb: 12:30:45", {"a": "2026-01-15", "b": "12:30:45"}),
        ("[0x1F, 0o17, 010, 1_000, 1.5e3, .5, ~]", [31, 15, 10, "1_000", 1500.0, 0.5, None]),
        ("a: '12'\nb: !!str 12", {"a": "12", "b": "12"}),
        (
            'a: !!int "5"\nb: !!float 5\nc: !!bool "true"\nd: !!null ""\ne: !!int 0x1F',
            {"a": 5, "b": 5, "c": True, "d": None, "e": 31},
        ),
        ("a: !!str\nb: !!null\nc: !!str ~\nd: !!map {}\ne: !!seq []", {"a": "", "b": None, "c": "~", "d": {}, "e": []}),
        (
            'a: "\\ud83d\\ude00"\nb: "x\n  \\uD83D\\uDE00"\nc: \'\\ud83d\\ude00\'\nd: "\\\\ud83d\\\\ude00"',
            {"a": "😀", "b": "x 😀", "c": r"\ud83d\ude00", "d": r"\ud83d\ude00"},
        ),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: |\n  text\n", {"a": "text\n"}),
        ("", None),
    ],
)
def test_it_reads_the_core_schema_of_yaml_1_2(text: str, value: Any) -> None:
    assert yaml_reader.parse(text) == value


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\na: 2", 'the key "a" appears twice in one mapping', 2),
        ("a: *b", "the alias *b has no anchor before it", 1),
        ("a: &a [*a]", "the alias *a has no anchor before it", 1),
        ("a: .inf", ".inf is a number that JSON cannot represent", 1),
        ("a\n---\nb", "a second document begins here; a file may contain only one", 2),
        ("? [a]\n: b", "a key must be a string", 1),
        ("a: !thing x", "the tag !thing is not one of YAML's core schema", 1),
        ("[" * 250, "nested deeper than 200 levels", 1),
    ],
)
def test_yaml_that_json_cannot_represent_is_rejected_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(MalformedYAML) as caught:
        yaml_reader.parse(text)
    assert caught.value.message == message
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: 1\nb: [1, 2", "did not find expected ',' or ']'", 2, 9),
        ("a: @x", '"@" cannot begin a text without quotes', 1, 4),
        ("a: `x`", '"`" cannot begin a text without quotes', 1, 4),
        ("a: 1\nb: x\x07", "the character U+0007 is not allowed", 2, 5),
        ("\ufffe", "the character U+FFFE is not allowed", 1, 1),
        ('a: "\\ud83d"', "found invalid Unicode character escape code", 1, 7),
        ('a: "\\ude00\\ud83d"', "found invalid Unicode character escape code", 1, 7),
        ("a: !!int x", '"x" is not of the type !!int', 1, 4),
        ("a: !!bool 1", '"1" is not of the type !!bool', 1, 4),
        ("a: !!float .inf", ".inf is a number that JSON cannot represent", 1, 4),
        ("a:\n  - b\n  c: 1", "did not find expected '-' indicator", 3, 3),
        ("a: 1\n  b: 2: 3", "mapping values are not allowed in this context", 2, 4),
    ],
)
def test_what_is_no_yaml_is_rejected_with_its_line_and_column(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(MalformedYAML) as caught:
        yaml_reader.parse(text)
    assert caught.value.message == message
    assert caught.value.line == line
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("&a name: x\n*a : y\nb: *a", None),
        ("&a name: x\nb: *a\nc: {*a : y}", {"name": "x", "b": "name", "c": {"name": "y"}}),
        ("a: &k 010\nb:\n  *k : x", {"a": 10, "b": {"010": "x"}}),
        ("a: &k [1]\nb:\n  *k : x", None),
        ("a: &k x\nb: &k [1]\nc:\n  *k : x", None),
        ("a: &k [1]\nb: &k x\nc:\n  *k : x", {"a": [1], "b": "x", "c": {"x": "x"}}),
    ],
)
def test_keys_have_anchors_and_are_aliases_of_scalars(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(MalformedYAML, match=r"twice in one mapping|a key must be a string"):
            yaml_reader.parse(text)
    else:
        assert yaml_reader.parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\n\t\nb: 2\n", {"a": 1, "b": 2}),
        ("a: 1\n \t \n\t\nb: 2\n\t", {"a": 1, "b": 2}),
        ("\t\r\na:\r\n\t\r\n  - b\r\n", {"a": ["b"]}),
        ("a: 1\n\t# text\nb: 2 \t# text\n", {"a": 1, "b": 2}),
        ("-\ta\n-\t-1\n- -\tb\n", ["a", -1, ["b"]]),
        ("?\ta\n:\tb\nc:\td\n", {"a": "b", "c": "d"}),
        ("a: |\n  x\n  \t\n  \ty\nb:\n\t\n  - |\n    \t# z\n", None),
        ("a: |\n  x\n  \t\n  \ty\nb:\n\t\n  - 1\n", {"a": "x\n\t\n\ty\n", "b": [1]}),
    ],
)
def test_tabs_may_be_in_blank_lines_before_comments_and_after_indicators(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(MalformedYAML, match="a tab indents this line"):
            yaml_reader.parse(text)
    else:
        assert yaml_reader.parse(text) == value


def test_a_tab_that_separates_moves_no_line() -> None:
    assert yaml_reader.find_lines("a:\n\t\n  -\tb\n") == {"/a": 1, "/a/0": 3}


def test_very_many_tabs_that_separate_are_rejected() -> None:
    with pytest.raises(MalformedYAML, match="more than 50 lines have tabs that separate"):
        yaml_reader.parse("a: 1\n" + "\t\n" * 1_000 + "b: 2")


def test_unbounded_nesting_is_rejected_by_the_parser_or_the_reader() -> None:
    with pytest.raises(MalformedYAML, match="nest"):
        yaml_reader.parse("[" * 100_000)


def test_an_alias_bomb_is_rejected() -> None:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(9)]
    with pytest.raises(MalformedYAML, match="its aliases expand to more than"):
        yaml_reader.parse("\n".join(rows))


def test_every_json_pointer_has_a_line() -> None:
    assert yaml_reader.find_lines("a:\n  b/c:\n    - x\n    - y: 1\n") == {
        "/a": 1, "/a/b~1c": 2, "/a/b~1c/0": 3, "/a/b~1c/1": 4, "/a/b~1c/1/y": 4,
    }  # fmt: skip


@given(VALUES)
def test_json_reads_as_yaml(value: Any) -> None:
    assert yaml_reader.parse(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", {"b": 1, "c": 3}),
        ("a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n", {"b": 1, "c": 3}),
        ("a: &x {b: 1}\ne: &y {b: 2, f: 4}\nd:\n  <<: [*x, *y]\n", {"b": 1, "f": 4}),
        ("d:\n  <<: {b: 1}\n  <<: {c: 2}\n", {"b": 1, "c": 2}),
        ("a: &x {b: {c: 1}}\ne: &y\n  <<: *x\n  f: 2\nd:\n  <<: *y\n", {"b": {"c": 1}, "f": 2}),
        ("d: {<<: {b: 1}, c: 2}", {"b": 1, "c": 2}),
        ("d:\n  '<<': 1\n", {"<<": 1}),
        ('d:\n  "<<": {b: 1}\n', {"<<": {"b": 1}}),
        ("d:\n  <<: text\n", {"<<": "text"}),
    ],
)
def test_a_merge_key_merges_mappings_into_the_one_that_has_it(text: str, expected: object) -> None:
    assert yaml_reader.parse(text)["d"] == expected


def test_merging_is_bounded_as_aliases_are() -> None:
    text = "a: &x {" + ", ".join(f"k{number}: 1" for number in range(1000)) + "}\n"
    text += "".join(f"b{number}:\n  <<: *x\n" for number in range(3000))
    with pytest.raises(MalformedYAML, match="more than 2,000,000 nodes"):
        yaml_reader.parse(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("d: {description: a, b}", ["empty-member"]),
        ("d: {description: a, b, c: 1}", ["empty-member"]),
        ("d: {description: 'a, b'}", []),
        ("d: {a: , b: 1}", []),
        ("d: {a: null}", []),
        ("d: [a, b]", []),
        ("d:\n  a:\n  b: 1", []),
        ("d:\n  <<: {b: 1}\n", ["merge-key"]),
    ],
)
def test_what_may_be_misunderstood_is_noted(text: str, codes: list[str]) -> None:
    notes: list[YAMLNote] = []
    yaml_reader.parse(text, notes)
    assert [(note.line, note.code) for note in notes] == [(2 if "<<" in text else 1, code) for code in codes]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1", 2),
        ("- \t- a", 1),
        ("-\ta: 1\n\tb: 2", 2),
        ("a:\n  b: 1\n\tc: 2", 3),
        ("a:\n  - b\n \t- c", 3),
        ("\ta: 1", 1),
    ],
)
def test_a_line_that_is_indented_by_a_tab_is_named(text: str, line: int) -> None:
    with pytest.raises(MalformedYAML) as error:
        yaml_reader.parse(text)
    assert error.value.message == "a tab indents this line, where YAML allows spaces alone"
    assert error.value.line == line
