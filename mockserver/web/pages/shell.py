"""What all pages share: the layout around them, and their Content-Security-Policy.

Flask is imported when the first page is shown, since a server that shows none starts sooner without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.version import __version__
from mockserver.web.pages import asset_files

# The prefix of all endpoints of pages.
ENDPOINT = "page:"
FOLDER = Path(__file__).parent
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


def template_folders() -> list[Path]:
    """The folders of templates, each of a set of pages."""
    return sorted(FOLDER.glob("*/templates"))


def page(exchange: Exchange, template: str, *, policy: str = POLICY, **context: Any) -> Response:
    """A page in the layout, for the sandbox and scenario that this request selects."""
    return html(exchange, template, policy=policy, version=__version__, selection=exchange.selection, **context)


def html(exchange: Exchange, template: str, status: int = 200, *, policy: str = POLICY, **context: Any) -> Response:
    """An HTML response with its security headers."""
    from flask import render_template

    request, root = exchange.request, exchange.request.root_path
    text = render_template(
        template,
        contract=exchange.service.contract,
        root=root,
        assets=root + asset_files.folder_address(),
        current_path=request.path,
        **context,
    )
    body = text.encode()
    return Response(
        status,
        body,
        headers=[
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Cache-Control", "no-cache"),
        ],
    )
