"""Generic schemas: `$dynamicRef`s inside a document, and the schemas that bind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, create_app
from tests.documents.broken import document, load, thing_validator

USER = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
PAGE = {
    "$id": "page",
    "type": "object",
    "properties": {"total": {"type": "integer"}, "items": {"type": "array", "items": {"$dynamicRef": "#item"}}},
    "required": ["items"],
    "$defs": {"item": {"$dynamicAnchor": "item", "not": {}}},
}
ITEM_IS_USER = {"item": {"$dynamicAnchor": "item", "$ref": "#/components/schemas/User"}}
USERS = [{"items": [{"name": "Ada"}]}, {"items": []}]
NO_USERS = [{"items": [{}]}, {"items": ["Ada"]}, {}]


def load_thing(folder: Path, thing: Any, **others: Any) -> Contract:
    return load(folder, document({"Thing": thing, "User": USER, "Page": PAGE, **others}, "3.1.0"))


@pytest.mark.parametrize(
    "thing",
    [
        {"$id": "users", "$ref": "page", "$defs": ITEM_IS_USER},
        {"$ref": "#/components/schemas/Page", "$defs": ITEM_IS_USER},
        {"allOf": [{"$ref": "#/components/schemas/Page"}], "$defs": ITEM_IS_USER},
        {"$ref": "#/components/schemas/Middle", "$defs": ITEM_IS_USER},
    ],
)
def test_a_schema_binds_the_dynamic_references_of_those_that_it_refers_to(tmp_path: Path, thing: Any) -> None:
    middle = {"$ref": "#/components/schemas/Page", "$defs": {"item": {"$dynamicAnchor": "item", "type": "string"}}}
    contract = load_thing(tmp_path, thing, Middle=middle)
    assert contract.warnings == []
    is_valid = thing_validator(contract)
    assert [is_valid(value) for value in USERS] == [True, True]
    assert [is_valid(value) for value in NO_USERS] == [False, False, False]


def test_two_schemas_bind_the_same_reference_to_different_ones_and_values_are_generated(tmp_path: Path) -> None:
    texts = {"$ref": "#/components/schemas/Page", "$defs": {"item": {"$dynamicAnchor": "item", "type": "string"}}}
    users = {"$ref": "#/components/schemas/Page", "$defs": ITEM_IS_USER}
    thing = {
        "type": "object",
        "properties": {"texts": {"$ref": "#/components/schemas/Texts"}, "users": users},
        "required": ["texts", "users"],
    }
    contract = load_thing(tmp_path, thing, Texts=texts)
    value = create_app(contract).test_client().get("/things").get_json()
    assert {type(item) for item in value["texts"]["items"]} == {str}
    assert {frozenset(item) for item in value["users"]["items"]} == {frozenset({"name"})}


def test_a_schema_that_refers_to_itself_is_bound_below_too(tmp_path: Path) -> None:
    node = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
        "$dynamicAnchor": "node",
    }
    strict = {"$id": "strict", "$dynamicAnchor": "node", "$ref": "node", "unevaluatedProperties": False}
    is_valid = thing_validator(load_thing(tmp_path, strict, Node={"$id": "node", **node}))
    assert is_valid({"children": [{"children": []}]})
    assert not is_valid({"children": [{"chlidren": []}]})


def test_a_dynamic_reference_to_a_plain_anchor_is_a_plain_reference(tmp_path: Path) -> None:
    generic = {
        "$id": "one",
        "items": {"$dynamicRef": "#part"},
        "$defs": {"part": {"$anchor": "part", "type": "string"}},
    }
    thing = {"$id": "two", "$ref": "one", "$defs": {"part": {"$dynamicAnchor": "part", "type": "integer"}}}
    is_valid = thing_validator(load_thing(tmp_path, thing, Generic=generic))
    assert is_valid(["a"])
    assert not is_valid([1])
