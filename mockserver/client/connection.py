"""Calls of a server's control API over HTTP, with its errors as exceptions."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from mockserver.client.errors import MockError
from mockserver.version import __version__

# How long the server may take to answer, in seconds, beyond what a call itself waits for.
ANSWER_SECONDS = 30.0
TEXT_LIMIT = 200
# As in the client: pytest shows the line of the test that failed, not those of this module.
__tracebackhide__ = True

QueryValue = str | int | float | bool | None | Iterable[str | int]


def open_session(url: str, headers: Mapping[str, str]) -> requests.Session:
    """A session that sends `headers` with each request."""
    session = requests.Session()
    session.headers.update(headers)
    # Proxies and .netrc of the environment are for other hosts, but not the certificates that it trusts.
    session.trust_env = not _is_loopback(urlsplit(url).hostname or "")
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    return session


def _is_loopback(host: str) -> bool:
    return (
        host in ("localhost", "::1") or host.endswith(".localhost") or re.fullmatch(r"127(\.\d+){3}", host) is not None
    )


class Connection:
    """The control API at `url`, called with `headers`. The first call checks that a server of a fit version answers."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._session = open_session(url, headers)
        self._checked = False

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: object = None,
        wait: float = 0.0,
    ) -> requests.Response:
        """Send a request, with `body` as JSON unless it is None. `wait` is in seconds, as long as the call may take.

        Raises MockError for every response that is not a success, and if there is none.
        """
        if not self._checked:
            self._check_version()
            self._checked = True
        response = self._send(method, path, query, body, wait)
        if not response.ok or response.is_redirect:
            raise _error(response)
        return response

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _check_version(self) -> None:
        response = self._send("GET", "/__mock/health", None, None, 0.0)
        if "X-Mock-Code" in response.headers:
            raise _error(response)
        health = _members(response)
        if not response.ok or "version" not in health:
            raise MockError(
                response.status_code,
                "not-mockserver",
                f"The server at {self._url} is not a mockserver: it responds to GET /__mock/health with "
                f"{response.status_code} {_excerpt(response)}",
            )
        version = str(health["version"])
        if _release(version) < _release(__version__):
            raise MockError(
                response.status_code,
                "too-old",
                f"The mockserver at {self._url} has version {version}, which is too old for version {__version__} of "
                "this client: update the server, or install the client of its version.",
            )

    def _send(
        self, method: str, path: str, query: Mapping[str, QueryValue] | None, body: object, wait: float
    ) -> requests.Response:
        handled = sys.exception()
        try:
            return self._session.request(
                method,
                self._url + path,
                params={name: _query_value(value) for name, value in (query or {}).items()},
                json=body,
                timeout=ANSWER_SECONDS + wait,
                # A redirect would turn a POST into a GET.
                allow_redirects=False,
            )
        except requests.Timeout:
            reason = f"no answer within {ANSWER_SECONDS + wait:g} s"
        except requests.exceptions.SSLError as error:
            reason = _reason(error, handled)
            hint = "the environment variable REQUESTS_CA_BUNDLE names a file with the certificates to trust"
            raise MockError(None, "unreachable", f"TLS with {self._url} failed ({reason}): {hint}.") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            reason = _reason(error, handled)
        message = f"No server can be reached at {self._url} ({reason}): is `mockserver serve` running there?"
        raise MockError(None, "unreachable", message)


def path_of(*segments: str) -> str:
    """A path of the control API, with reserved characters in the segments encoded."""
    return "/".join(["/__mock", *(quote(str(segment), safe="") for segment in segments)])


def _query_value(value: QueryValue) -> Any:
    """A value as requests takes it; None is left out, and a list repeats the parameter."""
    return str(value).lower() if isinstance(value, bool) else value


def _release(version: str) -> tuple[int, ...]:
    """The major and minor version: patches change nothing that a client uses."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _error(response: requests.Response) -> MockError:
    problem = _members(response)
    request = f"{response.request.method} {response.url}"
    code = str(problem.get("code", "unknown"))
    detail = problem.get("detail") or _excerpt(response)
    lines = [f"{detail} ({request} responded with {response.status_code} {code})"]
    if code == "token-required":
        lines.append("  Set the environment variable MOCKSERVER_TOKEN, or the argument `token` of the client.")
    violations = problem.get("violations")
    if isinstance(violations, list) and len(violations) > 1:
        lines += [f"  {violation.get('pointer', '')}: {violation.get('message', '')}" for violation in violations]
    return MockError(response.status_code, code, "\n".join(lines), problem)


def _members(response: requests.Response) -> dict[str, Any]:
    """The JSON object in a response; empty if there is none."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _excerpt(response: requests.Response) -> str:
    text = " ".join(response.text[: 2 * TEXT_LIMIT].split())
    return (text[:TEXT_LIMIT] + "…" if len(text) > TEXT_LIMIT else text) or response.reason


def _reason(error: BaseException, handled: BaseException | None) -> str:
    """What went wrong first; errors of urllib3 and requests wrap it. `handled` is what was being handled before."""
    while (cause := error.__cause__ or error.__context__) is not None and cause is not handled:
        error = cause
    return (isinstance(error, OSError) and error.strerror) or str(error)
