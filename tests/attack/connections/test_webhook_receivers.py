"""Receivers of webhooks that are slow, send too much or no HTTP, or have several addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.http.webhooks import sending
from mockserver.http.webhooks.sending import CannotSend, OutgoingRequest, Sender
from tests.conftest import MakeContract
from tests.ports import free_port
from tests.push.conftest import Api, deliveries
from tests.push.receiver import Receiver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"
Respond = Callable[[socket.socket], object]


class RawReceiver:
    """Accepts connections on one address of this machine, and writes what a test wants, once for each."""

    def __init__(self, respond: Respond, address: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._respond = respond
        self._socket = socket.create_server((address, port), family=family)
        self.port: int = self._socket.getsockname()[1]
        self.heads: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                # The sender may be gone before everything is written.
                with connection, suppress(OSError):
                    self.heads.append(connection.recv(65_536))
                    self._respond(connection)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def receive() -> Iterator[Callable[..., RawReceiver]]:
    with ExitStack() as receivers:

        def start(respond: Respond, address: str = "127.0.0.1", port: int = 0) -> RawReceiver:
            try:
                receiver = RawReceiver(respond, address, port)
            except OSError:
                pytest.skip(f"this machine has no address {address}")
            receivers.callback(receiver.close)
            return receiver

        yield start


def send(url: str) -> int:
    return Sender().send(OutgoingRequest("POST", url, (("Content-Type", "application/json"),), b"{}"))


def write(*pieces: bytes) -> Respond:
    return lambda connection: connection.sendall(b"".join(pieces))


def drip(connection: socket.socket) -> None:
    """Write a head that never ends, byte by byte, until the sender has gone."""
    pause = threading.Event()
    connection.sendall(b"HTTP/1.1 200")
    while not pause.wait(0.01):
        connection.sendall(b" ")


def hang(connection: socket.socket) -> None:
    """Write nothing until the sender has gone."""
    connection.recv(1)


@pytest.mark.parametrize("respond", [drip, hang])
def test_an_attempt_ends_in_time_however_slow_the_receiver_is(
    receive: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch, respond: Respond
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(CannotSend) as refused:
        send(f"http://127.0.0.1:{receive(respond).port}/")
    assert (str(refused.value), refused.value.is_final) == ("no response within 0.2 s", False)


def test_the_body_of_a_response_is_not_read(receive: Callable[..., RawReceiver]) -> None:
    assert send(f"http://127.0.0.1:{receive(write(OK, *[bytes(100_000)] * 100)).port}/") == 200


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 400_000,
        b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 10_000_000,
        b"x" * 10_000_000,
        bytes(range(256)) * 40_000,
    ],
)
def test_ten_megabytes_that_are_no_response_end_the_attempt(
    receive: Callable[..., RawReceiver], response: bytes
) -> None:
    with pytest.raises(CannotSend, match=r"the response is not HTTP/1\.1"):
        send(f"http://127.0.0.1:{receive(write(response)).port}/")


def test_an_ipv6_address_of_loopback_gets_it(receive: Callable[..., RawReceiver]) -> None:
    receiver = receive(write(OK), "::1")
    assert send(f"http://[::1]:{receiver.port}/hooks") == 200
    assert f"\r\nHost: [::1]:{receiver.port}\r\n".encode() in receiver.heads[0]


@pytest.mark.parametrize("listening", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("order", [("::1", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_of_a_name_with_both_kinds_of_addresses_the_one_that_listens_gets_it(
    receive: Callable[..., RawReceiver], monkeypatch: pytest.MonkeyPatch, listening: str, order: tuple[str, ...]
) -> None:
    receiver = receive(write(OK), listening)

    def getaddrinfo(_: str, port: int, **__: Any) -> list[Any]:
        families = {"::1": socket.AF_INET6, "127.0.0.1": socket.AF_INET}
        return [(families[address], socket.SOCK_STREAM, 6, "", (address, port)) for address in order]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert send(f"http://hooks.localhost:{receiver.port}/") == 200


def test_a_name_with_both_kinds_of_addresses_where_nobody_listens_is_an_attempt_that_failed() -> None:
    port = free_port()
    with pytest.raises(CannotSend, match="Connection refused") as refused:
        send(f"http://localhost:{port}/")
    assert not refused.value.is_final


def start(root: Any) -> BackgroundServer:
    return BackgroundServer(create_app(load_contract(root)), "127.0.0.1")


def test_a_slow_receiver_does_not_hold_up_another_one(
    make_contract: MakeContract, receive: Callable[..., RawReceiver]
) -> None:
    slow = receive(hang)

    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = {
            "slow": {"on": ["jobs.cancel"], "to": f"http://127.0.0.1:{slow.port}/"},
            "quick": {"on": ["jobs.cancel"], "to": f"http://127.0.0.1:{quick.port}/"},
        }

    with Receiver() as quick, start(make_contract(add)) as server:
        api = Api(server.url, "receivers")
        for key in ("a", "b", "x%2Fy"):
            api.post(f"/jobs/{key}/cancel")
        assert {delivery["webhook"] for delivery in deliveries(api, "delivered", times=3)} == {"quick"}
        assert api.call("GET", "/__mock/deliveries?webhook=slow&status=pending")["total"] == 3


def test_garbage_is_listed_as_a_failed_attempt_that_is_repeated(
    make_contract: MakeContract, receive: Callable[..., RawReceiver]
) -> None:
    receiver = receive(write(b"SSH-2.0-OpenSSH_9.2\r\n"), "::1")

    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["webhooks"] = {
            "hook": {"on": ["jobs.cancel"], "to": f"http://[::1]:{receiver.port}/"}
        }

    with start(make_contract(add)) as server:
        api = Api(server.url, "receivers")
        api.post("/jobs/a/cancel")
        (delivery,) = deliveries(api)
        assert (delivery["attempts"], delivery["next_attempt"]) == (
            [{"at": "2026-01-01T00:00:10.000Z", "error": "the response is not HTTP/1.1"}],
            "2026-01-01T00:00:15.000Z",
        )
