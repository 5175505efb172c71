"""Webhooks of processes that share their sandboxes through Redis."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.engine.shared import redis_deliveries
from mockserver.engine.shared.store import StoredDelivery
from tests.push.conftest import Pair, cancelled_to, delivered_cancellation, deliveries
from tests.push.receiver import Receiver

NEW = {"id": "n", "owner_id": 1}


def started_to(url: str) -> dict[str, Any]:
    return {"jobStarted": {"on": ["jobs.start"], "to": url, "body": "$key"}}


def with_progress(files: dict[str, Any]) -> None:
    files["scenarios/baseline.yaml"]["progress"] = {"jobs": [{"state": "queued", "fire": "start", "after": "1m"}]}


def with_real_clock(files: dict[str, Any]) -> None:
    files["scenarios/baseline.yaml"] |= {
        "clock": {"start": "2026-01-01T00:00:10Z", "mode": "real", "speed": 100},
        "progress": {"jobs": [{"state": "queued", "fire": "start", "after": "10s"}]},
    }


def test_a_change_is_sent_once_and_listed_by_every_process(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    listed = deliveries(second, "delivered")
    second.call("GET", "/jobs/a")
    assert listed == [delivered_cancellation(receiver.next(), receiver)]
    assert first.call("GET", "/__mock/deliveries") == {"deliveries": listed, "total": 1}


def test_what_falls_due_is_sent_once(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(started_to(receiver.url), with_progress)
    first.post("/jobs", NEW)
    second.call("GET", "/jobs")
    second.post("/__mock/clock", {"advance": "1h"})
    first.call("GET", "/jobs")
    second.call("GET", "/jobs")
    assert sorted(delivery["key"] for delivery in deliveries(first, "delivered", times=3)) == ["a", "n", "x/y"]


def test_with_a_real_clock_what_falls_due_is_sent_once_without_a_request(
    start_pair: Callable[..., Pair], receiver: Receiver
) -> None:
    first, second = start_pair(started_to(receiver.url), with_real_clock)
    first.post("/jobs", NEW)
    second.call("GET", "/jobs")
    assert sorted(receiver.next().body for _ in range(3)) == ["a", "n", "x/y"]
    assert first.call("GET", "/__mock/deliveries")["total"] == 3


def test_changes_of_four_writers_are_each_sent_once(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    pair = start_pair({"created": {"on": ["jobs.create"], "to": receiver.url, "body": "$key"}})
    keys = [f"job-{number}" for number in range(80)]

    def create(number: int) -> None:
        pair[number % 2].post("/jobs", {"id": keys[number], "owner_id": 1})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(len(keys))))
    received = [receiver.next().body for _ in keys]
    assert sorted(received) == sorted(keys)
    assert len(deliveries(pair[1], "delivered", times=len(keys))) == len(keys)


def test_any_process_makes_the_next_attempt(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first)
    second.post("/__mock/clock", {"advance": "5s"})
    deliveries(first, attempts=2)
    first.post("/__mock/clock", {"advance": "5m"})
    assert deliveries(second, "delivered", 3)[0]["attempts"] == [
        {"at": "2026-01-01T00:00:10.000Z", "status": 500},
        {"at": "2026-01-01T00:00:15.000Z", "status": 503},
        {"at": "2026-01-01T00:05:15.000Z", "status": 200},
    ]
    assert len({receiver.next().headers["webhook-id"] for _ in range(3)}) == 1


@pytest.mark.parametrize("move", [{"undo": 1}, {"rewind": "1s"}])
def test_a_rewind_by_another_process_cancels_what_is_pending(
    start_pair: Callable[..., Pair], receiver: Receiver, move: Any
) -> None:
    receiver.statuses = [500]
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/__mock/clock", {"advance": "10s"})
    first.post("/jobs/a/cancel")
    deliveries(first)
    second.post("/__mock/clock", move)
    assert deliveries(first, "cancelled")[0]["next_attempt"] is None


@pytest.mark.parametrize("scope", ["run", "sandbox", "all"])
def test_a_reset_by_another_process_cancels_what_is_pending(
    start_pair: Callable[..., Pair], receiver: Receiver, scope: str
) -> None:
    receiver.statuses = [500]
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first)
    second.post("/__mock/reset", {"scope": scope})
    listed = first.call("GET", "/__mock/deliveries")["deliveries"]
    assert [delivery["status"] for delivery in listed] == ([] if scope == "all" else ["cancelled"])


def test_after_a_reset_the_same_change_is_sent_again(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first, "delivered")
    second.post("/__mock/reset", {})
    first.post("/jobs/a/cancel")
    assert len({receiver.next().headers["webhook-id"] for _ in range(2)}) == 2


def test_what_was_undone_is_sent_when_it_happens_again(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first, "delivered")
    second.post("/__mock/clock", {"undo": 1})
    first.call("GET", "/jobs/a")
    second.post("/jobs/a/cancel")
    assert [receiver.next().body for _ in range(2)] == ["a", "a"]


def test_the_list_is_cleared_for_every_process(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first, "delivered")
    second.call("DELETE", "/__mock/deliveries")
    assert first.call("GET", "/__mock/deliveries") == {"deliveries": [], "total": 0}


def test_a_process_that_joins_sends_nothing_again(start_pair: Callable[..., Pair], receiver: Receiver) -> None:
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.post("/jobs/a/cancel")
    deliveries(first, "delivered")
    second.call("PATCH", "/jobs/b", {"note": "n"})
    assert len(deliveries(second, "delivered")) == 1


@pytest.fixture
def unanswered(start_pair: Callable[..., Pair], receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Two processes, the first of which waits for the answer to an attempt that the other may take over."""
    monkeypatch.setattr(redis_deliveries, "LEASE", 0)
    receiver.gate.clear()
    pair = start_pair(cancelled_to(receiver.url, body="$key"))
    pair[0].post("/jobs/a/cancel")
    return pair


def test_another_process_takes_over_an_attempt_that_does_not_end(
    unanswered: Pair, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = unanswered
    hooks = [receiver.next()]
    second.call("GET", "/jobs/b")
    hooks.append(receiver.next())
    monkeypatch.setattr(redis_deliveries, "LEASE", 60_000)
    receiver.gate.set()
    attempts = deliveries(first, "delivered")[0]["attempts"]
    assert len(attempts) == 1
    assert len({hook.headers["webhook-id"] for hook in hooks}) == 1
    assert {hook.raw for hook in hooks} == {b'"a"'}


def test_a_request_that_waits_for_a_delivery_takes_it_over(
    unanswered: Pair, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = unanswered
    receiver.next()
    monkeypatch.setattr(redis_deliveries, "LEASE", 60_000)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(deliveries, second, "delivered")
        receiver.next()
        receiver.gate.set()
    assert len(waiting.result()[0]["attempts"]) == 1


def test_more_than_a_thousand_changes_at_once_are_each_taken_up(
    start_pair: Callable[..., Pair], receiver: Receiver
) -> None:
    def with_many(files: dict[str, Any]) -> None:
        with_progress(files)
        files["fixtures/small/jobs.json"] += [
            {"id": f"job-{number}", "owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}
            for number in range(1_100)
        ]

    first, second = start_pair(started_to(receiver.url), with_many)
    first.call("GET", "/jobs")
    second.post("/__mock/clock", {"advance": "1h"})
    assert first.call("GET", "/__mock/deliveries")["total"] == 1_102


def test_deliveries_are_read_only_while_some_are_pending(
    start_pair: Callable[..., Pair], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    list_pending = redis_deliveries.RedisDeliveries.list_pending

    def counted(self: redis_deliveries.RedisDeliveries, name: str, until: int | None) -> list[StoredDelivery]:
        reads.append(name)
        return list_pending(self, name, until)

    monkeypatch.setattr(redis_deliveries.RedisDeliveries, "list_pending", counted)
    receiver.gate.clear()
    first, second = start_pair(cancelled_to(receiver.url, body="$key"))
    first.call("GET", "/jobs/a")
    second.post("/jobs/a/cancel")
    sandbox = first.headers["X-Mock-Sandbox"]
    reads_before = reads.count(sandbox)
    first.call("GET", "/jobs/a")
    receiver.gate.set()
    assert reads_before == 0
    assert reads.count(sandbox) == 1
