"""What comes before and after a message: interim responses (RFC 9110, section 15.2) and trailers (section 6.5)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from mockserver import Client
from tests.upstream.backend import OK, SECONDS, Backend, Received, connect, exchange, get, head_of, read_all
from tests.upstream.conftest import StartBackend, StartMock

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n"
PASSED_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
TE = "TE: trailers"


def messages(received: bytes) -> list[bytes]:
    """The status line of each response."""
    return [line for line in received.split(b"\r\n") if line.startswith(b"HTTP/")]


def before_final(received: bytes) -> bytes:
    """All that was sent before the response that counts."""
    return received[: received.index(b"HTTP/1.1 200 OK")]


@pytest.mark.parametrize("target", ["/x", "/admin/jobs/job-7"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_early_hints_are_passed_on(target: str, method: str, backend: StartBackend, mock: StartMock) -> None:
    final = OK if method != "HEAD" else OK.removesuffix(b"ok")
    upstream = backend(HINTS + final)
    received = exchange(mock(upstream, passes=["* /admin/**"]).url, get(target, method=method))
    assert before_final(received) == PASSED_HINTS


def test_an_interim_response_is_passed_on_before_the_final_one_comes(backend: StartBackend, mock: StartMock) -> None:
    is_seen = threading.Event()

    def respond(connection: socket.socket, _: Received) -> None:
        connection.sendall(HINTS)
        is_seen.wait(SECONDS)
        connection.sendall(OK)

    with connect(mock(backend(respond)).url) as connection:
        connection.sendall(get("/x"))
        first = connection.recv(65536)
        is_seen.set()
        rest = read_all(connection)
    assert first == PASSED_HINTS
    assert messages(rest) == [b"HTTP/1.1 200 OK"]


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        (b"HTTP/1.1 102 Processing\r\n\r\n", [b"HTTP/1.1 102 Processing"]),
        (b"HTTP/1.1 103 \r\n\r\n", [b"HTTP/1.1 103 Early Hints"]),
        (b"HTTP/1.1 199 Of Ours\r\nX-A: 1\r\n\r\n", [b"HTTP/1.1 199 Of Ours"]),
        (b"HTTP/1.1 100 Continue\r\n\r\n", [b"HTTP/1.1 100 Continue"]),
        (b"HTTP/1.1 102 Processing\r\n\r\n" + HINTS, [b"HTTP/1.1 102 Processing", b"HTTP/1.1 103 Early Hints"]),
    ],
)
def test_interim_responses_are_passed_on_in_their_order(
    sent: bytes, passed: list[bytes], backend: StartBackend, mock: StartMock
) -> None:
    received = exchange(mock(backend(sent + OK)).url, get("/x"))
    assert messages(received) == [*passed, b"HTTP/1.1 200 OK"]


@pytest.mark.parametrize("sent", [HINTS, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"])
def test_a_client_of_http_1_0_gets_no_interim_response(sent: bytes, backend: StartBackend, mock: StartMock) -> None:
    received = exchange(mock(backend(sent + OK)).url, get("/x").replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert messages(received) == [b"HTTP/1.1 200 OK"]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_expected_100_is_sent_once(sent: bytes, backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(sent + OK)
    with connect(mock(upstream).url) as connection:
        connection.sendall(get("/x", "Expect: 100-continue", "Content-Length: 3", method="POST"))
        received = connection.recv(65536)
        connection.sendall(b"abc")
        received += read_all(connection)
    assert messages(received) == [b"HTTP/1.1 100 Continue", b"HTTP/1.1 200 OK"]
    assert upstream.last.body == b"abc"


def test_headers_of_an_interim_response_are_those_of_a_gateway(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend()
    lines = f"Location: {upstream.url}/y", "Connection: X-Hop", "X-Hop: 1", "X-Mock-Sandbox: other", "Keep-Alive: 5"
    upstream.respond = "\r\n".join(["HTTP/1.1 103 Early Hints", *lines, "", ""]).encode() + OK
    server = mock(upstream)
    received = exchange(server.url, get("/x").replace(b"mock.test", server.url.split("//")[1].encode()))
    assert before_final(received) == f"HTTP/1.1 103 Early Hints\r\nLocation: {server.url}/y\r\n\r\n".encode()


def test_interim_responses_precede_a_patched_one(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(HINTS + b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    server = mock(upstream)
    Client(server.url).override("getJob", upstream=True, patch={"a": 1})
    received = exchange(server.url, get("/admin/jobs/job-7"))
    assert before_final(received) == PASSED_HINTS
    assert received.endswith(b'{"a":1}')


def test_interim_responses_keep_the_connections(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(HINTS + OK)
    with connect(mock(upstream).url) as connection:
        for _ in range(3):
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            received = b""
            while not received.endswith(b"\r\n\r\nok"):
                received += connection.recv(65536)
            assert messages(received) == [b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 200 OK"]
    assert upstream.connections == 1


def test_interim_responses_without_end_are_a_bad_gateway(backend: StartBackend, mock: StartMock) -> None:
    received = exchange(mock(backend(HINTS * 20_000 + OK)).url, get("/x"))
    assert messages(received)[-1] == b"HTTP/1.1 502 Bad Gateway"


@pytest.mark.parametrize("te", ["TE: trailers", "te: deflate;q=0.5, Trailers", "TE: gzip\r\nTE: trailers;q=1"])
def test_trailers_are_passed_on_to_a_client_that_reads_them(te: str, backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(
        CHUNKED + b"Trailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: abc\r\nServer-Timing: db;dur=2 \r\n\r\n"
    )
    received = exchange(mock(upstream).url, get("/x", te, "Connection: TE"))
    assert received.endswith(b"\r\n\r\n2\r\nok\r\n0\r\nX-Sum: abc\r\nServer-Timing: db;dur=2\r\n\r\n")
    assert head_of(received)["trailer"] == "X-Sum"
    assert [(name, value) for name, value in upstream.last.pairs if name in ("te", "connection")] == [
        ("connection", "TE"), ("te", "trailers"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["X-A: 1", "TE: gzip", "TE: ", "TE: x-trailers"])
def test_trailers_are_dropped_for_a_client_that_does_not_read_them(
    line: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(CHUNKED + b"Trailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: abc\r\n\r\n")
    received = exchange(mock(upstream).url, get("/x", line))
    assert received.endswith(b"\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    assert {"trailer", "x-sum"}.isdisjoint(head_of(received))
    assert {"te", "connection"}.isdisjoint(upstream.last.headers)


def test_a_client_of_http_1_0_gets_no_trailers(backend: StartBackend, mock: StartMock) -> None:
    upstream = backend(CHUNKED + b"\r\n2\r\nok\r\n0\r\nX-Sum: abc\r\n\r\n")
    received = exchange(mock(upstream).url, get("/x", TE).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert received.endswith(b"\r\n\r\nok")
    assert "te" not in upstream.last.headers


@pytest.mark.parametrize(
    "trailer",
    [
        b"Transfer-Encoding: gzip", b"Set-Cookie: a=b", b"Content-Type: text/html", b"Host: evil",
        b"Cache-Control: max-age=9", b"Connection: close", b"X-Mock-Sandbox: other", b"Location: //evil",
        b"Www-Authenticate: Basic", b"X-Hop: 1",
    ],
)  # fmt: skip
def test_trailers_that_would_change_the_response_are_dropped(
    trailer: bytes, backend: StartBackend, mock: StartMock
) -> None:
    upstream = backend(CHUNKED + b"Connection: X-Hop\r\n\r\n2\r\nok\r\n0\r\n" + trailer + b"\r\nX-A: 1\r\n\r\n")
    received = exchange(mock(upstream).url, get("/x", TE))
    assert received.endswith(b"\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n")


def test_trailers_that_are_too_long_break_the_response_off(backend: StartBackend, mock: StartMock) -> None:
    trailers = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1_000) for number in range(300))
    upstream = backend(CHUNKED + b"\r\n2\r\nok\r\n0\r\n" + trailers + b"\r\n")
    received = b""
    with connect(mock(upstream).url) as connection:
        connection.sendall(get("/x", TE))
        with suppress(ConnectionResetError):
            received = read_all(connection)
    assert not received.endswith(b"0\r\n\r\n")


def post(target: str, *trailers: str, lines: tuple[str, ...] = ()) -> bytes:
    head = get(target, "Transfer-Encoding: chunked", *lines, method="POST")
    return head + b"3\r\nabc\r\n0\r\n" + "".join(f"{trailer}\r\n" for trailer in trailers).encode() + b"\r\n"


def raw_upstream(backend: StartBackend) -> tuple[Backend, list[bytes]]:
    """A backend that keeps the bytes of the request's body."""
    bodies: list[bytes] = []

    def respond(connection: socket.socket, request: Received) -> str:
        data = request.body
        while b"0\r\n" not in data or not data.endswith(b"\r\n\r\n"):
            data += connection.recv(65536)
        bodies.append(data)
        connection.sendall(OK)
        return "close"

    return backend(respond, reads_body=False), bodies


def test_trailers_of_a_request_are_passed_on(backend: StartBackend, mock: StartMock) -> None:
    upstream, bodies = raw_upstream(backend)
    server = mock(upstream)
    exchange(server.url, post("/x", "X-Sum: abc", "x-sum: d ", lines=("Trailer: X-Sum",)))
    assert bodies == [b"3\r\nabc\r\n0\r\nX-Sum: abc\r\nX-Sum: d\r\n\r\n"]
    assert upstream.last.headers["trailer"] == "X-Sum"


@pytest.mark.parametrize(
    "trailer",
    [
        "Host: evil", "Content-Length: 9", "Authorization: Basic eDp5", "Cookie: a=b", "X-Mock-Sandbox: other", "Via: 1.1 x",
        "X-Forwarded-For: 192.0.2.1", "X-Hop: 1", "Transfer-Encoding: gzip", "Content-Type: text/html",
    ],
)  # fmt: skip
def test_trailers_that_would_change_the_request_are_dropped(
    trailer: str, backend: StartBackend, mock: StartMock
) -> None:
    upstream, bodies = raw_upstream(backend)
    received = exchange(
        mock(upstream).url,
        post("/x", trailer, "X-A: 1", lines=("Connection: X-Hop",)),
    )
    if trailer.startswith(("Content-Length", "Transfer-Encoding")):
        assert bodies in ([], [b"3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"])
    else:
        assert bodies == [b"3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"]
        assert head_of(received)["x-mock-sandbox"] == "default"
