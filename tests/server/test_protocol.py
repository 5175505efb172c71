"""HTTP's manners, at the socket."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import Contract, create_app
from mockserver.http.service import Service
from mockserver.server import rejections
from mockserver.server.server import KEEP_ALIVE_SECONDS, BackgroundServer
from tests.attack.connection import Connection

SECONDS = 10.0
LIMIT = 1_000
BIG = b"x" * 400_000


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Tells what it was asked; refuses by length what is too long, as Flask does."""
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise RuntimeError("secret")
    if path == "/split":
        start_response("200 OK", [("X-A", "1\r\nX-Evil: 1")])
        return [b""]
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    if path == "/big":
        start_response("200 OK", [])
        return [BIG]
    if int(environ.get("CONTENT_LENGTH") or 0) > LIMIT:
        start_response("413 Content Too Large", [])
        return [b"too large"]
    reported = {name: environ[name] for name in ("REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING")}
    reported["body"] = environ["wsgi.input"].read().decode("latin-1")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(reported).encode()]


@pytest.fixture
def caching(built_in: Contract) -> Iterator[tuple[Service, BackgroundServer]]:
    """A server over the built-in contract, nobody else's, and what it serves."""
    app = create_app(built_in)
    with BackgroundServer(app, "127.0.0.1") as running:
        yield app.extensions["mockserver"], running


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(app, "127.0.0.1", body_limit=LIMIT) as running:
        yield running


def connect(server: BackgroundServer) -> socket.socket:
    place = urlsplit(server.url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS)


def read_all(connection: socket.socket) -> bytes:
    result = b""
    while part := connection.recv(65536):
        result += part
    return result


def read_answer(connection: socket.socket, to_head: bool = False) -> tuple[int, bytes, bytes]:
    """Status, head and body of one answer."""
    result = b""
    while b"\r\n\r\n" not in result:
        part = connection.recv(65536)
        assert part, f"closed after {result!r}"
        result += part
    head, _, body = result.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and not to_head and len(body) < int(length[1]):
        body += connection.recv(65536)
    return int(head.split()[1]), head, body


def exchange(server: BackgroundServer, request: bytes) -> tuple[int, bytes, bytes]:
    """Send a request, and read all that comes until the server closes."""
    with connect(server) as connection:
        connection.sendall(request)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
        return int(head.split()[1]), head, body


def request(target: str = "/x", *lines: str, method: str = "GET", close: bool = True) -> bytes:
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", "Host: localhost", *(["Connection: close"] if close else []), *lines, "", ""]
    ).encode("latin-1")


def test_pipelined_requests_are_answered_in_order(server: BackgroundServer) -> None:
    with connect(server) as connection:
        connection.sendall(request("/1", close=False) + request("/2", close=False) + request("/3"))
        result = re.findall(rb'"RAW_URI": "(/\d)"', read_all(connection))
    assert result == [b"/1", b"/2", b"/3"]


def test_head_has_no_body_and_the_connection_stays_open(server: BackgroundServer) -> None:
    with connect(server) as connection:
        connection.sendall(request("/x", method="HEAD", close=False))
        status, head, body = read_answer(connection, to_head=True)
        assert status == 200
        assert body == b""
        connection.sendall(request("/y"))
        assert b'"RAW_URI": "/y"' in read_all(connection)
    assert b"Date: " in head or b"date: " in head
    assert b"server:" not in head.lower()


def test_http_1_0_is_answered_and_closed(server: BackgroundServer) -> None:
    status, head, _ = exchange(server, b"GET /x HTTP/1.0\r\n\r\n")
    assert status == 200
    assert b"Connection: close" in head


def test_204_has_neither_body_nor_length(server: BackgroundServer) -> None:
    status, head, body = exchange(server, request("/nothing"))
    assert status == 204
    assert b"content-length" not in head.lower()
    assert body == b""


@pytest.mark.parametrize(
    "lines", [["Expect: 100-continue"], ["Expect: a, 100-Continue"], ["Expect: 100-continue", "Expect: a"]]
)
def test_expect_100_continue_is_answered_before_the_body(server: BackgroundServer, lines: list[str]) -> None:
    with connect(server) as connection:
        connection.sendall(request("/x", *lines, "Content-Length: 3", method="POST"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert b'"body": "abc"' in read_all(connection)


def test_a_client_of_http_1_0_gets_no_interim_response(server: BackgroundServer) -> None:
    sent = request("/x", "Expect: 100-continue", "Content-Length: 3", method="POST").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert exchange(server, sent + b"abc")[0] == 200


def test_a_body_that_will_be_too_large_is_refused_before_it_is_sent(server: BackgroundServer) -> None:
    lines = ("Expect: 100-continue", f"Content-Length: {LIMIT + 1}")
    assert exchange(server, request("/x", *lines, method="POST", close=False))[0] == 413


def test_a_chunked_body_is_put_together(server: BackgroundServer) -> None:
    sent = request("/x", "Transfer-Encoding: chunked", method="POST") + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert json.loads(exchange(server, sent)[2])["body"] == "abcde"


@pytest.mark.parametrize("chunked", [True, False])
def test_a_client_that_sends_too_much_can_read_the_whole_refusal(server: BackgroundServer, chunked: bool) -> None:
    size = 3_000_000
    line = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    with connect(server) as connection:
        connection.sendall(request("/x", line, method="POST", close=False))
        if chunked:
            connection.sendall(f"{size:x}\r\n".encode())
        for _ in range(30):
            connection.sendall(b"x" * (size // 30))
        status, _, body = read_answer(connection)
    assert status == 413
    assert body == b"too large"


@pytest.mark.parametrize(
    ("target", "raw"),
    [
        ("http://other.example/a?b=1", "/a?b=1"),
        ("http://other.example", "/"),
        ("http://other.example?b=1", "/?b=1"),
        ("/a%2Fb?c=%20", "/a%2Fb?c=%20"),
        ("/" + "x" * 10_000, "/" + "x" * 10_000),
        ("//double//slash", "//double//slash"),
    ],
)
def test_the_target_is_passed_on_as_sent(server: BackgroundServer, target: str, raw: str) -> None:
    assert json.loads(exchange(server, request(target))[2])["RAW_URI"] == raw


def test_options_star_is_a_request(server: BackgroundServer) -> None:
    assert json.loads(exchange(server, request("*", method="OPTIONS"))[2])["PATH_INFO"] == "*"


@pytest.mark.parametrize("protocol_name", ["websocket", "h2c"])
def test_an_upgrade_is_answered_as_the_plain_request_it_also_is(server: BackgroundServer, protocol_name: str) -> None:
    sent = request("/x", "Connection: Upgrade, close", f"Upgrade: {protocol_name}", close=False)
    status, _, body = exchange(server, sent)
    assert status == 200
    assert json.loads(body)["RAW_URI"] == "/x"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00garbage\r\n\r\n", 400, "malformed-request"),
        (b"GET /x HTTP/9.9\r\n\r\n", 505, "http-version-not-supported"),
        (b"patch /x HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown-method"),
        (b"\r\nNONSENSE /x HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown-method"),
        (b"GETS http://a/x HTTP/1.0\r\n\r\n", 501, "unknown-method"),
        (b"GE(T) /x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed-request"),
        (b"patch /x HTTP/1.1", 400, "malformed-request"),
        (b"GET /x HTTP/1.1\r\n\r\n", 400, "missing-host"),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "missing-host"),
        (b"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-host"),
        (b"GET /x HTTP/1.0\r\nHost: a/b\r\n\r\n", 400, "bad-host"),
        (b"GET http://a/x HTTP/1.1\r\n\r\n", 400, "missing-host"),
        (b"GET http://a/x HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-host"),
        (b"GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-host"),
        (b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-host"),
        (
            b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "malformed-request",
        ),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "malformed-request"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long"),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"x" * 70_000 + b"\r\n\r\n", 431, "header-fields-too-large"),
        (b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n", 431, "header-fields-too-large"),
    ],
)
def test_what_is_no_request_is_a_problem_and_the_end(
    server: BackgroundServer, sent: bytes, status: int, code: str
) -> None:
    result, head, body = exchange(server, sent)
    assert result == status
    assert json.loads(body)["code"] == code
    assert b"application/problem+json" in head
    assert b"access-control-allow-origin: *" in head.lower()


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """A server of an operation with a method that HTTP/1.1 has not registered."""
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    note = {"requestBody": body, "responses": {"202": {"description": "noted"}}}
    item = {"get": {"responses": {"200": {"description": "notes"}}}, "additionalOperations": {"NOTE": note}}
    path: Path = tmp_path_factory.mktemp("notes") / "openapi.json"
    path.write_text(json.dumps({"openapi": "3.2.0", "info": {"title": "a", "version": "1"}, "paths": {"/x": item}}))
    with BackgroundServer(create_app(path), "127.0.0.1") as running:
        yield running


NOTE = b"NOTE /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (NOTE + b"\r\n", 202),
        (b"\r\n" + NOTE + b"Content-Length: 2\r\n\r\n{}", 202),
        (NOTE + b"Content-Length: 2\r\n\r\n[]", 422),
        (NOTE + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n[]", 422),
        (NOTE.replace(b"/x", b"/y") + b"\r\n", 404),
        (NOTE.replace(b"NOTE", b"POST") + b"\r\n", 405),
        (NOTE.replace(b"NOTE", b"Note") + b"\r\n", 501),
    ],
)
def test_a_method_that_the_contract_alone_knows_is_received(notes: BackgroundServer, sent: bytes, status: int) -> None:
    with connect(notes) as connection:
        connection.sendall(sent)
        assert read_answer(connection)[0] == status
        if status != 501:
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(connection)[0] == 200


@pytest.mark.parametrize("path", ["/fail", "/split"])
def test_an_application_that_fails_is_a_problem_and_the_connection_goes_on(
    server: BackgroundServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, "mockserver"), connect(server) as connection:
        connection.sendall(request(path, close=False))
        status, _, body = read_answer(connection)
        assert status == 500
        assert json.loads(body)["code"] == "internal-error"
        assert b"secret" not in body
        connection.sendall(request("/x"))
        assert b" 200 OK" in read_all(connection)


def test_idle_and_half_sent_connections_keep_nobody_waiting(server: BackgroundServer) -> None:
    with ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(connect(server))
            if number % 2:
                connection.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        assert exchange(server, request("/x"))[0] == 200


def test_a_request_that_never_completes_is_408(server: BackgroundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejections, "REQUEST_SECONDS", 0.2)
    for part in (
        b"GET /x HT",
        b"GET /x HTTP/1.1\r\nHos",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
    ):
        status, _, body = exchange(server, part)
        assert status == 408
        assert json.loads(body)["code"] == "request-timeout"


def test_a_slow_request_is_answered_once_it_is_complete(server: BackgroundServer) -> None:
    with connect(server) as connection:
        for byte in request("/slow"):
            connection.sendall(bytes([byte]))
        assert b'"RAW_URI": "/slow"' in read_all(connection)


def test_a_peer_that_does_not_read_gets_no_further_answers_until_it_does(server: BackgroundServer) -> None:
    count = 60
    with connect(server) as connection:
        sender = threading.Thread(target=connection.sendall, args=(request("/big", close=False) * count,), daemon=True)
        sender.start()
        time.sleep(0.3)
        result = 0
        while result < count * len(BIG):
            part = connection.recv(1 << 20)
            assert part
            result += len(part)
        sender.join(SECONDS)
        assert not sender.is_alive()


def ask(connection: socket.socket, *texts: str) -> tuple[int, bytes, bytes]:
    """The answer to a request that is sent in parts."""
    for text in texts:
        connection.sendall(text.encode())
        time.sleep(0.02 if len(texts) > 1 else 0)
    return read_answer(connection)


GET = "GET /admin/jobs/job-7 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = "POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


def test_the_same_request_gets_the_cached_response_with_its_own_date(
    caching: tuple[Service, BackgroundServer],
) -> None:
    service, server = caching
    with connect(server) as first, connect(server) as second:
        response = ask(first, GET)
        # A response is remembered once it was sent, so surely when the next request is answered.
        assert ask(first, GET) == response
        cached = service.responses.find(GET.encode())
        assert cached is not None
        assert cached.dated(b"").endswith(b"\r\n\r\n" + response[2])
        assert ask(first, GET) == ask(second, GET) == response
        assert b"\r\ndate: " in response[1].lower()


def test_a_repeated_change_is_not_read_again_and_still_changes(caching: tuple[Service, BackgroundServer]) -> None:
    service, server = caching
    with connect(server) as connection:
        before = json.loads(ask(connection, GET)[2])["status"]
        statuses = [json.loads(ask(connection, POST)[2])["status"] for _ in range(2)]
        after = json.loads(ask(connection, GET)[2])["status"]
        assert service.prepared.find(POST.encode()) is not None
        assert service.responses.find(POST.encode()) is None
        assert [before, *statuses, after] == ["failed", *["queued"] * 3]


@pytest.mark.parametrize(
    "texts",
    [
        (GET[:20], GET[20:]),
        (GET.replace("Host: a", "Host: a\r\nConnection: close"),),
        (GET.replace("HTTP/1.1", "HTTP/1.0"),),
    ],
)
def test_a_request_in_pieces_or_on_a_closing_connection_is_not_remembered(
    caching: tuple[Service, BackgroundServer], texts: tuple[str, ...]
) -> None:
    service, server = caching
    with connect(server) as connection:
        ask(connection, *texts)
    assert [service.prepared.find(text.encode()) for text in ("".join(texts), *texts)] == [None] * (len(texts) + 1)


def test_two_requests_in_one_chunk_are_two_responses_and_neither_is_remembered(
    caching: tuple[Service, BackgroundServer],
) -> None:
    service, server = caching
    with connect(server) as connection:
        connection.sendall((GET * 2).encode())
        received = b""
        while received.count(b"HTTP/1.1 200") < 2 or not received.endswith(b"}"):
            received += connection.recv(65536)
        assert service.prepared.find((GET * 2).encode()) is None
        # A request is remembered once its response was sent, so surely when the next one is answered.
        for _ in range(2):
            assert ask(connection, GET)[0] == 200
        assert service.prepared.find(GET.encode()) is not None


@pytest.mark.parametrize("count", [2, 20])
def test_a_page_after_requests_in_one_chunk_is_not_taken_for_one_of_them(built_in: Contract, count: int) -> None:
    connection = Connection(create_app(built_in))
    connection.send(count * request("/admin/jobs/job-2", close=False))
    assert connection.statuses == [200] * count
    before = len(connection.received)
    for _ in range(2):
        connection.send(request("/__mock/", "Accept: text/html", close=False))
    assert connection.received[before:].lower().count(b"<!doctype html>") == 2


def test_a_connection_that_gets_cached_responses_is_not_idle() -> None:
    connection = Connection(create_app())
    for _ in range(10):
        connection.send(GET.encode())
        connection.loop.advance(KEEP_ALIVE_SECONDS / 2)
    assert connection.statuses == [200] * 10
    assert not connection.is_closing()
    connection.loop.advance(KEEP_ALIVE_SECONDS / 2)
    assert connection.is_closing()


def test_a_connection_with_an_incomplete_request_is_not_idle() -> None:
    connection = Connection(create_app())
    connection.send(GET.encode())
    connection.send(b"POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{}")
    for _ in range(18):
        connection.loop.advance(rejections.REQUEST_SECONDS / 2)
        connection.send(b" ")
    assert connection.statuses == [200] * 2
    assert not connection.is_closing()


def delay_job(server: BackgroundServer) -> None:
    entry = json.dumps({"operation": "getJob", "delay": "50ms"})
    lines = ("Content-Type: application/json", f"Content-Length: {len(entry)}")
    status, _, _ = exchange(server, request("/__mock/overrides", *lines, method="POST") + entry.encode())
    assert status == 201


@pytest.mark.parametrize("count", [1, 3])
def test_a_client_that_sends_no_more_gets_what_is_delayed(
    caching: tuple[Service, BackgroundServer], count: int
) -> None:
    delay_job(caching[1])
    with connect(caching[1]) as connection:
        connection.sendall(request("/admin/jobs/job-2", close=False) * count)
        connection.shutdown(socket.SHUT_WR)
        received = read_all(connection)
    assert received.count(b"HTTP/1.1 200 OK") == count
    assert received.count(b"Connection: close") == 1


def test_a_client_that_sends_no_more_gets_a_stream(caching: tuple[Service, BackgroundServer]) -> None:
    with connect(caching[1]) as connection:
        connection.sendall(request("/admin/jobs/stream", close=False))
        connection.shutdown(socket.SHUT_WR)
        received = b""
        # The comment shows whether the client is still there.
        while not received.endswith(b"\r\n:\n\n\r\n"):
            received += connection.recv(65536)
    assert b"event: ready" in received


def test_a_client_that_breaks_off_a_request_gets_nothing(server: BackgroundServer) -> None:
    with connect(server) as connection:
        connection.sendall(request("/x", "Content-Length: 10", method="POST", close=False))
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b""
