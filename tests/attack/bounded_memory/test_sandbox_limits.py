"""A full table of sandboxes locks nobody out, and pages of other sites cannot fill it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockserver import Contract, create_app
from mockserver.engine.sandboxes import GUEST_LIMIT
from tests.attack.scale import some

LIMIT = 3
CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
]


@pytest.fixture
def limited(built_in: Contract) -> FlaskClient:
    """A client of a server that holds few sandboxes."""
    return create_app(built_in, sandbox_limit=LIMIT).test_client(use_cookies=False)


@pytest.fixture
def full(limited: FlaskClient) -> FlaskClient:
    """A client of a server whose sandboxes all hold changes; none of them is `default`."""
    for number in range(LIMIT):
        retry(limited, f"x{number}")
    return limited


def retry(client: FlaskClient, sandbox: str) -> TestResponse:
    return client.post("/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": sandbox})


def names(client: FlaskClient) -> list[str]:
    return [sandbox["name"] for sandbox in client.get("/__mock/sandboxes").json["sandboxes"]]


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/__mock/health", {}, 200),
        ("HEAD", "/__mock/health", {}, 200),
        ("GET", "/__mock/sandboxes", {}, 200),
        ("GET", "/__mock/openapi.json", {}, 200),
        ("GET", "/openapi.json", {}, 200),
        ("GET", "/__mock/", {}, 200),
        ("GET", "/__mock/docs", {}, 200),
        ("GET", "/__mock/assets/0/console/console.css", {}, 200),
        ("DELETE", "/__mock/sandboxes/x1", {}, 204),
        ("DELETE", "/__mock/sandboxes/none", {}, 404),
        ("POST", "/__mock/reset", {"json": {"scope": "all"}}, 200),
        ("POST", "/__mock/reset", {"json": {"scope": "sandbox"}}, 429),
        ("POST", "/__mock/reset", {"json": {"scope": "run"}}, 429),
        ("GET", "/__mock/state", {}, 429),
        ("GET", "/admin/jobs", {}, 429),
    ],
)
@pytest.mark.parametrize("headers", some([{"X-Mock-Sandbox": "new"}, {}], 1))
def test_the_control_api_needs_no_sandbox_where_it_concerns_none(
    full: FlaskClient, method: str, path: str, options: dict[str, Any], status: int, headers: dict[str, str]
) -> None:
    assert full.open(path, method=method, headers=headers, **options).status_code == status


@pytest.mark.parametrize("path", ["/__mock/health", "/__mock/sandboxes", "/__mock/openapi.json", "/__mock/"])
def test_what_concerns_no_sandbox_creates_none(limited: FlaskClient, path: str) -> None:
    assert limited.get(path).status_code == 200
    assert names(limited) == []


def test_after_a_deletion_there_is_room(full: FlaskClient) -> None:
    full.delete("/__mock/sandboxes/x1")
    assert retry(full, "new").status_code == 200
    assert names(full) == ["new", "x0", "x2"]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_reading_from_another_site_creates_no_sandbox_that_lasts(limited: FlaskClient, headers: dict[str, str]) -> None:
    for number in range(2 * LIMIT):
        limited.get(f"/admin/jobs?__sandbox=x{number}", headers=headers)
        limited.get("/nowhere", headers={**headers, "X-Mock-Sandbox": f"y{number}"})
    assert names(limited) == []
    assert retry(limited, "own").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
def test_reading_from_a_page_of_this_machine_creates_a_sandbox(limited: FlaskClient, headers: dict[str, str]) -> None:
    limited.get("/admin/jobs?__sandbox=own", headers=headers)
    assert names(limited) == ["own"]


@pytest.mark.parametrize("headers", CROSS_SITE[:3])
def test_a_verdict_knows_of_requests_from_another_site(limited: FlaskClient, headers: dict[str, str]) -> None:
    limited.get("/nowhere?__sandbox=own", headers=headers)
    assert limited.get("/__mock/verdict", headers={"X-Mock-Sandbox": "own"}).status_code == 409
    assert names(limited) == ["own"]


def test_of_the_sandboxes_that_other_sites_name_the_latest_are_kept(limited: FlaskClient) -> None:
    for number in range(GUEST_LIMIT + 1):
        limited.get(f"/nowhere?__sandbox=x{number}", headers=CROSS_SITE[0])
    statuses = [
        limited.get("/__mock/verdict", headers={"X-Mock-Sandbox": f"x{number}"}).status_code for number in (0, 1)
    ]
    assert statuses == [200, 409]


def test_a_sandbox_that_holds_nothing_but_a_journal_makes_room_first(limited: FlaskClient) -> None:
    retry(limited, "changed")
    for name in ("read", "read-later", "new"):
        limited.get("/admin/jobs", headers={"X-Mock-Sandbox": name})
    assert names(limited) == ["changed", "new", "read-later"]


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/admin/jobs/job-7/retry", {}),
    ("PUT", "/__mock/scenario", {"json": {"name": "empty"}}),
    ("POST", "/__mock/overrides", {"json": {"operation": "getJob", "status": 503}}),
    ("POST", "/__mock/clock", {"json": {"advance": "1s"}}),
    ("POST", "/__mock/clock", {"json": {"mode": "real"}}),
    ("DELETE", "/__mock/state/jobs/job-1", {}),
]


@pytest.mark.parametrize(("method", "path", "options"), CHANGES)
def test_sandboxes_that_hold_changes_are_kept(
    limited: FlaskClient, method: str, path: str, options: dict[str, Any]
) -> None:
    for number in range(LIMIT):
        limited.open(path, method=method, headers={"X-Mock-Sandbox": f"x{number}"}, **options)
    response = limited.get("/admin/jobs", headers={"X-Mock-Sandbox": "new"})
    assert response.status_code == 429
    assert response.json["code"] == "sandbox-limit"
    assert names(limited) == ["x0", "x1", "x2"]


def test_the_bodies_in_all_journals_are_bounded_together_and_the_oldest_go_first(
    limited: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = limited.application.extensions["mockserver"].sandboxes._memory
    monkeypatch.setattr(memory, "limit", 9_000)
    for name in ("old", "new"):
        limited.post("/nowhere", json={"note": "x" * 3_000}, headers={"X-Mock-Sandbox": name})
    entries = {
        name: limited.get("/__mock/requests", headers={"X-Mock-Sandbox": name}).json["requests"][0]["request"]
        for name in ("old", "new")
    }
    assert entries["old"]["body_kept"] is False
    assert entries["old"]["size"] == 3_012
    assert "body" not in entries["old"]
    assert entries["new"]["body"] == {"note": "x" * 3_000}
    assert memory.total <= memory.limit
    for name in ("old", "new"):
        assert limited.get("/__mock/verdict", headers={"X-Mock-Sandbox": name}).status_code == 409


def test_a_reset_releases_the_memory_of_a_journal(limited: FlaskClient) -> None:
    memory = limited.application.extensions["mockserver"].sandboxes._memory
    limited.get("/admin/jobs")
    assert memory.total > 0
    limited.post("/__mock/reset")
    assert memory.total == 0
