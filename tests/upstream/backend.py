"""Backends for tests: a server of raw bytes, and clients that send and read raw bytes."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

SECONDS = 10.0
# The end of a body in chunks, with its trailers.
LAST_CHUNK = re.compile(rb"(?:\A|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n\Z")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Gets the connection and the request (its head and its body), and responds to it.
Respond = Callable[[socket.socket, "Received"], object]


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    head: bytes
    body: bytes = b""

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        lines = [line.decode("latin-1").partition(": ") for line in self.head.split(b"\r\n")[1:]]
        return [(name.lower(), value) for name, _, value in lines if name]

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.pairs)


@dataclass
class Backend:
    """A server that reads requests, remembers them, and has `respond` answer each; `connections` counts those made."""

    respond: Respond | bytes = OK
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    reads_body: bool = True

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would leave its thread waiting for a connection.
        with_suppressed(self._listener.shutdown, socket.SHUT_RDWR)
        self._listener.close()
        self.close_connections()

    @property
    def last(self) -> Received:
        return self.received[-1]

    def close_connections(self) -> None:
        """Close every connection, as an upstream does that has waited long enough."""
        for connection in list(self._open):
            with_suppressed(connection.shutdown, socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                for request in read_requests(connection, reads_body=self.reads_body):
                    self.received.append(request)
                    if isinstance(self.respond, bytes):
                        connection.sendall(self.respond)
                    elif self.respond(connection, request) == "close":
                        return
        except OSError:
            pass
        finally:
            self._open.discard(connection)


def with_suppressed(act: Callable[..., object], *arguments: object) -> None:
    with suppress(OSError):
        act(*arguments)


def read_requests(connection: socket.socket, *, reads_body: bool = True) -> Iterator[Received]:
    """The requests of a connection."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return
            data += part
        head, _, data = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        body = b"" if reads_body else data
        if reads_body and re.search(rb"(?im)^transfer-encoding: *chunked", head):
            while LAST_CHUNK.search(data) is None:
                data += connection.recv(65536)
            body, data = unchunk(data), b""
        elif reads_body and length is not None:
            while len(data) < int(length[1]):
                data += connection.recv(65536)
            body, data = data[: int(length[1])], data[int(length[1]) :]
        yield Received(head, body)


def unchunk(data: bytes) -> bytes:
    """The body in chunks; fails for one that is not complete."""
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        number = int(size, 16)
        if number == 0:
            assert data.endswith(b"\r\n"), "the body is cut short"
            return body
        assert len(data) > number, "a chunk is cut short"
        body, data = body + data[:number], data[number + 2 :]


@contextmanager
def connect(url: str) -> Iterator[socket.socket]:
    """A connection to a server."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS) as connection:
        yield connection


def exchange(url: str, request: bytes) -> bytes:
    """All that comes in response to a request until the server closes."""
    with connect(url) as connection:
        connection.sendall(request)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    result = b""
    while part := connection.recv(65536):
        result += part
    return result


def head_of(response: bytes) -> dict[str, str]:
    """The headers of a response, in lower case."""
    return Received(response.partition(b"\r\n\r\n")[0]).headers


def body_of(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[2]


def status_of(response: bytes) -> int:
    return int(response.split(b" ", 2)[1])


def get(target: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request after which the server closes the connection."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/1.1", "Host: mock.test", "Connection: close", *length, *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body
