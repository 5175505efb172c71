"""Webhooks reach no other machine, and do not go round in circles."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from mockserver.http.webhooks.sending import CannotSend, OutgoingRequest, Sender
from tests.push.receiver import Receiver


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for family, address in zip(families, addresses, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def post(url: str) -> OutgoingRequest:
    return OutgoingRequest("POST", url, (("Content-Type", "application/json"),), b"{}")


@pytest.mark.parametrize(
    "addresses",
    [
        ["192.0.2.1"], ["127.0.0.1", "192.0.2.1"], ["10.0.0.1"], ["169.254.169.254"], ["0.0.0.0"], ["::"], ["fe80::1"],
        ["::ffff:192.0.2.1"],
    ],
)  # fmt: skip
def test_a_host_with_an_address_that_is_not_loopback_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    resolve_to(monkeypatch, *addresses)
    with pytest.raises(CannotSend, match=r"--allow-webhook hooks\.example\.com") as refused:
        Sender().send(post("http://hooks.example.com/"))
    assert refused.value.is_final


def test_a_host_that_is_allowed_gets_it(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    Sender(frozenset({"hooks.example.com"})).send(post(f"http://hooks.example.com:{receiver.port}/"))
    assert receiver.next().headers["host"] == f"hooks.example.com:{receiver.port}"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/", "file:///etc/passwd", "//localhost/", "http:///x", "", "http://localhost:99999/",
        "http://localhost/\r\nX: y", "http://localhost/ x", "http://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_url_gets_nothing(url: str) -> None:
    with pytest.raises(CannotSend) as refused:
        Sender().send(post(url))
    assert refused.value.is_final


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 500\r\n", 500),
    ],
)
def test_the_final_status_counts(response: bytes, status: int) -> None:
    assert send_raw(response) == status


@pytest.mark.parametrize(
    "response", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 abc\r\n", b"x" * 70_000, b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_what_is_no_response_is_an_error(response: bytes) -> None:
    with pytest.raises(CannotSend):
        send_raw(response)


def send_raw(response: bytes) -> int:
    """The status of a request to a receiver that sends these bytes."""
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(response)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            return Sender().send(post(f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        finally:
            thread.join()
