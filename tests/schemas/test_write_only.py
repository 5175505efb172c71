from __future__ import annotations

from typing import Any

import pytest

from mockserver.documents.nodes import Documents
from mockserver.documents.source import Source
from mockserver.schemas.shapes import Shape
from mockserver.schemas.write_only import holds_write_only, without_write_only

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


def test_a_value_without_such_members_is_itself() -> None:
    value = {"name": "a", "children": [{"name": "b"}]}
    assert without_write_only(value, shape_of({"properties": {"secret": SECRET, **TREE["properties"]}})) is value
