"""Streams of processes that share their sandboxes through Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from mockserver import BackgroundServer, Contract, create_app
from tests.push.conftest import STREAM
from tests.push.reader import Reader
from tests.redis_server import RedisServer

SECONDS = 20


@pytest.fixture
def pair(redis: RedisServer, built_in: Contract) -> Iterator[tuple[BackgroundServer, BackgroundServer]]:
    apps = [create_app(built_in, store=redis.url) for _ in range(2)]
    with BackgroundServer(apps[0], "127.0.0.1") as first, BackgroundServer(apps[1], "127.0.0.1") as second:
        yield first, second


def test_a_stream_has_what_another_process_accepted(pair: tuple[BackgroundServer, BackgroundServer]) -> None:
    first, second = pair
    headers = {"X-Mock-Sandbox": "shared-stream"}
    with Reader(first.url, STREAM, headers) as reader, Reader(first.url, STREAM, headers) as other:
        ready = [stream.next() for stream in (reader, other)]
        for action in ("retry", "cancel"):
            requests.post(f"{second.url}/admin/jobs/job-7/{action}", headers=headers, timeout=SECONDS)
        received = [[(message.id, message.event) for message in stream.take(2)] for stream in (reader, other)]
        assert received == [[("1-ac149771", "retry"), ("3-40dfb9c1", "cancel")]] * 2
        assert ready[0] == ready[1]
        with Reader(second.url, STREAM, headers | {"Last-Event-ID": "1-ac149771"}) as resumed:
            assert [message.event for message in resumed.take(1)] == ["cancel"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/__mock/reset", {}), ("POST", "/__mock/clock", {"undo": 1}),
        ("DELETE", "/__mock/sandboxes/shared-reset", None),
    ],
)  # fmt: skip
def test_a_reset_by_another_process_ends_the_stream(
    pair: tuple[BackgroundServer, BackgroundServer], method: str, path: str, body: object
) -> None:
    first, second = pair
    headers = {"X-Mock-Sandbox": "shared-reset"}
    with Reader(first.url, STREAM, headers) as reader:
        requests.post(f"{second.url}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
        reader.take(2)
        requests.request(method, second.url + path, json=body, headers=headers, timeout=SECONDS)
        assert [(message.id, message.event) for message in reader.rest()] == [("0-6d7194ca", "reset")]


def test_the_journal_in_the_store_counts_the_events(pair: tuple[BackgroundServer, BackgroundServer]) -> None:
    first, second = pair
    headers = {"X-Mock-Sandbox": "shared-journal"}
    with Reader(first.url, STREAM, headers) as reader:
        reader.next()
        requests.post(f"{second.url}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
        reader.take(1)
        requests.post(f"{second.url}/__mock/clock", json={"undo": 1}, headers=headers, timeout=SECONDS)
        reader.rest()
    entries = requests.get(f"{second.url}/__mock/requests", headers=headers, timeout=SECONDS).json()["requests"]
    assert [entry["messages"] for entry in entries if entry["operation"] == "streamJobs"] == [1]
