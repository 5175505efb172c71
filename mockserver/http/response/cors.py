"""CORS headers: every origin may call the mocked API; only this server and allowed hosts the control API."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mockserver.http.messages import Request, Response, header
from mockserver.http.request import guard
from mockserver.http.router import is_control_path

if TYPE_CHECKING:
    from mockserver.http.service import Service

# Headers that every script may read, or none (Fetch, sections 2.2.2 and 4.4), and those that are about the exchange.
UNEXPOSED = {
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
    "set-cookie", "set-cookie2", "vary",
}  # fmt: skip
MAX_AGE = "600"


def is_preflight(request: Request) -> bool:
    """Whether this is a CORS preflight (Fetch, section 4.8)."""
    return (
        request.method == "OPTIONS"
        and request.header("Origin") is not None
        and request.header("Access-Control-Request-Method") is not None
    )


def preflight(request: Request) -> Response:
    """The response to a preflight; `headers` adds the origin."""
    response = Response(204)
    response.headers.append(("Access-Control-Allow-Methods", request.header("Access-Control-Request-Method") or ""))
    if (names := request.header("Access-Control-Request-Headers")) is not None:
        response.headers.append(("Access-Control-Allow-Headers", names))
    if request.header("Access-Control-Request-Private-Network") == "true":
        # Asked by pages of public sites (https://wicg.github.io/private-network-access/).
        response.headers.append(("Access-Control-Allow-Private-Network", "true"))
    response.headers.append(("Access-Control-Max-Age", MAX_AGE))
    return response


def headers(service: Service, request: Request, response: Response) -> list[tuple[str, str]]:
    """The headers that let the calling origin read the response and all of its headers; none for one that may not."""
    origin = request.header("Origin")
    if origin is None:
        return []
    is_trusted = guard.is_allowed_origin(service, origin, request.header("Host") or "")
    if is_control_path(request.path) and not is_trusted:
        return []
    pairs = [("Access-Control-Allow-Origin", origin)]
    if is_trusted:
        pairs.append(("Access-Control-Allow-Credentials", "true"))
    pairs.append(header("Access-Control-Expose-Headers", _exposed(tuple([name for name, _ in response.headers]))))
    return pairs


@lru_cache(maxsize=512)
def _exposed(names: tuple[str, ...]) -> str:
    """The names of a response's headers that scripts may read, and of the date that is sent with it."""
    spellings = {name.lower(): name for name in ("Date", *names)}
    exposed = (
        name for lower, name in spellings.items() if lower not in UNEXPOSED and not lower.startswith("access-control-")
    )
    return ", ".join(sorted(exposed, key=str.lower))
