"""The records as a handler reads and changes them, and the members that are computed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.handlers.conftest import PAY, TOTAL, Handlers, Server
from tests.handlers.test_responses import pay

ORDERS = [
    {"id": "order-1", "status": "open", "updated_at": "2026-01-15T08:00:00.000Z", "total": 1100},
    {"id": "order-2", "status": "paid", "updated_at": "2026-01-15T08:10:00.000Z", "total": 500},
]
# Returns what the expression has as the message of an error, which may be any text.
SHOW = 'import json\nreturn Reply(402, {{"error": json.dumps({})}})'


def shown(shop: Handlers, expression: str, before: str = "pass") -> Any:
    """The value of an expression in a handler, after these lines."""

    response = shop(pay(before + "\n" + SHOW.format(expression))).post("/orders/order-1/pay")
    assert response.status_code == 402, response.text
    return json.loads(response.json()["error"])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('records.orders["order-1"]', ORDERS[0]),
        ('records["orders"]["order-1"]', ORDERS[0]),
        ('records.orders.get("nope")', None),
        ('records.orders.get("nope", 3)', 3),
        ("records.orders.all()", ORDERS),
        ("list(records.orders)", ORDERS),
        ("[len(records.orders), 'order-1' in records.orders, 'nope' in records.orders]", [2, True, False]),
        ('[order["id"] for order in records.orders.where(status="paid")]', ["order-2"]),
        ('[order["id"] for order in records.orders.where(total=1100)]', ["order-1"]),
        ('[line["id"] for line in records.lines.where(order_id="order-1", count=1)]', ["line-2"]),
        ('records.lines.where(order_id="nope")', []),
        ("records.lines.where()[0]['id']", "line-1"),
        ("clock.now", "2026-01-15T09:00:00.000Z"),
    ],
)
def test_records_are_read(shop: Handlers, expression: str, value: Any) -> None:
    assert shown(shop, expression) == value


@pytest.mark.parametrize(
    ("change", "expression", "value"),
    [
        ('a = records.payments.create(order_id="order-1", amount=5, at=clock.now)', "a", {"id": "payments-1", "order_id": "order-1", "amount": 5, "at": "2026-01-15T09:00:00.000Z"}),
        ('a = records.payments.create({"order_id": "order-1", "amount": 5}, at=clock.now)["amount"]', "a", 5),
        ('a = records.orders.create(id="x")', "a", {"id": "x", "status": "open", "updated_at": "2026-01-15T09:00:00.000Z", "total": 0}),
        ('a = records.lines.update("line-1", count=9)', "[a['count'], records.orders['order-1']['total']]", [9, 3200]),
        ('a = records.orders["order-1"]\na = records.orders.replace("order-1", {**a, "status": "paid"})', "a['status']", "paid"),
        ('a = records.orders.delete("order-1")', "[a, records.lines.all()[0]['id'], len(records.orders)]", [ORDERS[0], "line-3", 1]),
        ('a = records.orders.fire("order-1", "pay")', "[a['status'], a['updated_at']]", ["paid", "2026-01-15T09:00:00.000Z"]),
        ('a = records.orders["order-1"]\na["status"] = "lost"', "records.orders['order-1']['status']", "open"),
        ('a = {"order_id": "order-1", "amount": 5, "at": clock.now}\nb = records.payments.create(a)\na["amount"] = 7', "records.payments[b['id']]['amount']", 5),
    ],
)  # fmt: skip
def test_a_change_is_seen_at_once_and_returns_the_record(
    shop: Handlers, change: str, expression: str, value: Any
) -> None:
    assert shown(shop, expression, change) == value


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("records.ordrs.all()", 'there is no resource "ordrs". Did you mean "orders"?'),
        ('records.orders.where(statu="open")', 'orders have no member "statu". Did you mean "status"?'),
        ('records.lines.update("line-1", prise=1)', 'lines have no member "prise". Did you mean "price"?'),
        ('records.lines.update("line-1", price={1})', "a record of lines has a set at /price"),
    ],
)
def test_a_wrong_name_or_value_is_a_failure_that_says_what_would_be_right(shop: Handlers, body: str, note: str) -> None:
    server = shop(pay(body))
    assert server.post("/orders/order-1/pay").json()["code"] == "handler-failed"
    assert note in server.entry()["note"]


def test_a_derived_member_is_computed_wherever_a_record_is_shown(shop: Handlers) -> None:
    server = shop()
    assert server.get("/orders").json() == ORDERS
    assert server.get("/orders/order-1").json() == ORDERS[0]
    assert server.state()[0]["orders"] == ORDERS
    put = server.session.put(f"{server.url}/__mock/state/orders/x", json={"status": "open", "updated_at": ORDERS[0]["updated_at"]})  # fmt: skip
    assert put.json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("sort=total", ["order-2", "order-1"]),
        ("sort=-total", ["order-1", "order-2"]),
        ("total=500", ["order-2"]),
        ("total=500&status=open", []),
    ],
)
def test_a_list_is_sorted_and_filtered_by_a_derived_member(shop: Handlers, query: str, keys: list[str]) -> None:
    assert [order["id"] for order in shop().get(f"/orders?{query}").json()] == keys


def test_a_cached_list_is_computed_again_after_a_change_of_another_resource(shop: Handlers) -> None:
    server = shop()
    for count in (2, 3, 4):
        body = {"order_id": "order-1", "product": "tea", "price": 300, "count": count}
        server.session.put(f"{server.url}/__mock/state/lines/line-1", json=body)
        for _ in range(3):
            assert server.get("/orders/order-1").json()["total"] == 500 + 300 * count


def test_derived_members_are_computed_of_other_derived_members(shop: Handlers) -> None:
    total = TOTAL + '\n@derived("payments", "amount")\ndef amount(payment, records):\n    return records.orders[payment["order_id"]]["total"]\n'  # fmt: skip
    code = pay('records.payments.create(order_id="order-1", at=clock.now)\nreturn records.orders["order-1"]')
    server = shop(code, total=total)
    assert server.post("/orders/order-1/pay").status_code == 200
    assert server.get("/payments").json()[0]["amount"] == 1100


def test_a_member_that_is_being_computed_is_left_out_meanwhile(shop: Handlers) -> None:
    total = '\n@derived("orders", "total")\ndef total(order, records):\n    return 1 + sum("total" in other for other in records.orders.all())\n'  # fmt: skip
    assert [order["total"] for order in shop(total=total).get("/orders").json()] == [1, 1]


@pytest.mark.parametrize(
    ("body", "code", "note"),
    [
        ("1 / 0", "handler-failed", "failed at handlers.py:6: ZeroDivisionError: division by zero"),
        ("records.lines['nope']", "handler-failed", "failed at handlers.py:6: UnknownRecord: lines has no record"),
        ("return {1}", "handler-failed", "returned a set"),
        ("return 'many'", "contract-violation", ""),
    ],
)
def test_a_derived_member_that_cannot_be_shown_is_an_error(shop: Handlers, body: str, code: str, note: str) -> None:
    server = shop(total=f'\n\n@derived("orders", "total")\ndef total(order, records):\n    {body}\n')
    response = server.get("/orders")
    assert response.status_code == 500
    assert response.json()["code"] == code
    assert note in (server.entry().get("note") or "")
    assert "Nothing was changed" not in response.json()["detail"]
    assert server.get("/payments").status_code == 200


def test_a_stored_record_brings_no_derived_member(shop: Handlers) -> None:
    server = shop()
    response = server.session.put(f"{server.url}/__mock/state/orders/order-1", json=ORDERS[0])
    assert [violation["keyword"] for violation in response.json()["violations"]] == ["derived"]


def test_the_handler_is_in_the_journal(shop: Handlers) -> None:
    server: Server = shop(PAY)
    server.post("/orders/order-1/pay")
    entry = server.entry()
    fired = [(fire["key"], fire["transition"]) for fire in entry["fired"]]
    assert entry["handler"] == "handlers.py:3 pay_order"
    assert fired == [("order-1", "pay")]
    assert entry.get("note") is None
