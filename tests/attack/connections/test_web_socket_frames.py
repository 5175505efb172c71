"""Frames that break RFC 6455, and those at its edges: the close code that it names, and what else is sent."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import BackgroundServer, create_app, load_contract
from mockserver.server.web_socket import WebSocketConnection
from tests.conftest import write_contract

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MEBIBYTE = 1024 * 1024
HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    def add(files: dict[str, Any]) -> None:
        files["schemas/resources.yaml"]["channels"] = {
            "/echo": {"reply": [{"match": {"const": "ping"}, "send": "pong"}, {"match": {"const": "é"}, "send": "e"}]}
        }

    root = write_contract(tmp_path_factory.mktemp("frames") / "contract", add)
    with BackgroundServer(create_app(load_contract(root)), "127.0.0.1") as server:
        yield server.url


def frame(
    kind: int,
    data: bytes = b"",
    *,
    is_last: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """A frame, whose mask is zero; `length` is what it says about its payload."""
    size, mask = len(data) if length is None else length, 0x80 if masked else 0
    first = bytes([is_last << 7 | reserved << 4 | kind])
    if size < 126:
        head = bytes([mask | size])
    elif size < 65_536:
        head = bytes([mask | 126]) + struct.pack("!H", size)
    else:
        head = bytes([mask | 127]) + struct.pack("!Q", size)
    return first + head + (bytes(4) if masked else b"") + data


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


def exchange(url: str, frames: bytes) -> tuple[list[tuple[int, bytes]], int | None]:
    """What the server sends for these frames: other frames, each with its kind, and the code of the close frame."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(HANDSHAKE)
        with connection.makefile("rb") as file:
            while file.readline().strip():
                pass
            connection.sendall(frames)
            received: list[tuple[int, bytes]] = []
            while head := file.read(2):
                payload = file.read(head[1])
                if head[0] & 15 == CLOSE:
                    return received, struct.unpack("!H", payload[:2])[0] if payload else None
                received.append((head[0] & 15, payload))
    raise AssertionError(received)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        *((frame(TEXT, b"ping", reserved=bit), 1002) for bit in (1, 2, 4)),
        *((frame(kind), 1002) for kind in (3, 7, 11, 15)),
        (frame(TEXT, b"ping", masked=False), 1002),
        (frame(PING, b"x", is_last=False), 1002),
        (frame(CLOSE, b"\x03\xe8", is_last=False), 1002),
        (frame(PING, b"x" * 126), 1002),
        (closing(1000, b"x" * 124), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(CONTINUATION, b"x", is_last=False), 1002),
        (frame(TEXT, b"a", is_last=False) + frame(TEXT, b"b"), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        *((closing(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)),
        *((closing(code), code) for code in (1000, 1001, 1002, 1003, 1007, 1010, 1011, 3000, 3999, 4000, 4999)),
        (frame(CLOSE), None),
        (closing(1000, b"\xff"), 1007),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xed\xa0\x80"), 1007),
        (frame(TEXT, b"\xc0\xaf"), 1007),
        (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
        (frame(TEXT, b"a\xe2\x82"), 1007),
        (frame(TEXT, b"\xc3", is_last=False) + frame(CONTINUATION, b"("), 1007),
        (frame(TEXT, b"\xff", is_last=False), 1007),
        (frame(BINARY, b"x"), 1003),
        (frame(BINARY, b"x", is_last=False), 1003),
        (frame(TEXT, length=MEBIBYTE + 1), 1009),
        (frame(TEXT, length=2**62), 1009),
        (frame(TEXT, b"a" * 700_000, is_last=False) + frame(CONTINUATION, b"a" * 700_000), 1009),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 1002),
    ],
)
def test_what_breaks_the_protocol_gets_the_close_code_of_the_rfc(url: str, frames: bytes, code: int | None) -> None:
    assert exchange(url, frames) == ([], code)


@pytest.mark.parametrize(
    ("frames", "answers"),
    [
        (frame(TEXT, b"ping"), [(TEXT, b'"pong"')]),
        (frame(TEXT, b"pi", is_last=False) + frame(CONTINUATION, b"ng"), [(TEXT, b'"pong"')]),
        (frame(TEXT, b"\xc3", is_last=False) + frame(CONTINUATION, b"\xa9"), [(TEXT, b'"e"')]),
        (frame(TEXT, b"", is_last=False) + frame(CONTINUATION), []),
        (frame(TEXT, b"a" * MEBIBYTE), []),
        (b"\x81\xfe\x00\x04" + bytes(4) + b"ping", [(TEXT, b'"pong"')]),
        (frame(PING, b"x" * 125), [(PONG, b"x" * 125)]),
        (frame(PING), [(PONG, b"")]),
        (frame(PONG, b"x"), []),
    ],
)
def test_what_comes_before_the_close_frame_is_answered_before_it(
    url: str, frames: bytes, answers: list[tuple[int, bytes]]
) -> None:
    assert exchange(url, frames + closing(1000)) == (answers, 1000)


def test_a_control_frame_may_come_within_a_message(url: str) -> None:
    frames = frame(TEXT, b"pi", is_last=False) + frame(PING, b"!") + frame(CONTINUATION, b"ng")
    received, _ = exchange(url, frames + closing(1000))
    assert sorted(received) == [(TEXT, b'"pong"'), (PONG, b"!")]


def test_the_client_may_close_within_a_message(url: str) -> None:
    frames = frame(TEXT, b"pi", is_last=False) + closing(4000) + frame(CONTINUATION, b"ng")
    assert exchange(url, frames) == ([], 4000)


def test_a_message_before_a_mistake_is_answered(url: str) -> None:
    assert exchange(url, frame(TEXT, b"ping") + frame(TEXT, b"x", reserved=4)) == ([(TEXT, b'"pong"')], 1002)


def test_what_comes_after_the_close_frame_is_ignored(url: str) -> None:
    assert exchange(url, closing(1000) + frame(TEXT, b"ping")) == ([], 1000)


def test_very_many_frames_at_once_are_answered_in_order(url: str) -> None:
    sent = [str(number).encode() for number in range(20_000)]
    assert exchange(url, b"".join(frame(PING, data) for data in sent) + closing(1000)) == (
        [(PONG, data) for data in sent],
        1000,
    )


def test_a_message_may_have_very_many_empty_fragments(url: str) -> None:
    frames = (
        frame(TEXT, b"pi", is_last=False) + frame(CONTINUATION, is_last=False) * 50_000 + frame(CONTINUATION, b"ng")
    )
    assert exchange(url, frames + closing(1000)) == ([(TEXT, b'"pong"')], 1000)


class BusyLoop:
    """A loop on which each look at the clock takes a second, and which calls what is due soon when told to."""

    def __init__(self) -> None:
        self.now, self.soon = 0.0, list[Callable[[], None]]()

    def time(self) -> float:
        self.now += 1
        return self.now

    def call_soon(self, act: Callable[[], None]) -> Callable[[], None]:
        self.soon.append(act)
        return act


class Transport:
    """Counts the frames that are written to it."""

    def __init__(self) -> None:
        self.is_reading, self.count = True, 0

    def write(self, data: bytes) -> None:
        self.count += data.count(b"\x8a\x00")

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


def test_others_have_their_turn_between_the_frames_that_come_at_once() -> None:
    loop, transport = BusyLoop(), Transport()
    state = SimpleNamespace(connections=set())
    connection: Any = SimpleNamespace(
        server_state=state, transport=transport, loop=loop, served=SimpleNamespace(streams=None)
    )
    stream: Any = SimpleNamespace(client_messages=None)
    socket_connection = WebSocketConnection(connection, stream)
    socket_connection.data_received(frame(PING) * 1_000)
    counts = []
    while loop.soon:
        counts.append(transport.count)
        assert not transport.is_reading
        loop.soon.pop()()
    assert counts == [170, 341, 512, 682, 853]
    assert transport.count == 1_000
    assert transport.is_reading
    socket_connection.pause_writing()
    socket_connection.data_received(frame(PING) * 1_000)
    assert transport.count == 1_000
