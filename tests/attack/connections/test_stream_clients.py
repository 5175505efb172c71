"""Clients of streams that go away, that do not read, or that are many."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from flask import Flask

from mockserver import BackgroundServer, Contract, create_app, load_contract
from mockserver.http.streaming import streams
from mockserver.http.streaming.streams import OpenStreams
from tests.conftest import MakeContract
from tests.push.conftest import STREAM
from tests.push.reader import Reader
from tests.push.test_server_sent_events import with_stream

SECONDS = 20.0
JOB = {"id": "job-7", "session_id": "session-3", "type": "transcription", "updated_at": "2026-01-15T09:00:00.000Z"}


@pytest.fixture
def app(built_in: Contract) -> Flask:
    return create_app(built_in)


@pytest.fixture
def server(app: Flask) -> Iterator[BackgroundServer]:
    with BackgroundServer(app, "127.0.0.1") as server:
        yield server


def count(app: Flask) -> int:
    return len(app.extensions["mockserver"].streams)


def wait_until(is_so: Callable[[], bool]) -> bool:
    """Whether something becomes so in time."""
    end = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


def go_away(reader: Reader) -> None:
    reader.close()


def reset(reader: Reader) -> None:
    reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reader.close()


@pytest.mark.parametrize("leave", [go_away, reset])
def test_a_client_that_leaves_is_let_go_and_disturbs_no_other(
    app: Flask, server: BackgroundServer, leave: Callable[[Reader], None]
) -> None:
    with Reader(server.url, STREAM) as other, Reader(server.url, STREAM) as reader:
        other.next()
        reader.next()
        leave(reader)
        assert wait_until(lambda: count(app) == 1)
        requests.post(f"{server.url}/admin/jobs/job-7/retry", timeout=SECONDS)
        assert [message.event for message in other.take(1)] == ["retry"]


JOBS = 1_000


def add_jobs(files: dict[str, Any]) -> None:
    """Jobs that all begin at the same time, and end."""
    with_stream()(files)
    job = {"owner_id": 1, "status": "queued", "updated_at": "2026-01-01T00:00:00.000Z"}
    files["fixtures/small/jobs.json"] = [job | {"id": f"job-{number}"} for number in range(JOBS)]
    files["fixtures/small/events.json"] = []
    rules = [{"state": "queued", "fire": "start", "after": "1s"}, {"state": "running", "fire": "finish", "after": "1s"}]
    files["scenarios/baseline.yaml"] |= {"progress": {"jobs": rules}}


@pytest.fixture
def busy(make_contract: MakeContract) -> Iterator[tuple[Flask, str]]:
    """A server whose clock, once it is advanced, sends two events for each job at once."""
    app = create_app(load_contract(make_contract(add_jobs)))
    with BackgroundServer(app, "127.0.0.1") as server:
        yield app, server.url


def test_a_client_that_never_reads_is_cut_off(busy: tuple[Flask, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.server.streams.UNREAD_LIMIT", 64 * 1024)
    monkeypatch.setattr("mockserver.server.streams.SEND_BUFFER", 4096)
    app, url = busy
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        lazy.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wait_until(lambda: count(app) == 1)
        with Reader(url, "/events") as other:
            requests.post(f"{url}/__mock/clock", json={"advance": "1m"}, timeout=SECONDS)
            assert len(other.take(1 + 2 * JOBS)) == 1 + 2 * JOBS
            assert wait_until(lambda: count(app) == 1)
            requests.post(f"{url}/jobs", json={"owner_id": 1}, timeout=SECONDS)
            assert [message.event for message in other.take(1)] == ["create"]


def test_a_client_that_reads_late_gets_every_event(busy: tuple[Flask, str]) -> None:
    _, url = busy
    with Reader(url, "/events") as reader:
        reader.next()
        for _ in range(2):
            requests.post(f"{url}/__mock/clock", json={"advance": "1s"}, timeout=SECONDS)
        received = [(message.event, message.data["id"]) for message in reader.take(2 * JOBS)]
        assert len(set(received)) == 2 * JOBS


def test_more_streams_than_the_limit_are_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["mockserver"].streams, "limit", 3)
    with BackgroundServer(app, "127.0.0.1") as server, ExitStack() as readers:
        opened = [readers.enter_context(Reader(server.url, STREAM)).status for _ in range(3)]
        response = requests.get(server.url + STREAM, timeout=SECONDS)
        assert (opened, response.status_code, response.json()["code"]) == ([200] * 3, 429, "stream-limit")


def test_there_may_be_two_thousand_streams() -> None:
    assert (OpenStreams().limit, streams.UNREAD_LIMIT) == (2_000, 1024 * 1024)


def test_many_streams_get_every_event_and_end_with_the_server(app: Flask) -> None:
    with BackgroundServer(app, "127.0.0.1") as server, ExitStack() as readers:
        opened = [readers.enter_context(Reader(server.url, STREAM)) for _ in range(300)]
        requests.post(f"{server.url}/admin/jobs/job-7/retry", timeout=SECONDS)
        assert {tuple(message.event for message in reader.take(2)) for reader in opened} == {("ready", "retry")}
        server.stop()
        assert [reader.rest() for reader in opened] == [[]] * 300


def test_an_open_stream_keeps_its_sandbox(built_in: Contract) -> None:
    app = create_app(built_in, sandbox_limit=3)
    with BackgroundServer(app, "127.0.0.1") as server, Reader(server.url, STREAM, {"X-Mock-Sandbox": "kept"}) as reader:
        reader.next()
        for number in range(10):
            headers = {"X-Mock-Sandbox": f"other-{number}"}
            requests.get(f"{server.url}/admin/jobs", headers=headers, timeout=SECONDS)
        requests.post(f"{server.url}/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": "kept"}, timeout=SECONDS)
        assert [message.event for message in reader.take(1)] == ["retry"]


def test_a_wsgi_server_that_sends_whole_bodies_gets_the_beginning_alone(built_in: Contract) -> None:
    inner = create_app(built_in)

    def outer(environ: Any, start_response: Any) -> Any:
        return inner(environ, start_response)

    with BackgroundServer(outer, "127.0.0.1") as server:
        assert requests.get(server.url + STREAM, timeout=SECONDS).text.endswith("event: ready\ndata: {}\n\n")


def test_events_that_nobody_reads_are_not_kept_for_ever(app: Flask) -> None:
    client = app.test_client()
    client.get(STREAM).close()
    for number in range(1_100):
        client.put("/__mock/state/jobs/job-7", json=JOB | {"status": ("failed", "queued")[number % 2]})
    run = app.extensions["mockserver"].sandboxes.get("default").run("baseline")
    assert (run.read_feed().number, len(run.read_feed().after(0, 10_000))) == (1_100, 1_000)
