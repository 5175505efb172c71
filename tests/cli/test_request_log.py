"""A line for each request: on a terminal, or with `--log`."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from msgspec.structs import replace

from mockserver import BackgroundServer, create_app
from mockserver.cli.request_log import as_json, as_text, request_log
from mockserver.http.request_log import RequestLine
from tests.server.test_protocol import connect, read_answer, request

LINE = RequestLine(
    1_768_467_600_123, "GET", "/admin/jobs?limit=1", 200, 1.26, "default", "baseline", "listJobs"
)  # fmt: skip


class Stream(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def test_a_line_of_text_has_everything_in_its_order() -> None:
    assert re.sub(r"^\d\d:\d\d", "HH:MM", as_text(LINE)) == (
        "HH:MM:00.123  200  GET    /admin/jobs?limit=1  1.3ms  default/baseline  listJobs"
    )


def test_a_refused_request_says_why() -> None:
    line = replace(LINE, status=422, code="invalid-request", reason="query limit: 0 is less than the minimum of 1")
    assert as_text(line).endswith("listJobs  invalid-request: query limit: 0 is less than the minimum of 1")


def test_a_response_of_an_override_says_so() -> None:
    line = replace(LINE, override="override-3")
    assert as_text(line).endswith("listJobs  override-3")
    assert as_text(replace(line, fault="slow-body")).endswith("listJobs  override-3: slow-body")


def test_a_line_of_json_leaves_out_what_there_is_not() -> None:
    line = RequestLine(LINE.at, "GET", "/x", 404, 0.5, code="unknown-path", reason="r")
    assert json.loads(as_json(line)) == {
        "at": "2026-01-15T09:00:00.123Z", "method": "GET", "target": "/x", "status": 404, "milliseconds": 0.5,
        "code": "unknown-path", "reason": "r",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "is_terminal", "pattern"),
    [
        (None, True, r"\x1b\[32m200\x1b\[0m"),
        (None, False, "^$"),
        ("text", False, "  200  "),
        ("json", True, '^{"at"'),
        ("off", True, "^$"),
    ],
)
def test_the_format_depends_on_the_option_and_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, form: Any, is_terminal: bool, pattern: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Stream(is_terminal=is_terminal)
    log = request_log(form, stream)
    if log is not None:
        log(LINE)
    assert re.search(pattern, stream.getvalue())


def test_no_color_turns_colours_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Stream(is_terminal=True)
    log: Callable[[RequestLine], None] | None = request_log(None, stream)
    assert log is not None
    log(LINE)
    assert "\x1b" not in stream.getvalue()


def test_a_request_cannot_write_to_the_terminal() -> None:
    line = replace(LINE, target="/\x1b[2J\r\n\u202e\x07", code="c", reason="\x1b]0;title\x07")
    assert as_text(line).isprintable()
    assert r"/\x1b[2J\r\n\u202e\x07" in as_text(line)


def test_a_stream_that_cannot_write_a_character_gets_an_escape() -> None:
    raw = io.BytesIO()
    log = request_log("text", io.TextIOWrapper(raw, encoding="ascii"))
    assert log is not None
    log(replace(LINE, target="/gr\u00fcn"))
    assert rb"/gr\xfcn" in raw.getvalue()


@pytest.mark.parametrize("front_end", ["protocol", "WSGI"])
def test_a_wait_has_one_line_when_it_ends(front_end: str) -> None:
    lines: list[RequestLine] = []
    app, path = (
        create_app(request_log=lines.append, sleep=lambda _: None),
        "/__mock/requests?operation=getJob&wait=50ms",
    )
    if front_end == "WSGI":
        app.test_client().get(path)
    else:
        with BackgroundServer(app, "127.0.0.1") as server:
            requests.get(server.url + path, timeout=20)
    assert [(line.status, line.operation, line.code) for line in lines] == [(408, "listRequests", "wait-timeout")]
    assert (lines[0].reason or "").startswith("0 of 1 matching requests came.")


def test_a_wait_that_gets_its_request_has_the_line_of_that() -> None:
    lines: list[RequestLine] = []
    app = create_app(request_log=lines.append)
    client = app.test_client()
    client.get("/admin/jobs/job-1")
    client.get("/__mock/requests?operation=getJob&wait=5s")
    assert [(line.status, line.operation) for line in lines] == [(200, "getJob"), (200, "listRequests")]


def test_each_request_has_one_line_whether_it_is_answered_from_the_cache_or_not() -> None:
    lines: list[RequestLine] = []
    with BackgroundServer(create_app(request_log=lines.append), "127.0.0.1") as server, connect(server) as connection:
        for path in ("/admin/jobs", "/admin/jobs", "/admin/jobs", "/admin/jobs?limit=0", "/nowhere", "/__mock/health"):
            connection.sendall(request(path, "X-Mock-Sandbox: a", close=False))
            read_answer(connection)
    assert [(line.target, line.status, line.operation, line.sandbox, line.code) for line in lines] == [
        ("/admin/jobs", 200, "listJobs", "a", None),
        ("/admin/jobs", 200, "listJobs", "a", None),
        ("/admin/jobs", 200, "listJobs", "a", None),
        ("/admin/jobs?limit=0", 422, "listJobs", "a", "invalid-request"),
        ("/nowhere", 404, None, "a", "unknown-path"),
        ("/__mock/health", 200, "getHealth", "a", None),
    ]
    assert lines[3].reason is not None
    assert "limit" in lines[3].reason


def test_a_line_shows_no_secret() -> None:
    lines: list[RequestLine] = []
    create_app(request_log=lines.append).test_client().get("/admin/jobs?limit=s3", headers={"X-Api-Key": "s3"})
    assert lines[0].reason == 'query limit: "[redacted]" is not of type integer'


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [("/__mock/in/a/admin/jobs/job%2D1", 200, None), ("/admin/jobs/%20", 404, "unknown-record")],
)
def test_the_line_of_a_repeated_request_says_the_same(target: str, status: int, code: str | None) -> None:
    lines: list[RequestLine] = []
    with BackgroundServer(create_app(request_log=lines.append), "127.0.0.1") as server, connect(server) as connection:
        for _ in range(3):
            connection.sendall(request(target, close=False))
            read_answer(connection)
    first = lines[0]
    assert (first.target, first.status, first.code) == (target, status, code)
    assert [replace(line, at=first.at, milliseconds=first.milliseconds) for line in lines] == [first] * 3


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (b"GET /x?y HTTP/1.1\r\n\r\n", ("GET", "/x?y", 400, "missing-host")),
        (b"PUT /x HTTP/2.0\r\nHost: a\r\n\r\n", ("PUT", "/x", 505, "http-version-not-supported")),
        (b"\x16\x03\x01\r\n\r\n", ("-", "-", 400, "malformed-request")),
    ],
)
def test_a_request_that_is_rejected_has_a_line(sent: bytes, line: tuple[str, str, int, str]) -> None:
    lines: list[RequestLine] = []
    with BackgroundServer(create_app(request_log=lines.append), "127.0.0.1") as server, connect(server) as connection:
        connection.sendall(request("/admin/jobs", close=False) + sent)
        while connection.recv(65_536):
            pass
    first, last = lines
    assert first.target == "/admin/jobs"
    assert (last.method, last.target, last.status, last.code) == line
    assert last.reason
