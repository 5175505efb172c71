"""The API docs at `/__mock/docs`: both documents in Swagger UI, offline."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.guard import ASSETS
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import Router
from mockserver.web.pages import shell

# The files of Swagger UI that the page needs.
FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
# The style sheet of Swagger UI contains its icons as `data:` URLs.
POLICY = f"{shell.POLICY}; img-src 'self' data:"


def register(router: Router) -> None:
    """Add the pages for the contract and for the control API, and the files of Swagger UI."""
    shell.add_assets(router, "docs")

    def contract_docs(exchange: Exchange, _: object) -> Response:
        return shell.page(exchange, "docs.html", policy=POLICY, document="/openapi.json")

    def control_docs(exchange: Exchange, _: object) -> Response:
        return shell.page(exchange, "docs.html", policy=POLICY, document=f"{PREFIX}/openapi.json")

    router.add_page(f"{shell.ENDPOINT}docs", f"{PREFIX}/docs", contract_docs)
    router.add_page(f"{shell.ENDPOINT}docs.control", f"{PREFIX}/docs/control", control_docs)
    files = f"<any({', '.join(map(repr, FILES))}):filename>"
    swagger = shell.asset(_swagger_folder())
    router.add_page(f"{shell.ENDPOINT}docs.swagger", f"{ASSETS}/swagger/{files}", swagger)


@cache
def _swagger_folder() -> Path:
    """The files of Swagger UI, without importing its package, which is slow and not called."""
    spec = find_spec("flask_swagger_ui")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "dist"
