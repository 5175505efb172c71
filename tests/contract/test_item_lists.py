"""Operations on the items of a list that a record holds, as `resources.yaml` declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import ContractError, create_app, load_contract
from tests.contract.orders import write

LINES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["sku"],
        "properties": {"sku": {"type": "string", "format": "uuid"}, "reason": {"type": "string"}},
    },
}


def test_a_body_that_is_no_object_is_refused(tmp_path: Path) -> None:
    def change(contents: dict[str, Any]) -> None:
        with_lines(contents, {"add_item": "orders", "member": "lines", "by": "sku"})
        operation = next(
            methods["post"]
            for path, methods in contents["schemas/openapi.json"]["paths"].items()
            if path.endswith("/cancel")
        )
        operation["requestBody"]["content"]["application/json"]["schema"] = {}

    client = create_app(write(tmp_path, change)).test_client()
    assert client.post("/orders/a/cancel", json=["x"]).status_code == 422


def with_lines(contents: dict[str, Any], entry: dict[str, Any]) -> None:
    """Let orders hold lines, and the operation that cancels an order be about them."""
    resources = contents["schemas/resources.yaml"]
    contents["schemas/order.json"]["properties"]["lines"] = LINES
    resources["operations"]["cancelOrder"] = entry
    del resources["operations"]["payOrder"], resources["resources"]["orders"]["lifecycle"]
    del contents["scenarios/baseline.yaml"]["progress"]


def test_an_item_is_added_with_a_key(tmp_path: Path) -> None:
    entry = {"add_item": "orders", "member": "lines", "by": "sku", "returns": "record"}
    client = create_app(write(tmp_path, lambda contents: with_lines(contents, entry))).test_client()
    for count in (1, 2):
        order: Any = client.post("/orders/a/cancel", json={"reason": "x", "user": {"name": "Ada"}}).json
        assert [line["reason"] for line in order["lines"]] == ["x"] * count
    assert len({line["sku"] for line in order["lines"]}) == 2
    assert client.get("/orders/a").json == order


@pytest.mark.parametrize(
    ("entry", "pointer", "message"),
    [
        ({"member": "amount"}, "/member", '"amount" is not a list'),
        ({"member": "line"}, "/member", 'Did you mean "lines"?'),
        ({"member": "lines", "by": "skuu"}, "/by", 'Did you mean "sku"?'),
        ({"member": "lines", "copy": {"reason": "order"}}, "/copy/reason", 'Did you mean "orders"?'),
        ({"member": "lines", "copy": {"reson": "orders"}}, "/copy", 'Did you mean "reason"?'),
    ],
)
def test_a_mistake_in_an_operation_on_items_is_reported(
    tmp_path: Path, entry: dict[str, Any], pointer: str, message: str
) -> None:
    path = write(tmp_path, lambda contents: with_lines(contents, {"add_item": "orders", **entry}))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    reported = [problem for problem in caught.value.problems if message in problem.message]
    assert [problem.pointer for problem in reported][:1] == [f"/operations/cancelOrder{pointer}"]


@pytest.mark.parametrize(
    "entry",
    [
        {"add_item": "orders"},
        {"update_item": "orders", "member": "lines"},
        {"read": "orders", "by": "id"},
        {"update": "orders", "returns": "record"},
    ],
)
def test_an_operation_on_items_names_their_list(tmp_path: Path, entry: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        load_contract(write(tmp_path, lambda contents: with_lines(contents, entry)))
