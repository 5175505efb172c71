"""A client that takes as little time as Python allows: requests and responses are bytes, and bodies are not kept."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.bench.servers import Server

SECONDS = 60
CHUNK = 256 * 1024
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def request(method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A request without a body."""
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if method == "POST":
        fields["Content-Length"] = "0"
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in fields.items()), "", ""]).encode()


class Connection:
    """A connection to a server that one request after another is sent over."""

    def __init__(self, server: Server) -> None:
        place = urlsplit(server.url)
        self.socket = socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send a request."""
        self.socket.sendall(data)

    def receive(self) -> bytes:
        """What has come, at least one byte.

        Raises RuntimeError at the end of the connection.
        """
        data = self.socket.recv(CHUNK)
        if not data:
            raise RuntimeError("the server has closed the connection")
        return data

    def read_head(self) -> tuple[bytes, bytes]:
        """The head of a 200, and what has come of its body.

        Raises RuntimeError for another status, and at the end of the connection.
        """
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(data.decode("latin-1"))
        return head, rest

    def read(self) -> int:
        """The bytes of the body of a response with a Content-Length, once all have come."""
        head, rest = self.read_head()
        length = CONTENT_LENGTH.search(head)
        if length is None:
            raise RuntimeError(f"no Content-Length: {head.decode('latin-1')}")
        size = missing = int(length[1])
        missing -= len(rest)
        while missing > 0:
            missing -= len(self.receive())
        return size
