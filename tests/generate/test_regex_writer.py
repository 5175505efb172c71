from __future__ import annotations

import random
from contextlib import suppress

import pytest

from mockserver.errors import CannotGenerate
from mockserver.generate.regex.parser import UnsupportedPattern
from mockserver.generate.regex.writer import write_match
from tests.attack.scale import some
from tests.generate.test_generator import generate


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{3}-\d{4}$", r"^[A-Z]{2}[0-9]{6}$", r"^(GET|POST)$", r"^[^/]+/[^/]+$", r"^\p{Lu}\p{Ll}+$", r"^#[0-9a-fA-F]{6}$",
        r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$", r"^(?!-)[a-z-]{1,10}$", r"^([ab])\1\1$",
        r"^\u0041\x42\t?$", r"^[\w.-]+@[\w-]+\.[a-z]{2,}$", r"^$", r"a|b", r"^(\+\d{1,3})?\s?\d{5,}$", r"^[\]\-\\^]+$",
        r"^arn:aws:[a-z]+:::[a-z0-9.-]{3,63}$", r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$", r"^\S+$", r"^.{5}$", r"^[^a-zA-Z0-9]$",
        r"^(?:[a-z]{2})(\d|-)x\1$", r"^(?<year>\d)(?:a|b)(?<day>\d)\2\1$", r"^(?:ab|c(/|-)d\1)(e)\2$",
        r"(?<=foo)bar$", r"^[a-z]+(?<=s)$", "^key(?==)", r"^(?:ab|cd)([xy])-\1$", r"^(?<first>[ab])(?<second>[cd])\2\1$",
    ],
)  # fmt: skip
def test_a_generated_string_matches_its_pattern(pattern: str) -> None:
    for seed in range(10):
        value, valid = generate({"type": "string", "pattern": pattern}, str(seed))
        assert valid, value


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{1,2", "(?", r"\p{Nothing}", "(?#x)", "(" * 100, r"\u{zz}", "[", "a)"]
)
def test_an_invalid_pattern_is_either_unsupported_or_read_leniently(pattern: str) -> None:
    with suppress(UnsupportedPattern):
        write_match(pattern, random.Random(1))


@pytest.mark.parametrize("pattern", some(["^(a+)+$", "^(?=(a+)+b)a*$", "^(a|aa)+$", r"^(a*)*\1$"], 2))
def test_a_pattern_that_backtracks_catastrophically_comes_to_an_end(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern, "minLength": 200}
    with suppress(CannotGenerate):
        assert generate(schema)[1]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "it lacks a )"),
        ("a)", "it has an unmatched )"),
        ("[a", "it ends too early"),
        ("a{1,2", "it lacks a }"),
        ("(" * 100, "it is nested too deeply"),
        ("(?#x)", "it has an unknown kind of group, (?#"),
        (r"\u{zz}", r"\uzz is not a valid character"),
        (r"\p{Nothing}", "it names the Unicode property Nothing, which is not supported"),
    ],
)
def test_an_unsupported_pattern_is_explained(pattern: str, message: str) -> None:
    with pytest.raises(UnsupportedPattern) as caught:
        write_match(pattern, random.Random(1))
    assert str(caught.value) == message
