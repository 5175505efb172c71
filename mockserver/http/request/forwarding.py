"""Requests that a reverse proxy has passed on, and that say at which address the client has sent them.

The headers have the meaning that Werkzeug's `ProxyFix` gives them: of several values the last one counts, which is the
nearest proxy's. Anyone could send them, so they are read only where the server is told that a proxy sets them.
"""

from __future__ import annotations

import re

from mockserver.http.messages import Request

# A prefix with two slashes at its start would be the address of another host.
_PREFIX = re.compile(r"(?:/(?!/)[\w.~!$&'()*+,;=:@%-]*)*", re.ASCII)
_HOST = re.compile(r"[\w.-]+(?::\d+)?|\[[\da-fA-F:.]+\](?::\d+)?", re.ASCII)


def as_sent_by_client(request: Request) -> Request:
    """The request with the prefix, scheme and host of its `X-Forwarded-` headers, as far as they are valid."""
    prefix = _last(request, "X-Forwarded-Prefix").rstrip("/")
    scheme = _last(request, "X-Forwarded-Proto").lower()
    host = _last(request, "X-Forwarded-Host")
    return request.at_address(
        prefix if _PREFIX.fullmatch(prefix) else "",
        scheme if scheme in ("http", "https") else request.scheme,
        host if _HOST.fullmatch(host) else None,
    )


def _last(request: Request, name: str) -> str:
    return (request.header(name) or "").rpartition(",")[2].strip()
