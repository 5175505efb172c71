from __future__ import annotations

import pytest

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.schemas.inline_schemas import compile_inline
from mockserver.schemas.reading_work import ReadingWork
from mockserver.schemas.validators import Schemas, Validator

# Both go back once for each character: over all that follow it, or over none.
AHEAD, TEMPERED = r"(?=.*[A-Z])(?=.*\d).+", r"^(?:(?!<script).)*$"
PASSWORD = r"^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z\d]{8,}$"


def validator(pattern: str) -> Validator:
    schema = {"items": {"$ref": f"{BASE_URI}a.json#/$defs/Text"}, "$defs": {"Text": {"pattern": pattern}}}
    documents = Documents({f"{BASE_URI}a.json": Source("a.json", "", schema)})
    return Schemas(documents).validator(documents.root(f"{BASE_URI}a.json"))


@pytest.mark.parametrize(
    ("pattern", "texts", "is_valid"),
    [
        (TEMPERED, ["a" * 100] * 20_000, True),
        (TEMPERED, ["a" * 4_000] * 200, True),
        (TEMPERED, ["a" * 4_000, "a<script>"], False),
        (PASSWORD, ["aB3" * 100_000] * 5, True),
        (PASSWORD, ["ab3" * 100_000], False),
        (AHEAD, ["a" * 1_000_000], False),
        (AHEAD, ["a" * 1_000_000 + "A1"], True),
        ("^[abc]+$", ["abc" * 100_000] * 10, True),
    ],
)
def test_patterns_with_lookaround_match_what_they_match(pattern: str, texts: list[str], is_valid: bool) -> None:
    judged = validator(pattern)
    assert judged.is_valid(texts) is is_valid
    assert bool(judged.violations(texts, "body")) is not is_valid


def test_the_steps_of_texts_that_do_not_match_are_bounded() -> None:
    ahead, _ = compile_inline({"pattern": AHEAD})
    tempered, _ = compile_inline({"pattern": TEMPERED})
    assert ahead is not None
    assert tempered is not None
    text, work = "a" * 2_000, ReadingWork()
    assert [tempered.matches(text, work) for _ in range(1_000)] == [True] * 1_000
    assert [ahead.matches(text, work) for _ in range(1_000)] == [False] * 1_000
    assert tempered.matches(text, work) is False
    assert tempered.matches(text, ReadingWork()) is True
    assert tempered.is_valid(text) is True
