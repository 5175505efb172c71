"""Who may call the control API: this machine's own names, or the bearer of the token.

Each name that a browser may call it by is its own site, so a name that an attacker points here carries no cookie of
ours: with a token, `Host` needs no check.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Request

from mockserver.http.selection import TOKEN_COOKIE, TOKEN_QUERY, is_navigation
from mockserver.http.service import ASSETS, PREFIX, Service
from mockserver.refusals import ForbiddenHost, ForbiddenOrigin, TokenRequired

TOKEN_HEADER = "X-Mock-Token"
HEALTH = f"{PREFIX}/health"
READING = ("GET", "HEAD")


def is_control(path: str) -> bool:
    """Whether the path is the server's own."""
    return path.startswith(PREFIX) and (len(path) == len(PREFIX) or path[len(PREFIX)] == "/")


def check(mock: Service, request: Request) -> None:
    """Refuse a control call that another site could have made, or that lacks the token.

    What pages are made of holds no secret, and a page of the contract's needs it, so it takes no token.

    Raises ForbiddenHost, ForbiddenOrigin or TokenRequired.
    """
    if request.path == HEALTH and request.method in READING:
        return
    if mock.token is None:
        _check_site(mock, request)
    elif request.method != "OPTIONS" and not (request.path.startswith(f"{ASSETS}/") and request.method in READING):
        _check_token(request, mock.token)
    _check_form(request)


def check_brought(mock: Service, request: Request) -> None:
    """Refuse a page navigation that brings a wrong token in its query. Raises TokenRequired."""
    if mock.token is not None and TOKEN_QUERY in request.args and not _is(request.args[TOKEN_QUERY], mock.token):
        raise TokenRequired


def _check_token(request: Request, token: str) -> None:
    if _is(request.headers.get(TOKEN_HEADER, ""), token):
        return
    if is_navigation(request) and _is(request.args.get(TOKEN_QUERY, ""), token):
        return
    if not _is(request.cookies.get(TOKEN_COOKIE, ""), token):
        raise TokenRequired
    if not _is_own_page(request):
        raise ForbiddenOrigin(
            f"The cookie {TOKEN_COOKIE} counts for the server's own pages alone; others send {TOKEN_HEADER}."
        )


def _is(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), token.encode(errors="replace"))


def _is_own_page(request: Request) -> bool:
    """Whether a person or a page of this very origin calls. SameSite alone would let in other ports of this host."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None:
        host = request.environ.get("HTTP_HOST", "")
        return bool(host) and origin.partition("://")[2].lower() == host.lower()
    # Browsers send Origin with whatever changes something; over plain HTTP, off loopback, they send nothing else.
    return site == "same-origin" or is_navigation(request) or (request.method in READING and site in ("none", None))


def _check_site(mock: Service, request: Request) -> None:
    host = request.environ.get("HTTP_HOST", "")
    if not is_allowed(mock, host):
        raise ForbiddenHost(host)
    origin = request.headers.get("Origin")
    if origin is not None:
        if not is_allowed_origin(mock, origin, host):
            raise ForbiddenOrigin.of(origin)
    elif request.headers.get("Sec-Fetch-Site") == "cross-site" and not is_navigation(request):
        raise ForbiddenOrigin("The control API takes no calls from another site (Sec-Fetch-Site: cross-site).")


def _check_form(request: Request) -> None:
    """What a form can send needs no preflight, so another site's form could send it."""
    kind = request.headers.get("Content-Type")
    if kind is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
        name = kind.partition(";")[0].strip().lower()
        # Some servers fill in text/plain where a request without a body names no type.
        empty = name == "text/plain" and not request.content_length
        if name != "application/json" and not empty:
            raise ForbiddenOrigin(
                "The control API takes a body as application/json alone, since a form of another site could send "
                "anything else: add the header Content-Type: application/json."
            )


def is_allowed(mock: Service, host: str) -> bool:
    """Whether a `Host` value (with or without a port) names this machine, or a host that was allowed."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost") or name in mock.hosts:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_allowed_origin(mock: Service, origin: str, host: str) -> bool:
    """Whether an `Origin` is the server's own, or on an allowed host."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and (parts.netloc == host or is_allowed(mock, parts.netloc))
