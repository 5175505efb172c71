"""Unusual and hostile requests, byte by byte."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask

from mockserver import BackgroundServer
from mockserver.engine.behaviours.behaviours import Behaviours
from tests.attack.connection import Connection
from tests.attack.growth import assert_grows_linearly
from tests.attack.scale import combine
from tests.cli.test_main import SECONDS
from tests.server.test_protocol import connect, exchange, read_answer

OFFERS = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    b"Upgrade: websocket\r\nconnection: keep-alive, upgrade\r\nSec-WebSocket-Version: 13\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c, websocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\nUpgrade: h2c\r\n",
]
BODIES = [
    b"Content-Length: 10\r\n\r\n0123456789",
    b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;a=b\r\n456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
]


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Responds with the path, the body and the names of the headers; 204, 205 and 304 at those paths, and failures."""
    path = environ["PATH_INFO"]
    if path in FAILURES:
        raise FAILURES[path]("secret")
    if path in ("/204", "/205", "/304"):
        start_response(f"{path[1:]} Whatever", [("Content-Type", "text/plain")])
        return [b"body"]
    names = sorted(name for name in environ if name.startswith("HTTP_X_"))
    start_response("200 OK", [])
    return [f"{path} {environ['wsgi.input'].read().decode()} {' '.join(names)}".strip().encode()]


class Panic(BaseException):
    """What an extension in another language raises for a defect: it is no Exception."""


FAILURES: dict[str, Callable[[str], BaseException]] = {"/panic": Panic, "/fail": RuntimeError, "/deep": RecursionError}


def responses(connection: Connection) -> list[tuple[int, bytes]]:
    """The status and body of each response."""
    _, *parts = re.split(rb"HTTP/1\.1 (\d{3}) ", connection.received)
    return [(int(status), rest.partition(b"\r\n\r\n")[2]) for status, rest in zip(*[iter(parts)] * 2, strict=True)]


def send(*parts: bytes, body_limit: int = 10_000) -> Connection:
    """A connection to the application `echo`, on which these bytes were sent."""
    connection = Connection(echo, body_limit)
    for part in parts:
        connection.send(part)
    return connection


@pytest.mark.parametrize(("offer", "body"), combine(OFFERS, BODIES))
def test_an_offer_to_upgrade_is_ignored_and_the_body_read(offer: bytes, body: bytes) -> None:
    connection = send(b"POST /x HTTP/1.1\r\nHost: a\r\n" + offer + body + b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
    assert responses(connection) == [(200, b"/x 0123456789"), (200, b"/y")]
    assert not connection.is_closing()


@pytest.mark.parametrize(("offer", "body"), combine(OFFERS, BODIES))
def test_an_offer_to_upgrade_is_ignored_in_pieces_of_any_size(offer: bytes, body: bytes) -> None:
    raw = b"POST /x HTTP/1.1\r\nHost: a\r\n" + offer + body
    expected = [(200, b"/x 0123456789")]
    assert [responses(send(raw[:at], raw[at:])) for at in range(1, len(raw))] == [expected] * (len(raw) - 1)
    assert responses(send(*(raw[at : at + 1] for at in range(len(raw))))) == expected


def test_many_offers_to_upgrade_are_each_ignored() -> None:
    connection = send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n%b\r\n" % (n, OFFERS[n % 4]) for n in range(50)))
    assert responses(connection) == [(200, b"/%d" % number) for number in range(50)]


def test_an_offer_to_upgrade_waits_for_permission_to_send_its_body() -> None:
    connection = send(
        b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" + OFFERS[0] + b"\r\n"
    )
    assert connection.received == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(b"b")
    assert responses(connection)[1:] == [(200, b"/x b")]


def test_an_offer_to_upgrade_with_a_body_that_is_too_large_is_refused() -> None:
    raw = b"POST /__mock/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + OFFERS[0]
    connection = send(raw + b"Content-Length: 10\r\n\r\n0123456789", body_limit=5)
    assert connection.is_closing() is True
    assert b"Connection: close" in connection.received


def test_a_reset_with_an_offer_to_upgrade_resets_only_its_scope(server: BackgroundServer) -> None:
    body = b'{"scope": "nonsense"}'
    for framing in (
        b"Content-Length: 21\r\n\r\n" + body,
        b"Transfer-Encoding: chunked\r\n\r\n15\r\n" + body + b"\r\n0\r\n\r\n",
    ):
        lines = b"Host: localhost\r\nX-Mock-Sandbox: upgrade\r\nContent-Type: application/json\r\n"
        with connect(server) as connection:
            connection.sendall(b"POST /__mock/reset HTTP/1.1\r\n" + lines + OFFERS[0] + framing)
            assert read_answer(connection)[0] == 422
            connection.sendall(b"GET /admin/jobs/job-7 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(connection)[0] == 200


def test_connect_is_answered_and_the_connection_closed_as_announced() -> None:
    connection = send(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n")
    assert len(responses(connection)) == 1
    assert connection.is_closing() is True
    assert b"Connection: close" in connection.received


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /x HTTP/1.1", 200),
        (b"GET /x HTTP/1.0", 200),
        (b"GET /x HTTP/1.2", 200),
        (b"GET /x HTTP/1.9", 200),
        (b"GET  /x HTTP/1.1", 200),
        (b"GET /x  HTTP/1.1", 200),
        (b"GET /x HTTP/0.9", 505),
        (b"GET /x HTTP/2.0", 505),
        (b"GET /x HTTP/3.0", 505),
        (b"GET /x HTTP/9.9", 505),
        (b"GET /x", 400),
        (b"GET /x HTTP/1", 400),
        (b"GET /x HTTP/11.1", 400),
        (b"GET /x http/1.1", 400),
        (b"GET /x HTTPS/1.1", 400),
        (b"GET /x HTTP/1.1 x", 400),
        (b"GET", 400),
        (b"GET HTTP/1.1", 400),
        (b"NONSENSE /x", 400),
    ],
)
def test_the_version_of_http_decides(line: bytes, status: int) -> None:
    assert [result for result, _ in responses(send(line + b"\r\nHost: a\r\n\r\n"))] == [status]


def test_the_preface_of_http_2_is_answered_with_the_version() -> None:
    [(status, body)] = responses(send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    assert status == 505
    assert json.loads(body)["code"] == "http-version-not-supported"


def test_a_higher_minor_version_keeps_the_connection_and_needs_a_host() -> None:
    connection = send(b"GET /x HTTP/1.2\r\nHost: a\r\n\r\n", b"GET /x HTTP/1.2\r\n\r\n")
    assert [(status, body[:2]) for status, body in responses(connection)] == [(200, b"/x"), (400, b'{"')]


@pytest.mark.parametrize("value", ["empty ", " empty", "\tempty\t", "  empty \t "])
def test_whitespace_around_a_value_is_no_part_of_it(server: BackgroundServer, value: str) -> None:
    raw = f"GET /admin/jobs HTTP/1.1\r\nHost: a\r\nConnection: close \r\nX-Mock-Scenario:{value}\r\n\r\n"
    status, head, body = exchange(server, raw.encode())
    assert status == 200
    assert json.loads(body)["total"] == 0
    assert b"X-Mock-Scenario: empty\r\n" in head


@pytest.mark.parametrize("name", ["Content-Length: 2 ", "Content-Length:2\t", "Transfer-Encoding: chunked "])
def test_whitespace_around_a_length_is_no_part_of_it(name: str) -> None:
    body = b"2\r\nab\r\n0\r\n\r\n" if "chunked" in name else b"ab"
    connection = send(f"POST /x HTTP/1.1\r\nHost: a\r\n{name}\r\n\r\n".encode() + body)
    assert responses(connection) == [(200, b"/x ab")]


@pytest.mark.parametrize("trailer", [b"X-Mock-Scenario: empty", b"X-Mock-Sandbox: other", b"Host: evil"])
def test_a_trailer_is_no_header(server: BackgroundServer, trailer: bytes) -> None:
    head = b"POST /admin/jobs/job-7/retry HTTP/1.1\r\nHost: a\r\nX-Mock-Sandbox: trailers\r\nConnection: close\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + trailer + b"\r\n\r\n"
    status, sent, _ = exchange(server, head + body)
    selected = dict(re.findall(rb"(X-Mock-\w+): (.*?)\r\n", sent))
    assert status == 200
    assert selected == {b"X-Mock-Scenario": b"baseline", b"X-Mock-Sandbox": b"trailers"}


def test_a_trailer_is_not_in_the_environ_of_an_application() -> None:
    connection = send(b"POST /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-B: 1\r\n\r\n")
    assert responses(connection) == [(200, b"/x  HTTP_X_A")]


@pytest.mark.parametrize(("count", "status"), [(999, 200), (1_000, 431), (10_000, 431)])
def test_headers_are_limited_in_number(count: int, status: int) -> None:
    [(result, body)] = responses(send(b"GET /x HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * count + b"\r\n"))
    assert result == status
    assert status == 200 or json.loads(body)["code"] == "header-fields-too-large"


def test_chunks_take_time_in_proportion_to_their_number() -> None:
    headers = b"".join(b"X-%d: 1\r\n" % number for number in range(900))
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n"

    def prepare(count: int) -> Callable[[], object]:
        raw = head + b"1\r\nx\r\n" * count + b"0\r\n\r\n"
        return lambda: send(raw, body_limit=10_000_000)

    assert_grows_linearly(prepare, 20_000)


def test_pipelined_offers_take_time_in_proportion_to_their_number() -> None:
    def prepare(count: int) -> Callable[[], object]:
        raw = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" * count
        return lambda: send(raw)

    assert_grows_linearly(prepare, 500)


@pytest.mark.parametrize("target", ["*"])
def test_options_of_the_whole_server_lists_the_methods(server: BackgroundServer, target: str) -> None:
    status, head, body = exchange(server, f"OPTIONS {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    allow = re.search(rb"Allow: (.*?)\r\n", head)
    assert status == 204
    assert body == b""
    assert (allow and allow[1]) == b"GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(("path", "length"), [("/204", None), ("/205", b"0"), ("/304", None)])
def test_a_status_without_content_is_sent_without_content(path: str, length: bytes | None) -> None:
    connection = send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    result = re.search(rb"Content-Length: (\d+)", connection.received.split(b"\r\n\r\n")[0])
    assert responses(connection) == [(int(path[1:]), b""), (200, b"/x")]
    assert (result[1] if result else None) == length


@pytest.mark.parametrize("status", [204, 205])
def test_an_override_with_a_status_without_content_sends_none(server: BackgroundServer, status: int) -> None:
    headers = {"X-Mock-Sandbox": f"empty-{status}"}
    entry = {"operation": "getJob", "status": status, "body": {"a": 1}, "violate": True}
    requests.post(f"{server.url}/__mock/overrides", json=entry, headers=headers, timeout=SECONDS)
    with requests.Session() as session:
        answers = [session.get(f"{server.url}/admin/jobs/job-7", headers=headers, timeout=SECONDS) for _ in range(2)]
    assert [(response.status_code, response.content) for response in answers] == [(status, b"")] * 2


@pytest.mark.parametrize("path", FAILURES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_an_application_raises_is_a_problem_and_one_line_of_the_log(
    path: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode()
    with caplog.at_level(logging.ERROR, "mockserver"):
        connection = send(raw, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    [(status, body), after] = responses(connection)
    assert status == 500
    assert json.loads(body)["code"] == "internal-error"
    assert after == (200, b"/x")
    assert b"secret" not in body
    assert [record.message for record in caplog.records] == [f"{method} {path} failed"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_no_response(kind: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAILURES, "/end", kind)
    with pytest.raises(kind):
        send(b"GET /end HTTP/1.1\r\nHost: a\r\n\r\n")


@pytest.mark.parametrize("step", ["perform"])
def test_a_panic_in_the_pipeline_is_a_problem_on_either_front_end(
    app: Flask, step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise Panic("secret")

    monkeypatch.setattr(Behaviours, step, fail)
    with caplog.at_level(logging.ERROR, "mockserver"):
        response = app.test_client().get("/admin/jobs")
        connection = Connection(app)
        for _ in range(3):
            connection.send(b"GET /admin/jobs HTTP/1.1\r\nHost: a\r\n\r\n")
    assert response.status_code == 500
    assert response.json["code"] == "internal-error"
    assert [(status, json.loads(body)["code"]) for status, body in responses(connection)] == [
        (500, "internal-error")
    ] * 3
    assert len(caplog.records) == 4
    assert not connection.is_closing()


@pytest.mark.parametrize("value", ["bytes=0-3", "bytes=-4", "bytes=999999999-", "bytes=2-1, x", "lines=1-2"])
def test_an_asset_is_sent_as_a_whole_whatever_range_is_asked_for(server: BackgroundServer, value: str) -> None:
    address = f"{server.url}/__mock/assets/0/shared/base.css"
    response = requests.get(address, headers={"Range": value}, timeout=SECONDS)
    assert response.status_code == 200
    assert response.content == requests.get(address, timeout=SECONDS).content
    assert not {"Content-Range", "Accept-Ranges"} & {*response.headers}


@pytest.mark.parametrize("fault", ["malformed-chunk", "slow-body"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_spoiled_response_has_a_date_and_content_only_where_the_method_has(
    server: BackgroundServer, fault: str, method: str
) -> None:
    sandbox = f"{fault}-{method}"
    entry = {"operation": "getJob", "fault": fault, "delay": "1ms"}
    url, headers = f"{server.url}/__mock/overrides", {"X-Mock-Sandbox": sandbox}
    requests.post(url, json=entry, headers=headers, timeout=SECONDS)
    raw = f"{method} /admin/jobs/job-7 HTTP/1.1\r\nHost: a\r\nX-Mock-Sandbox: {sandbox}\r\n\r\n"
    _, head, body = exchange(server, raw.encode())
    lines = [line.lower() for line in head.split(b"\r\n")]
    assert sum(line.startswith(b"date: ") for line in lines) == 1
    assert lines.count(b"connection: close") == 1
    assert (body == b"") == (method == "HEAD")


@pytest.mark.parametrize("body", ["", "x", "abc"])
def test_a_malformed_chunk_never_ends_a_body_properly(server: BackgroundServer, body: str) -> None:
    sandbox = f"malformed-{len(body)}"
    entry = {"operation": "getJob", "fault": "malformed-chunk", "body": body, "violate": True}
    entry["headers"] = {"Content-Type": "text/plain"}
    url, headers = f"{server.url}/__mock/overrides", {"X-Mock-Sandbox": sandbox}
    requests.post(url, json=entry, headers=headers, timeout=SECONDS)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{server.url}/admin/jobs/job-7", headers=headers, timeout=SECONDS)
