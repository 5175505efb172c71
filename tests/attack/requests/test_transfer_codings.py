"""Transfer codings other than chunked: nothing of a body is lost or misread silently."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from tests.attack.raw_http import send, statuses
from tests.attack.scale import combine
from tests.upstream.backend import Backend, body_of, exchange, get, status_of

BODY = b"2\r\n{}\r\n0\r\n\r\n"
# To an operation, to a path that is passed on, to an operation that is, and to the control API.
TARGETS = ["/admin/jobs/job-1/retry", "/nowhere", "/admin/jobs/job-1/cancel", "/__mock/verify"]
UNKNOWN = [
    "gzip, chunked", "GZIP ,\tChunked", "x-gzip,chunked", "deflate, gzip, chunked", "identity, chunked", "xchunked, chunked",
    "chunkedx, chunked", "gzip;q=1, chunked", '"chunked", chunked', "gzip\r\nTransfer-Encoding: chunked",
]  # fmt: skip
LENGTHLESS = ["gzip", "chunked, gzip", "identity", "chunked;a=b", "chunked\r\nTransfer-Encoding: gzip"]


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend() as backend:
        yield backend


@pytest.fixture(scope="module")
def url(backend: Backend) -> Iterator[str]:
    app = create_app(load_contract(), upstream=backend.url, passes=["cancelJob"])
    with BackgroundServer(app, "127.0.0.1") as server:
        yield server.url


def posted(target: str, coding: str, version: str = "1.1") -> bytes:
    head = f"POST {target} HTTP/{version}\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Transfer-Encoding: {coding}\r\n\r\n".encode() + BODY


@pytest.mark.parametrize(("target", "coding"), combine(TARGETS, UNKNOWN))
def test_a_coding_before_chunked_is_not_implemented(target: str, coding: str, url: str, backend: Backend) -> None:
    received = exchange(url, posted(target, coding) + get("/smuggled"))
    assert (statuses(received), json.loads(body_of(received))["code"]) == ([501], "transfer-coding-not-supported")
    assert b"\r\nConnection: close\r\n" in received
    assert backend.received == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("coding", LENGTHLESS)
def test_a_body_whose_end_cannot_be_known_is_malformed(target: str, coding: str, url: str, backend: Backend) -> None:
    received = exchange(url, posted(target, coding) + get("/smuggled"))
    assert (statuses(received), json.loads(body_of(received))["code"]) == ([400], "malformed-request")
    assert backend.received == []


def test_a_coding_of_http_1_0_is_not_implemented(url: str) -> None:
    assert statuses(send(url, posted("/nowhere", "gzip, chunked", "1.0"))) == [501]


@pytest.mark.parametrize("coding", [", chunked", "chunked ", "CHUNKED"])
def test_empty_members_of_the_list_count_for_nothing(coding: str) -> None:
    with Backend() as backend, BackgroundServer(create_app(upstream=backend.url), "127.0.0.1") as server:
        received = exchange(server.url, posted("/x", coding).replace(b"Host", b"Connection: close\r\nHost", 1))
    assert (status_of(received), backend.last.body) == (200, b"{}")


@pytest.mark.parametrize("lines", [UNKNOWN[0], *UNKNOWN[4:], "gzip", "chunked, gzip", "identity", "chunked, chunked"])
def test_a_coding_of_the_upstream_that_was_not_requested_is_a_bad_gateway(lines: str) -> None:
    response = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {lines}\r\n\r\n".encode() + BODY
    with Backend(response) as backend, BackgroundServer(create_app(upstream=backend.url), "127.0.0.1") as server:
        received = exchange(server.url, get("/x"))
    assert (status_of(received), json.loads(body_of(received))["code"]) == (502, "upstream-failed")
