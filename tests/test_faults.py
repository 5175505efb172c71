"""Delays and faults, at the socket."""

from __future__ import annotations

import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from flask import Flask

from mockserver import BackgroundServer, create_app
from tests.cli.test_main import SECONDS
from tests.server.test_protocol import connect, read_all, read_answer, request


def wait_until_held(app: Flask, sandbox: str, count: int = 1) -> None:
    """Return once so many answers of the sandbox are held back."""
    deadline = time.monotonic() + SECONDS
    while len(app.extensions["mockserver"].sandboxes.get(sandbox).held_responses) != count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def override(server: BackgroundServer, sandbox: str, **entry: Any) -> None:
    headers = {"X-Mock-Sandbox": sandbox}
    response = requests.post(f"{server.url}/__mock/overrides", json=entry, headers=headers, timeout=SECONDS)
    assert response.status_code == 201, response.text


def get(server: BackgroundServer, sandbox: str, path: str = "/admin/jobs/job-7") -> requests.Response:
    return requests.get(server.url + path, headers={"X-Mock-Sandbox": sandbox}, timeout=SECONDS)


def ask(server: BackgroundServer, sandbox: str, path: str = "/admin/jobs/job-7") -> bytes:
    """Every byte that comes for a request."""
    with connect(server) as connection:
        connection.sendall(request(path, f"X-Mock-Sandbox: {sandbox}"))
        return read_all(connection)


def test_a_delay_holds_the_answer_back_and_nothing_else(own: BackgroundServer) -> None:
    override(own, "delay", operation="getJob", delay="50ms", times=1)
    begun = time.monotonic()
    assert get(own, "delay").json()["id"] == "job-7"
    assert time.monotonic() - begun >= 0.05


def test_what_the_peer_sends_meanwhile_is_answered_in_order(own: BackgroundServer) -> None:
    override(own, "order", operation="getJob", delay="50ms", times=1)
    with connect(own) as connection:
        line = "X-Mock-Sandbox: order"
        connection.sendall(
            request("/admin/jobs/job-7", line, close=False) + request("/admin/jobs/job-1", line, close=False)
        )
        assert b"job-7" in read_answer(connection)[2]
        connection.sendall(request("/admin/jobs/job-2", line))
        rest = read_all(connection)
    assert rest.find(b'"id":"job-1"') < rest.find(b'"id":"job-2"')


def test_an_empty_response_is_no_byte_at_all(own: BackgroundServer) -> None:
    override(own, "empty", operation="getJob", fault="empty-response")
    assert ask(own, "empty") == b""
    (entry,) = get(own, "empty", "/__mock/requests").json()["requests"]
    assert entry["override"] == "override-1"
    assert entry["note"] == "fault empty-response"


def test_a_reset_connection_is_a_reset(own: BackgroundServer) -> None:
    override(own, "rst", operation="getJob", fault="connection-reset")
    with pytest.raises(ConnectionResetError):
        ask(own, "rst")


def test_a_malformed_chunk_cannot_be_read(own: BackgroundServer) -> None:
    override(own, "chunk", operation="getJob", fault="malformed-chunk")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(own, "chunk")


def test_random_data_is_no_http(own: BackgroundServer) -> None:
    override(own, "random", operation="getJob", fault="random-data-then-close")
    result = ask(own, "random")
    assert len(result) > 32
    assert result.startswith(b"HTTP/") is False


def test_a_timeout_closes_after_the_delay_without_an_answer(own: BackgroundServer) -> None:
    override(own, "timeout", operation="getJob", fault="timeout", delay="50ms")
    begun = time.monotonic()
    assert ask(own, "timeout") == b""
    assert time.monotonic() - begun >= 0.05


def test_a_slow_body_comes_in_pieces_and_is_whole(own: BackgroundServer) -> None:
    override(own, "slow", operation="getJob", fault="slow-body", delay="50ms")
    begun = time.monotonic()
    assert get(own, "slow").json()["id"] == "job-7"
    assert time.monotonic() - begun >= 0.03


def test_commit_applies_the_operation_before_the_fault(own: BackgroundServer) -> None:
    override(own, "commit", operation="retryJob", fault="empty-response", times=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{own.url}/admin/jobs/job-7/retry", headers={"X-Mock-Sandbox": "commit"}, timeout=SECONDS)
    assert get(own, "commit").json()["status"] == "queued"


def test_a_reset_lets_go_of_what_is_held(own: BackgroundServer, own_app: Flask) -> None:
    override(own, "held", operation="getJob", delay="60s")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, own, "held")
        wait_until_held(own_app, "held")
        headers = {"X-Mock-Sandbox": "held"}
        assert requests.post(f"{own.url}/__mock/reset", headers=headers, timeout=SECONDS).status_code == 200
        response = waiting.result(SECONDS)
    assert response.status_code == 503
    assert response.json()["code"] == "reset-while-held"
    assert get(own, "held").status_code == 200
    wait_until_held(own_app, "held", 0)


def test_a_reset_sends_no_body_to_a_held_head(own: BackgroundServer, own_app: Flask) -> None:
    override(own, "held-head", operation="getJob", delay="60s")
    with connect(own) as connection:
        connection.sendall(request("/admin/jobs/job-7", "X-Mock-Sandbox: held-head", method="HEAD"))
        wait_until_held(own_app, "held-head")
        requests.post(f"{own.url}/__mock/reset", headers={"X-Mock-Sandbox": "held-head"}, timeout=SECONDS)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 503 ")
    assert received.partition(b"\r\n\r\n")[2] == b""


def test_two_hundred_held_requests_keep_nobody_else_waiting(own: BackgroundServer, own_app: Flask) -> None:
    override(own, "many", operation="getJob", delay="60s")
    threads = threading.active_count()
    connections = [connect(own) for _ in range(200)]
    try:
        for connection in connections:
            connection.sendall(request("/admin/jobs/job-7", "X-Mock-Sandbox: many"))
        wait_until_held(own_app, "many", 200)
        assert get(own, "calm").status_code == 200
        assert len(own_app.extensions["mockserver"].sandboxes.get("many").held_responses) == 200
        # One thread serves them all: a hold is a timer.
        assert threading.active_count() < threads + 20
    finally:
        for connection in connections:
            connection.close()


def test_a_peer_that_leaves_meanwhile_is_forgotten(own: BackgroundServer, own_app: Flask) -> None:
    override(own, "left", operation="getJob", delay="60s")
    connection = connect(own)
    connection.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER: leave with a reset
    connection.sendall(request("/admin/jobs/job-7", "X-Mock-Sandbox: left"))
    wait_until_held(own_app, "left")
    connection.close()
    wait_until_held(own_app, "left", 0)


def test_a_server_with_held_requests_ends_at_once() -> None:
    app = create_app()
    with BackgroundServer(app, "127.0.0.1") as server:
        override(server, "default", operation="getJob", delay="60s")
        with connect(server) as connection:
            connection.sendall(request("/admin/jobs/job-7"))
            wait_until_held(app, "default")
            stopper = threading.Thread(target=server.stop)
            stopper.start()
            stopper.join(5)
            assert not stopper.is_alive()


def test_a_key_is_in_flight_until_its_answer_is_delivered(own: BackgroundServer, own_app: Flask) -> None:
    override(own, "flight", operation="retryJob", delay="60s", times=1)
    sent = request("/admin/jobs/job-7/retry", "X-Mock-Sandbox: flight", "Idempotency-Key: k", method="POST")
    headers = {"X-Mock-Sandbox": "flight", "Idempotency-Key": "k"}
    with connect(own) as connection:
        connection.sendall(sent)
        wait_until_held(own_app, "flight")
        second = requests.post(f"{own.url}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
        assert second.status_code == 409
        assert second.json()["code"] == "idempotency-in-flight"
    wait_until_held(own_app, "flight", 0)
    third = requests.post(f"{own.url}/admin/jobs/job-7/retry", headers=headers, timeout=SECONDS)
    assert third.status_code == 200
    assert third.headers["Idempotency-Replayed"] == "true"
