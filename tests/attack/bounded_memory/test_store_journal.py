"""The journals in a store are bounded together, and what they drop never lets a verdict pass."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Contract, create_app
from mockserver.engine.shared import redis_store
from mockserver.engine.shared.redis_scripts import PARTS
from tests.redis_server import RedisServer

# Room for some twenty of the entries below.
LIMIT = 20_000


@pytest.fixture
def clients(redis: RedisServer, built_in: Contract, monkeypatch: pytest.MonkeyPatch) -> list[FlaskClient]:
    """Clients of two servers over one empty store with little room for journals."""
    monkeypatch.setattr(redis_store, "MEMORY_LIMIT", LIMIT)
    clients = [create_app(built_in, store=redis.url).test_client(use_cookies=False) for _ in range(2)]
    execute(clients[0], "FLUSHALL")
    return clients


def execute(client: FlaskClient, *command: Any) -> Any:
    return client.application.extensions["mockserver"].sandboxes.store._execute(*command)


def send(client: FlaskClient, sandbox: str, path: str = "/admin/jobs/job-7", times: int = 1) -> None:
    for _ in range(times):
        client.get(path, headers={"X-Mock-Sandbox": sandbox})


def listed(client: FlaskClient, sandbox: str) -> dict[str, Any]:
    listing: Any = client.get("/__mock/requests?limit=1000", headers={"X-Mock-Sandbox": sandbox}).json
    numbers = [request["number"] for request in listing["requests"]]
    return {"newest": max(numbers, default=0), "kept": len(numbers), "dropped": listing.get("dropped", 0)}


def counted_bytes(client: FlaskClient) -> int:
    """The bytes of all entries, as the store counts them."""
    return int(next((execute(client, "GET", key) for key in execute(client, "KEYS", "mockserver:*}:bytes")), 0) or 0)


def stored_bytes(client: FlaskClient) -> int:
    """The bytes of all entries that are there."""
    return sum(
        len(entry)
        for part in PARTS[2:]
        for key in execute(client, "KEYS", f"*:{part}")
        for entry in execute(client, "LRANGE", key, 0, -1)
    )


def test_what_is_counted_is_what_is_there(clients: list[FlaskClient]) -> None:
    for number in range(60):
        send(clients[number % 2], f"s{number % 5}", "/nowhere" if number % 3 else "/admin/jobs?unknown=1")
    assert counted_bytes(clients[0]) == stored_bytes(clients[0])


def test_the_entries_of_all_sandboxes_are_bounded(clients: list[FlaskClient]) -> None:
    for number in range(60):
        send(clients[number % 2], f"s{number % 5}")
    assert LIMIT / 2 < stored_bytes(clients[0]) <= LIMIT


def test_the_journal_that_was_written_to_longest_ago_makes_room(clients: list[FlaskClient]) -> None:
    send(clients[0], "old", times=5)
    send(clients[0], "new", times=3)
    while listed(clients[0], "old")["kept"]:
        send(clients[1], "newest")
    assert listed(clients[0], "new") == {"newest": 3, "kept": 3, "dropped": 0}


def test_the_oldest_entries_of_a_journal_go_first(clients: list[FlaskClient]) -> None:
    send(clients[0], "alone", times=60)
    listing = listed(clients[1], "alone")
    assert listing == {"newest": 60, "kept": listing["kept"], "dropped": 60 - listing["kept"]}


def test_what_was_dropped_makes_a_verdict_fail(clients: list[FlaskClient]) -> None:
    send(clients[0], "old", "/nowhere", times=2)
    send(clients[1], "new", times=60)
    verdict: Any = clients[1].get("/__mock/verdict", headers={"X-Mock-Sandbox": "old"})
    assert (verdict.status_code, listed(clients[0], "old")) == (409, {"newest": 0, "kept": 0, "dropped": 2})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/__mock/reset", {}), ("POST", "/__mock/reset", {"scope": "all"}),
        ("DELETE", "/__mock/requests", None), ("DELETE", "/__mock/sandboxes/forgotten", None),
    ],
)  # fmt: skip
def test_entries_that_are_forgotten_no_longer_count(
    clients: list[FlaskClient], method: str, path: str, body: Any
) -> None:
    send(clients[0], "forgotten", "/nowhere", times=5)
    clients[1].open(path, method=method, json=body, headers={"X-Mock-Sandbox": "forgotten"})
    assert counted_bytes(clients[0]) == stored_bytes(clients[0]) == 0


def test_an_entry_larger_than_the_limit_is_dropped(clients: list[FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_store, "MEMORY_LIMIT", 10)
    send(clients[0], "large", times=2)
    assert listed(clients[0], "large") == {"newest": 0, "kept": 0, "dropped": 2}
