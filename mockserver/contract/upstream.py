"""The real backend beside the mock: its address, and which requests are always passed on to it."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from functools import cache
from http.client import HTTP_PORT, HTTPS_PORT
from urllib.parse import quote, urlsplit

from msgspec import Struct

from mockserver.errors import quote as quote_name
from mockserver.openapi.model import Operation
from mockserver.syntax.http.basic_credentials import basic_credentials

PORTS: Mapping[str, int] = {"http": HTTP_PORT, "https": HTTPS_PORT}
TIMEOUT_SECONDS = 30.0
# The characters of a path that an address has as they are (RFC 3986, section 3.3), and those of what is encoded.
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_GLOB = re.compile(r"([A-Za-z]+|\*)\s+(/\S*)")
_WILDCARD = re.compile(r"\*\*|\*|\{[^/{}]*\}")


class BadUpstream(ValueError):
    """The address of the upstream, its certificate or what is passed on to it cannot be used.

    `option` is that of the command line for it.
    """

    def __init__(self, message: str, option: str = "--upstream") -> None:
        super().__init__(message)
        self.option = option


class UpstreamAddress(Struct, frozen=True):
    """An origin with a path in front of every request's. `path` has no slash at its end, and is empty for the root.

    `host` is a name in ASCII or an IP address without brackets; `authorization` are basic credentials as a header has
    them.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    authorization: str | None = None

    @classmethod
    def parse(cls, url: str) -> UpstreamAddress:
        """Read a URL such as `https://user:password@api.example.com/v2`. Raises BadUpstream."""
        shown = quote_name(_without_credentials(url))
        if _FORBIDDEN.search(url):
            raise BadUpstream(f"{shown} is not a URL: it contains white space, a backslash or a control character.")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadUpstream(f"{shown} is not a URL: {error}.") from None
        if parts.scheme not in PORTS or not url[len(parts.scheme) :].startswith("://"):
            example = (
                f"http://{url.partition('://')[2] or url.lstrip('/')}" if "@" not in url else "http://localhost:8000"
            )
            raise BadUpstream(f"{shown} needs the scheme http:// or https://, for example {example}")
        if not parts.hostname:
            raise BadUpstream(f"{shown} names no host, as http://localhost:8000 does.")
        if port == 0:
            raise BadUpstream(f"{shown} has the port 0, to which nothing can be sent.")
        if "?" in url or "#" in url:
            raise BadUpstream(f"{shown} may have a path, but no query and no fragment: requests bring their own.")
        try:
            host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode("ascii")
        except UnicodeError:
            raise BadUpstream(f"{shown} names a host that is not valid: {quote_name(parts.hostname)}.") from None
        path = quote(parts.path, safe=_PATH_SAFE).rstrip("/")
        return cls(
            parts.scheme, host, port or PORTS[parts.scheme], path, basic_credentials(parts.username, parts.password)
        )

    @property
    def authority(self) -> str:
        """The value of `Host` (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The address without credentials."""
        return self.origin + self.path


class PathPattern(Struct, frozen=True):
    """A method (None: any) and the paths that are passed on. `text` is the pattern as it was written."""

    text: str
    method: str | None
    path: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern | None:
        """Read `GET /jobs/*`; None for any other text.

        `*` and a parameter such as `{id}` match within a segment, `**` matches any number of segments.
        """
        match = _GLOB.fullmatch(text.strip())
        if match is None:
            return None
        pieces, end = list[str](), 0
        for wildcard in _WILDCARD.finditer(match[2]):
            pieces += [re.escape(match[2][end : wildcard.start()]), ".*" if wildcard[0] == "**" else "[^/]*"]
            end = wildcard.end()
        pieces.append(re.escape(match[2][end:]))
        method = None if match[1] == "*" else match[1].upper()
        return cls(text, method, re.compile("".join(pieces), re.DOTALL))

    def matches(self, method: str, paths: Iterable[str]) -> bool:
        """Whether a request is meant that has one of these paths. GET means HEAD, too."""
        if self.method not in (None, method) and (self.method, method) != ("GET", "HEAD"):
            return False
        return any(self.path.fullmatch(path) for path in paths)


class Upstream(Struct, frozen=True):
    """The real backend, and what is passed on to it besides what no operation matches.

    `operations` are passed on by operationId, other requests by `patterns`. `prefixes` are the paths of the document's
    servers, the longest first. `timeout` is in seconds. `tls` is None for the certificates that the machine trusts.
    """

    address: UpstreamAddress
    operations: frozenset[str] = frozenset()
    patterns: tuple[PathPattern, ...] = ()
    prefixes: tuple[str, ...] = ()
    timeout: float = TIMEOUT_SECONDS
    tls: ssl.SSLContext | None = None

    @property
    def pseudonym(self) -> str:
        """The name of this server in `Via`: the same for each process that passes on to the same backend."""
        return _pseudonym(self.address.url)

    def prefix_of(self, path: str) -> str:
        """The prefix of the document's servers that a path begins with; empty if there is none."""
        return next((prefix for prefix in self.prefixes if path == prefix or path.startswith(f"{prefix}/")), "")

    def passes_always(self, operation: Operation, method: str, path: str) -> bool:
        """Whether requests to this operation, with this path, are passed on in every sandbox."""
        if operation.id in self.operations:
            return True
        if not self.patterns:
            return False
        paths = {path, path.removeprefix(self.prefix_of(path))}
        return any(pattern.matches(method, paths) for pattern in self.patterns)


@cache
def _pseudonym(url: str) -> str:
    digest = hashlib.sha256(f"{socket.gethostname()} {url}".encode()).hexdigest()
    return f"mockserver-{digest[:8]}"


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path if separator else url.rpartition("@")[2]
