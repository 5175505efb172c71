"""Sends requests to a real backend, one after the other: no redirects, no cookies, no proxies of the environment."""

from __future__ import annotations

from collections.abc import Iterable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests

from mockserver.engine.clock import monotonic
from mockserver.http.messages import Response

# In seconds: for the connection, for each silence, and for the whole response.
CONNECT_TIMEOUT, READ_TIMEOUT, RESPONSE_TIMEOUT = 10, 30, 60
BODY_LIMIT = 10 * 1024 * 1024
CHUNK = 65_536
# These describe the body before it was decoded.
DECODED = ("content-encoding", "content-length", "transfer-encoding")


class Unreachable(Exception):
    """The backend cannot be reached; the message says why."""


class NoResponse(Exception):
    """A request got no complete response; the message says why."""


class TooLarge(Exception):
    """A response is larger than BODY_LIMIT."""


class BackendClient:
    """Sends requests to the backend at `url`, whose path precedes those of the requests.

    `headers` are sent with each request. Raises ValueError if the URL is none of HTTP.
    """

    def __init__(self, url: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an address such as http://localhost:8000")
        self.base_path = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        # For messages: without credentials.
        self.address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self.base_path}"
        self._headers = dict(headers)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._has_responded = False

    @property
    def header_names(self) -> frozenset[str]:
        """The names of the headers that are sent with each request, in lower case."""
        return frozenset(name.lower() for name in self._headers)

    def send(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes | None) -> Response:
        """The response to a request. Raises Unreachable until there was a response, then NoResponse, and TooLarge."""
        header_names = self.header_names
        sent = {name: value for name, value in headers if name.lower() not in header_names} | self._headers
        try:
            with self._session.request(
                method, self._origin + target, headers=sent, data=body, stream=True, allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            ) as response:  # fmt: skip
                content = _read(response)
        except requests.RequestException as error:
            kind = NoResponse if self._has_responded else Unreachable
            raise kind(_reason(error)) from None
        self._has_responded = True
        media_type = response.headers.get("Content-Type")
        return Response(
            response.status_code,
            content,
            media_type,
            [pair for pair in response.headers.items() if pair[0].lower() not in DECODED],
        )


def _read(response: requests.Response) -> bytes:
    """The whole body. Raises TooLarge, and Timeout if it takes too long."""
    began, content = monotonic(), bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > BODY_LIMIT:
            raise TooLarge
        if monotonic() - began > RESPONSE_TIMEOUT:
            raise requests.Timeout(f"the response is not complete after {RESPONSE_TIMEOUT} s")
    return bytes(content)


def _reason(error: requests.RequestException) -> str:
    """Why a request has failed, in words."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "the certificate or the TLS connection is not valid"
    if isinstance(error, requests.ReadTimeout):
        return f"no response within {READ_TIMEOUT} s"
    if isinstance(error, requests.Timeout):
        return str(error)
    text = str(error).lower()
    if "refused" in text:
        return "the connection is refused"
    if "resolve" in text or "name or service" in text:
        return "its name has no address"
    return "the connection failed" if isinstance(error, requests.ConnectionError) else "the response is malformed"
