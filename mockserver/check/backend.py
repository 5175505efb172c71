"""Requests to a real backend, whose responses come as they are: no redirect is followed and no proxy is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

TIMEOUT_SECONDS = 30.0
# Bytes of a body that are read; a longer one is not validated.
BODY_LIMIT = 10 * 1024 * 1024
# The client has decoded the body already.
DECODED = ("content-encoding", "content-length", "transfer-encoding")


class BackendRequest(NamedTuple):
    """A request to the backend; `target` is the path and query, which come after `prefix`."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.prefix}{self.target}"


class BackendResponse(NamedTuple):
    """A response of the backend; `body` is None where it is longer than BODY_LIMIT."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes | None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class BackendUnreachable(Exception):
    """No connection to the backend can be made."""


class BrokenResponse(Exception):
    """The backend did not respond with HTTP, not completely, or not in time."""


class Backend:
    """A backend at `url`, whose path, if it `has_path`, is put in front of those of the requests.

    `headers` are sent with each request.

    Raises ValueError for a URL that is none.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'"{url}" is not an address such as http://localhost:3000')
        if parts.query or parts.fragment:
            raise ValueError(f'"{url}" has a query or a fragment; an address is a host, a port and a path')
        self.url, self.has_path = url.rstrip("/"), bool(parts.path)
        self._session = requests.Session()
        # The environment may name a proxy, which would respond in place of the backend.
        self._session.trust_env = False
        self._headers = headers

    def send(self, request: BackendRequest) -> BackendResponse:
        """The response to a request. Raises BackendUnreachable and BrokenResponse."""
        try:
            with self._session.request(
                request.method,
                self.url + request.prefix + request.target,
                headers={**request.headers, **self._headers},
                data=request.body,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = [pair for pair in response.raw.headers.items() if pair[0].lower() not in DECODED]
                return BackendResponse(response.status_code, headers, _read(response))
        except requests.Timeout:
            raise BrokenResponse(f"no response within {TIMEOUT_SECONDS:g} s") from None
        except requests.ConnectionError as error:
            if isinstance(_first_cause(error), OSError) and not isinstance(_first_cause(error), ConnectionResetError):
                raise BackendUnreachable(_reason(error)) from None
            raise BrokenResponse(_reason(error)) from None
        except requests.RequestException as error:
            raise BrokenResponse(_reason(error)) from None


def _read(response: requests.Response) -> bytes | None:
    body = b""
    for part in response.iter_content(65_536):
        body += part
        if len(body) > BODY_LIMIT:
            return None
    return body


def _first_cause(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _reason(error: Exception) -> str:
    cause = _first_cause(error)
    text = getattr(cause, "strerror", None) or str(cause)
    return f"{type(cause).__name__}: {text}"[:300]
