"""WSGI (PEP 3333) from parsed requests, and HTTP/1.1 heads from responses. No sockets here."""

from __future__ import annotations

import contextlib
import http
import io
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from itertools import starmap
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.urls import iri_to_uri

from mockserver.http.messages import RequestHeaders, header_name, join_headers
from mockserver.syntax.http.header_names import ADDRESSES, HOP_BY_HOP
from mockserver.syntax.http.statuses import BODILESS, LENGTHLESS, reason_phrase

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

UPGRADE_REQUIRED = 426
# In the environ: whole bodies are sent, so that one which never ends must not be begun.
BUFFERED = "mockserver.buffered"
RawHeaders = Sequence[tuple[bytes, bytes]]
# Headers that the server or the application gives a meaning to. Names are compared with "-" for "_", so that one
# written with an underscore would pass for them, where a proxy in front may have let only the other through.
MEANING = re.compile(
    "(?:Access-Control|If|Proxy|Sec|X-Accel|X-Forwarded|X-Mock)-.*|Accept-(?:Charset|Encoding|Language|Ranges)|Cache-Control|"
    "Content-(?:Encoding|Length|Location|Range|Type)|Idempotency-Key|Keep-Alive|Transfer-Encoding|User-Agent"
)
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {reason_phrase(status)}\r\n".encode() for status in http.HTTPStatus
}


class BadResponse(Exception):
    """The application's response cannot be sent as HTTP."""


def origin_form(target: bytes) -> bytes:
    """The path and query of a request's target, of an absolute one too (RFC 9112, section 3.2.2)."""
    if target[:1] == b"/" or target == b"*":
        return target
    rest = target.partition(b"://")[2]
    slash, question = rest.find(b"/"), rest.find(b"?")
    if question >= 0 and (slash < 0 or question < slash):
        return b"/" + rest[question:]
    return rest[slash:] if slash >= 0 else b"/"


def constant_environ(
    server: tuple[str, int | None] | None, client: tuple[str, int] | None, scheme: str = "http"
) -> dict[str, Any]:
    """What is the same for every request of a connection."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0] if server else "localhost",
        "SERVER_PORT": str(server[1]) if server else "0",
        "REMOTE_ADDR": client[0] if client else "",
        "REMOTE_PORT": str(client[1]) if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def environ(
    constant: dict[str, Any], method: str, version: str, target: bytes, headers: RawHeaders, body: bytes
) -> dict[str, Any]:
    """The environ of one request; `target` is the path and query as sent."""
    raw = target.decode("latin-1")
    path, _, query = raw.partition("?")
    values = constant | {_environ_key(name): value for name, value in read_headers(tuple(headers)).items()}
    values["REQUEST_METHOD"] = method
    values["SERVER_PROTOCOL"] = f"HTTP/{version}"
    values["RAW_URI"] = values["REQUEST_URI"] = raw
    values["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    values["QUERY_STRING"] = query
    values["wsgi.input"] = io.BytesIO(body)
    if values.pop("HTTP_TRANSFER_ENCODING", None) is not None or body:
        values["CONTENT_LENGTH"] = str(len(body))
    return values


# Clients send the same headers again and again.
@lru_cache(maxsize=256)
def read_headers(headers: tuple[tuple[bytes, bytes], ...]) -> RequestHeaders:
    """Headers by name, without those that would pass for others.

    Names with `_` are compared as if with `-`: of two spellings the one with hyphens counts.
    """
    spellings: dict[str, bytes] = {}
    kept = []
    for name, value in sorted(headers, key=_has_underscore) if any(map(_has_underscore, headers)) else headers:
        key = _canonical_name(name)
        if key is not None and spellings.setdefault(key, name) == name:
            kept.append((key, value.decode("latin-1")))
    return join_headers(kept)


def call(app: WSGIApplication, environment: dict[str, Any]) -> tuple[bytes, bytes]:
    """Call the application; its status line with headers, and its body.

    Raises BadResponse, and whatever the application raises.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [(status, headers)]
        return written.append

    environment[BUFFERED] = True
    chunks = app(environment, start_response)
    try:
        body = b"".join([*written, *chunks])
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    if not started:
        raise BadResponse("the application did not start its response")
    line, headers = started[0]
    status = int(line[:3])
    if status in BODILESS:
        body = b""
    return head(status, headers, body, to_head=environment["REQUEST_METHOD"] == "HEAD", line=line), body


def head(
    status: int, headers: Sequence[tuple[str, str]], body: bytes, *, to_head: bool = False, line: str = ""
) -> bytes:
    """The status line and headers, without the empty line after them. Raises BadResponse for a line break in one.

    `line` is the status with its phrase, for one that HTTP does not define.
    """
    lines = [STATUS_LINES.get(status) or f"HTTP/1.1 {line or f'{status} UNKNOWN'}\r\n".encode("latin-1")]
    lines += starmap(_header_line, headers)
    if status == UPGRADE_REQUIRED:
        # The server's own, like all headers of the connection (RFC 9110, section 15.5.22).
        lines.append(b"Upgrade: websocket\r\nConnection: Upgrade\r\n")
    encoded = b"".join(lines)
    if b"\r\nContent-Length: " in encoded:
        return encoded
    if not to_head and status not in LENGTHLESS and b"\r\ncontent-length:" not in encoded.lower():
        encoded += b"Content-Length: %d\r\n" % len(body)
    return encoded


def has_date(head: bytes) -> bool:
    """Whether a head, as `head` returns it, brings its own date."""
    return b"\r\nDate: " in head


# Most headers are in every response; the others, such as tags, are rarely sent again.
@lru_cache(maxsize=256)
def _header_line(name: str, value: str) -> bytes:
    """A header as it is sent; nothing for one that is the server's own."""
    lower = name.lower()
    if lower in HOP_BY_HOP:
        return b""
    if lower == "date":
        name = "Date"  # in one spelling, by which `has_date` finds it
    if lower in ADDRESSES:
        with contextlib.suppress(ValueError):  # one that is not a valid address is sent as it is
            value = iri_to_uri(value)
    text = f"{name}: {value}"
    if "\n" in text or "\r" in text:
        raise BadResponse("a header of the response holds a line break")
    return text.encode("latin-1", "replace") + b"\r\n"


def _has_underscore(header: tuple[bytes, bytes]) -> bool:
    return b"_" in header[0]


@lru_cache(maxsize=1024)
def _canonical_name(name: bytes) -> str | None:
    """A header's name as requests have it; None for one with an underscore that would pass for one with a meaning."""
    canonical = header_name(name.decode("latin-1"))
    return None if b"_" in name and MEANING.fullmatch(canonical) else canonical


@lru_cache(maxsize=1024)
def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
