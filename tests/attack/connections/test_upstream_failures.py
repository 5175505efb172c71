"""An upstream that fails in every way, and what its client sees of it."""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.server.tls import load_certificate
from mockserver.server.upstream import relay
from tests.attack.scale import combine
from tests.ports import free_port
from tests.upstream.backend import (
    OK,
    Backend,
    Received,
    Respond,
    body_of,
    connect,
    exchange,
    get,
    head_of,
    read_all,
    status_of,
    unchunk,
)

CONTRACT = load_contract()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of localhost that nobody has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextmanager
def serving(upstream: str, **options: Any) -> Iterator[BackgroundServer]:
    app = create_app(CONTRACT, upstream=upstream, **options)
    with BackgroundServer(app, "127.0.0.1") as server:
        server.app = app  # type: ignore[attr-defined]
        yield server


def problem_of(response: bytes) -> dict[str, Any]:
    problem: dict[str, Any] = json.loads(body_of(response))
    return problem


def close_at_once(connection: socket.socket, _: Received) -> str:
    return "close"


def reset(connection: socket.socket, _: Received) -> str:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "close"


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (close_at_once, "it closed the connection without a response"),
        (reset, "it reset the connection"),
        (b"garbage\r\n\r\n", "it sent what is not HTTP: expected HTTP/, RTSP/ or ICE/"),
        (b"\x16\x03\x01\x02\x00", "it sent what is not HTTP: expected HTTP/, RTSP/ or ICE/"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "it sent what is not HTTP: duplicate Content-Length",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
            "it sent what is not HTTP: invalid character in Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "it sent what is not HTTP: invalid header token"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", "its status 999 is none of HTTP"),
        (b"HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n", "its status 0 is none of HTTP"),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
            "it switched to another protocol, which was not requested",
        ),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n", "its headers are longer than 262144 bytes"),
    ],
)
def test_an_upstream_without_a_usable_response_is_502(respond: Respond | bytes, reason: str) -> None:
    with Backend(respond) as upstream, serving(upstream.url) as server:
        response = exchange(server.url, get("/x"))
        assert (status_of(response), head_of(response)["x-mock-code"], problem_of(response)) == (
            502,
            "upstream-failed",
            {
                "type": "about:blank",
                "title": "Bad Gateway",
                "status": 502,
                "detail": f"The upstream {upstream.url} gave no usable response: {reason}.",
                "code": "upstream-failed",
                "upstream": upstream.url,
                "reason": reason,
            },
        )


@pytest.mark.parametrize("credentials", ["", "me:secret@"])
def test_an_upstream_that_is_down_is_502_and_its_password_stays_secret(credentials: str) -> None:
    port = free_port()
    with serving(f"http://{credentials}127.0.0.1:{port}/api") as server:
        response = exchange(server.url, get("/x"))
    assert problem_of(response)["detail"] == (
        f"The upstream http://127.0.0.1:{port}/api gave no usable response: the connection was refused."
    )


def test_a_name_that_cannot_be_resolved_is_502() -> None:
    with serving("http://no-such-host.invalid") as server:
        response = exchange(server.url, get("/x"))
    assert (status_of(response), problem_of(response)["reason"]) == (502, "its host name cannot be resolved")


def test_an_upstream_without_tls_is_502() -> None:
    with ExitStack() as stack:
        upstream = stack.enter_context(BackgroundServer(create_app(CONTRACT), "127.0.0.1"))
        server = stack.enter_context(serving(upstream.url.replace("http:", "https:")))
        response = exchange(server.url, get("/x"))
    assert status_of(response) == 502
    assert problem_of(response)["reason"].startswith("TLS failed: ")


def test_a_certificate_that_is_not_trusted_is_502_and_one_that_is_named_is_not(certificate: tuple[Path, Path]) -> None:
    tls = load_certificate(*certificate)
    with BackgroundServer(create_app(CONTRACT), "127.0.0.1", tls=tls) as upstream:
        url = upstream.url.replace("127.0.0.1", "localhost")
        with serving(url, passes=["listJobs"]) as server:
            refused = exchange(server.url, get("/admin/jobs"))
        with serving(url, passes=["listJobs"], upstream_ca=certificate[0]) as server:
            accepted = exchange(server.url, get("/admin/jobs"))
    assert (status_of(refused), status_of(accepted)) == (502, 200)
    assert problem_of(refused)["reason"].startswith(
        "its certificate is not valid: self-signed certificate; --upstream-ca"
    )


def test_a_server_with_tls_passes_requests_on(certificate: tuple[Path, Path]) -> None:
    response = b"HTTP/1.1 302 Found\r\nLocation: %b/y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with Backend() as upstream:
        upstream.respond = response % upstream.url.encode()
        app = create_app(CONTRACT, upstream=upstream.url)
        with BackgroundServer(app, "localhost", tls=load_certificate(*certificate)) as server:
            received = requests.post(
                f"{server.url}/x", data=b"z" * 1_000_000, verify=str(certificate[0]), allow_redirects=False, timeout=10
            )
        assert (received.status_code, received.text, received.headers["Location"]) == (302, "abc", f"{server.url}/y")
        assert (upstream.last.headers["x-forwarded-proto"], len(upstream.last.body)) == ("https", 1_000_000)


def test_the_journal_says_that_an_operation_was_passed_on_in_vain() -> None:
    with Backend(close_at_once) as upstream, serving(upstream.url, passes=["getJob"]) as server:
        response = exchange(server.url, get("/admin/jobs/job-1"))
        entry = next(server.app.extensions["mockserver"].sandboxes.get("default").journal.newest_first())  # type: ignore[attr-defined]
    assert (status_of(response), entry.operation, entry.code, entry.status) == (502, "getJob", "upstream-failed", 502)


def wait_for_ever(connection: socket.socket, _: Received) -> str:
    connection.recv(1)
    return "close"


def test_a_slow_upstream_is_504() -> None:
    with Backend(wait_for_ever) as upstream, serving(upstream.url, upstream_timeout=0.2) as server:
        response = exchange(server.url, get("/x"))
    assert (status_of(response), problem_of(response)["code"], problem_of(response)["seconds"]) == (
        504, "upstream-timeout", 0.2,
    )  # fmt: skip


def test_a_head_that_trickles_in_is_504() -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _number in range(100):
            connection.sendall(b"x")
            threading.Event().wait(0.05)
        return "close"

    with Backend(respond) as upstream, serving(upstream.url, upstream_timeout=0.3) as server:
        assert status_of(exchange(server.url, get("/x"))) == 504


def test_a_body_that_trickles_in_is_passed_on() -> None:
    def respond(connection: socket.socket, _: Received) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _number in range(10):
            connection.sendall(b"x")
            threading.Event().wait(0.1)

    with Backend(respond) as upstream, serving(upstream.url, upstream_timeout=0.4) as server:
        assert body_of(exchange(server.url, get("/x"))) == b"x" * 10


def test_an_upstream_that_does_not_read_is_504() -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        time.sleep(2)
        return "close"

    body = b"x" * 30_000_000
    with (
        Backend(respond, reads_body=False) as upstream,
        serving(upstream.url, upstream_timeout=0.3) as server,
        connect(server.url) as connection,
    ):
        sender = threading.Thread(target=send_all, args=(connection, get("/x", method="POST", body=body)))
        sender.start()
        response = connection.recv(65536)
        connection.shutdown(socket.SHUT_RDWR)
        sender.join()
    assert status_of(response) == 504


def send_all(connection: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        connection.sendall(data)


def test_a_slow_client_is_not_the_fault_of_the_upstream() -> None:
    with (
        Backend() as upstream,
        serving(upstream.url, upstream_timeout=0.1) as server,
        connect(server.url) as connection,
    ):
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\n")
        for part in (b"a", b"b", b"c", b"d"):
            threading.Event().wait(0.15)
            connection.sendall(part)
        response = read_all(connection)
    assert (status_of(response), upstream.last.body) == (200, b"abcd")


BROKEN = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
]


@pytest.mark.parametrize(
    ("sent", "ends", "version"), combine(BROKEN, ["closes", "resets", "is silent"], [b"1.1", b"1.0"])
)
def test_a_body_that_breaks_off_breaks_the_connection_of_the_client(sent: bytes, ends: str, version: bytes) -> None:
    def respond(connection: socket.socket, request: Received) -> str:
        connection.sendall(sent)
        if ends == "is silent":
            return wait_for_ever(connection, request)
        return reset(connection, request) if ends == "resets" else "close"

    with Backend(respond) as upstream, serving(upstream.url, upstream_timeout=0.2) as server:
        request = get("/x").replace(b"HTTP/1.1", b"HTTP/" + version)
        assert not is_whole(server.url, request)
        # Others are served on.
        assert status_of(exchange(server.url, get("/admin/jobs"))) == 200


def is_whole(url: str, request: bytes) -> bool:
    """Whether a client that follows RFC 9112 takes the response to be complete."""
    try:
        response = exchange(url, request)
    except ConnectionResetError:
        return False
    if not response or status_of(response) == 502:
        return False
    head, body = head_of(response), body_of(response)
    if "content-length" in head:
        return len(body) == int(head["content-length"])
    if head.get("transfer-encoding") == "chunked":
        try:
            unchunk(body)
        except (AssertionError, ValueError):
            return False
    return True


def read_to_the_end(connection: socket.socket) -> bytes:
    """What comes until the peer closes, or resets, the connection."""
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


def test_an_incomplete_request_never_looks_complete_to_the_upstream() -> None:
    bodies: list[bytes] = []
    done = threading.Event()

    def respond(connection: socket.socket, _: Received) -> str:
        bodies.append(read_to_the_end(connection))
        done.set()
        return "close"

    with (
        Backend(respond, reads_body=False) as upstream,
        serving(upstream.url) as server,
        connect(server.url) as connection,
    ):
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        wait_until(lambda: upstream.received)
        connection.close()
        assert done.wait(10)
    assert b"0\r\n\r\n" not in bodies[0]


def test_a_malformed_body_ends_the_request_to_the_upstream() -> None:
    ended = threading.Event()

    def respond(connection: socket.socket, _: Received) -> str:
        read_to_the_end(connection)
        ended.set()
        return "close"

    with (
        Backend(respond, reads_body=False) as upstream,
        serving(upstream.url) as server,
        connect(server.url) as connection,
    ):
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        wait_until(lambda: upstream.received)
        connection.sendall(b"zz\r\n")
        response = read_all(connection)
        assert ended.wait(10)
    assert (status_of(response), problem_of(response)["code"]) == (400, "malformed-request")


def test_a_malformed_request_behind_another_is_answered_after_it() -> None:
    release = threading.Event()

    def respond(connection: socket.socket, _: Received) -> None:
        release.wait(10)
        connection.sendall(OK)

    with Backend(respond) as upstream, serving(upstream.url) as server, connect(server.url) as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.sendall(b"POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
        wait_until(lambda: upstream.received)
        release.set()
        received = read_all(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"400"]
    assert [request.target for request in upstream.received] == ["/1"]


def test_a_client_that_sends_no_more_gets_the_response_of_the_upstream() -> None:
    release = threading.Event()

    def respond(connection: socket.socket, _: Received) -> None:
        release.wait(10)
        connection.sendall(OK)

    with Backend(respond) as upstream, serving(upstream.url) as server, connect(server.url) as connection:
        connection.sendall(get("/x"))
        connection.shutdown(socket.SHUT_WR)
        wait_until(lambda: upstream.received)
        release.set()
        assert b"HTTP/1.1 200" in read_all(connection)


def test_a_client_that_goes_away_ends_the_request_to_the_upstream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "GONE_SECONDS", 0.1)
    ended = threading.Event()

    def respond(connection: socket.socket, request: Received) -> str:
        wait_for_ever(connection, request)
        ended.set()
        return "close"

    with Backend(respond) as upstream, serving(upstream.url) as server, connect(server.url) as connection:
        connection.sendall(get("/x"))
        wait_until(lambda: upstream.received)
        connection.close()
        assert ended.wait(10)


def test_the_server_ends_while_the_upstream_is_silent() -> None:
    with Backend(wait_for_ever) as upstream, serving(upstream.url) as server, connect(server.url) as connection:
        connection.sendall(get("/x"))
        wait_until(lambda: upstream.received)
        server.stop()
        assert read_or_reset(connection) == b""


def read_or_reset(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def test_an_early_response_arrives_although_the_body_is_not_read() -> None:
    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        threading.Event().wait(0.5)
        return "close"

    with (
        Backend(respond, reads_body=False) as upstream,
        serving(upstream.url) as server,
        connect(server.url) as connection,
    ):
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 100_000)
        response = read_all(connection)
    assert (status_of(response), head_of(response)["connection"], body_of(response)) == (413, "close", b"big")


def test_a_client_that_reads_once_it_has_sent_all_gets_an_early_response() -> None:
    release = threading.Event()

    def respond(connection: socket.socket, _: Received) -> str:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        release.wait(10)
        return "close"

    with Backend(respond, reads_body=False) as upstream, serving(upstream.url) as server:
        response = requests.post(f"{server.url}/x", data=b"x" * 30_000_000, timeout=10)
        release.set()
    assert (response.status_code, response.text) == (413, "big")


def test_a_loop_is_508() -> None:
    port = free_port()
    app = create_app(CONTRACT, upstream=f"http://127.0.0.1:{port}")
    with BackgroundServer(app, "127.0.0.1", port) as server:
        response = exchange(server.url, get("/x"))
    assert (status_of(response), problem_of(response)["code"]) == (508, "upstream-loop")


def test_a_loop_of_two_is_508() -> None:
    first, second = free_port(), free_port()
    apps = [create_app(CONTRACT, upstream=f"http://127.0.0.1:{port}") for port in (second, first)]
    with BackgroundServer(apps[0], "127.0.0.1", first) as server, BackgroundServer(apps[1], "127.0.0.1", second):
        response = exchange(server.url, get("/x"))
    assert (status_of(response), problem_of(response)["code"]) == (508, "upstream-loop")


def test_a_chain_is_no_loop() -> None:
    with Backend() as upstream, serving(upstream.url) as inner, serving(inner.url) as outer:
        assert status_of(exchange(outer.url, get("/x"))) == 200
        assert upstream.last.headers["via"].count("mockserver-") == 2


def test_fifty_slow_responses_hold_up_no_mocked_one() -> None:
    release = threading.Event()

    def respond(connection: socket.socket, _: Received) -> None:
        release.wait(20)
        connection.sendall(OK)

    with Backend(respond) as upstream, serving(upstream.url) as server:
        threads = [threading.Thread(target=exchange, args=(server.url, get(f"/{number}"))) for number in range(50)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(upstream.received) == 50)
        statuses = [status_of(exchange(server.url, get("/admin/jobs"))) for _ in range(20)]
        release.set()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 20


def wait_until(condition: Any) -> None:
    """Wait for what happens in another thread."""
    for _ in range(1_000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")
