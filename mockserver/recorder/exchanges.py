"""A request with its response, as somebody has recorded it, and what its bodies and headers mean."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from mockserver.syntax import strict_json
from mockserver.syntax.http.address_headers import replace_addresses
from mockserver.syntax.http.charsets import codec_name
from mockserver.syntax.http.content_codings import Undecodable, decode_content
from mockserver.syntax.http.header_names import FRAMING, TEXT, TOKEN
from mockserver.syntax.http.media_types import FORM, charset_of, essence, is_json, is_text

# Of a longer body, nothing is kept.
BODY_LIMIT = 10 * 1024 * 1024
# Of one hop, of one moment, or what the server decides itself; names that begin with an entry of DROPPED_PREFIXES too.
DROPPED = FRAMING | {
    "age", "alt-svc", "content-encoding", "content-type", "date", "nel", "proxy-authenticate", "report-to", "server",
    "server-timing", "set-cookie", "set-cookie2", "strict-transport-security", "vary", "via", "x-powered-by",
}  # fmt: skip
DROPPED_PREFIXES = ("access-control-", "cf-", "x-mock-", ":")

Headers = Sequence[tuple[str, str]]


class RecordedExchange(Struct, frozen=True):
    """A request with its response.

    `target` is the path and query as sent (origin form, RFC 9112, section 3.2.1). Bodies are complete; None is one that
    is missing from the recording, b"" one that was empty.
    """

    method: str
    target: str
    request_headers: Headers
    request_body: bytes | None
    status: int
    response_headers: Headers
    response_body: bytes | None

    def without_bodies(self) -> RecordedExchange:
        """The exchange as one whose bodies are missing."""
        return replace(self, request_body=None, response_body=None)

    @property
    def size(self) -> int:
        """The length of the longer body, in bytes."""
        return max(len(self.request_body or b""), len(self.response_body or b""))


class Content(Struct, frozen=True):
    """A body as a JSON value (`kind` json or form), as text, or as bytes that are none of these (binary).

    One that is empty or missing has no value.
    """

    kind: str
    value: Any = None
    media_type: str = ""


EMPTY, MISSING = Content("empty"), Content("missing")


def find_header(headers: Headers, name: str) -> str | None:
    """The first value of a header; its name is case-insensitive."""
    return next((value for key, value in headers if key.lower() == name), None)


def read_content(headers: Headers, body: bytes) -> Content:
    """What a body means by its media type; JSON is recognized without one."""
    media_type = find_header(headers, "content-type") or ""
    body = decompress(headers, body)
    if not body:
        return EMPTY
    text = _decode(body, media_type)
    if is_json(media_type) or not media_type:
        try:
            return Content("json", strict_json.parse(body if text is None else text.encode()), media_type)
        except strict_json.MalformedJSON:
            media_type = media_type or "text/plain"
    if text is None or not (is_text(media_type) or is_json(media_type) or essence(media_type) == FORM):
        return Content("binary", body, media_type)
    if essence(media_type) == FORM:
        return Content("form", dict(parse_qsl(text, keep_blank_values=True)), media_type)
    return Content("text", text, media_type)


def kept_headers(exchange: RecordedExchange) -> dict[str, list[str]]:
    """The headers of a response that matter to a client, with their values; an address of the same host is relative."""
    names = find_header(exchange.response_headers, "connection") or ""
    of_connection = {name.strip().lower() for name in names.split(",")}
    headers: dict[str, list[str]] = {}
    for name, value in exchange.response_headers:
        lower = name.lower()
        if lower in DROPPED or lower in of_connection or lower.startswith(DROPPED_PREFIXES):
            continue
        if TOKEN.fullmatch(name) and TEXT.fullmatch(value):
            same = next((other for other in headers if other.lower() == lower), name)
            relative = replace_addresses(name, value, lambda address: _relative(exchange, address))
            headers.setdefault(same, []).append(relative)
    return headers


def _relative(exchange: RecordedExchange, address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    host = find_header(exchange.request_headers, "host") or find_header(exchange.request_headers, ":authority")
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != (host or "").lower():
        return address
    return parts._replace(scheme="", netloc="").geturl() or "/"


def _decode(body: bytes, media_type: str) -> str | None:
    """The text of a body; None where it has none. UTF-8 comes first: HAR files hold what browsers have decoded."""
    for codec in ("utf-8", codec_name(charset_of(media_type) or "")):
        if codec is not None:
            with contextlib.suppress(UnicodeDecodeError):
                return body.decode(codec)
    return None


def decompress(headers: Headers, body: bytes) -> bytes:
    """A body without its content coding, if it still has it; HAR files hold what browsers have decoded."""
    try:
        return decode_content(body, find_header(headers, "content-encoding") or "", BODY_LIMIT)
    except Undecodable:
        return body
