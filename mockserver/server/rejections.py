"""Requests that the server rejects before an application sees them: problem documents (RFC 9457) as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache

from mockserver.server import wsgi_bridge
from mockserver.syntax.http.header_names import TOKEN

# The bytes of the target and the headers, and the number of headers.
HEAD_LIMIT, HEADER_LIMIT = 64 * 1024, 1_000
# How many requests of a connection may wait for the response before theirs.
WAITING_LIMIT = 16
# Framing may take this many times the limit of bodies: chunks of one byte take six bytes each.
FRAMING_FACTOR = 8
# The time for a head, for the first bytes of a connection, and between the parts of a body.
REQUEST_SECONDS = 30.0
# Status, title and detail by code.
REJECTIONS = {
    "malformed-request": (
        400, "Bad Request",
        "The request is not valid HTTP/1.1. In its target, spaces and characters beyond ASCII are percent-encoded.",
    ),
    "missing-host": (400, "Bad Request", "An HTTP/1.1 request has exactly one Host header (RFC 9112, section 3.2)."),
    "bad-host": (
        400, "Bad Request",
        "The Host header, or the authority of an absolute target, is not a host name or an IP address (IPv6 in "
        "brackets) with an optional port (RFC 9112, section 3.2).",
    ),
    "request-timeout": (
        408, "Request Timeout",
        f"The head was not complete, or no part of the body came, for {REQUEST_SECONDS:.0f} seconds.",
    ),
    "uri-too-long": (414, "URI Too Long", f"The request target is longer than {HEAD_LIMIT} bytes."),
    "header-fields-too-large": (
        431, "Request Header Fields Too Large",
        f"The headers are longer than {HEAD_LIMIT} bytes, or more than {HEADER_LIMIT}.",
    ),
    "internal-error": (500, "Internal Server Error", "Internal server error; the server log has the details."),
    "unknown-method": (
        501, "Not Implemented",
        "The server knows no such method. Methods are case-sensitive: GET, PATCH (RFC 9110, section 9.1).",
    ),
    "transfer-coding-not-supported": (
        501, "Not Implemented",
        "The only transfer coding that the server reads is chunked: send the body without another one "
        "(RFC 9112, section 6.1).",
    ),
    "http-version-not-supported": (
        505, "HTTP Version Not Supported",
        "The server speaks HTTP/1.1 and HTTP/1.0: send one of these in the request line.",
    ),
}  # fmt: skip
# Pages of every origin may read a rejection, which is the same for all: without its headers, no origin is known.
READABLE = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Mock-Code")]
# A request line whose method may be any, after the empty lines that some clients send (RFC 9112, section 2.2).
REQUEST_LINE = re.compile(rb"(?:\r?\n)*(?P<method>" + TOKEN.pattern.encode() + rb") [!-~]+ HTTP/1\.[0-9]\r\n")


class RequestRejected(Exception):
    """Raised in a callback of the parser to stop a request that is rejected."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@cache
def rejection(code: str) -> tuple[bytes, bytes]:
    """The head and the body of a rejection."""
    status, title, detail = REJECTIONS[code]
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    body = json.dumps(problem, separators=(",", ":")).encode()
    headers = [("Content-Type", "application/problem+json"), ("X-Mock-Code", code), *READABLE]
    return wsgi_bridge.head(status, headers, body, line=f"{status} {title}"), body


def has_unknown_coding(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body is in other transfer codings than chunked, which the parser would leave in it.

    Where chunked is not the last coding, the length is not known: the parser rejects that (RFC 9112, section 6.3).
    """
    values = [value for name, value in headers if name == b"transfer-encoding"]
    codings = [coding.strip(b" \t").lower() for coding in b",".join(values).split(b",")]
    return codings[-1] == b"chunked" and any(coding not in (b"", b"chunked") for coding in codings)


def code_of_unparsed(method: bytes, target: bytes) -> str:
    """Why bytes are rejected that the parser does not accept. Clients that speak only HTTP/2 begin with `PRI *`."""
    return "http-version-not-supported" if method == b"PRI" and target == b"*" else "malformed-request"


def code_of_unknown_method(data: bytes) -> str:
    """Why bytes are rejected that do not begin with a method that the parser knows."""
    return "unknown-method" if REQUEST_LINE.match(data) else "malformed-request"


def code_of_parsed(code: str, version: str, data: bytes) -> str:
    """The code of a rejected request, unless its request line is invalid.

    One without a version, which the parser reads as one of HTTP/0.9, is invalid today.
    """
    return "malformed-request" if version == "0.9" and b" HTTP/0.9" not in data else code
