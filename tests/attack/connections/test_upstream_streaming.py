"""Large bodies through the server, in both directions: streamed with flow control, never held as a whole."""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mockserver import BackgroundServer, Client, create_app, load_contract
from mockserver.http.exchange import Exchange
from mockserver.http.gateway.passing import Passing
from tests.attack.connections.test_upstream_failures import wait_until
from tests.attack.scale import combine, rounds
from tests.upstream.backend import Backend, Received, connect, exchange, get

MEGABYTE = 1_000_000
PART = b"x" * MEGABYTE
PARTS = rounds(150, 300)
# The buffers of sockets on loopback hold a few megabytes; what the server holds is far less.
HELD = 24 * MEGABYTE
CONTRACT = load_contract()


@contextmanager
def serving(upstream: Backend, **options: Any) -> Iterator[BackgroundServer]:
    with BackgroundServer(create_app(CONTRACT, upstream=upstream.url, **options), "127.0.0.1") as server:
        yield server


def resident() -> int:
    """Bytes of memory that this process has."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def send_parts(connection: socket.socket, number: int, sent: list[int]) -> None:
    try:
        for _ in range(number):
            connection.sendall(PART)
            sent[0] += len(PART)
    except OSError:
        pass


@pytest.mark.parametrize("passes", [[], ["* /admin/**"]])
def test_a_large_response_takes_no_memory(passes: list[str]) -> None:
    sent = [0]

    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (PARTS * MEGABYTE))
        send_parts(connection, PARTS, sent)
        return "close"

    target = b"/admin/jobs" if passes else b"/x"
    with Backend(respond) as upstream, serving(upstream, passes=passes) as server, connect(server.url) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received, most, before = 0, 0, resident()
        while part := connection.recv(MEGABYTE):
            received += len(part)
            most = max(most, resident() - before)
    assert received >= PARTS * MEGABYTE
    assert most < 2 * HELD


def test_a_client_that_does_not_read_stops_the_upstream() -> None:
    sent = [0]

    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        send_parts(connection, 1_000, sent)
        return "close"

    with Backend(respond) as upstream, serving(upstream) as server, connect(server.url) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        wait_until_still(sent)
        assert 0 < sent[0] < HELD


def test_an_upstream_that_does_not_read_stops_the_client() -> None:
    release = threading.Event()

    def respond(connection: socket.socket, _: Received) -> str:
        release.wait(20)
        return "close"

    sent = [0]
    with Backend(respond, reads_body=False) as upstream, serving(upstream) as server, connect(server.url) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (1_000 * MEGABYTE))
        sender = threading.Thread(target=send_parts, args=(connection, 1_000, sent))
        sender.start()
        wait_until(lambda: upstream.received)
        wait_until_still(sent)
        held = sent[0]
        connection.shutdown(socket.SHUT_RDWR)
        release.set()
        sender.join()
    assert held < HELD


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_request_takes_no_memory(is_chunked: bool) -> None:
    counted = [0]

    def respond(connection: socket.socket, request: Received) -> str:
        counted[0] += len(request.body)
        while counted[0] < PARTS * MEGABYTE:
            data = connection.recv(MEGABYTE)
            counted[0] += len(data)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(1)
        return "close"

    framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % (PARTS * MEGABYTE)
    part = b"%x\r\n%b\r\n" % (len(PART), PART) if is_chunked else PART
    with Backend(respond, reads_body=False) as upstream, serving(upstream) as server, connect(server.url) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\n" + framing + b"\r\n\r\n")
        most, before = 0, resident()
        for _ in range(PARTS):
            connection.sendall(part)
            most = max(most, resident() - before)
        if is_chunked:
            connection.sendall(b"0\r\n\r\n")
        response = connection.recv(65536)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert most < 2 * HELD


def test_both_directions_stream_at_once() -> None:
    def respond(connection: socket.socket, request: Received) -> str:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        data = request.body or connection.recv(65536)
        while data:
            connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))
            data = connection.recv(65536)
        return "close"

    with Backend(respond, reads_body=False) as upstream, serving(upstream) as server, connect(server.url) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        received = b""
        for number in range(5):
            word = b"word-%d" % number
            connection.sendall(b"%x\r\n%b\r\n" % (len(word), word))
            while word not in received:
                received += connection.recv(65536)


def wait_until_still(count: list[int]) -> None:
    """Wait until a number grows no more."""
    last = [-1]

    def is_still() -> bool:
        was, last[0] = last[0], count[0]
        threading.Event().wait(0.2)
        return was == count[0] and was > 0

    wait_until(is_still)


@pytest.mark.parametrize(
    ("target", "sandbox"), combine(["/x", "/admin/jobs/1", "/bad", "/middle"], ["plain", "patched"])
)
def test_what_was_passed_on_leaves_no_body_behind(target: str, sandbox: str) -> None:
    def respond(connection: socket.socket, request: Received) -> str | None:
        if request.target == "/bad":
            return "close"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
        if request.target == "/middle":
            return "close"
        connection.sendall(b"}")
        return None

    with Backend(respond) as upstream, serving(upstream, passes=["getJob"]) as server:
        Client(server.url, sandbox="patched").override("getJob", upstream=True, patch={"a": 1})
        # What is there already is none of these requests; without it, few objects are left to look through, here and in
        # the tests that follow.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            for _ in range(10):
                with suppress(OSError):
                    exchange(server.url, get(target, f"X-Mock-Sandbox: {sandbox}"))
            # The server may still be at the last one.
            wait_until(lambda: count_passed() < 5)
        finally:
            gc.enable()


def count_passed() -> int:
    """How many requests that were passed on are in memory."""
    return sum(type(value) in (Passing, Exchange) for value in gc.get_objects())
