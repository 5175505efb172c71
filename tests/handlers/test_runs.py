"""A handler's changes are one step of its run: undone, recorded, replayed and repeated as any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from mockserver import create_app, load_contract
from mockserver.contract.server_settings import with_default_scenario
from mockserver.web.reload import ReloadingApp
from tests.handlers.conftest import HEAD, PAY, TOTAL, Handlers, Server, WriteShop
from tests.handlers.test_responses import pay

LOGIN = '@handler("login")\ndef login(call, random):\n    return {"token": str(random.random())}\n'
CREDENTIALS = {"name": "Ada", "password": "secret"}


def test_undo_takes_back_the_step_as_a_whole(shop: Handlers) -> None:
    server = shop(PAY)
    before = server.state()
    server.post("/orders/order-1/pay")
    assert server.get("/__mock/clock").json()["revision"] == 1
    assert server.post("/__mock/clock", json={"undo": 1}).status_code == 200
    assert server.state() == before


def test_rewind_takes_back_the_step_and_the_same_request_repeats_it(shop: Handlers) -> None:
    server = shop(PAY)
    server.post("/__mock/clock", json={"advance": "10m"})
    first, state = server.post("/orders/order-1/pay"), server.state()
    server.post("/__mock/clock", json={"rewind": "1m"})
    assert server.get("/orders/order-1").json()["status"] == "open"
    server.post("/__mock/clock", json={"advance": "1m"})
    assert server.post("/orders/order-1/pay").content == first.content
    assert server.state() == state


def test_a_recording_replays_where_there_is_no_handler(shop: Handlers, write_shop: WriteShop, tmp_path: Path) -> None:
    server = shop(PAY)
    server.post("/orders/order-1/pay")
    recording = tmp_path / "recorded.yaml"
    recording.write_text(server.get("/__mock/recording").text)
    other = write_shop("", name="without", files={"handlers.py": None})
    contract = with_default_scenario(load_contract(other), str(recording))
    client = create_app(contract).test_client()
    assert client.get("/payments").get_data() == server.get("/payments").content
    assert client.get("/__mock/state").json["fingerprint"] == server.state()[1]


def test_the_recording_holds_the_changes_and_not_the_call(shop: Handlers) -> None:
    server = shop(PAY)
    server.post("/orders/order-1/pay")
    commands = server.get("/__mock/recording").text.partition("commands:")[2]
    assert "payOrder" not in commands
    assert commands.count("at: ") == 2  # of the transaction, and in the payment


def test_a_repeated_request_with_an_idempotency_key_calls_no_handler(shop: Handlers) -> None:
    server = shop(PAY)
    first = server.post("/orders/order-1/pay", headers={"Idempotency-Key": "k"})
    again = server.post("/orders/order-1/pay", headers={"Idempotency-Key": "k"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    assert len(server.state()[0]["payments"]) == 1


def test_a_failure_is_not_kept_for_an_idempotency_key(shop: Handlers) -> None:
    server = shop(pay("return 1 / 0"))
    for _ in range(2):
        response = server.post("/orders/order-1/pay", headers={"Idempotency-Key": "k"})
        assert response.json()["code"] == "handler-failed"
        assert "Idempotency-Replayed" not in response.headers


def test_sandboxes_see_nothing_of_each_other(shop: Handlers) -> None:
    server = shop(PAY)
    server.post("/orders/order-1/pay", headers={"X-Mock-Sandbox": "a"})
    statuses = [server.get("/orders/order-1", headers={"X-Mock-Sandbox": name}).json()["status"] for name in "ab"]
    assert statuses == ["paid", "open"]


def test_random_values_follow_from_seed_position_and_operation(shop: Handlers) -> None:
    tokens: list[Any] = []
    server = shop(LOGIN + PAY)
    for sandbox in ("a", "b"):
        headers = {"X-Mock-Sandbox": sandbox}
        for _ in range(2):
            tokens.append(server.post("/login", json=CREDENTIALS, headers=headers).json()["token"])
        server.post("/orders/order-1/pay", headers=headers)
        tokens.append(server.post("/login", json=CREDENTIALS, headers=headers).json()["token"])
    assert tokens[:3] == tokens[3:]
    assert tokens[0] == tokens[1] != tokens[2]


def test_an_override_replaces_the_response_and_may_carry_the_operation_out(shop: Handlers) -> None:
    server = shop(PAY)
    override = {"operation": "payOrder", "status": 503, "times": 1}
    server.post("/__mock/overrides", json=override)
    assert server.post("/orders/order-1/pay").status_code == 503
    assert server.get("/orders/order-1").json()["status"] == "open"
    server.post("/__mock/overrides", json={**override, "commit": True})
    assert server.post("/orders/order-1/pay").status_code == 503
    assert server.get("/orders/order-1").json()["status"] == "paid"


def test_a_delay_applies_to_a_handled_operation(shop: Handlers) -> None:
    server = shop(PAY)
    server.post("/__mock/overrides", json={"operation": "payOrder", "delay": "50ms"})
    response = server.post("/orders/order-1/pay")
    assert response.status_code == 200
    assert response.elapsed.total_seconds() >= 0.05


def test_a_preferred_response_calls_no_handler(shop: Handlers) -> None:
    server = shop(PAY)
    assert server.post("/orders/order-1/pay", headers={"Prefer": "code=402"}).status_code == 402
    assert server.get("/orders/order-1").json()["status"] == "open"


def test_an_unhandled_operation_responds_with_an_example(shop: Handlers) -> None:
    assert shop(PAY).post("/login", json=CREDENTIALS).status_code == 200


def test_another_wsgi_server_responds_with_the_same_bytes(shop: Handlers, write_shop: WriteShop) -> None:
    server, client = shop(PAY), create_app(write_shop(PAY + TOTAL)).test_client()
    for path in ("/orders/order-1/pay", "/orders/order-1/pay", "/orders/nope/pay"):
        ours, theirs = server.post(path), client.post(path)
        assert ours.status_code == theirs.status_code
        assert ours.content == theirs.get_data()
    assert server.get("/orders").content == client.get("/orders").get_data()


@pytest.fixture
def reloading(write_shop: WriteShop) -> tuple[Path, ReloadingApp, Client]:
    root = write_shop("import pricing\n" + pay("return {**records.orders['order-1'], 'total': pricing.PRICE}"), {"pricing.py": "PRICE = 1\n"})  # fmt: skip
    app = ReloadingApp(create_app(root).extensions["mockserver"], lambda: load_contract(root))
    return root, app, Client(app, TestResponse)


def total_of(client: Client) -> Any:
    return client.post("/orders/order-1/pay").json["total"]


def test_an_edited_handler_or_module_is_in_force(reloading: tuple[Path, ReloadingApp, Client]) -> None:
    root, app, client = reloading
    assert total_of(client) == 1
    (root / "pricing.py").write_text("PRICE = 2\n")
    assert app.reload() == []
    assert total_of(client) == 2
    (root / "handlers.py").write_text(HEAD + pay("return {**records.orders['order-1'], 'total': 3}"))
    assert app.reload() == []
    assert total_of(client) == 3


def test_a_broken_handler_leaves_the_last_good_one_in_service(reloading: tuple[Path, ReloadingApp, Client]) -> None:
    root, app, client = reloading
    (root / "handlers.py").write_text("def f(:\n")
    assert [str(problem) for problem in app.reload()] == ["handlers.py:1: is not valid Python: invalid syntax"]
    assert total_of(client) == 1
    assert client.get("/__mock/health").json["problems"][0]["file"] == "handlers.py"


def test_changes_stay_where_the_handler_is_removed(reloading: tuple[Path, ReloadingApp, Client]) -> None:
    root, app, client = reloading
    (root / "handlers.py").write_text(HEAD + PAY.replace('order["total"]', "5"))
    assert app.reload() == []
    client.post("/orders/order-1/pay")
    (root / "handlers.py").unlink()
    assert app.reload() == []
    assert [payment["amount"] for payment in client.get("/payments").json or ()] == [5]


def test_a_change_while_a_handler_runs_has_it_called_again(shop: Handlers) -> None:
    code = pay(
        "import urllib.request, pathlib\n"
        "line = records.lines['line-1']\n"
        "calls.append(line['count'])\n"
        "if len(calls) == 1:\n"
        '    body = b\'{"order_id": "order-1", "product": "tea", "price": 300, "count": 40}\'\n'
        "    request = urllib.request.Request(call.headers['X-Put'], body, {'Content-Type': 'application/json'}, method='PUT')\n"
        "    urllib.request.urlopen(request, timeout=10).close()\n"
        "records.lines.update('line-1', count=line['count'] + 1)\n"
        "return records.orders['order-1']"
    )
    server: Server = shop("calls = []\n" + code, handler_timeout=20)
    response = server.post("/orders/order-1/pay", headers={"X-Put": f"{server.url}/__mock/state/lines/line-1"})
    assert response.status_code == 200, response.text
    assert server.state()[0]["lines"][0]["count"] == 41


def test_a_reset_while_a_handler_runs_drops_its_changes(shop: Handlers) -> None:
    code = pay(
        "import urllib.request\n"
        "records.orders.fire('order-1', 'pay')\n"
        "request = urllib.request.Request(call.headers['X-Reset'], b'{}', {'Content-Type': 'application/json'})\n"
        "urllib.request.urlopen(request, timeout=10).close()\n"
        "return records.orders['order-1']"
    )
    server: Server = shop(code, handler_timeout=20)
    response = server.post("/orders/order-1/pay", headers={"X-Reset": f"{server.url}/__mock/reset"})
    assert response.status_code == 503
    assert response.json()["code"] == "reset-while-held"
    assert server.get("/orders/order-1").json()["status"] == "open"
