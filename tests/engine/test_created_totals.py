"""What a created record must have follows from what the client sent, by the usual names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app

NUMBER = {"type": "number"}
LINE = {
    "type": "object",
    "required": ["sku", "price", "quantity"],
    "properties": {"sku": {"type": "string"}, "price": NUMBER, "quantity": {"type": "integer"}},
}
LINES = {"type": "array", "items": LINE}
ORDER = {
    "type": "object",
    "required": ["id", "lines", "line_count", "subtotal", "shipping", "total"],
    "properties": {
        "id": {"type": "string"},
        "lines": LINES,
        "line_count": {"type": "integer"},
        "subtotal": NUMBER,
        "shipping": NUMBER,
        "total": NUMBER,
    },
}
NEW_ORDER = {"type": "object", "required": ["lines"], "properties": {"lines": LINES, "shipping": NUMBER}}


def content(schema: Any) -> Any:
    return {"application/json": {"schema": schema}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "responses": {"200": {"description": "", "content": content({"type": "array", "items": ORDER})}},
            },
            "post": {
                "operationId": "createOrder",
                "requestBody": {"required": True, "content": content(NEW_ORDER)},
                "responses": {"201": {"description": "", "content": content(ORDER)}},
            },
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "getOrder", "responses": {"200": {"description": "", "content": content(ORDER)}}},
        },
    },
}


@pytest.fixture
def shop(tmp_path: Path) -> FlaskClient:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    return create_app(tmp_path / "shop.json", stateful=True).test_client(use_cookies=False)


def test_counts_and_amounts_are_those_of_the_lines_that_were_sent(shop: FlaskClient) -> None:
    lines = [{"sku": "a", "price": 19.99, "quantity": 3}, {"sku": "b", "price": 0.1, "quantity": 1}]
    order = shop.post("/orders", json={"lines": lines, "shipping": 4.5}).get_json()
    del order["id"]
    assert order == {"lines": lines, "line_count": 2, "subtotal": 60.07, "shipping": 4.5, "total": 64.57}


def test_counts_and_amounts_of_generated_records_agree(shop: FlaskClient) -> None:
    orders = shop.get("/orders").get_json()
    assert [order["line_count"] for order in orders] == [len(order["lines"]) for order in orders]
    sums = [round(sum(line["price"] * line["quantity"] for line in order["lines"]), 2) for order in orders]
    assert [order["subtotal"] for order in orders] == pytest.approx(sums)
    totals = [order["subtotal"] + order["shipping"] for order in orders]
    assert [order["total"] for order in orders] == pytest.approx(totals, abs=0.011)
