from __future__ import annotations

from typing import Any

import pytest

from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.schemas.backtracking import LENGTH_LIMIT
from mockserver.schemas.inline_schemas import compile_inline
from mockserver.schemas.matching import ReadingWork
from mockserver.schemas.validators import Schemas, Validator

# No letter three times in a row: a text without such letters is gone back in for each of its characters.
NO_TRIPLE = r"^(?!.*(.)\1\1)[a-z]+$"
TEXT = "abc" * 300
FITTING = LENGTH_LIMIT // len(TEXT)
PASSWORD = r"^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z\d]{8,}$"


def validator(pattern: str) -> Validator:
    schema = {"items": {"$ref": f"{BASE_URI}a.json#/$defs/Text"}, "$defs": {"Text": {"pattern": pattern}}}
    documents = Documents({f"{BASE_URI}a.json": Source("a.json", "", schema)})
    return Schemas(documents).validator(documents.root(f"{BASE_URI}a.json"))


@pytest.mark.parametrize(
    ("pattern", "texts", "is_valid"),
    [
        (NO_TRIPLE, [TEXT] * FITTING, True),
        (NO_TRIPLE, [TEXT] * (FITTING + 1), False),
        (NO_TRIPLE, [TEXT, "aaa"], False),
        (PASSWORD, ["aB3" * 100_000] * 5, True),
        (PASSWORD, ["ab3" * 100_000], False),
        ("^[abc]+$", [TEXT] * 100, True),
    ],
)
def test_the_characters_are_bounded_in_which_patterns_go_back_often(
    pattern: str, texts: list[str], is_valid: bool
) -> None:
    judged = validator(pattern)
    assert judged.is_valid(texts) is is_valid
    assert bool(judged.violations(texts, "body")) is not is_valid
    assert judged.is_valid([texts[0]]) is (is_valid or texts[0] == TEXT)


@pytest.mark.parametrize(("count", "expected"), [(FITTING, [True]), (FITTING + 1, [True, False])])
def test_the_schemas_of_one_request_go_back_in_so_many_characters_together(count: int, expected: list[bool]) -> None:
    schema: Any = {"pattern": NO_TRIPLE}
    judged, _ = compile_inline(schema)
    assert judged is not None
    work = ReadingWork()
    results = [judged.matches(TEXT, work) for _ in range(count)]
    assert results == [True] * FITTING + expected[1:]
    assert judged.is_valid(TEXT) is True
