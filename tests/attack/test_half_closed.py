"""A client that has sent everything may end its sending side (RFC 9112, section 9.6): it still gets the responses."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockserver import Contract, create_app
from mockserver.engine.sandboxes import Sandbox
from mockserver.server.server import BackgroundServer
from tests.server.test_protocol import connect

SECONDS = 20
GET = b"GET /admin/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"
COURSES = b"GET /tutor/courses HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def server(built_in: Contract) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(built_in)) as server:
        yield server


def add_override(server: BackgroundServer, **fields: Any) -> None:
    override = {"operation": "listJobs", **fields}
    assert requests.post(f"{server.url}/__mock/overrides", json=override, timeout=SECONDS).status_code == 201


def exchange(server: BackgroundServer, sent: bytes) -> bytes:
    """Everything that comes back where the client ends its sending side after `sent`."""
    with connect(server) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(1 << 16):
            received += part
    return received


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("delay", ["1ms", "100ms"])
def test_a_delayed_response_comes_after_the_client_has_ended_its_side(server: BackgroundServer, delay: str) -> None:
    add_override(server, delay=delay)
    received = exchange(server, GET)
    assert statuses(received) == [200]
    assert b'"total"' in received


def test_every_pipelined_request_is_answered_after_a_delayed_one(server: BackgroundServer) -> None:
    add_override(server, delay="100ms")
    assert statuses(exchange(server, GET + COURSES + GET + COURSES)) == [200, 200, 200, 200]


def test_an_incomplete_request_after_a_delayed_one_gets_nothing(server: BackgroundServer) -> None:
    add_override(server, delay="100ms")
    assert statuses(exchange(server, GET + b"GET /admin/jobs HT")) == [200]


def test_a_known_request_is_delayed_too(server: BackgroundServer) -> None:
    add_override(server, delay="50ms")
    assert [statuses(exchange(server, GET)) for _ in range(3)] == [[200]] * 3


@pytest.mark.parametrize("fault", ["slow-body", "malformed-chunk", "random-data-then-close", "empty-response"])
def test_a_delayed_fault_acts_on_a_half_closed_connection(server: BackgroundServer, fault: str) -> None:
    add_override(server, fault=fault, delay="100ms")
    assert bool(exchange(server, GET)) == (fault != "empty-response")


def test_waiting_for_a_request_works_on_a_half_closed_connection(server: BackgroundServer) -> None:
    wait = b"GET /__mock/requests?operation=listJobs&wait=100ms HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert statuses(exchange(server, wait)) == [408]


@pytest.mark.parametrize("resets", [False, True])
def test_a_client_that_has_gone_is_let_go(built_in: Contract, resets: bool) -> None:
    app = create_app(built_in)
    with BackgroundServer(app) as server:
        add_override(server, delay="100ms")
        with connect(server) as connection:
            connection.sendall(GET)
            connection.shutdown(socket.SHUT_WR)
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert statuses(exchange(server, GET)) == [200]
        sandbox: Sandbox = app.extensions["mockserver"].sandboxes.get("default")
        assert sandbox.held_responses == {}


def test_an_idle_half_closed_connection_is_closed(server: BackgroundServer) -> None:
    assert exchange(server, b"") == b""
    assert statuses(exchange(server, GET)) == [200]
