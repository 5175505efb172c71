"""Requests that are passed on more than once, which are known by their bytes when they come again."""

from __future__ import annotations

import itertools
import socket
import sys
from urllib.parse import urlsplit

import pytest
import requests

from mockserver import BackgroundServer
from tests.upstream.backend import SECONDS, Received, Respond, body_of, connect, get, head_of
from tests.upstream.conftest import StartBackend, StartMock


def counting() -> Respond:
    """A backend's response that has the number of the request in its body."""
    numbers = itertools.count(1)

    def respond(connection: socket.socket, _: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n%010d" % next(numbers))

    return respond


def ask(connection: socket.socket, request: bytes) -> bytes:
    """One response over a connection that stays open."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received or len(body_of(received)) < int(head_of(received)["content-length"]):
        part = connection.recv(65536)
        assert part, received
        received += part
    return received


def get_and_stay(target: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request after which the connection stays open."""
    return get(target, *lines, method=method, body=body).replace(b"Connection: close\r\n", b"")


def is_known(server: BackgroundServer, request: bytes) -> bool:
    return server.app.extensions["mockserver"].prepared.find(request) is not None  # type: ignore[attr-defined]


def test_a_request_that_comes_again_is_not_read_again_and_is_passed_on_each_time(
    backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(counting())
    server = mock(upstream)
    request = get_and_stay("/x?a=1", "X-Own: 1")
    with connect(server.url) as connection:
        bodies = [body_of(ask(connection, request)) for _ in range(3)]
    assert bodies == [b"0000000001", b"0000000002", b"0000000003"]
    assert [received.head for received in upstream.received] == [upstream.last.head] * 3
    assert is_known(server, request)
    journal = requests.get(f"{server.url}/__mock/requests", timeout=10).json()["requests"]
    assert [(entry["path"], entry["status"]) for entry in journal] == [("/x", 200)] * 3


def test_the_same_request_of_other_sandboxes_is_passed_on_for_each(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(counting())
    server = mock(upstream)
    with connect(server.url) as connection:
        names = [
            head_of(ask(connection, get_and_stay("/x", f"X-Mock-Sandbox: {name}")))["x-mock-sandbox"]
            for name in ("a", "b", "a")
        ]
    assert names == ["a", "b", "a"]
    assert "x-mock-sandbox" not in upstream.last.headers


def test_an_override_passes_on_a_request_that_this_server_responded_to_before(
    backend: StartBackend, mock: StartMock
) -> None:
    server = mock(backend(counting()))
    request = get_and_stay("/admin/jobs/job-2")
    override = {"operation": "getJob", "upstream": True}
    with connect(server.url) as connection:
        own = ask(connection, request)
        requests.post(f"{server.url}/__mock/overrides", json=override, timeout=10).raise_for_status()
        assert [body_of(ask(connection, request)) for _ in range(2)] == [b"0000000001", b"0000000002"]
    assert b"job-2" in body_of(own)


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback has one address")
def test_the_same_request_of_another_client_is_passed_on_with_its_address(
    backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(counting())
    place = urlsplit(mock(upstream).url)
    clients = ["127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1"]
    for client in clients:
        address = place.hostname or "", place.port or 0
        with socket.create_connection(address, SECONDS, (client, 0)) as connection:
            ask(connection, get_and_stay("/x"))
    assert [received.headers["x-forwarded-for"] for received in upstream.received] == clients


def test_a_request_with_a_body_is_read_each_time(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(counting())
    server = mock(upstream)
    request = get_and_stay("/x", method="POST", body=b"abc")
    with connect(server.url) as connection:
        assert [body_of(ask(connection, request)) for _ in range(2)] == [b"0000000001", b"0000000002"]
    assert [received.body for received in upstream.received] == [b"abc"] * 2
    assert not is_known(server, request)
