"""The host that a request is for (RFC 9112, section 3.2)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from mockserver.server.rejections import RequestRejected

# A registered name, an IPv4 address or an address in brackets, and a port (RFC 3986, section 3.2).
HOST = re.compile(
    rb"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|"
    rb"\[(?:(?P<address>[0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\])(?::[0-9]*)?"
)


def with_effective_host(target: bytes, headers: list[tuple[bytes, bytes]], version: str) -> list[tuple[bytes, bytes]]:
    """The headers of a request, with the authority of an absolute target in place of `Host`.

    Raises RequestRejected for a `Host` that is invalid, missing or repeated. HTTP/1.0 has none.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or not (hosts or version == "1.0"):
        raise RequestRejected("missing-host")
    authority = _authority(target)
    # Only a request for an address without a host has an empty one.
    if not all(map(_is_host, hosts)) or not (authority is None or (_is_host(authority) and authority)):
        raise RequestRejected("bad-host")
    if authority is None or authority in hosts:
        return headers
    return [(b"host", authority), *(header for header in headers if header[0] != b"host")]


def _authority(target: bytes) -> bytes | None:
    """The authority of an absolute target."""
    scheme, separator, rest = target.partition(b"://")
    return re.split(rb"[/?]", rest, maxsplit=1)[0] if separator and scheme.isalnum() else None


@lru_cache(maxsize=256)
def _is_host(value: bytes) -> bool:
    match = HOST.fullmatch(value)
    if match is None or match["address"] is None:
        return match is not None
    try:
        ipaddress.IPv6Address(match["address"].decode())
    except ValueError:
        return False
    return True
