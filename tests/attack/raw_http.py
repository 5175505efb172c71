"""Requests as bytes that no HTTP client would send."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

SECONDS = 10.0
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")
GOOD = b"GET /admin/jobs/job-2 HTTP/1.1\r\nHost: localhost\r\nX-Mock-Sandbox: good\r\nConnection: close\r\n\r\n"


def send(url: str, data: bytes) -> bytes:
    """Everything that the server sends for `data` until it closes; nothing is sent after it."""
    place = urlsplit(url)
    received = b""
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SECONDS) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


def statuses(received: bytes) -> list[int]:
    """The status of each response; bodies of the tested API contain no status line."""
    return [int(status) for status in STATUS_LINE.findall(received) if status != b"100"]
