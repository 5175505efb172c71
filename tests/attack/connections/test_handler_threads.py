"""A handler that does not end, or many at once, harm no other client."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.engine import reducer
from mockserver.engine.shared.sandboxes import SharedSandboxes
from mockserver.errors import ContractError
from mockserver.handlers import threads as handler_threads
from mockserver.handlers.threads import CallThreads, CallTimeout
from mockserver.web.app import build_app
from mockserver.web.services import create_service
from tests.attack.scale import some
from tests.engine.shared.memory_store import MemoryStore
from tests.handlers.conftest import SHOP, TOTAL, Handlers, Server, WriteShop, shop, write_shop
from tests.handlers.test_responses import pay

__all__ = ["shop", "write_shop"]
LOOPS = {
    "a loop": "while True: pass",
    "a loop that catches everything": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "a wait in C": "import threading\nthreading.Event().wait(6)",
}
COUNT = 'line = records.lines["line-1"]\nrecords.lines.update("line-1", count=line["count"] + 1)\nreturn records.orders["order-1"]'  # fmt: skip
CLIENTS, REQUESTS = 8, 10
# Reading the frames of so many threads allocates enough for a collection of the generation with the `threading.local`.
COLLECTION_WHILE_FRAMES_ARE_READ = """
import gc
import threading
from mockserver.handlers.threads import _CallThread

gc.disable()
threads = [_CallThread(threading.Event().wait) for _ in range(50)]
for thread in threads:
    thread.start()
cycle = [threading.local()]
cycle.append(cycle)
gc.collect(0)
del cycle
gc.set_threshold(5, 1)
gc.enable()
threads[0].stack()
print(gc.isenabled())
"""


@pytest.mark.parametrize("name", some(LOOPS, 2))
def test_others_are_served_while_a_handler_does_not_end_and_it_changes_nothing(shop: Handlers, name: str) -> None:
    server = shop(pay('records.orders.fire("order-1", "pay")\n' + LOOPS[name]), handler_timeout=2)
    before = server.state()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Server(server.url).post, "/orders/order-1/pay")
        reads = [server.get(path).status_code for path in ("/payments", "/orders", "/orders/order-1")]
        was_waiting, response = not waiting.done(), waiting.result()
    assert reads == [200] * 3
    assert was_waiting
    assert (response.status_code, response.json()["code"]) == (500, "handler-timeout")
    assert server.state() == before
    entries = server.get("/__mock/requests").json()["requests"]
    (note,) = [entry["note"] for entry in entries if entry.get("code")]
    place = r"the handler of payOrder did not end \(interrupted at handlers\.py:[5-9]\): the limit is 2 s"
    assert re.fullmatch(place, note)


def test_a_garbage_collection_while_frames_are_read_blocks_nobody() -> None:
    result = subprocess.run(
        [sys.executable, "-c", COLLECTION_WHILE_FRAMES_ARE_READ], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout == "True\n"


def test_others_are_served_while_a_derived_member_does_not_end(shop: Handlers) -> None:
    total = 'import time\n\n@derived("orders", "total")\ndef total(order):\n    while True: time.sleep(0.01)\n'
    server = shop(total=total, handler_timeout=2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Server(server.url).get, "/orders")
        reads = [server.get("/payments").status_code for _ in range(2)]
        was_waiting, response = not waiting.done(), waiting.result()
    assert reads == [200] * 2
    assert was_waiting
    assert (response.status_code, response.json()["code"]) == (500, "handler-timeout")


def test_what_is_due_in_portions_is_settled_before_a_member_is_computed(
    shop: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reducer, "PORTION", 1)
    scenario = """
        summary: An order that is paid at the second request
        fixtures: small
        clock: {start: "2026-01-15T09:00:00Z", mode: real, speed: 100000}
        progress:
          orders: [{state: open, fire: pay, after: 1h}]
    """
    server = shop(files={"scenarios/baseline.yaml": scenario})
    server.get("/orders")
    time.sleep(0.04)
    assert [order["status"] for order in server.get("/orders").json()] == ["paid", "paid"]
    assert len(server.entry()["fired"]) == 1


def test_others_are_served_while_the_member_of_a_removed_record_is_computed(shop: Handlers) -> None:
    total = 'import time\n\n@derived("orders", "total")\ndef total(order):\n    while True: time.sleep(0.01)\n'
    server = shop(total=total, handler_timeout=2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.session.delete, f"{server.url}/orders/order-1", timeout=20)
        put = {"order_id": "order-2", "product": "tea", "price": 1, "count": 1}
        changes = [Server(server.url).session.put(f"{server.url}/__mock/state/lines/line-3", json=put, timeout=20).status_code for _ in range(2)]  # fmt: skip
        was_waiting, response = not waiting.done(), waiting.result()
    assert (changes, response.status_code) == ([200] * 2, 500)
    assert was_waiting


def test_a_function_that_catches_the_interrupt_is_late_all_the_same(shop: Handlers) -> None:
    body = 'try:\n    while True: pass\nexcept BaseException:\n    return records.orders.fire("order-1", "pay")'
    server = shop(pay(body), handler_timeout=0.3)
    assert server.post("/orders/order-1/pay").json()["code"] == "handler-timeout"
    assert server.get("/orders/order-1").json()["status"] == "open"


def test_no_update_is_lost_where_many_clients_change_one_record(shop: Handlers) -> None:
    server = shop(pay(COUNT))

    def work(_: int) -> list[int]:
        client = Server(server.url)
        return [client.post("/orders/order-1/pay").status_code for _ in range(REQUESTS)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(work, range(CLIENTS))) == [[200] * REQUESTS] * CLIENTS
    assert server.state()[0]["lines"][0]["count"] == 2 + CLIENTS * REQUESTS


@pytest.fixture
def stored(write_shop: WriteShop) -> Iterator[list[Server]]:
    """Two servers over one store."""
    root, store = write_shop(pay(COUNT) + TOTAL), MemoryStore()
    servers = []
    for _ in range(2):
        contract = load_contract(root)
        app = build_app(create_service(contract, SharedSandboxes(contract, store)))
        servers.append(BackgroundServer(app, "127.0.0.1").start())
    yield [Server(server.url) for server in servers]
    for server in servers:
        server.stop()


def test_no_update_is_lost_where_two_processes_change_one_record(stored: list[Server]) -> None:
    def work(number: int) -> list[int]:
        client = Server(stored[number % 2].url)
        return [client.post("/orders/order-1/pay").status_code for _ in range(REQUESTS)]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [[200] * REQUESTS] * 4
    assert [server.state()[0]["lines"][0]["count"] for server in stored] == [2 + 4 * REQUESTS] * 2


def test_an_idempotency_key_holds_in_both_processes(stored: list[Server]) -> None:
    first, again = (server.post("/orders/order-1/pay", headers={"Idempotency-Key": "k"}) for server in stored)
    assert (again.headers["Idempotency-Replayed"], again.content) == ("true", first.content)


def write_notes(write_shop: WriteShop) -> Path:
    """A shop in which handlers read and change a note."""
    document = (SHOP / "schemas" / "openapi.yaml").read_text()
    answer = '{"200": {description: A, content: {application/json: {schema: {type: object}}}}}'
    path = f"  /note:\n    get: {{operationId: getNote, responses: {answer}}}\n    put: {{operationId: putNote, responses: {answer}}}\n"  # fmt: skip
    code = (
        '@handler("getNote")\ndef get(records):\n    return records.lines["line-1"]\n\n'
        '@handler("putNote")\ndef put(records):\n    return records.lines.update("line-1", count=7)\n'
    )
    return write_shop(code + TOTAL, {"schemas/openapi.yaml": document.replace("paths:\n", "paths:\n" + path)})


def test_a_conditional_change_calls_two_handlers(write_shop: WriteShop) -> None:
    with BackgroundServer(create_app(write_notes(write_shop)), "127.0.0.1") as running:
        server = Server(running.url)
        tag = server.get("/note").headers["ETag"]
        statuses = [
            server.session.put(f"{server.url}/note", headers={"If-Match": value}, timeout=20).status_code
            for value in ('"other"', tag, tag)
        ]
        assert (statuses, server.get("/note").json()["count"]) == ([412, 200, 412], 7)


def test_of_conditional_changes_at_once_one_is_made(write_shop: WriteShop) -> None:
    with BackgroundServer(create_app(write_notes(write_shop)), "127.0.0.1") as running:
        tag = Server(running.url).get("/note").headers["ETag"]

        def change(_: int) -> int:
            session = Server(running.url).session
            return session.put(f"{running.url}/note", headers={"If-Match": tag}, timeout=20).status_code

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(change, range(8))) == [200, *[412] * 7]


def test_a_conditional_change_of_a_record_with_a_derived_member_blocks_nobody(shop: Handlers) -> None:
    total = "import threading\n" + TOTAL.replace("    return", "    threading.Event().wait(0.05)\n    return")
    server = shop(total=total)
    tag = server.get("/orders/order-1").headers["ETag"]

    def remove(value: str) -> int:
        session = Server(server.url).session
        return session.delete(f"{server.url}/orders/order-1", headers={"If-Match": value}, timeout=20).status_code

    with ThreadPoolExecutor(8) as pool:
        removed = [pool.submit(remove, value) for value in (tag, '"other"', tag)]
        reads = [pool.submit(Server(server.url).get, "/orders") for _ in range(5)]
        assert {read.result().status_code for read in reads} == {200}
        assert sorted(result.result() for result in removed)[:1] == [200]


def test_a_conditional_change_calls_two_handlers_where_there_is_a_store(write_shop: WriteShop) -> None:
    contract = load_contract(write_notes(write_shop))
    service = create_service(contract, SharedSandboxes(contract, MemoryStore()))
    client = build_app(service).test_client()
    tag = client.get("/note").headers["ETag"]
    statuses = [client.put("/note", headers={"If-Match": value}).status_code for value in ('"other"', tag, tag)]
    assert (statuses, client.get("/note").json["count"]) == ([412, 200, 412], 7)


def test_responses_on_a_connection_come_in_the_order_of_their_requests(shop: Handlers) -> None:
    server = shop(pay('import threading\nthreading.Event().wait(0.2)\nreturn records.orders.fire("order-1", "pay")'))
    address = urlsplit(server.url)
    pay_request = b"POST /orders/order-1/pay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    read = b"GET /payments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(pay_request + read)
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert 0 < data.index(b'"status":"paid"') < data.index(b"[]")


def test_a_client_that_leaves_stops_nothing(shop: Handlers) -> None:
    server = shop(pay('import threading\nthreading.Event().wait(0.2)\nreturn records.orders.fire("order-1", "pay")'))
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(b"POST /orders/order-1/pay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    assert server.post("/orders/order-1/pay").json()["code"] == "transition-not-allowed"
    assert server.get("/orders/order-1").json()["status"] == "paid"


def test_a_server_that_is_stopped_waits_for_no_handler(write_shop: WriteShop, caplog: pytest.LogCaptureFixture) -> None:
    root = write_shop(pay("import threading\nthreading.Event().wait(1.5)"))
    with BackgroundServer(create_app(root, handler_timeout=20), "127.0.0.1") as running:
        address = urlsplit(running.url)
        connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=20)
        connection.sendall(b"POST /orders/order-1/pay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        assert Server(running.url).get("/payments").status_code == 200
    connection.close()
    for thread in threading.enumerate():
        if thread.name in ("mockserver-request", "mockserver-handler"):
            thread.join(20)
    assert caplog.records == []


def test_handlers_of_one_run_are_called_one_at_a_time(shop: Handlers) -> None:
    code = pay('import threading\nbusy.append(1)\nthreading.Event().wait(0.02)\npeak.append(len(busy))\nbusy.pop()\nreturn records.orders["order-1"]')  # fmt: skip
    code += '\n@handler("login")\ndef login():\n    return {"token": str(max(peak))}\n'
    server = shop("busy, peak = [], []\n" + code)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Server(server.url).post("/orders/order-1/pay"), range(8)))
    assert server.post("/login", json={"name": "a", "password": "b"}).json() == {"token": "1"}


def test_functions_that_do_not_end_are_limited_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler_threads, "RUNNING_LIMIT", 2)
    threads, end = CallThreads(), threading.Event()
    for _ in range(2):
        with pytest.raises(CallTimeout, match=r"the limit is 0.01 s"):
            threads.call(lambda: end.wait(20), 0.01)
    with pytest.raises(CallTimeout, match="2 other calls have not ended, so it was not called"):
        threads.call(lambda: 1, 0.05)
    end.set()
    assert threads.call(lambda: 1, 20) == 1


def test_calls_above_the_limit_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler_threads, "RUNNING_LIMIT", 2)
    threads, end = CallThreads(), threading.Event()
    with ThreadPoolExecutor(6) as pool:
        results = [pool.submit(threads.call, lambda: end.wait(20), 20) for _ in range(6)]
        end.set()
        assert [result.result() for result in results] == [True] * 6


def test_many_runs_call_handlers_at_the_same_time(shop: Handlers) -> None:
    server = shop(pay('import threading\nthreading.Event().wait(0.05)\nreturn records.orders.fire("order-1", "pay")'))

    def work(number: int) -> int:
        headers = {"X-Mock-Sandbox": f"test-{number}"}
        return Server(server.url).post("/orders/order-1/pay", headers=headers).status_code

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(work, range(80))) == [200] * 80


def test_a_file_that_does_not_end_is_a_mistake(write_shop: WriteShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.handlers.python.IMPORT_SECONDS", 0.2)
    with pytest.raises(ContractError) as caught:
        load_contract(write_shop("while True:\n    pass\n"))
    (problem,) = caught.value.problems
    assert problem.file == "handlers.py"
    assert problem.line in {2, 3}
    assert "did not finish within" in problem.message


def test_a_path_in_the_message_of_an_error_reaches_no_client(shop: Handlers, tmp_path: Path) -> None:
    server = shop(pay("raise RuntimeError(__file__)"))
    assert str(tmp_path) not in server.post("/orders/order-1/pay").text


def test_an_application_in_a_thread_of_its_own_interrupts_too(write_shop: WriteShop) -> None:
    client = create_app(write_shop(pay("while True: pass")), handler_timeout=0.2).test_client()
    assert client.post("/orders/order-1/pay").json["code"] == "handler-timeout"


def test_requests_above_the_limit_of_threads_wait_for_their_turn(
    shop: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler_threads, "STEP_LIMIT", 2)
    server = shop(pay('return records.orders["order-1"]'))

    def work(accept: str) -> int:
        # One that is not accepted needs no function, and ends in its first step.
        return Server(server.url).post("/orders/order-1/pay", headers={"Accept": accept}).status_code

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, ["*/*", "image/png"] * 32)) == [200, 406] * 32
