from __future__ import annotations

from typing import Any

import pytest

from mockserver.documents.nodes import Documents
from mockserver.documents.source import Source
from mockserver.schemas.shapes import Shape
from mockserver.schemas.write_only import holds_write_only, is_write_only, without_write_only

URI = "file:///schema.json"
SECRET = {"type": "string", "writeOnly": True}
TREE: dict[str, Any] = {"properties": {"name": {"type": "string"}, "children": {"items": {"$ref": f"{URI}#"}}}}


def shape_of(schema: dict[str, Any]) -> Shape:
    source = Source("schema.json", "", schema)
    return Shape.from_schema(Documents({URI: source}).root(URI))


@pytest.mark.parametrize(
    ("schema", "is_held"),
    [
        ({"properties": {"a": SECRET}}, True),
        ({"properties": {"a": {"items": {"properties": {"b": SECRET}}}}}, True),
        ({"additionalProperties": {"oneOf": [{"type": "null"}, {"properties": {"b": SECRET}}]}}, True),
        ({"patternProperties": {"^a": SECRET}}, True),
        ({"patternProperties": {"^a": {"type": "string"}}}, False),
        (TREE, False),
        ({"properties": {**TREE["properties"], "secret": SECRET}}, True),
        ({"properties": {"a": {"writeOnly": False}}}, False),
        (SECRET, False),
    ],
)
def test_write_only_members_are_found_at_any_depth(schema: dict[str, Any], is_held: bool) -> None:
    assert holds_write_only(shape_of(schema)) is is_held


def test_a_value_is_shown_without_members_that_are_write_only() -> None:
    schema = {"properties": {**TREE["properties"], "secret": SECRET}}
    value = {"name": "a", "secret": "x", "children": [{"name": "b", "secret": "y"}, 1]}
    assert without_write_only(value, shape_of(schema)) == {"name": "a", "children": [{"name": "b"}, 1]}


def test_members_whose_names_match_a_pattern_may_be_write_only() -> None:
    schema = {
        "patternProperties": {"^pin": SECRET, "^a": {"patternProperties": {"^b": SECRET}}},
        "additionalProperties": False,
    }
    value = {"pin1": "x", "a1": {"b": "y", "c": 1}, "d": 2}
    assert without_write_only(value, shape_of(schema)) == {"a1": {"c": 1}, "d": 2}


def test_a_value_without_such_members_is_itself() -> None:
    value = {"name": "a", "children": [{"name": "b"}]}
    assert without_write_only(value, shape_of({"properties": {"secret": SECRET, **TREE["properties"]}})) is value


CARD = {"properties": {"kind": {"const": "card"}, "number": SECRET}}
BANK = {"properties": {"kind": {"enum": ["bank", "cash"]}, "number": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "is_always"),
    [
        ({"properties": {"number": SECRET}}, True),
        ({"allOf": [BANK, {"properties": {"number": {"writeOnly": True}}}]}, True),
        ({"oneOf": [CARD, {"properties": {"number": SECRET}}]}, True),
        ({"oneOf": [CARD, {}]}, True),
        ({"oneOf": [CARD, BANK]}, False),
        (BANK, False),
    ],
)
def test_a_member_is_write_only_where_each_alternative_says_so(schema: dict[str, Any], is_always: bool) -> None:
    assert is_write_only(shape_of(schema), "number") is is_always


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("card", {"kind": "card"}),
        ("bank", {"kind": "bank", "number": "1"}),
        ("other", {"kind": "other", "number": "1"}),
    ],
)
def test_the_alternatives_that_a_value_may_be_of_say_what_is_write_only(kind: str, shown: dict[str, Any]) -> None:
    value = {"kind": kind, "number": "1"}
    assert without_write_only(value, shape_of({"oneOf": [CARD, BANK]})) == shown
    assert without_write_only({"number": "1"}, shape_of({"oneOf": [CARD, BANK]})) == {}
