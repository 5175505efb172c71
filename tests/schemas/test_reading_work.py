from __future__ import annotations

from typing import Any

import pytest

from mockserver.refusals import TooMuchToMatch
from mockserver.schemas.inline_schemas import TOO_MANY_APPLICATIONS, compile_inline
from mockserver.schemas.reading_work import READING_LIMIT, ReadingWork

ITEMS = [f"item {number}" for number in range(10_000)]
BODY = {"kind": "a", "items": ITEMS, "text": "a" * 100_000}


def matches(schema: Any, body: Any, times: int) -> bool:
    validator, errors = compile_inline(schema)
    assert validator is not None, errors
    work = ReadingWork()
    return all(validator.matches(body, work) for _ in range(times))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
        {"properties": {"kind": {"pattern": "^(?=a)"}}},
        {"properties": {"items": {"type": "array", "minItems": 1}}},
        {"properties": {"nested": {"items": {"maxLength": 5}}}},
    ],
)
def test_schemas_that_look_at_little_may_be_any_number(schema: Any) -> None:
    assert matches(schema, BODY, 10_000)


@pytest.mark.parametrize(
    ("schema", "times"),
    [
        ({"properties": {"items": {"items": {"maxLength": 100}}}}, 2_000),
        ({"additionalProperties": {"maxLength": 1_000_000}}, 2_000),
        ({"properties": {"text": {"maxLength": 1_000_000}}}, 6_000),
        ({"properties": {"text": {"pattern": "a$"}}}, 1_200),
        ({"properties": {"text": {"pattern": "^(?=a)"}}}, 400),
        ({"properties": {"items": {"items": {"allOf": [{"maxLength": 100}] * 1_000}}}}, 4),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"additionalProperties": {"maxLength": 1_000_000}}}}, 2_000),
    ],
)
def test_what_is_read_of_a_body_is_bounded(schema: Any, times: int) -> None:
    assert matches(schema, BODY, 1)
    with pytest.raises(TooMuchToMatch) as caught:
        matches(schema, BODY, times)
    assert caught.value == TooMuchToMatch(READING_LIMIT)


def chain(length: int, schema: Any) -> dict[str, Any]:
    """A schema in which `schema` leads to itself, but with the number of the next one, in two ways."""
    numbers = range(length)
    definitions = {f"a{number}": {key: {"$ref": f"#/$defs/a{number + 1}"} for key in schema} for number in numbers}
    return {"$ref": "#/$defs/a0", "$defs": {**definitions, f"a{length}": {"type": "integer"}}}


@pytest.mark.parametrize("keywords", [("items", "contains"), ("contains", "unevaluatedItems")])
def test_a_schema_that_applies_another_to_the_same_item_twice_and_so_on_is_refused(keywords: tuple[str, str]) -> None:
    assert compile_inline(chain(40, keywords)) == (None, [("", TOO_MANY_APPLICATIONS)])
    assert compile_inline(chain(5, keywords))[1] == []
