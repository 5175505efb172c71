"""The API docs at `/__mock/docs`: both documents in Swagger UI, offline."""

from __future__ import annotations

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import Router
from mockserver.web.pages import shell

# The style sheet of Swagger UI contains its icons as `data:` URLs.
POLICY = f"{shell.POLICY}; img-src 'self' data:"


def register(router: Router) -> None:
    """Add the pages for the contract and for the control API."""

    def contract_docs(exchange: Exchange, _: object) -> Response:
        return shell.page(exchange, "docs.html", policy=POLICY, document="/openapi.json")

    def control_docs(exchange: Exchange, _: object) -> Response:
        return shell.page(exchange, "docs.html", policy=POLICY, document=f"{PREFIX}/openapi.json")

    router.add_page(f"{shell.ENDPOINT}docs", f"{PREFIX}/docs", contract_docs)
    router.add_page(f"{shell.ENDPOINT}docs.control", f"{PREFIX}/docs/control", control_docs)
