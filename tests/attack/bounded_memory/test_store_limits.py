"""With a store, too, a full table of sandboxes locks nobody out, and pages of other sites cannot fill it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import Contract, create_app
from mockserver.engine import journal
from mockserver.engine.sandboxes import GUEST_LIMIT
from mockserver.engine.shared import redis_store
from mockserver.engine.shared.sandbox import SharedSandbox
from tests.redis_server import RedisServer

LIMIT = 3
NONE: Mapping[str, str] = {}
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def pair(redis: RedisServer, built_in: Contract) -> list[FlaskClient]:
    """Clients of two servers over one empty store that holds few sandboxes."""
    clients = [
        create_app(built_in, store=redis.url, sandbox_limit=LIMIT).test_client(use_cookies=False) for _ in range(2)
    ]
    clients[0].application.extensions["mockserver"].sandboxes.store._execute("FLUSHALL")
    return clients


def read(
    client: FlaskClient, sandbox: str, path: str = "/admin/jobs", headers: Mapping[str, str] = NONE
) -> TestResponse:
    return client.get(path, headers={"X-Mock-Sandbox": sandbox, **headers})


def retry(client: FlaskClient, sandbox: str, job: str = "job-7") -> TestResponse:
    return client.post(f"/admin/jobs/{job}/retry", headers={"X-Mock-Sandbox": sandbox})


def names(client: FlaskClient) -> list[str]:
    return [sandbox["name"] for sandbox in client.get("/__mock/sandboxes").json["sandboxes"]]


def stored_keys(client: FlaskClient) -> int:
    keys: list[bytes] = client.application.extensions["mockserver"].sandboxes.store._execute("KEYS", "*:meta")
    return len(keys)


def test_empty_sandboxes_make_room_first(pair: list[FlaskClient]) -> None:
    retry(pair[0], "changed")
    read(pair[0], "read")
    read(pair[1], "journal", "/nowhere")
    assert read(pair[1], "new").status_code == 200
    assert names(pair[0]) == ["changed", "journal", "new"]


def test_the_empty_sandbox_that_was_used_longest_ago_makes_room(pair: list[FlaskClient]) -> None:
    for name in ("a", "b", "c", "a"):
        read(pair[0], name)
    read(pair[1], "new")
    assert names(pair[0]) == ["a", "c", "new"]


def test_sandboxes_that_hold_changes_are_kept(pair: list[FlaskClient]) -> None:
    for number in range(LIMIT):
        retry(pair[number % 2], f"x{number}")
    response = read(pair[0], "new")
    assert response.status_code == 429
    assert response.json["code"] == "sandbox-limit"
    assert names(pair[1]) == ["x0", "x1", "x2"]


def test_a_sandbox_whose_changes_were_undone_is_empty_again(pair: list[FlaskClient]) -> None:
    for number in range(LIMIT):
        retry(pair[0], f"x{number}")
    pair[1].post("/__mock/reset", headers={"X-Mock-Sandbox": "x1"})
    assert read(pair[0], "new").status_code == 200
    assert names(pair[1]) == ["new", "x0", "x2"]


def test_an_evicted_sandbox_is_a_fresh_one_for_every_process(pair: list[FlaskClient]) -> None:
    read(pair[0], "first", "/nowhere")
    for number in range(LIMIT):
        read(pair[1], f"x{number}")
    assert pair[0].get("/__mock/requests", headers={"X-Mock-Sandbox": "first"}).json["seen"] == 0


def test_pages_of_other_sites_cannot_fill_the_store(pair: list[FlaskClient]) -> None:
    for number in range(GUEST_LIMIT + 20):
        assert read(pair[number % 2], f"guest-{number}", headers=FOREIGN).status_code == 200
    assert names(pair[0]) == []
    assert stored_keys(pair[0]) == GUEST_LIMIT


def test_a_guest_does_not_make_room_by_evicting_others(pair: list[FlaskClient]) -> None:
    for number in range(LIMIT):
        retry(pair[0], f"x{number}")
    assert read(pair[1], "guest", headers=FOREIGN).status_code == 200
    assert names(pair[0]) == ["x0", "x1", "x2"]


def test_a_guest_that_another_request_names_lasts_and_keeps_its_journal(pair: list[FlaskClient]) -> None:
    read(pair[0], "guest", headers=FOREIGN)
    listing = pair[1].get("/__mock/requests", headers={"X-Mock-Sandbox": "guest"}).json
    assert listing["total"] == 1
    assert names(pair[0]) == ["guest"]


def test_a_request_of_another_site_to_a_sandbox_that_lasts_uses_it(pair: list[FlaskClient]) -> None:
    retry(pair[0], "mine")
    response = read(pair[1], "mine", "/admin/jobs/job-7", headers=FOREIGN)
    assert response.json["status"] == "queued"
    assert names(pair[1]) == ["mine"]


def test_a_reset_of_all_removes_guests(pair: list[FlaskClient]) -> None:
    read(pair[0], "guest", headers=FOREIGN)
    pair[1].post("/__mock/reset", json={"scope": "all"}, headers={"X-Mock-Sandbox": "mine"})
    assert stored_keys(pair[0]) == 1


def test_a_guest_can_be_deleted(pair: list[FlaskClient]) -> None:
    read(pair[0], "guest", headers=FOREIGN)
    assert pair[1].delete("/__mock/sandboxes/guest").status_code == 204
    assert pair[1].delete("/__mock/sandboxes/guest").status_code == 404


def test_sandboxes_are_listed_without_repeating_what_happened_in_them(
    pair: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    retry(pair[0], "one")
    pair[0].put("/__mock/scenario", json={"name": "empty"}, headers={"X-Mock-Sandbox": "two"})
    read(pair[0], "two", "/nowhere")

    def refuse(*_: object) -> None:
        raise AssertionError("an event was repeated")

    monkeypatch.setattr(SharedSandbox, "_repeat", refuse)
    listing = pair[1].get("/__mock/sandboxes", headers={"X-Mock-Sandbox": "three"}).json["sandboxes"]
    monkeypatch.undo()
    assert listing == [
        {
            "name": "one",
            "active": None,
            "requests": 1,
            "violations": 0,
            "runs": [{"scenario": "baseline", "generation": 1, "revision": 1}],
        },
        {
            "name": "two",
            "active": "empty",
            "requests": 1,
            "violations": 0,
            "runs": [{"scenario": "empty", "generation": 1, "revision": 0}],
        },
    ]


def test_a_full_journal_in_a_store_hides_nothing_from_the_verdict(
    pair: list[FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    monkeypatch.setattr(redis_store, "ENTRY_LIMIT", 3)
    broken = {"data": "{", "content_type": "application/json"}
    pair[0].post("/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": "one"}, **broken)
    for number in range(5):
        read(pair[number % 2], "one", "/admin/jobs?limit=none")
    problem = read(pair[0], "one", "/__mock/verdict?allow=invalid-request").json
    assert problem["detail"] == "1 request violated the contract; 1 of these is no longer in the journal."
    assert read(pair[1], "one", "/__mock/requests").json["dropped"] == 3
    expectation = {"expect": [{"operation": "retryJob", "times": 0}]}
    response = pair[1].post("/__mock/verify", json=expectation, headers={"X-Mock-Sandbox": "one"})
    assert response.status_code == 409
    pair[1].delete("/__mock/requests", headers={"X-Mock-Sandbox": "one"})
    assert read(pair[0], "one", "/__mock/verdict").status_code == 200
    assert read(pair[1], "one", "/__mock/requests").json == {"requests": [], "total": 0, "seen": 6}
