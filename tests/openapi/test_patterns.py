"""Regular expressions that are valid in ECMA-262 without the flag `u` alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import create_app
from mockserver.openapi.dialects.patterns import is_compilable, translate_pattern
from mockserver.schemas.validators import keyword_validator
from tests.documents.broken import document, load, thing_validator


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"^[\w-.]+$", "a-b.c", "a b"),
        (r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$", "a.b@c-d.org", "a.b@c"),
        (r"^[0-\d]+$", "0-9", "a"),
        (r"^[\p{L}-_]{3}$", "é-_", "1-_"),
        (r"^{[a-z]+}$", "{id}", "id"),
        (r"^\${[A-Z]{2}}$", "${AB}", "${ABC}"),
        (r"^x{,3}$", "x{,3}", "xx"),
        (r"^\u{41}[^\]-\w]$", "A.", "A-"),
        (r"^[^]$", "\n", "ab"),
        (r"^a]}$", "a]}", "a"),
        (r"(?i)^(asc|desc)$", "DESC", "descend"),
        (r"(?i)^a|b$", "xB", "c"),
        (r"^(?P<first>[xy])\k<first>$", "yy", "xy"),
        (r"^(?<open>['\"])[(](x)\k<open>$", "'(x'", "'(xx"),
    ],
)
def test_a_pattern_is_translated_to_one_that_validators_take(pattern: str, matching: str, other: str) -> None:
    assert not is_compilable(pattern)
    is_valid = keyword_validator("pattern", translate_pattern(pattern)).is_valid
    assert is_valid(matching)
    assert not is_valid(other)


@pytest.mark.parametrize(
    "pattern", [r"^[-\w]+$", "a{2}", "[a-z]", r"\p{L}", "(", "[a", r"\k<none>", r"[z-a]{", r"\Aa\z"]
)
def test_a_pattern_that_validators_take_or_that_is_wrong_stays_as_it_is(pattern: str) -> None:
    assert translate_pattern(pattern) == pattern


def test_such_patterns_count_in_a_document_without_a_warning(tmp_path: Path) -> None:
    thing = {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": r"^[\w-.]+$"}},
        "patternProperties": {"^{[a-z]+}$": {"type": "integer"}},
        "additionalProperties": False,
        "required": ["name"],
    }
    contract = load(tmp_path, document({"Thing": thing}, "3.1.0"))
    assert contract.warnings == []
    is_valid = thing_validator(contract)
    values = ({"name": "a-b", "{id}": 1}, {"name": "a b"}, {"name": "a", "{id}": "x"}, {"name": "a", "id": 1})
    assert [is_valid(value) for value in values] == [True, False, False, False]
    assert is_valid(create_app(contract).test_client().get("/things").get_json())
