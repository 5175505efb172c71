"""Clients that send slowly or nothing, and clients that do not read."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from mockserver import Contract, create_app
from mockserver.server import rejections
from mockserver.server.protocol import RESPONSES_PER_TURN
from mockserver.server.server import KEEP_ALIVE_SECONDS, BackgroundServer
from mockserver.server.upstream.passing_protocol import passing_protocol
from tests.attack.connection import HIGH_WATER, Connection
from tests.server.test_protocol import connect, read_answer, request

SECONDS = rejections.REQUEST_SECONDS
HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Responds with the path, or with a large body whose first bytes are the path."""
    path = environ["PATH_INFO"]
    start_response("200 OK", [])
    return [(path.encode() + b" ").ljust(100_000 if path.startswith("/big") else 1, b".")]


def test_an_upload_may_take_long_while_bytes_keep_coming() -> None:
    connection = Connection(app)
    connection.send(HEAD)
    for _ in range(1000):
        connection.loop.advance(SECONDS - 1)
        connection.send(b"x")
    assert connection.statuses == [200]


@pytest.mark.parametrize("begin", [HEAD, HEAD + b"x" * 999, CHUNKED, CHUNKED + b"5\r\nab"])
def test_a_silence_within_a_body_is_408(begin: bytes) -> None:
    connection = Connection(app)
    connection.send(begin)
    connection.loop.advance(SECONDS)
    assert connection.statuses == [408]
    assert connection.is_closing() is True


def test_the_silence_is_measured_from_the_last_bytes() -> None:
    connection = Connection(app)
    connection.send(HEAD)
    connection.loop.advance(SECONDS / 2)
    connection.send(b"x")
    connection.loop.advance(SECONDS - 0.1)
    before = connection.statuses
    connection.loop.advance(0.2)
    assert before == []
    assert connection.statuses == [408]


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n"])
def test_a_connection_that_sends_no_request_is_closed_without_a_response(sent: bytes) -> None:
    connection = Connection(app)
    connection.send(sent)
    connection.loop.advance(SECONDS - 0.1)
    assert not connection.is_closing()
    connection.loop.advance(0.2)
    assert connection.is_closing() is True
    assert connection.received == b""


@pytest.mark.parametrize("first", [b"", b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_a_head_that_trickles_is_408_after_the_time_of_a_head(first: bytes) -> None:
    connection = Connection(app)
    connection.send(first)
    connection.loop.advance(SECONDS / 2)
    answered = connection.statuses
    connection.send(b"GET /x HTTP/1.1\r\nHost: a\r\n")
    for _ in range(int(SECONDS) + 1):
        connection.loop.advance(1)
        connection.send(b"X-A: b\r\n")
    assert connection.statuses == [*answered, 408]


def test_an_idle_connection_is_kept_for_its_own_time() -> None:
    connection = Connection(app)
    connection.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.loop.advance(KEEP_ALIVE_SECONDS - 1)
    assert not connection.is_closing()
    connection.loop.advance(2)
    assert connection.statuses == [200]
    assert connection.is_closing() is True


@pytest.mark.parametrize(
    ("begin", "piece", "status"),
    [
        (b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: ", b"x" * 1_000, 431),
        (b"GET /x HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n", 431),
        (b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"X", b"x" * 1_000, 431),
        (b"GET /", b"x" * 1_000, 414),
        (CHUNKED, b"1\r\nx\r\n", 200),
        (CHUNKED + b"1;", b"x" * 1_000, 200),
        (CHUNKED + b"0\r\n", b"X-A: b\r\n", 431),
    ],
)
def test_a_request_without_an_end_ends_by_its_size(begin: bytes, piece: bytes, status: int) -> None:
    """The application, which takes bodies of any size, answers those that are cut off."""
    connection = Connection(app)
    connection.send(begin)
    for _ in range(20_000):
        if connection.is_closing():
            break
        connection.send(piece)
    assert connection.statuses == [status]


@pytest.mark.parametrize("count", [2, 50])
def test_pipelined_requests_wait_for_a_peer_that_does_not_read(count: int) -> None:
    connection = Connection(app, reads=False)
    connection.send(b"".join(b"GET /big%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(count)))
    assert len(connection.unread) < HIGH_WATER + 200_000
    assert not connection.is_reading
    connection.read()
    answered = [part.partition(b"\r\n\r\n")[2].split(b" ")[0] for part in connection.received.split(b"HTTP/1.1 ")[1:]]
    assert answered == [b"/big%d" % number for number in range(count)]
    assert connection.is_reading


def test_a_rejection_comes_after_the_responses_that_wait() -> None:
    connection = Connection(app, reads=False)
    connection.send(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"nonsense\r\n\r\n")
    connection.read()
    assert connection.statuses == [200, 200, 200, 400]
    assert connection.is_closing() is True


def test_nothing_is_overdue_while_the_server_does_not_read() -> None:
    connection = Connection(app, reads=False)
    connection.send(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n" + HEAD + b"x" * 999)
    connection.loop.advance(SECONDS * 3)
    connection.read()
    connection.send(b"x")
    connection.read()
    assert connection.statuses == [200, 200]


def test_requests_after_the_last_of_a_connection_are_not_carried_out() -> None:
    paths = []

    def note(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        return app(environ, start_response)

    connection = Connection(note)
    connection.send(request("/1") + request("/2", close=False))
    connection.send(request("/3", close=False))
    assert paths == ["/1"]
    assert connection.statuses == [200]


def test_over_a_socket_a_peer_that_reads_late_gets_every_response_in_order() -> None:
    count = 60
    with BackgroundServer(app, "127.0.0.1") as server, connect(server) as connection:
        paths = [f"/big{number}" for number in range(count)]
        connection.sendall(b"".join(request(path, close=False) for path in paths))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(1 << 20):
            received += part
    answered = [part.partition(b"\r\n\r\n")[2].split(b" ")[0].decode() for part in received.split(b"HTTP/1.1 ")[1:]]
    assert answered == paths


def test_over_a_socket_a_silent_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejections, "REQUEST_SECONDS", 0.05)
    with BackgroundServer(app, "127.0.0.1") as server, connect(server) as silent, connect(server) as busy:
        busy.sendall(request("/x", close=False))
        assert read_answer(busy)[0] == 200
        assert silent.recv(1) == b""
        busy.sendall(request("/x", close=False))
        assert read_answer(busy)[0] == 200


def test_of_many_requests_at_once_a_few_are_responded_to_before_others_have_their_turn() -> None:
    connection = Connection(app)
    connection.protocol.data_received(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
    assert len(connection.statuses) == RESPONSES_PER_TURN
    assert connection.is_reading is False
    connection.loop.advance(0)
    assert connection.statuses == [200] * 50
    assert connection.is_reading is True


def test_of_many_requests_to_an_upstream_a_few_are_refused_before_others_have_their_turn(built_in: Contract) -> None:
    connection = Connection(create_app(built_in, upstream="http://127.0.0.1:9"), make_protocol=passing_protocol())
    connection.protocol.data_received(50 * b"GET /x HTTP/1.1\r\nHost: a\r\nX-Mock-Scenario: nothing\r\n\r\n")
    assert connection.statuses == [400] * RESPONSES_PER_TURN
    assert connection.is_reading is False
    connection.loop.advance(0)
    assert connection.statuses == [400] * 50
    assert connection.is_reading is True


@pytest.mark.parametrize("end", ["eof_received", "shutdown"])
def test_requests_that_wait_for_their_turn_are_responded_to_at_the_end(end: str) -> None:
    connection = Connection(app)
    connection.protocol.data_received(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
    getattr(connection.protocol, end)()
    assert connection.statuses == [200] * 50


def test_requests_of_a_peer_that_has_gone_are_not_responded_to() -> None:
    paths = list[str]()

    def noted(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        connection.close()
        return app(environ, start_response)

    connection = Connection(noted)
    connection.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(50)))
    assert paths == ["/0"]
