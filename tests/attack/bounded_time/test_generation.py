"""Values for schemas that demand much are generated in proportion to their size, and too large ones are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.errors import CannotGenerate
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import combine
from tests.generate.random_schemas import HERE
from tests.generate.test_generator import generate

ITEM = {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "integer"}}}
CHAIN: dict[str, Any] = {"1000": {}} | {
    str(number): {"allOf": [{"$ref": f"{HERE}/$defs/{number + 1}"}, ITEM]} for number in range(1_000)
}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "array", "minItems": 10_001, "items": ITEM}, "minItems is 10,001, and the limit 10,000"),
        ({"type": "array", "minItems": 1e30}, "minItems is 1,000,000,000,000,000,019,884,624,838,656, and"),
        ({"type": "array", "contains": ITEM, "minContains": 20_000_000}, "minContains is 20,000,000, and the limit"),
        ({"type": "object", "minProperties": 70_000}, "minProperties is 70,000, and the limit 10,000"),
        ({"type": "string", "minLength": 1_000_001}, "minLength is 1,000,001, and the limit 1,000,000"),
        (
            {"type": "array", "minItems": 9_000, "items": {"type": "string", "minLength": 900_000}},
            "it requires values without end, or more than 20,000",
        ),
        (
            {"type": "array", "minItems": 200, "items": {"type": "array", "minItems": 200}},
            "it requires values without end, or more than 20,000",
        ),
        (
            {"$ref": f"{HERE}/$defs/0", "$defs": CHAIN},
            "too many schemas apply, each by way of the one before",
        ),
    ],
)
def test_what_is_too_large_is_refused_with_the_limit(schema: Any, reason: str) -> None:
    with pytest.raises(CannotGenerate, match=re.escape(reason)):
        generate(schema)


@pytest.mark.parametrize(
    ("form", "length"),
    combine([None, "uri", "hostname", "uri-reference", "json-pointer"], [1, 30, 200, 999, 1_000, 1_001, 5_000]),
)
def test_a_text_is_as_long_as_it_must_be(form: str | None, length: int) -> None:
    if form == "hostname" and length > 200:
        return  # none is longer than 253 characters
    schema = {"type": "string", "minLength": length, **({"format": form} if form is not None else {})}
    text, is_valid = generate(schema)
    assert is_valid
    assert length <= len(text) < length + 1_100


SCHEMAS: dict[str, tuple[Callable[[int], Any], int]] = {
    "a long text": (lambda size: {"type": "string", "minLength": size}, 200_000),
    "an array of different values of a list": (
        lambda size: {"type": "array", "minItems": size, "uniqueItems": True, "items": {"enum": list(range(2 * size))}},
        500,
    ),
    "an object whose members require each other": (
        lambda size: {
            "type": "object",
            "properties": {f"m{number}": {"type": "null"} for number in range(size)},
            "dependentRequired": {f"m{number}": [f"m{number + 1}"] for number in range(size - 1)},
        },
        1_000,
    ),
    "an array of values of a long list": (
        lambda size: {"type": "array", "minItems": size, "items": {"enum": list(range(10 * size))}}, 500,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_time_of_a_large_value_grows_linearly_with_its_size(name: str) -> None:
    schema, size = SCHEMAS[name]

    def prepare(size: int) -> Callable[[], object]:
        return lambda: generate(schema(size))

    assert_grows_linearly(prepare, size)
