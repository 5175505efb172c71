"""Connections respond in turns, so that none waits until every other one has responded."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver.server.response_turns import PAUSE_SECONDS, TURN_SECONDS, ResponseTurns
from mockserver.server.server import BackgroundServer
from tests.attack.connection import Loop

SECONDS = 10.0


class SlowConnection:
    """Takes a second to respond, by the clock of the loop, so many times."""

    def __init__(self, loop: Any, turns: ResponseTurns, requests: int = 1, waiting_bytes: int = 0) -> None:
        self.loop, self.turns, self.requests, self.waiting_bytes = loop, turns, requests, waiting_bytes
        self.responses = 0

    def respond_to_waiting(self) -> None:
        self.loop.now += 1.0
        self.responses += 1
        if self.responses < self.requests:
            self.turns.add(self, self.loop)


def test_after_a_response_that_took_long_it_is_the_turn_of_what_has_come() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    connections = [SlowConnection(loop, turns, requests=2), SlowConnection(loop, turns), SlowConnection(loop, turns)]
    for connection in connections:
        turns.add(connection, loop)
    turns.remove(connections[2])
    for responses in [(1, 0, 0), (1, 1, 0), (2, 1, 0), (2, 1, 0)]:
        loop.advance(2 * PAUSE_SECONDS)
        assert tuple(connection.responses for connection in connections) == responses


def test_large_bodies_wait_until_small_ones_have_a_response() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    large, small = SlowConnection(loop, turns, waiting_bytes=1_000_000), SlowConnection(loop, turns, waiting_bytes=10)
    turns.add(large, loop)
    turns.add(small, loop)
    loop.advance(0)
    assert large.responses == 0
    assert small.responses == 1


def test_a_connection_that_fails_takes_no_turn_from_the_others() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    failing, other = SlowConnection(loop, turns), SlowConnection(loop, turns)
    failing.loop = None
    turns.add(failing, loop)
    turns.add(other, loop)
    with pytest.raises(AttributeError):
        loop.advance(1)
    loop.advance(1)
    assert other.responses == 1


def test_a_turn_is_over_after_a_while_of_responses() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    results = []
    for _ in range(4):
        results.append(turns.is_over(loop))
        loop.now += TURN_SECONDS / 2
    assert results == [False, False, False, True]


def test_a_turn_ends_when_the_loop_looks_what_has_come() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    for _ in range(4):
        assert not turns.is_over(loop)
        loop.advance(0)
        loop.now += TURN_SECONDS / 2


def test_a_request_is_responded_to_before_those_that_wait_for_their_turn() -> None:
    paths = list[str]()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        if paths[-1] == "/slow":
            time.sleep(1.5 * TURN_SECONDS)
        start_response("204 No Content", [])
        return []

    with BackgroundServer(app, "127.0.0.1") as server:
        place = urlsplit(server.url)
        connections = [socket.create_connection((place.hostname or "", place.port or 0), SECONDS) for _ in range(21)]
        for connection in connections:
            send(connection, "/first")
            assert connection.recv(65536).startswith(b"HTTP/1.1 204")
        *slow, quick = connections
        for connection in slow:
            send(connection, "/slow")
        while paths.count("/slow") < 3:
            time.sleep(0.001)
        send(quick, "/quick")
        for connection in connections:
            assert connection.recv(65536).startswith(b"HTTP/1.1 204")
            connection.close()
    assert paths[-1] == "/slow"


def send(connection: socket.socket, path: str) -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
