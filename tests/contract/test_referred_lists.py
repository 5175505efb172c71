"""A list that is only read is a collection where records of another collection refer to it by the name of its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver import Contract, create_app, load_contract
from tests.documents.kennel import array, ref


def response(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    content = {"schema": schema, **({"example": example} if example is not None else {})}
    return {"200": {"description": "ok", "content": {"application/json": content}}}


def load(tmp_path: Path, product: dict[str, Any], example: Any = None) -> Contract:
    """A shop with products, whose records have the members of `product` as well, and a list of categories."""
    category = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    members = {"id": {"type": "integer"}, "title": {"type": "string"}, **product}
    products = {"type": "object", "required": [*members], "properties": members}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/products": {"get": {"operationId": "listProducts", "responses": response(array("Product"))}},
            "/products/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "get": {"operationId": "getProduct", "responses": response(ref("Product"))},
            },
            "/categories": {
                "get": {"operationId": "listCategories", "responses": response(array("Category"), example)}
            },
        },
        "components": {"schemas": {"Product": products, "Category": category}},
    }
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(document))
    return load_contract(path, stateful=True)


@pytest.mark.parametrize("example", [None, [{"id": 7}, {"id": 9}]])
def test_records_refer_to_what_is_listed(tmp_path: Path, example: Any) -> None:
    client = create_app(load(tmp_path, {"categoryId": {"type": "integer"}}, example)).test_client()
    listed: Any = client.get("/categories").json
    products: Any = client.get("/products").json
    assert listed == example or (example is None and len(listed) == 3)
    categories = {category["id"] for category in listed}
    assert {product["categoryId"] for product in products} <= categories


@pytest.mark.parametrize("member", [{"colour": {"type": "integer"}}, {"categoryId": {"type": "string"}}])
def test_a_list_to_which_nothing_refers_returns_samples(tmp_path: Path, member: dict[str, Any]) -> None:
    contract = load(tmp_path, member)
    assert contract.resources.keys() == {"products"}
    assert contract.without_state["listCategories"] == "no operation writes what it returns"


def test_what_a_listed_record_refers_to_is_a_collection_as_well(tmp_path: Path) -> None:
    load(tmp_path, {"categoryId": {"type": "integer"}})
    path = tmp_path / "shop.json"
    document = json.loads(path.read_text())
    document["paths"]["/departments"] = {
        "get": {"operationId": "listDepartments", "responses": response(array("Department"))}
    }
    schemas = document["components"]["schemas"]
    schemas["Department"] = json.loads(json.dumps(schemas["Category"]))
    schemas["Category"]["properties"]["department"] = ref("Department")
    schemas["Product"]["properties"]["category"] = ref("Category")
    path.write_text(json.dumps(document))
    client = create_app(load_contract(path, stateful=True)).test_client()
    departments: Any = client.get("/departments").json
    categories: Any = client.get("/categories").json
    assert all(category["department"] in departments for category in categories if "department" in category)
    assert any("department" in category for category in categories)
    products: Any = client.get("/products").json
    assert all(product["category"] in categories for product in products if "category" in product)
