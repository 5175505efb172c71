"""Connections respond in turns, so that none waits until every other one has responded."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from mockserver import Contract, create_app
from mockserver.contract.model import Rule
from mockserver.engine import reducer
from mockserver.engine.timeline import StillSettling
from mockserver.http import pipeline
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import Response
from mockserver.http.service import Service
from mockserver.server.response_turns import PAUSE_SECONDS, TURN_SECONDS, ResponseTurns
from mockserver.server.server import BackgroundServer
from tests.attack.connection import Loop
from tests.upstream.backend import read_all

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


def test_what_waits_again_and_what_has_come_have_their_turns_by_turns() -> None:
    loop: Any = Loop()
    turns = ResponseTurns()
    first, second, again, new = (SlowConnection(loop, turns) for _ in range(4))
    for waiting in (again, first):
        turns.add_again(waiting, loop)
    turns.add(new, loop)
    turns.add_again(second, loop)
    turns.remove(first)
    order = list[SlowConnection]()
    for connection in (first, second, again, new):
        connection.respond_to_waiting = partial(order.append, connection)  # type: ignore[method-assign]
    loop.advance(0)
    assert order == [new, again, second]


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


@pytest.fixture
def looping(built_in: Contract) -> Contract:
    """The built-in contract, whose jobs never come to an end."""
    loop = [("queued", "start"), ("running", "fail"), ("failed", "retry")]
    rules = {"jobs": tuple(Rule(state, transition, 1, 1) for state, transition in loop)}
    baseline = replace(built_in.scenarios["baseline"], progress=rules)
    return replace(built_in, scenarios={**built_in.scenarios, "baseline": baseline})


def test_others_have_their_turn_while_much_falls_due(looping: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reducer, "PORTION", 1)
    paths = list[str]()
    app = create_app(looping, request_log=lambda line: paths.append(f"{line.method} {line.target}"))
    with BackgroundServer(app, "127.0.0.1") as server:
        place = urlsplit(server.url)
        mover, other = (socket.create_connection((place.hostname or "", place.port or 0), SECONDS) for _ in range(2))
        send(other, "/admin/jobs")
        assert other.recv(65536).startswith(b"HTTP/1.1 200")
        send(mover, "/__mock/clock", {"advance": "200ms"})
        send(mover, "/tutor/courses")
        send(other, "/admin/jobs/job-1")
        for connection in (mover, other):
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        while not paths[-1].endswith("courses"):
            time.sleep(0.001)
        mover.close()
        other.close()
    assert paths == ["GET /admin/jobs", "GET /admin/jobs/job-1", "POST /__mock/clock", "GET /tutor/courses"]


def test_a_client_that_goes_while_much_falls_due_moves_nothing(
    looping: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reducer, "PORTION", 1)
    app = create_app(looping)
    with BackgroundServer(app, "127.0.0.1") as server:
        place = urlsplit(server.url)
        mover, other = (socket.create_connection((place.hostname or "", place.port or 0), SECONDS) for _ in range(2))
        run = app.extensions["mockserver"].sandboxes.get("default").run("baseline")
        send(mover, "/__mock/clock", {"advance": "1s"})
        send(other, "/admin/jobs")
        assert other.recv(65536).startswith(b"HTTP/1.1 200")
        mover.close()
        send(other, "/admin/jobs/job-1")
        assert other.recv(65536).startswith(b"HTTP/1.1 200")
        assert run.is_untouched
        other.close()


def send(connection: socket.socket, path: str, body: Any = None) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content)


def test_what_waits_for_its_turn_is_responded_to_when_the_server_ends(
    built_in: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, attempts, respond = threading.Event(), iter(range(3)), pipeline.respond_in_turns

    def postpone(service: Service, prepared: PreparedRequest) -> Response:
        if next(attempts, None) is None:
            return respond(service, prepared)
        began.set()
        raise StillSettling

    monkeypatch.setattr(pipeline, "respond_in_turns", postpone)
    # So that it is never its turn.
    monkeypatch.setattr(ResponseTurns, "add_again", lambda *_: None)
    with ExitStack() as stack:
        with BackgroundServer(create_app(built_in), "127.0.0.1") as server:
            port = urlsplit(server.url).port or 0
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), SECONDS))
            connection.sendall(b"GET /tutor/courses HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
            assert began.wait(SECONDS)
        assert read_all(connection).count(b"HTTP/1.1 200 OK\r\n") == 2
