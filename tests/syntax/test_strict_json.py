from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.syntax import strict_json
from mockserver.syntax.strict_json import MalformedJSON

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=5),
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expecting value at line 1 column 1"),
        (b'{"a":', "expecting value at line 1 column 6"),
        (b"[1e999]", "1e999 is outside the range of a number"),
        (b"[1" + b"0" * 309 + b".0]", "1000000000000000000000000000000000000000 is outside the range of a number"),
        (b"[1E+400]", "1E+400 is outside the range of a number"),
        (b"[" + b"1" * 100_000 + b"]", f"{'1' * 40}… is outside the range of a number"),
        (b"[NaN]", "NaN is not a valid JSON number"),
        (b"-Infinity", "-Infinity is not a valid JSON number"),
        (b'["\\ud800"]', "contains a lone surrogate, which is not a valid character"),
        (b'{"a":1,"a":2}', 'the name "a" appears twice in one object at line 1 column 8'),
        (b'{"a":{"b":1,\n "b":2},"a":3}', 'the name "b" appears twice in one object at line 2 column 2'),
        (b'[{"a":1},{"a":"a","b":["a"],"\\u0061" :2}]', 'the name "a" appears twice in one object at line 1 column 29'),
        (b'{"\\"{":1,"a":"}","a":2}', 'the name "a" appears twice in one object at line 1 column 18'),
        (b'{"a":1,"a":2', "expecting ',' delimiter at line 1 column 13"),
        (b'// a note\n{"a":1}', "JSON has no comments at line 1 column 1"),
        (b'{"a":1 /* a note */}', "JSON has no comments at line 1 column 8"),
        (b'{"a":1}\n# a note', "JSON has no comments at line 2 column 1"),
        (b"{'a':1}", "JSON has double quotes, not single ones at line 1 column 2"),
        (b"\xff", "byte 0 is not UTF-8 at line 1 column 1"),
        (b"[" * 500 + b"]" * 500, "nested deeper than 200 levels at line 1 column 1"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested deeper than 200 levels at line 1 column 1"),
        ('["ä",\n "ä'.encode() + b"\xfc", "byte 11 is not UTF-8 at line 2 column 4"),
        (b"[" * 100_000, "nested deeper than 200 levels at line 1 column 1"),
        (b'{"a":' * 100_000, "nested deeper than 200 levels at line 1 column 1"),
    ],
)
def test_invalid_json_is_rejected_with_its_line(data: bytes, message: str) -> None:
    with pytest.raises(MalformedJSON) as caught:
        strict_json.parse(data)
    assert str(caught.value) == message


@pytest.mark.parametrize("data", [b'{"a":1,}', b'{"a":1, }', b"[1,\n]"])
def test_a_comma_too_many_is_named(data: bytes) -> None:
    with pytest.raises(MalformedJSON, match=r"^no comma may stand before the end of an object or array at line"):
        strict_json.parse(data)


def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    text = json.dumps({"a": "[{" * 500})
    assert strict_json.parse(text.encode()) == {"a": "[{" * 500}


def test_a_surrogate_pair_is_one_character() -> None:
    assert strict_json.parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(VALUES)
def test_a_written_value_reads_back_as_the_same(value: Any) -> None:
    assert strict_json.parse(strict_json.dump(value)) == value


def count(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, parts))


@given(VALUES, st.integers(1, 12), st.sampled_from([None, 2]))
def test_it_is_known_whether_there_are_more_values_than_the_limit(value: Any, limit: int, indent: int | None) -> None:
    data = json.dumps(value, indent=indent).encode()
    assert (strict_json.count_values(data, limit) > limit) == (count(value) > limit)


@given(st.dictionaries(st.text(alphabet="abc", max_size=3), st.integers(), max_size=6))
def test_the_canonical_form_does_not_depend_on_the_order_of_members(value: dict[str, int]) -> None:
    reordered = dict(reversed(value.items()))
    assert strict_json.dump_canonical(reordered) == strict_json.dump_canonical(value)


@pytest.mark.parametrize("text", ["1e999", "-1E999", "[2.5e+400]", '{"a": 9e308}', "9" * 310 + ".0"])
def test_a_number_outside_the_range_of_a_double_is_rejected(text: str) -> None:
    with pytest.raises(MalformedJSON):
        strict_json.parse(text.encode())


@pytest.mark.parametrize("value", [{"b": [1, 2.5, "é\u2028"], "a": {}}, [2**64], []])
def test_a_value_is_written_for_people_with_two_spaces_for_each_level(value: Any) -> None:
    assert strict_json.dump_indented(value) == json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("value", [2**64, -(2**70), [1, {"a": 10**300}], 1e16, 1.0, -0.0, "é\u2028"])
def test_large_numbers_read_back_with_the_same_type(value: object) -> None:
    assert repr(strict_json.parse(strict_json.dump(value))) == repr(value)


# Names and values with what a string may contain, written in the ways that JSON has for it.
STRINGS = st.sampled_from(['"a"', r'"\u0061"', r'"\""', r'"\\"', r'"\u0022"', r'"\\\""', '"[{"', r'"a\\"', '"é"'])
TEXTS = st.recursive(
    STRINGS | st.sampled_from(["0", "-1.5", "true", "null", "18446744073709551616", "-9223372036854775809"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(STRINGS, inner), max_size=3).map(
            lambda members: "{" + ", ".join(f"{name}: {value}" for name, value in members) + "}"
        )
    ),
    max_leaves=6,
)


def read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names)
    return dict(pairs)


@given(TEXTS)
def test_a_text_is_read_as_the_standard_library_does_unless_a_name_appears_twice(text: str) -> None:
    try:
        expected = json.loads(text, object_pairs_hook=read_pairs)
    except AssertionError:
        with pytest.raises(MalformedJSON, match="appears twice in one object"):
            strict_json.parse(text.encode())
    else:
        assert strict_json.parse(text.encode()) == expected


@pytest.mark.parametrize("text", ["[" * 300, '"' + "[" * 300 + '"', "[" + '"{",' * 300 + "1]"])
def test_only_brackets_outside_of_strings_are_nesting(text: str) -> None:
    try:
        expected = json.loads(text)
    except json.JSONDecodeError:
        with pytest.raises(MalformedJSON, match="nested deeper"):
            strict_json.parse(text.encode())
    else:
        assert strict_json.parse(text.encode()) == expected


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("inner", ["1", "[]", "{}"])
def test_values_may_be_nested_as_deeply_as_the_limit(opening: str, closing: str, inner: str) -> None:
    levels = opening.count("[") + opening.count("{")
    repeats = (strict_json.DEPTH_LIMIT - (inner != "1")) // levels
    text = opening * repeats + inner + closing * repeats
    if repeats * levels + (inner != "1") < strict_json.DEPTH_LIMIT:
        text = f"[{text}]"
    assert strict_json.parse(text.encode()) == json.loads(text)
    with pytest.raises(MalformedJSON, match="nested deeper"):
        strict_json.parse(f"[{text}]".encode())


def test_the_place_of_a_duplicate_name_is_known_among_so_many_characters() -> None:
    text = b'{"a": 1, "b": 2, "a": 3}'
    assert message_of(text, None) == 'the name "a" appears twice in one object at line 1 column 18'
    assert message_of(text, len(text)) == message_of(text, None)
    assert message_of(text, 17) == "a name appears twice in one object"


def message_of(data: bytes, searched: int | None) -> str:
    with pytest.raises(MalformedJSON) as malformed:
        strict_json.parse(data, searched)
    return str(malformed.value)
