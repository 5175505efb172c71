"""One request to the receiver of a webhook, of whose response only the status matters.

A name is resolved once, and the connection goes to an address that was checked: a name that leads elsewhere a moment
later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Sequence
from http.client import HTTP_PORT, HTTPS_PORT
from urllib.parse import quote, urlsplit

from msgspec import Struct

from mockserver.contract.webhooks.reader import find_url_error
from mockserver.engine.clock import monotonic
from mockserver.errors import quote as quoted
from mockserver.syntax.http.basic_credentials import basic_credentials
from mockserver.syntax.redaction import redact_query, redact_shapes

# For the whole attempt.
TIMEOUT_SECONDS = 15.0
HEAD_LIMIT = 65_536
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
# What a target has as it is (RFC 3986, section 3), and what is percent-encoded already.
_TARGET_SAFE = "/?%:@!$&'()*+,;=~[]"


class CannotSend(Exception):
    """An attempt that has not led to a response; one that `is_final` is not repeated."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(reason)


class OutgoingRequest(Struct, frozen=True):
    """A request to a receiver."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class Sender(Struct, frozen=True):
    """Sends requests to loopback addresses, and to the hosts in `allowed`."""

    allowed: frozenset[str] = frozenset()

    def send(self, request: OutgoingRequest) -> int:
        """The status of the response; redirects are not followed. Raises CannotSend."""
        reason = find_url_error(request.url)
        if reason is not None:
            raise CannotSend(f"{quoted(redact_shapes(redact_query(request.url)))} {reason}", is_final=True)
        parts = urlsplit(request.url)
        host, scheme = (parts.hostname or "").rstrip("."), parts.scheme.lower()
        deadline = monotonic() + TIMEOUT_SECONDS
        addresses = self._resolve(host, parts.port or (HTTPS_PORT if scheme == "https" else HTTP_PORT))
        try:
            with _connect(addresses, deadline) as connection:
                if scheme == "https":
                    context = ssl.create_default_context()
                    with context.wrap_socket(connection, server_hostname=host) as secured:
                        return _exchange(secured, request, deadline)
                return _exchange(connection, request, deadline)
        except TimeoutError:
            raise CannotSend(f"no response within {TIMEOUT_SECONDS:g} s") from None
        except OSError as error:
            raise CannotSend(error.strerror or str(error)) from None

    def _resolve(self, host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
        """The addresses of a host, each of which may be connected to."""
        try:
            resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise CannotSend(f"{quoted(host)} cannot be resolved") from None
        if host not in self.allowed:
            for *_, address in resolved:
                if not _is_loopback(str(address[0])):
                    hint = f"webhooks are sent to loopback addresses only; to send this one: --allow-webhook {host}"
                    raise CannotSend(f"{host} has the address {address[0]}: {hint}", is_final=True)
        return [(family, address) for family, _, _, _, address in resolved]  # type: ignore[misc]


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _connect(addresses: list[tuple[socket.AddressFamily, tuple[str, int]]], deadline: float) -> socket.socket:
    error: OSError = OSError("there is no address")
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(_left(deadline))
            connection.connect(address)
        except OSError as failure:
            connection.close()
            error = failure
        else:
            return connection
    raise error


def _exchange(connection: socket.socket, request: OutgoingRequest, deadline: float) -> int:
    connection.settimeout(_left(deadline))
    connection.sendall(_head(request) + request.body)
    received = b""
    while True:
        status = _final_status(received)
        if status is not None:
            return status
        connection.settimeout(_left(deadline))
        piece = connection.recv(4_096)
        if not piece:
            raise CannotSend("the connection was closed before the response")
        received += piece
        if len(received) > HEAD_LIMIT:
            raise CannotSend("the response is not HTTP/1.1")


def _final_status(received: bytes) -> int | None:
    """The status of a response, once enough was received; informational ones are skipped (RFC 9110, section 15.2)."""
    while b"\n" in received:
        line = _STATUS_LINE.match(received)
        if line is None:
            raise CannotSend("the response is not HTTP/1.1")
        status = int(line[1])
        if status >= 200:
            return status
        end = _END_OF_HEAD.search(received)
        if end is None:
            return None
        received = received[end.end() :]
    return None


def _head(request: OutgoingRequest) -> bytes:
    parts = urlsplit(request.url)
    target = quote(parts.path or "/", safe=_TARGET_SAFE) + (
        f"?{quote(parts.query, safe=_TARGET_SAFE)}" if parts.query else ""
    )
    host = parts.netloc.rpartition("@")[2]
    authority = host if host.isascii() else host.encode("idna").decode()
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {authority}", "Connection: close"]
    credentials = basic_credentials(parts.username, parts.password)
    if credentials is not None and all(name.lower() != "authorization" for name, _ in request.headers):
        lines.append(f"Authorization: {credentials}")
    lines += [f"{name}: {' '.join(value.split())}" for name, value in request.headers]
    lines.append(f"Content-Length: {len(request.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _left(deadline: float) -> float:
    """The seconds until the deadline. Raises TimeoutError after it."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
