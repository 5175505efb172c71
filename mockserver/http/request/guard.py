"""Who may call the control API: this machine's own names, or the bearer of the token.

Each name that a browser may call it by is a site of its own, so a name that an attacker points here carries no cookie
of ours: with a token, `Host` needs no check.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.http.messages import Request
from mockserver.http.request.selection import TOKEN_COOKIE, TOKEN_QUERY, is_navigation
from mockserver.http.router import CONTROL_PREFIX, is_control_path
from mockserver.refusals import ForbiddenHost, ForbiddenOrigin, TokenRequired

if TYPE_CHECKING:
    from mockserver.http.service import Service

TOKEN_HEADER = "X-Mock-Token"
HEALTH = f"{CONTROL_PREFIX}/health"
ASSETS = f"{CONTROL_PREFIX}/assets"
READING = ("GET", "HEAD")


def check(service: Service, request: Request) -> None:
    """Refuse a request to the control API that another site could have sent, or that lacks the token.

    Assets of pages hold no secret, and pages of the contract need them, so they need no token.

    Raises ForbiddenHost, ForbiddenOrigin or TokenRequired.
    """
    if not is_control_path(request.path) or (request.path == HEALTH and request.method in READING):
        return
    if service.token is None:
        _check_site(service, request)
    elif request.method != "OPTIONS" and not (request.path.startswith(f"{ASSETS}/") and request.method in READING):
        _check_token(request, service.token)
    _check_content_type(request)


def check_token_in_query(service: Service, request: Request) -> None:
    """Refuse a page navigation with a wrong token in its query. Raises TokenRequired."""
    if service.token is not None and TOKEN_QUERY in request.args:
        if not _equals(request.args[TOKEN_QUERY], service.token):
            raise TokenRequired


def is_allowed_host(service: Service, host: str) -> bool:
    """Whether a `Host` value (with or without a port) names this machine, or a host that was allowed."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost") or name in service.hosts:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_allowed_origin(service: Service, origin: str, host: str) -> bool:
    """Whether an `Origin` is the server's own, or on an allowed host."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and (parts.netloc == host or is_allowed_host(service, parts.netloc))


def _check_token(request: Request, token: str) -> None:
    if _equals(request.header(TOKEN_HEADER) or "", token):
        return
    if is_navigation(request) and _equals(request.args.get(TOKEN_QUERY, ""), token):
        return
    if not _equals(request.cookies.get(TOKEN_COOKIE, ""), token):
        raise TokenRequired
    if not _is_own_page(request):
        raise ForbiddenOrigin(
            f"The cookie {TOKEN_COOKIE} counts for the server's own pages alone; others send {TOKEN_HEADER}."
        )


def _equals(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), token.encode(errors="replace"))


def _is_own_page(request: Request) -> bool:
    """Whether a person or a page of this very origin calls. SameSite alone would let in other ports of this host."""
    origin, site = request.header("Origin"), request.header("Sec-Fetch-Site")
    if origin is not None:
        host = request.header("Host") or ""
        return bool(host) and origin.partition("://")[2].lower() == host.lower()
    # Browsers send Origin with whatever changes something; over plain HTTP, off loopback, they send nothing else.
    return site == "same-origin" or is_navigation(request) or (request.method in READING and site in ("none", None))


def _check_site(service: Service, request: Request) -> None:
    host = request.header("Host") or ""
    if not is_allowed_host(service, host):
        raise ForbiddenHost(host)
    origin = request.header("Origin")
    if origin is not None:
        if not is_allowed_origin(service, origin, host):
            raise ForbiddenOrigin.of(origin)
    elif request.header("Sec-Fetch-Site") == "cross-site" and not is_navigation(request):
        raise ForbiddenOrigin("The control API takes no calls from another site (Sec-Fetch-Site: cross-site).")


def _check_content_type(request: Request) -> None:
    """Refuse whatever a form can send: that needs no preflight, so a form of another site could send it."""
    content_type = request.header("Content-Type")
    if content_type is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    name = content_type.partition(";")[0].strip().lower()
    # Some servers fill in text/plain where a request without a body names no type.
    is_empty = name == "text/plain" and not (request.body or request.too_large)
    if name != "application/json" and not is_empty:
        raise ForbiddenOrigin(
            "The control API takes a body as application/json alone, since a form of another site could send "
            "anything else: add the header Content-Type: application/json."
        )
