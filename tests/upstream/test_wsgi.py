"""What is passed on under another WSGI server, where each request has a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from mockserver import Contract, create_app
from tests.upstream.backend import Backend, Received, body_of, exchange, get, head_of, status_of, unchunk
from tests.upstream.conftest import StartBackend
from tests.upstream.test_overrides import JOB, json_response


class Wsgi:
    """Werkzeug's own server."""

    def __init__(self, app: Any) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def serve(built_in: Contract) -> Iterator[Any]:
    servers: list[Wsgi] = []

    def start(upstream: Backend, **options: Any) -> str:
        servers.append(Wsgi(create_app(built_in, upstream=upstream.url, **options)))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("sent", "received"),
    [("/a%2Fb%20?x=%20+", "/a%2Fb%20?x=%20+"), ("/x?__sandbox=a&b", "/x?b"), ("/__mock/in/box/a%2Fb", "/a%2Fb")],
)  # fmt: skip
def test_targets_are_sent_raw(sent: str, received: str, backend: StartBackend, serve: Any) -> None:
    upstream = backend()
    assert status_of(exchange(serve(upstream), get(sent))) == 200
    assert upstream.last.target == received


def test_the_mount_of_an_application_is_no_part_of_the_target(backend: StartBackend, built_in: Contract) -> None:
    upstream = backend(b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
    client = create_app(built_in, upstream=upstream.url).test_client()
    response = client.get("/mount/x?q=1", environ_overrides={"SCRIPT_NAME": "/mount", "PATH_INFO": "/x"})
    assert upstream.last.target == "/x?q=1"
    assert response.headers["Location"] == "/mount/y"


@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_are_streamed_over_the_limit_of_bodies(is_chunked: bool, backend: StartBackend, serve: Any) -> None:
    upstream = backend()
    parts = [b"x" * 100_000] * 20
    data: Any = iter(parts) if is_chunked else b"".join(parts)
    response = requests.post(f"{serve(upstream, body_limit=1_000)}/x", data=data, timeout=10)
    assert response.status_code == 200
    assert upstream.last.body == b"".join(parts)


@pytest.mark.parametrize(
    ("response", "body"),
    [
        (b"HTTP/1.1 299 Fine then\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (
            b"HTTP/1.1 299 Fine then\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"abc",
        ),
    ],
)
def test_responses_are_passed_on(response: bytes, body: bytes, backend: StartBackend, serve: Any) -> None:
    received = exchange(serve(backend(response)), get("/x"))
    content = body_of(received)
    if head_of(received).get("transfer-encoding") == "chunked":
        content = unchunk(content)
    pairs = [value for name, value in Received(received.partition(b"\r\n\r\n")[0]).pairs if name == "x-a"]
    assert status_of(received) == 299
    assert pairs == ["1", "2"]
    assert content == body


def test_a_failure_is_502(backend: StartBackend, serve: Any) -> None:
    response = requests.get(f"{serve(backend(b'garbage'))}/x", timeout=10)
    assert response.status_code == 502
    assert response.json()["code"] == "upstream-failed"


def test_silence_is_504(backend: StartBackend, serve: Any) -> None:
    def respond(connection: socket.socket, _: Received) -> None:
        connection.recv(1)

    response = requests.get(f"{serve(backend(respond), upstream_timeout=0.2)}/x", timeout=10)
    assert response.status_code == 504
    assert response.json()["code"] == "upstream-timeout"


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
def test_a_body_that_breaks_off_does_not_look_whole(sent: bytes, backend: StartBackend, serve: Any) -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(sent)
        return "close"

    with pytest.raises(requests.RequestException):
        requests.get(f"{serve(backend(respond))}/x", timeout=10)


def test_overrides_patch(backend: StartBackend, serve: Any) -> None:
    url = serve(backend(json_response(JOB)))
    body = {"operation": "getJob", "upstream": True, "patch": {"status": "failed"}, "delay": "100ms"}
    requests.post(f"{url}/__mock/overrides", json=body, timeout=10).raise_for_status()
    response = requests.get(f"{url}/admin/jobs/job-1", timeout=10)
    assert response.status_code == 200
    assert response.json() == {**JOB, "status": "failed"}


def test_drift_and_the_journal_are_the_same(backend: StartBackend, serve: Any) -> None:
    url = serve(backend(json_response({**JOB, "status": "exploded"})), passes=["getJob"])
    requests.get(f"{url}/admin/jobs/job-1", timeout=10)
    drift = requests.get(f"{url}/__mock/drift", timeout=10).json()
    assert [violation["pointer"] for violation in drift["drift"][0]["violations"]] == ["/status"]


def test_mocked_operations_are_answered(backend: StartBackend, serve: Any) -> None:
    upstream = backend()
    url = serve(upstream)
    response = requests.post(f"{url}/admin/jobs/job-7/retry", timeout=10)
    assert response.status_code == 200
    assert upstream.received == []
