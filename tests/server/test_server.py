from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from mockserver.server.server import BackgroundServer, BadHost, PortTaken, listen, url
from tests.attack.scale import some
from tests.ports import free_port

SECONDS = 10.0
SCRIPT = """
from mockserver.server.server import listen, serve
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
serve(app, "localhost", listen("localhost", 0), lambda address: print("Listening on", address, flush=True))
"""


def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"ok"]


def test_localhost_is_both_loopback_addresses_on_one_port() -> None:
    with BackgroundServer(app) as server:
        port = urlsplit(server.url).port
        for address in ("127.0.0.1", "[::1]") if socket.has_ipv6 else ("127.0.0.1",):
            try:
                assert urlopen(f"http://{address}:{port}/", timeout=SECONDS).read() == b"ok"
            except OSError:
                assert address == "[::1]"  # no IPv6 on this machine


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("::", ["127.0.0.1", "[::1]"]),
        ("0::0", ["127.0.0.1", "[::1]"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("::1", ["[::1]"]),
        ("127.0.0.1", ["127.0.0.1"]),
    ],
)
@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
def test_a_host_is_reached_at_its_addresses_and_no_other(host: str, addresses: list[str]) -> None:
    with BackgroundServer(app, host, free_port()) as server:
        port = server.url.rpartition(":")[2]
        reached = []
        for address in ("127.0.0.1", "[::1]"):
            with suppress(OSError):
                reached.append((address, urlopen(f"http://{address}:{port}/", timeout=SECONDS).read()))
    assert reached == [(address, b"ok") for address in addresses]
    assert server.url == f"http://{f'[{host}]' if ':' in host else host}:{port}"


def test_two_servers_in_one_process_do_not_meet() -> None:
    with BackgroundServer(app) as item, BackgroundServer(app) as two:
        assert item.url != two.url


def test_a_port_is_free_again_once_the_server_is_gone() -> None:
    port = free_port()
    with BackgroundServer(app, "localhost", port) as server:
        urlopen(server.url, timeout=SECONDS).close()
    for item in listen("localhost", port):
        item.close()


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            listen("localhost", port)
    assert caught.value.host == "localhost"
    assert caught.value.port == port


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a b", "x" * 300])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    with pytest.raises(BadHost) as caught:
        listen(host, 0)
    assert caught.value.host == host


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as item:
        assert url("::1", [item]) == f"http://[::1]:{item.getsockname()[1]}"


@pytest.mark.parametrize("signals", some([[signal.SIGTERM, signal.SIGINT], [signal.SIGINT], [signal.SIGTERM]], 1))
def test_a_signal_ends_it_well_whatever_connections_are_open(signals: list[signal.Signals]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            place = urlsplit(line.split()[-1])
            with (
                socket.create_connection(("127.0.0.1", place.port or 0), SECONDS) as idle,
                socket.create_connection(("127.0.0.1", place.port or 0), SECONDS) as half,
            ):
                idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert idle.recv(1000).startswith(b"HTTP/1.1 200 OK")
                half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na")
                for number in signals:
                    process.send_signal(number)
                    time.sleep(0.05)
                code = process.wait(SECONDS)
            assert code == 0
            assert process.stdout.read() == ""
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_more_connections_than_the_usual_limit_of_files_are_served() -> None:
    limited = ["/bin/sh", "-c", 'ulimit -S -n 100 && exec "$@"', "-", sys.executable, "-c", SCRIPT]
    with subprocess.Popen(limited, stdout=subprocess.PIPE, text=True) as process, ExitStack() as stack:
        stack.callback(process.kill)
        assert process.stdout is not None
        port = urlsplit(process.stdout.readline().split()[-1]).port or 0
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port), SECONDS)) for _ in range(200)]
        for connection in connections:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert {connection.recv(15) for connection in connections} == {b"HTTP/1.1 200 OK"}
