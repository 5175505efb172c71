"""What a document declares and no behaviour uses is named at load, since silence would hide it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import load_contract
from tests.contract.orders import write


def warnings(path: Path) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.message) for problem in load_contract(path).warnings if problem.code == "unused"]


def operation(files: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    declared: dict[str, Any] = files["schemas/openapi.json"]["paths"][path][method]
    return declared


def test_a_contract_that_uses_everything_has_no_warning(tmp_path: Path) -> None:
    assert warnings(write(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "schema", "is_used"),
    [("q", {"type": "string"}, False), ("status", {"type": "string"}, True), ("limit", {"type": "integer"}, True)],
)
def test_a_query_parameter_without_effect_is_named(tmp_path: Path, name: str, schema: Any, is_used: bool) -> None:
    def change(files: dict[str, Any]) -> None:
        operation(files, "/orders", "get")["parameters"] = [{"name": name, "in": "query", "schema": schema}]
        if name == "limit":
            files["schemas/resources.yaml"]["operations"]["listOrders"]["paging"] = {"limit": "limit"}

    message = f'listOrders does nothing with its query parameter "{name}"'
    expected = [] if is_used else [("/paths/~1orders/get/parameters/0", message)]
    assert warnings(write(tmp_path, change)) == expected


def test_what_says_the_direction_of_a_sort_has_an_effect(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        names = ("sort", "order")
        parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
        operation(files, "/orders", "get")["parameters"] = parameters
        files["schemas/resources.yaml"]["operations"]["listOrders"]["paging"] = {name: name for name in names}

    assert warnings(write(tmp_path, change)) == []


def test_a_member_of_a_body_that_no_effect_reads_is_named(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        body = operation(files, "/orders/{id}/cancel", "post")["requestBody"]["content"]["application/json"]
        body["schema"]["properties"]["colour"] = {}

    message = 'cancelOrder does nothing with "colour" in its body'
    assert warnings(write(tmp_path, change)) == [("/paths/~1orders~1{id}~1cancel/post/requestBody", message)]


def test_a_member_of_a_new_record_that_the_record_lacks_is_named(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        body = operation(files, "/orders", "post")["requestBody"]["content"]["application/json"]
        body["schema"]["properties"]["coupon"] = {}

    assert [message for _, message in warnings(write(tmp_path, change))] == [
        'createOrder does nothing with "coupon" in its body'
    ]


def test_webhooks_are_named_and_members_that_callbacks_read_are_not(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        answer = {"post": {"responses": {"200": {"description": "ok"}}}}
        post = operation(files, "/orders", "post")
        post["callbacks"] = {"paid": {"{$request.body#/url}": answer}}
        post["requestBody"]["content"]["application/json"]["schema"]["properties"]["url"] = {}
        files["schemas/openapi.json"]["webhooks"] = {"shipped": answer}

    assert warnings(write(tmp_path, change)) == [
        ("/webhooks/shipped", 'the webhook "shipped" is never sent'),
    ]


def test_operations_without_a_behaviour_are_left_alone(tmp_path: Path) -> None:
    def change(files: dict[str, Any]) -> None:
        del files["schemas/resources.yaml"]["operations"]["listEvents"]
        operation(files, "/events", "get")["parameters"] = [{"name": "q", "in": "query", "schema": {"type": "string"}}]

    assert warnings(write(tmp_path, change)) == []
