"""All journals together are bounded, and what they drop never lets a verdict or an expectation pass."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from mockserver import Contract, create_app
from mockserver.engine import journal
from mockserver.engine.journal import Entry, Journal, LoggedMessage
from mockserver.engine.journal_memory import MEASURED_FROM, JournalMemory

EMPTY = LoggedMessage((), b"", 0)
LIMIT = 20_000


@pytest.fixture
def client(built_in: Contract) -> FlaskClient:
    return create_app(built_in).test_client(use_cookies=False)


@pytest.fixture
def bounded(client: FlaskClient) -> FlaskClient:
    """A client of a server whose journals have room for some ten entries with the headers below."""
    memory: JournalMemory = client.application.extensions["mockserver"].sandboxes._memory
    memory.limit = LIMIT
    return client


def send(client: FlaskClient, sandbox: str, path: str = "/admin/jobs", times: int = 1) -> None:
    for _ in range(times):
        client.get(path, headers={"X-Mock-Sandbox": sandbox})


def listed(client: FlaskClient, sandbox: str) -> dict[str, Any]:
    listing: Any = client.get("/__mock/requests", headers={"X-Mock-Sandbox": sandbox}).json
    return {name: listing.get(name) for name in ("total", "seen", "dropped")}


def verdict(client: FlaskClient, sandbox: str, query: str = "") -> dict[str, Any]:
    answer: Any = client.get(f"/__mock/verdict{query}", headers={"X-Mock-Sandbox": sandbox}).json
    return dict(answer)


def make_entry(
    number: int, *, header: str = "", body: bytes = b"", status: int = 200, code: str | None = None
) -> Entry:
    request = LoggedMessage.received((("X-Note", header),), body)
    return Entry(number, 0, "s", "op", "GET", "/", "", status, 0.1, request, EMPTY, code=code)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/admin/jobs", {"X-Note": "n" * 3_000}),
        (f"/admin/jobs?__note={'n' * 3_000}", {}),
        (f"/admin/{'n' * 3_000}", {}),
        ("/admin/jobs", {f"X-Note-{number}": "" for number in range(30)}),
    ],
)
def test_entries_without_bodies_are_bounded_over_all_sandboxes(
    bounded: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    for number in range(20):
        bounded.get(path, headers={**headers, "X-Mock-Sandbox": f"x{number}"})
    memory: JournalMemory = bounded.application.extensions["mockserver"].sandboxes._memory
    assert 0 < memory.total <= LIMIT
    assert listed(bounded, "x0") == {"total": 0, "seen": 1, "dropped": 1}
    assert listed(bounded, "x19") == {"total": 1, "seen": 1, "dropped": None}


def test_the_oldest_entries_of_a_sandbox_go_first(bounded: FlaskClient) -> None:
    send(bounded, "one", times=40)
    listing = bounded.get("/__mock/requests", headers={"X-Mock-Sandbox": "one"}).json
    numbers = [entry["number"] for entry in listing["requests"]]
    assert numbers == list(range(40, 40 - len(numbers), -1))
    assert 0 < len(numbers) < 40
    assert listing["dropped"] == 40 - len(numbers)


def test_requests_answered_from_the_cache_are_counted() -> None:
    memory = JournalMemory()
    memory.limit = 100_000
    journals = [Journal(memory) for _ in range(40)]
    for log in journals:
        entry = make_entry(1)
        log.add(entry)
        for _ in range(100):
            log.add_repeat(entry, 0)
    assert memory.total <= memory.limit
    assert journals[0].count_dropped() == 101
    assert sum(log.count_bytes() for log in journals) <= 1.2 * memory.limit


def test_a_busy_sandbox_does_not_count_for_what_it_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 10)
    memory = JournalMemory()
    memory.limit = 10 * MEASURED_FROM
    idle, busy = Journal(memory), Journal(memory)
    idle.add(make_entry(1))
    for number in range(1, 1_000):
        busy.add(make_entry(number, header="n" * 8_000, body=b"b" * 4_000))
    assert idle.count_dropped() == 0
    assert memory.total <= 2 * busy.count_bytes() + MEASURED_FROM


def test_the_bodies_of_every_journal_go_before_any_entry() -> None:
    memory = JournalMemory()
    memory.limit = 100_000
    idle, busy = Journal(memory), Journal(memory)
    idle.add(make_entry(1, body=b"b" * 4_000))
    for number in range(1, 61):
        busy.add(make_entry(number, body=b"b" * 4_000))
    assert memory.total <= memory.limit
    assert [(log.count_dropped(), list(log.newest_first())[-1].request.body) for log in (idle, busy)] == [
        (0, b""),
        (0, b""),
    ]


def test_a_verdict_still_fails_for_requests_that_the_journal_dropped(bounded: FlaskClient) -> None:
    send(bounded, "one", "/nowhere")
    send(bounded, "one", "/admin/jobs?limit=none")
    send(bounded, "other", times=40)
    assert listed(bounded, "one")["total"] == 0
    problem = verdict(bounded, "one")
    assert problem["code"] == "verdict-failed"
    assert problem["detail"] == (
        "1 request matched no operation; 1 request violated the contract; 2 of these are no longer in the journal."
    )
    assert problem["dropped"] == 2
    assert problem["unmatched"] == []
    assert problem["refused"] == []


def test_an_expectation_never_passes_for_what_the_journal_dropped(bounded: FlaskClient) -> None:
    send(bounded, "one", times=2)
    send(bounded, "other", times=40)
    expectation = {"operation": "listJobs", "times": 0}
    response = bounded.post("/__mock/verify", json={"expect": [expectation]}, headers={"X-Mock-Sandbox": "one"})
    assert response.status_code == 409
    assert response.json["expectations"][0]["reason"] == (
        "the journal no longer has 2 earlier requests, which may have matched"
    )


def test_many_refusals_that_a_test_allows_hide_no_other(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    client.post("/admin/jobs/job-7/retry", data="{", content_type="application/json", headers={"X-Mock-Sandbox": "one"})
    send(client, "one", "/admin/jobs?limit=none", times=5)
    problem = verdict(client, "one", "?allow=invalid-request")
    assert problem["code"] == "verdict-failed"
    assert problem["dropped"] == 1
    passed = verdict(client, "one", "?allow=invalid-request&allow=malformed-body")
    assert passed == {"verdict": "passed", "requests": 6}


@pytest.mark.parametrize("path", ["/nowhere", "/admin/jobs?limit=none"])
def test_clearing_the_requests_clears_what_the_verdict_counts(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    send(client, "one", path, times=5)
    assert verdict(client, "one")["dropped"] == 2
    client.delete("/__mock/requests", headers={"X-Mock-Sandbox": "one"})
    assert verdict(client, "one")["verdict"] == "passed"


def test_dropped_violations_are_counted_until_they_are_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ENTRY_LIMIT", 3)
    log = Journal()
    for number in range(1, 6):
        log.add(replace(make_entry(number), invalid_status=200))
    assert log.invalid_responses.count_dropped() == 2
    log.clear_violations()
    assert log.invalid_responses.count_dropped() == 0
