"""However many bodies are on their way, they take bounded memory, and each of them gets its response."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from mockserver import Contract, create_app
from mockserver.http.messages import Request
from mockserver.server.served_app import ServedApp
from mockserver.server.streams import StreamLoop
from mockserver.server.uploads import Uploads
from tests.attack.connection import HIGH_WATER, Connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

SIZE, COUNT, LIMIT = 10_000, 20, 50_000
HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % SIZE


def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    body = b"%d" % len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def connections() -> Sequence[Connection]:
    """Connections to one server."""
    served: Any = ServedApp(app, lambda: None, StreamLoop(lambda: None), SIZE, uploads=Uploads(LIMIT))
    made = [Connection(app) for _ in range(COUNT)]
    for connection in made:
        connection.protocol.served = served
    return made


def buffered(connections: Sequence[Connection]) -> int:
    return sum(len(connection.protocol._body) for connection in connections)


@pytest.mark.parametrize("piece", [100, 1_000, SIZE])
def test_uploads_wait_for_others_and_all_are_answered(connections: Sequence[Connection], piece: int) -> None:
    remaining = dict.fromkeys(connections, b"x" * SIZE)
    for connection in connections:
        connection.send(HEAD)
    most = 0
    while any(remaining.values()):
        reading = [connection for connection in connections if connection.is_reading and remaining[connection]]
        assert reading
        for connection in reading:
            if connection.is_reading:
                connection.send(remaining[connection][:piece])
                remaining[connection] = remaining[connection][piece:]
                most = max(most, buffered(connections))
    # Each may read once more than there is room for, and the first goes on.
    assert most <= LIMIT + COUNT * piece + SIZE
    assert [connection.statuses for connection in connections] == [[200]] * COUNT
    assert buffered(connections) == 0


def test_small_requests_do_not_wait(connections: Sequence[Connection]) -> None:
    for connection in connections[1:]:
        connection.send(HEAD + b"x" * (SIZE - 1))
    connections[0].send(HEAD + b"x" * SIZE)
    assert connections[0].statuses == [200]
    assert connections[0].is_reading is True


@pytest.mark.parametrize("begun", [1, SIZE])
def test_nobody_waits_for_an_upload_of_a_peer_that_does_not_read(begun: int) -> None:
    def large(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"x" * (2 * HIGH_WATER)]

    served: Any = ServedApp(large, lambda: None, StreamLoop(lambda: None), SIZE, uploads=Uploads(LIMIT))
    unread, *others = [Connection(large, reads=number > 0) for number in range(COUNT)]
    for connection in (unread, *others):
        connection.protocol.served = served
    # The response to the first request fills what the system keeps for the peer.
    unread.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" + HEAD + b"x" * begun)
    for connection in others:
        connection.send(HEAD + b"x" * (SIZE // 2))
    assert [connection.is_reading for connection in others[-3:]] == [False] * 3
    while reading := [connection for connection in others if connection.is_reading and not connection.statuses]:
        reading[0].send(b"x" * (SIZE // 2))
    assert [connection.statuses for connection in others] == [[200]] * len(others)
    unread.read()
    unread.send(b"x" * (SIZE - begun))
    unread.read()
    assert unread.statuses == [200, 200]


def test_those_that_go_away_make_room(connections: Sequence[Connection]) -> None:
    for connection in connections:
        connection.send(HEAD + b"x" * (SIZE // 2))
    waiting = [connection for connection in connections if not connection.is_reading]
    assert waiting
    for connection in connections:
        if connection not in waiting:
            connection.protocol.connection_lost(None)
    for connection in waiting:
        connection.send(b"x" * (SIZE // 2))
    assert [connection.statuses for connection in waiting] == [[200]] * len(waiting)


def test_requests_that_waited_are_not_counted_any_more(connections: Sequence[Connection]) -> None:
    first = connections[0]
    first.send((HEAD + b"x" * SIZE) * 30)
    assert first.statuses == [200] * 30
    uploads = first.protocol.served.uploads
    assert (uploads._total, uploads._sizes, first.protocol._waiting.size) == (0, {}, 0)


def test_an_idle_connection_keeps_no_body(small: Contract) -> None:
    connection = Connection(create_app(small), body_limit=10 * SIZE)
    text = b'{"a": "%s"}' % (b"unusual" * SIZE)
    connection.send(HEAD.replace(b"/x", b"/jobs").replace(b"%d" % SIZE, b"%d" % len(text)) + text)
    assert connection.statuses == [422]
    gc.collect()
    kept = [item for item in gc.get_objects() if isinstance(item, Request) and len(item.body) == len(text)]
    assert kept == []
