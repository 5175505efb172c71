"""Protects the control API: without a token, only loopback and allowed hosts may call it; else the token is required.

With a token, `Host` needs no check: a browser sends the cookie only to the host name that set it, so a host name that
an attacker points at this server (DNS rebinding) never carries it.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.http.messages import SAFE_METHODS, Request
from mockserver.http.request.selection import TOKEN_COOKIE, TOKEN_QUERY, is_navigation
from mockserver.http.router import CONTROL_PREFIX, is_control_path
from mockserver.refusals import ForbiddenHost, ForbiddenOrigin, TokenRequired

if TYPE_CHECKING:
    from mockserver.http.service import Service

TOKEN_HEADER = "X-Mock-Token"
HEALTH = f"{CONTROL_PREFIX}/health"
ASSETS = f"{CONTROL_PREFIX}/assets"
# Anybody may read these: they hold nothing of a sandbox, and programs request them before they have a token.
OPEN = (HEALTH, f"{CONTROL_PREFIX}/kit.tgz")


def check(service: Service, request: Request) -> None:
    """Refuse a request to the control API that another site could have sent, or that lacks the token.

    Assets of pages need no token: they hold no secret, and pages of the contract load them.

    Raises ForbiddenHost, ForbiddenOrigin or TokenRequired.
    """
    if not is_control_path(request.path) or (request.path in OPEN and request.method in SAFE_METHODS):
        return
    if service.token is None:
        _check_site(service, request)
    elif request.method != "OPTIONS" and not (request.path.startswith(f"{ASSETS}/") and request.method in SAFE_METHODS):
        _check_token(request, service.token)
    _check_content_type(request)


def check_token_in_query(service: Service, request: Request) -> None:
    """Refuse a page navigation with a wrong token in its query. Raises TokenRequired."""
    if service.token is not None and TOKEN_QUERY in request.args:
        if not _equals(request.args[TOKEN_QUERY], service.token):
            raise TokenRequired


def is_allowed_host(service: Service, host: str) -> bool:
    """Whether a `Host` value (with or without a port) names the loopback interface or an allowed host."""
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
    """Whether an `Origin` is the origin of this server, or on an allowed host."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and (parts.netloc == host or is_allowed_host(service, parts.netloc))


def is_foreign(service: Service, request: Request) -> bool:
    """Whether a request that changes nothing comes from a page of another site, which any web page can do."""
    return request.method in SAFE_METHODS and is_by_foreign_page(service, request)


def is_by_foreign_page(service: Service, request: Request) -> bool:
    """Whether a page of another site sent a request, as far as browsers say so."""
    origin = request.header("Origin")
    if origin is None:
        return request.header("Sec-Fetch-Site") == "cross-site"
    return not is_allowed_origin(service, origin, request.header("Host") or "")


def may_lead_to_requests(service: Service, request: Request) -> bool:
    """Whether a request may have this machine send requests to others on it, which pages of other sites must not.

    The name of such a page may lead here as well (DNS rebinding), so that it is no stranger by its origin.
    """
    if is_by_foreign_page(service, request):
        return False
    origin = request.header("Origin")
    return origin is None or is_allowed_host(service, origin.partition("://")[2])


def _check_token(request: Request, token: str) -> None:
    if _equals(request.header(TOKEN_HEADER) or "", token):
        return
    if is_navigation(request) and _equals(request.args.get(TOKEN_QUERY, ""), token):
        return
    # Ports of a host share cookies, and each path may have one of its own: the right one may be any of several.
    if not any(_equals(cookie, token) for cookie in request.cookies.getlist(TOKEN_COOKIE)):
        raise TokenRequired
    if not _is_same_origin(request):
        raise ForbiddenOrigin(
            f"The cookie {TOKEN_COOKIE} is valid only for pages of this server; other clients must send {TOKEN_HEADER}."
        )


def _equals(candidate: str, token: str) -> bool:
    return hmac.compare_digest(candidate.encode(errors="replace"), token.encode(errors="replace"))


def _is_same_origin(request: Request) -> bool:
    """Whether a page of this origin or a navigation sent this. SameSite alone would admit other ports of this host."""
    origin, site = request.header("Origin"), request.header("Sec-Fetch-Site")
    if origin is not None:
        host = request.header("Host") or ""
        return bool(host) and origin.partition("://")[2].lower() == host.lower()
    # Browsers send Origin with every unsafe method. Over plain HTTP and off loopback they send no fetch metadata.
    return (
        site == "same-origin" or is_navigation(request) or (request.method in SAFE_METHODS and site in ("none", None))
    )


def _check_site(service: Service, request: Request) -> None:
    host = request.header("Host") or ""
    # Another site could name any host in a header that a proxy sets, but not in Host.
    for name in dict.fromkeys((request.sent_host, host)):
        if not is_allowed_host(service, name):
            raise ForbiddenHost(name)
    origin = request.header("Origin")
    if origin is not None:
        if not is_allowed_origin(service, origin, host):
            raise ForbiddenOrigin.of(origin)
    elif request.header("Sec-Fetch-Site") == "cross-site" and not is_navigation(request):
        raise ForbiddenOrigin("The control API refuses requests from other sites (Sec-Fetch-Site: cross-site).")


def _check_content_type(request: Request) -> None:
    """Refuse media types that an HTML form can send: without a preflight, another site could send such a request."""
    content_type = request.header("Content-Type")
    if content_type is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    name = content_type.partition(";")[0].strip().lower()
    # Some WSGI servers add text/plain to a request without a body and Content-Type.
    is_empty = name == "text/plain" and not (request.body or request.too_large)
    if name != "application/json" and not is_empty:
        raise ForbiddenOrigin(
            "The control API accepts only application/json bodies, since a form of another site could send other "
            "media types: add the header Content-Type: application/json."
        )
