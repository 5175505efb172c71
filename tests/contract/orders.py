"""A contract of orders, whose transitions have effects and conditions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "status", "amount"],
    "properties": {
        "id": {"type": "string"},
        "status": {"enum": ["draft", "paid", "shipped", "cancelled"]},
        "amount": {"type": "integer"},
        "note": {"type": "string"},
        "tracking": {"type": "string"},
        "reason": {"type": "string", "maxLength": 20},
        "by": {"type": "object", "properties": {"name": {"type": "string"}, "at": {"type": "string"}}},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
        "paid_at": {"type": "string", "format": "date-time"},
        "paid_on": {"type": "string", "format": "date"},
        "paid_seconds": {"type": "integer"},
        "currency": {"type": "string"},
    },
    "additionalProperties": False,
    "if": {"properties": {"status": {"const": "paid"}}},
    "then": {"required": ["paid_at"]},
}
NEW_ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"amount": {"type": "integer"}, "note": {"type": "string"}, "status": {"type": "string"}},
    "additionalProperties": False,
}
CHANGE: dict[str, Any] = {"type": "object", "properties": {name: {} for name in ORDER["properties"]}}
CANCELLATION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string"},
        "user": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
    "additionalProperties": False,
}
RESOURCES: dict[str, Any] = {
    "resources": {
        "orders": {
            "schema": "order.json",
            "key": "id",
            "lifecycle": {
                "field": "status",
                "initial": "draft",
                "touch": "updated_at",
                "log": "events",
                "transitions": {
                    "pay": {
                        "from": "draft",
                        "to": "paid",
                        "set": {"paid_at": "$now", "paid_on": "$now", "paid_seconds": "$now", "currency": "EUR"},
                        "when": {"properties": {"amount": {"minimum": 1}}},
                    },
                    "ship": {"from": "paid", "to": "shipped", "when": {"required": ["tracking"]}},
                    "cancel": {
                        "from": ["draft", "paid"],
                        "to": "cancelled",
                        "set": {
                            "reason": "$body.reason",
                            "by": {"name": "$body.user.name", "at": "$now"},
                            "currency": "$$EUR",
                        },
                    },
                },
            },
        },
        "events": {"schema": "event.json", "references": {"order_id": "orders"}},
    },
    "operations": {
        "listOrders": {"list": "orders"},
        "createOrder": {"create": "orders"},
        "getOrder": {"read": "orders"},
        "replaceOrder": {"replace": "orders"},
        "updateOrder": {"update": "orders"},
        "payOrder": {"transition": "orders.pay"},
        "cancelOrder": {"transition": "orders.cancel"},
        "listEvents": {"list": "events"},
    },
}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["order_id", "event_type", "at"],
    "properties": {name: {"type": "string"} for name in ("order_id", "event_type", "at")},
}
ORDERS = [
    {"id": "a", "status": "draft", "amount": 10},
    {"id": "free", "status": "draft", "amount": 0},
    {"id": "p", "status": "paid", "amount": 5, "paid_at": "2026-01-01T00:00:00.000Z"},
]


def _operation(name: str, schema: Any, body: Any = None, status: str = "200") -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "responses": {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}},
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return operation


def files() -> dict[str, Any]:
    """The files of the contract by name, to be changed."""
    order = {"$ref": "order.json"}
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders": {
                "get": _operation("listOrders", {"type": "array", "items": order}),
                "post": _operation("createOrder", order, NEW_ORDER, "201"),
            },
            "/orders/{id}": {
                "parameters": parameters,
                "get": _operation("getOrder", order),
                "put": _operation("replaceOrder", order, CHANGE),
                "patch": _operation("updateOrder", order, CHANGE),
            },
            "/orders/{id}/pay": {"parameters": parameters, "post": _operation("payOrder", order)},
            "/orders/{id}/cancel": {"parameters": parameters, "post": _operation("cancelOrder", order, CANCELLATION)},
            "/events": {"get": _operation("listEvents", {"type": "array", "items": {"$ref": "event.json"}})},
        },
    }
    contents = {
        "schemas/openapi.json": document,
        "schemas/order.json": ORDER,
        "schemas/event.json": EVENT,
        "schemas/resources.yaml": RESOURCES,
        "fixtures/small/orders.json": ORDERS,
        "scenarios/baseline.yaml": {
            "summary": "The start",
            "fixtures": "small",
            "clock": {"start": "2026-01-15T09:00:00Z", "mode": "manual"},
            "progress": {"orders": [{"state": "paid", "fire": "ship", "after": "10s"}]},
        },
    }
    return json.loads(json.dumps(contents))  # type: ignore[no-any-return]


def write(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """The contract as a directory, changed by `change`."""
    return write_files(folder, files(), change)


def write_files(
    folder: Path, contents: dict[str, Any], change: Callable[[dict[str, Any]], object] | None = None
) -> Path:
    """A directory with these files by name, changed by `change`."""
    if change is not None:
        change(contents)
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))  # JSON is YAML
    return folder
