"""The content codings of HTTP (RFC 9110, section 8.4.1), decoded."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

# Of more compressed members in one body, each would take the time of copying the rest.
MEMBER_LIMIT = 100
# Each further coding of a body takes as long as the first.
CODING_LIMIT = 5
# How `zlib` is to read a coding (RFC 9110, section 8.4.1). `deflate` may come without the format around it.
_WINDOWS: Mapping[str, int] = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
# The names of the codings that are decoded (`x-gzip` is an alias).
CODINGS = ("gzip", "deflate")


class Undecodable(ValueError):
    """A body is too long, or in a coding that is not known, or, if it `is_malformed`, not what its coding says."""

    def __init__(self, reason: str, *, is_malformed: bool = False) -> None:
        self.is_malformed = is_malformed
        super().__init__(reason)


def list_codings(coding: str | None) -> list[str]:
    """The codings that a Content-Encoding names, in the order in which they were applied."""
    names = (name.strip().lower() for name in (coding or "").split(","))
    return [name for name in names if name not in ("", "identity")]


def find_unknown(coding: str | None) -> str | None:
    """The first coding of a Content-Encoding that is not decoded here, if there is one."""
    return next((name for name in list_codings(coding) if name not in _WINDOWS), None)


def decode_content(body: bytes, coding: str | None, limit: int) -> bytes:
    """A body without its content codings, which has at most `limit` bytes then. Raises Undecodable."""
    names = list_codings(coding)
    if len(names) > CODING_LIMIT:
        raise Undecodable(f"the body has more than {CODING_LIMIT} content codings", is_malformed=True)
    for name in reversed(names):
        if name not in _WINDOWS:
            raise Undecodable(f"the content coding {name} is not known")
        body = _inflate(body, _WINDOWS[name], limit)
    if len(body) > limit:
        raise Undecodable(f"the body is longer than {limit} bytes")
    return body


def _inflate(body: bytes, window: int, limit: int) -> bytes:
    result, rest, members = b"", body, 0
    while rest:
        members += 1
        if members > MEMBER_LIMIT:
            raise Undecodable(f"the body has more than {MEMBER_LIMIT} compressed members")
        stream = zlib.decompressobj(window)
        try:
            result += stream.decompress(rest, limit + 1 - len(result))
        except zlib.error as error:
            if window == zlib.MAX_WBITS and not result:
                return _inflate(body, -zlib.MAX_WBITS, limit)
            reason = f"the body is not compressed as its Content-Encoding says: {error}"
            raise Undecodable(reason, is_malformed=True) from None
        if len(result) > limit:
            raise Undecodable(f"the body is longer than {limit} bytes")
        if not stream.eof:
            raise Undecodable("the compressed body is cut short", is_malformed=True)
        # Several members may follow one another (RFC 1952, section 2.2).
        rest = stream.unused_data if window > zlib.MAX_WBITS else b""
    return result
