"""Connections that end in any phase of a request, closed or reset, leave nothing behind."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.server import delayed_send
from mockserver.server.protocol import Protocol
from tests.attack.scale import combine, rounds

SECONDS = 30
COUNT = rounds(10, 350)
HEAD = b"Host: localhost\r\nX-Mock-Sandbox: leaks\r\n"
WEB_SOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
# What the client sends, and whether it waits for the beginning of an answer.
PHASES = {
    "nothing": (b"", False),
    "half a head": (b"GET /admin/jobs HTTP/1.1\r\nHost: loc", False),
    "half a body": (b"POST /admin/jobs/job-7/retry HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\n{", False),
    "half a chunk": (
        b"POST /admin/jobs/job-7/retry HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
        False,
    ),
    "the permission to send a body": (
        b"POST /admin/jobs/job-7/retry HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        True,
    ),
    "a whole request": (b"GET /admin/jobs HTTP/1.1\r\n" + HEAD + b"\r\n", False),
    "an answer": (b"GET /admin/jobs HTTP/1.1\r\n" + HEAD + b"\r\n", True),
    "answers and half a head": (b"GET /admin/jobs HTTP/1.1\r\n" + HEAD + b"\r\nGET ", True),
    "many requests": (10 * (b"GET /admin/jobs HTTP/1.1\r\n" + HEAD + b"\r\n"), False),
    "a refused request": (b"GET / HTTP/1.1\r\n\r\n", True),
    "a refused body": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 99999999\r\n\r\n{", True),
    "a held request": (b"GET /tutor/courses HTTP/1.1\r\n" + HEAD + b"\r\n", False),
    "requests behind a held one": (2 * (b"GET /tutor/courses HTTP/1.1\r\n" + HEAD + b"\r\n"), False),
    "a stream": (b"GET /admin/jobs/stream HTTP/1.1\r\n" + HEAD + b"\r\n", True),
    "an offer to upgrade": (b"GET /admin/jobs HTTP/1.1\r\n" + HEAD + WEB_SOCKET + b"\r\n\x81\x00", True),
    "a wait for a request": (b"GET /__mock/requests?operation=nothing&wait=60s HTTP/1.1\r\n" + HEAD + b"\r\n", False),
}
RESET = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    # What is there already is none of its connections; without it, few objects are left to look through.
    gc.collect()
    gc.freeze()
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        BackgroundServer(create_app(load_contract()), "127.0.0.1") as running,
    ):
        monkeypatch.setattr(delayed_send, "GONE_SECONDS", 0.1)
        headers = {"X-Mock-Sandbox": "leaks"}
        override = {"operation": "listCourses", "delay": "1s"}
        requests.post(f"{running.url}/__mock/overrides", json=override, headers=headers, timeout=SECONDS)
        yield running


def use_connection(server: BackgroundServer, data: bytes, *, waits: bool, resets: bool) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS) as connection:
        connection.sendall(data)
        if waits:
            connection.recv(64)
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def open_protocols(server: BackgroundServer) -> int:
    """How many connections of this server there are; other servers of the process may have some."""
    gc.collect()
    place = urlsplit(server.url)
    protocols = [thing for thing in gc.get_objects() if isinstance(thing, Protocol)]
    return sum(thing.server is not None and thing.server[1] == place.port for thing in protocols)


def wait_for_protocols(server: BackgroundServer) -> int:
    """How many connections are left, which is to become 0."""
    end = time.monotonic() + SECONDS
    left = open_protocols(server)
    while left and time.monotonic() < end:
        # An event loop that has nothing else to do may have put off the end of a connection that was reset.
        use_connection(server, b"", waits=False, resets=False)
        time.sleep(0.05)
        left = open_protocols(server)
    return left


@pytest.mark.parametrize(("phase", "resets"), combine(PHASES, [False, True]))
def test_a_connection_that_ends_in_any_phase_leaves_nothing(server: BackgroundServer, phase: str, resets: bool) -> None:
    data, waits = PHASES[phase]
    for _ in range(COUNT):
        use_connection(server, data, waits=waits, resets=resets)
    assert wait_for_protocols(server) == 0


def test_connections_that_end_leave_no_thread(server: BackgroundServer) -> None:
    threads = threading.active_count()
    for data, waits in PHASES.values():
        for resets in (False, True):
            use_connection(server, data, waits=waits, resets=resets)
    assert threading.active_count() == threads
