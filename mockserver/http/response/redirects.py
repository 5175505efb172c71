"""Redirects to pages, and the cookies that keep what the address of a page has selected."""

from __future__ import annotations

from typing import Any

from werkzeug.http import dump_cookie
from werkzeug.utils import redirect

from mockserver.http.messages import Request, Response
from mockserver.http.request import selection
from mockserver.http.service import Service


def to_clean_address(service: Service, request: Request, location: str, cookies: dict[str, str]) -> Response:
    """Send a page navigation to the address without selection and token, which the cookies hold from then on."""
    response = see_other(location)
    for name, value in cookies.items():
        if name == selection.TOKEN_COOKIE:
            if service.token is not None:
                response.headers.append(_cookie(request, name, service.token, samesite="Strict", httponly=True))
        elif value:
            response.headers.append(_cookie(request, name, value, samesite="Lax"))
        else:
            response.headers.append(_cookie(request, name, "", max_age=0, samesite="Lax"))
    return response


def see_other(location: str) -> Response:
    """A redirect to a page, with a relative address."""
    response = redirect(location, 303)
    return Response(303, response.get_data(), headers=list(response.headers))


def _cookie(request: Request, name: str, value: str, **options: Any) -> tuple[str, str]:
    expires = 0 if options.get("max_age") == 0 else None
    path, is_secure = request.prefix or "/", request.scheme == "https"
    return "Set-Cookie", dump_cookie(name, value, path=path, expires=expires, secure=is_secure, **options)
