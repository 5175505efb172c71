"""WSGI (PEP 3333) from parsed requests, and its answers as bytes. No sockets here."""

from __future__ import annotations

import http
import io
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Headers = Sequence[tuple[bytes, bytes]]
BODILESS = {"204", "304"}
CODED = "HTTP_TRANSFER_ENCODING"
# Headers that the server or the application gives a meaning to. The environ has "_" for "-", so that one written with
# an underscore would pass for them, where a proxy in front may have let only the other through.
MEANING = re.compile(
    "(?:ACCESS_CONTROL|IF|PROXY|SEC|X_FORWARDED|X_MOCK)_.*|ACCEPT_(?:CHARSET|ENCODING|LANGUAGE|RANGES)|CACHE_CONTROL|"
    "CONTENT_(?:ENCODING|LENGTH|LOCATION|RANGE|TYPE)|IDEMPOTENCY_KEY|KEEP_ALIVE|TRANSFER_ENCODING|USER_AGENT"
)
# What the server has dealt with itself.
UNTOLD = (CODED, "CONTENT_LENGTH")
# RFC 9110, section 7.6.1: these are between two neighbours, and the server speaks to its neighbour itself.
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
# Python's own phrases changed with 3.13; these are those of RFC 9110.
PHRASES = {413: "Content Too Large", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
STATUS_LINE = {
    str(status.value): f"HTTP/1.1 {status.value} {PHRASES.get(status, status.phrase)}".encode()
    for status in http.HTTPStatus
}


DELIVERY = "mockserver.delivery"
# The request's headers, as (name, value), the same object for the same headers.
HEADERS = "mockserver.headers"


@dataclass(slots=True, eq=False)
class Delivery:
    """How the application wants its answer delivered: found in the environ as `mockserver.delivery`, and filled in.

    `delay` is in milliseconds. `fault` is one of FAULTS. While the answer is held, `release` sends another in its
    place; `done` is called once nothing is held any more. `held` is the application's to use. `keep` takes the bytes of
    the request, the answer's head and its body, where the application would give them again.
    """

    delay: int = 0
    fault: str | None = None
    release: Callable[[str, Sequence[tuple[str, str]], bytes], None] | None = None
    done: Callable[[], None] | None = None
    held: object = None
    keep: Callable[[bytes, bytes, bytes], None] | None = None


FAULTS = (
    "empty-response", "connection-reset", "malformed-chunk", "random-data-then-close", "timeout", "slow-body",
)  # fmt: skip


class BadAnswer(Exception):
    """The application answered with what cannot be sent as HTTP."""


def constant_environ(server: tuple[str, int | None] | None, client: tuple[str, int] | None) -> dict[str, Any]:
    """What is the same for every request of a connection."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0] if server else "localhost",
        "SERVER_PORT": str(server[1]) if server else "0",
        "REMOTE_ADDR": client[0] if client else "",
        "REMOTE_PORT": str(client[1]) if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def environ(
    constant: dict[str, Any], method: str, version: str, target: bytes, headers: Headers, body: bytes
) -> dict[str, Any]:
    """The environ of one request; `target` is the path and query as sent."""
    named, shared = _named(tuple(headers))
    made = constant | named
    made[HEADERS] = shared
    raw = target.decode("latin-1")
    path, _, query = raw.partition("?")
    made["REQUEST_METHOD"] = method
    made["SERVER_PROTOCOL"] = f"HTTP/{version}"
    made["RAW_URI"] = made["REQUEST_URI"] = raw
    made["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    made["QUERY_STRING"] = query
    made["wsgi.input"] = io.BytesIO(body)
    made[DELIVERY] = Delivery()
    if made.pop(CODED, None) is not None or body:
        made["CONTENT_LENGTH"] = str(len(body))
    return made


# Clients send the same headers again and again.
@lru_cache(maxsize=256)
def _named(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The headers by the environ's names, and as a list; what repeats a name is joined (RFC 9110, section 5.3)."""
    named: dict[str, str] = {}
    spelled: dict[str, bytes] = {}
    # Those with hyphens first: one that only looks like another gives way to it.
    for name, value in sorted(headers, key=_is_underscored) if any(map(_is_underscored, headers)) else headers:
        key = _key(name)
        if key is None or spelled.setdefault(key, name) != name:
            continue
        text = value.decode("latin-1")
        if key in named:
            text = f"{named[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{text}"
        named[key] = text
    return named, tuple((key, text) for key, text in named.items() if key not in UNTOLD)


def _is_underscored(header: tuple[bytes, bytes]) -> bool:
    return b"_" in header[0]


@lru_cache(maxsize=1024)
def _key(name: bytes) -> str | None:
    """The environ's name for a header; None for one with an underscore that would pass for one with a meaning."""
    key = name.decode("latin-1").upper().replace("-", "_")
    if b"_" in name and MEANING.fullmatch(key):
        return None
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def call(app: WSGIApplication, environment: dict[str, Any]) -> tuple[bytes, bytes]:
    """Call the application; its status line with headers, and its body.

    Raises BadAnswer, and whatever the application raises.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [(status, headers)]
        return written.append

    answer = app(environment, start_response)
    try:
        body = b"".join([*written, *answer])
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    if not started:
        raise BadAnswer("the application did not start its response")
    return head(*started[0], body, environment["REQUEST_METHOD"] == "HEAD"), body


def head(status: str, headers: Sequence[tuple[str, str]], body: bytes, to_head: bool = False) -> bytes:
    """The status line and headers, without the empty line after them. Raises BadAnswer for a line break in one."""
    lines, code, sized = [""], status[:3], to_head
    for name, value in headers:
        lower = name.lower()
        if lower not in HOP_BY_HOP:
            lines.append(f"{name}: {value}")
            sized = sized or lower == "content-length"
    if not sized and code not in BODILESS:
        lines.append(f"Content-Length: {len(body)}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise BadAnswer("a header of the answer holds a line break")
    line = STATUS_LINE.get(code) or f"HTTP/1.1 {status}".encode("latin-1")
    return b"%s%s\r\n" % (line, text.encode("latin-1", "replace"))
