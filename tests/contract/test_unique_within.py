"""Records whose key is unique only below their owner, in a contract written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import create_app, load_contract
from mockserver.check.checker import ContractChecker
from mockserver.errors import ContractError
from tests.contract.orders import write_files

Change = Callable[[dict[str, Any]], object]
ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["sku", "status"],
    "properties": {"sku": {"type": "string"}, "status": {"enum": ["open", "packed"]}, "note": {"type": "string"}},
    "additionalProperties": False,
}
NEW_ITEM: dict[str, Any] = {"type": "object", "properties": {"sku": {"type": "string"}, "note": {"type": "string"}}}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["cart_id", "sku", "event_type", "at"],
    "properties": {name: {"type": "string"} for name in ("cart_id", "sku", "event_type", "at")},
}
RESOURCES: dict[str, Any] = {
    "carts": {"schema": "cart.json", "key": "id"},
    "items": {
        "schema": "item.json",
        "key": "sku",
        "unique_within": ["cart_id"],
        "hidden": ["cart_id"],
        "references": {"cart_id": "carts"},
        "owned_by": ["cart_id"],
        "lifecycle": {
            "field": "status",
            "initial": "open",
            "log": "events",
            "transitions": {"pack": {"from": "open", "to": "packed"}},
        },
    },
    "events": {"schema": "event.json", "references": {"cart_id": "carts", "sku": "items"}},
}
OPERATIONS: dict[str, Any] = {
    "deleteCart": {"delete": "carts"},
    "listItems": {"list": "items"},
    "createItem": {"create": "items"},
    "getItem": {"read": "items"},
    "updateItem": {"update": "items"},
    "packItem": {"transition": "items.pack"},
    "streamItems": {"stream": "items"},
    "listEvents": {"list": "events"},
}


def operation(name: str, schema: Any = None, body: Any = None, status: str = "200") -> dict[str, Any]:
    response: dict[str, Any] = {"description": "ok"}
    if schema is not None:
        response["content"] = {"application/json": {"schema": schema}}
    result: dict[str, Any] = {"operationId": name, "responses": {status: response}}
    if body is not None:
        result["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return result


def files() -> dict[str, Any]:
    item, items = {"$ref": "item.json"}, {"type": "array", "items": {"$ref": "item.json"}}
    cart, sku = (
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("cart_id", "sku")
    )
    stream = operation("streamItems")
    stream["responses"]["200"]["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    contents = {
        "schemas/openapi.json": {
            "openapi": "3.1.0",
            "info": {"title": "Carts", "version": "1"},
            "paths": {
                "/carts/{cart_id}": {"parameters": [cart], "delete": operation("deleteCart", status="204")},
                "/carts/{cart_id}/items": {
                    "parameters": [cart],
                    "get": operation("listItems", items),
                    "post": operation("createItem", item, NEW_ITEM, "201"),
                },
                "/carts/{cart_id}/items/{sku}": {
                    "parameters": [cart, sku],
                    "get": operation("getItem", item),
                    "patch": operation("updateItem", item, NEW_ITEM),
                },
                "/carts/{cart_id}/items/{sku}/pack": {"parameters": [cart, sku], "post": operation("packItem", item)},
                "/items/stream": {"get": stream},
                "/events": {"get": operation("listEvents", {"type": "array", "items": {"$ref": "event.json"}})},
            },
        },
        "schemas/cart.json": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        "schemas/item.json": ITEM,
        "schemas/event.json": EVENT,
        "schemas/resources.yaml": {
            "resources": RESOURCES,
            "operations": {**OPERATIONS, "deleteCart": {"delete": "carts", "path": {"cart_id": "id"}}},
        },
        "fixtures/small/carts.json": [{"id": "a"}, {"id": "b,c"}],
        "fixtures/small/items.json": [
            {"cart_id": cart_id, "sku": "p1", "status": "open", "note": f"of {cart_id}"} for cart_id in ("a", "b,c")
        ],
        "scenarios/baseline.yaml": {
            "summary": "The start",
            "fixtures": "small",
            "clock": {"start": "2026-01-15T09:00:00Z", "mode": "manual"},
        },
    }
    copied: dict[str, Any] = json.loads(json.dumps(contents))
    return copied


def write(folder: Path, change: Change | None = None) -> Path:
    return write_files(folder, files(), change)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(write(tmp_path)).test_client()


def status_of(client: FlaskClient, cart: str, sku: str = "p1") -> Any:
    return client.get(f"/carts/{cart}/items/{sku}").get_json()["status"]


def test_a_contract_with_such_records_passes_its_check(tmp_path: Path) -> None:
    checker = ContractChecker(load_contract(write(tmp_path)))
    list(checker.steps())
    assert [str(finding.problem) for finding in checker.findings] == []


def test_each_owner_has_a_record_of_its_own(client: FlaskClient) -> None:
    client.patch("/carts/a/items/p1", json={"note": "changed"})
    notes = [client.get(f"/carts/{cart}/items/p1").get_json()["note"] for cart in ("a", "b,c")]
    assert notes == ["changed", "of b,c"]


def test_a_transition_is_one_of_the_record_of_that_owner(client: FlaskClient) -> None:
    assert client.post("/carts/b,c/items/p1/pack").status_code == 200
    assert [status_of(client, cart) for cart in ("a", "b,c")] == ["open", "packed"]


def test_the_log_of_transitions_names_owner_and_key(client: FlaskClient) -> None:
    client.post("/carts/b,c/items/p1/pack")
    entries = client.get("/events").get_json()
    assert [(entry["cart_id"], entry["sku"], entry["event_type"]) for entry in entries] == [("b,c", "p1", "pack")]


def test_a_key_is_taken_only_where_the_same_owner_has_it(client: FlaskClient) -> None:
    client.post("/carts/a/items", json={"sku": "p2"})
    created = [client.post(f"/carts/{cart}/items", json={"sku": "p2"}).status_code for cart in ("a", "b,c")]
    assert created == [409, 201]


def test_a_record_goes_with_its_owner(client: FlaskClient) -> None:
    client.delete("/carts/a")
    assert [client.get(f"/carts/{cart}/items/p1").status_code for cart in ("a", "b,c")] == [404, 200]


def test_the_control_api_fires_transitions_by_the_joined_key(client: FlaskClient) -> None:
    response = client.post("/__mock/state/items/b~1c,p1/pack")
    assert response.status_code == 200, response.get_json()
    assert [status_of(client, cart) for cart in ("a", "b,c")] == ["open", "packed"]


def test_undo_and_reset_restore_the_record(client: FlaskClient) -> None:
    client.post("/carts/a/items/p1/pack")
    client.post("/__mock/clock", json={"undo": 1})
    assert status_of(client, "a") == "open"


def test_generated_records_have_keys_of_their_own_in_each_owner(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        contents["scenarios/baseline.yaml"]["generate"] = {"items": {"count": 30}}

    client = create_app(write(tmp_path, change)).test_client()
    keys = [[item["sku"] for item in client.get(f"/carts/{cart}/items").get_json()] for cart in ("a", "b,c")]
    assert [len(set(listed)) for listed in keys] == [len(listed) for listed in keys]
    assert sum(map(len, keys)) == 32


def test_records_below_an_owner_that_is_no_record_are_not_generated(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        contents["scenarios/baseline.yaml"]["generate"] = {"items": {"count": 1}}
        items = contents["schemas/resources.yaml"]["resources"]["items"]
        del items["references"], items["owned_by"], items["lifecycle"]["log"]

    detail = create_app(write(tmp_path, change)).test_client().get("/carts/a/items").get_json()["detail"]
    reason = "no record of items can be generated: schemas/item.json: cart_id is hidden, and refers to no record"
    assert detail == f"listItems has no example, and no value could be generated: {reason}."


def set_resource(name: str, **members: Any) -> Change:
    return lambda contents: contents["schemas/resources.yaml"]["resources"][name].update(members)


def set_operation(name: str, **members: Any) -> Change:
    return lambda contents: contents["schemas/resources.yaml"]["operations"][name].update(members)


def set_items(*items: dict[str, Any]) -> Change:
    return lambda contents: contents.update({"fixtures/small/items.json": list(items)})


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (set_resource("items", unique_within=["cart"]), "/resources/items/unique_within/0", "cart_id"),
        (set_resource("items", unique_within=["sku"]), "/resources/items/unique_within/0", "the key itself"),
        (set_resource("items", single=True), "/resources/items/unique_within", "a single record"),
        (
            set_resource("events", references={"sku": "items"}, schema="cart.json"),
            "/resources/events/references/sku",
            "",
        ),
        (
            set_items(*[{"cart_id": "a", "sku": "p1", "status": "open"}] * 2),
            "/1/sku",
            "with the same cart_id",
        ),
        (set_items({"sku": "p1", "status": "open"}), "/0", "cart_id"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, change: Change, pointer: str, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_contract(write(tmp_path, change))
    places = [(problem.pointer, problem.message) for problem in caught.value.problems]
    assert any(place.startswith(pointer) and message in text for place, text in places), places
