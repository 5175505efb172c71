"""The shop of docs/handlers.md works, and is without mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.check.checker import ContractChecker
from tests.handlers.conftest import Server

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "handlers.md"
FILES = re.findall(
    r"^`([\w/.]+)`\n\n(?:<!-- .*? -->\n)?```\w+\n(.*?)```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    with BackgroundServer(create_app(root), "127.0.0.1") as running:
        yield Server(running.url)


def test_the_example_has_no_mistakes(root: Path) -> None:
    checker = ContractChecker(load_contract(root))
    for _ in checker.steps():
        pass
    assert [str(finding.problem) for finding in checker.findings] == []


def test_a_customer_logs_in_places_an_order_and_pays(server: Server) -> None:
    session = server.post("/login", json={"customer": "ada", "password": "secret"}).json()
    headers = {"Authorization": f"Bearer {session['token']}"}
    lines = [{"product": "tea", "price": 300, "count": 2}, {"product": "cup", "price": 500, "count": 1}]
    placed = server.post("/orders", json=lines, headers=headers)
    order = placed.json()
    assert placed.status_code == 201
    assert order["customer"] == "ada"
    assert order["status"] == "open"
    assert order["total"] == 1100
    assert server.post(f"/orders/{order['id']}/pay").json()["status"] == "paid"
    assert server.post(f"/orders/{order['id']}/pay").status_code == 409
    payments = server.get("/payments").json()
    assert [(payment["order_id"], payment["amount"]) for payment in payments] == [(order["id"], 1100)]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/login", {"customer": "ada", "password": "wrong"}, 401),
        ("/orders", [{"product": "tea", "price": 1, "count": 1}], 401),
        ("/orders/none/pay", None, 404),
    ],
)
def test_what_a_customer_may_not_do_is_refused(server: Server, path: str, body: object, status: int) -> None:
    before = server.state()
    assert server.post(path, json=body, headers={"Authorization": "Bearer x"}).status_code == status
    assert server.state() == before


def test_an_order_above_the_limit_is_declined(server: Server) -> None:
    line = {"order_id": "order-1", "product": "gold", "price": 1_000_000, "count": 1}
    server.session.put(f"{server.url}/__mock/state/lines/1", json=line)
    assert server.post("/orders/order-1/pay").status_code == 402
    assert server.get("/orders/order-1").json()["status"] == "open"
