"""The page that asks for the control token."""

from __future__ import annotations

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.selection import TOKEN_QUERY, own_address
from mockserver.web.pages import shell


def render(exchange: Exchange, problem: Response) -> Response:
    """The page that asks for the token, as a replacement for the problem response about the missing token."""
    is_wrong = TOKEN_QUERY in exchange.request.args
    page = shell.html(exchange, "token.html", problem.status, wrong=is_wrong, address=own_address(exchange.request))
    names = ("X-Mock-Code", "WWW-Authenticate")
    page.set_headers({name: problem.header(name) or "" for name in names} | {"Cache-Control": "no-store"})
    return page
