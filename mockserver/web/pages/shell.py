"""What all pages share: the layout around them, their assets, and their Content-Security-Policy.

Flask is imported when the first page is shown, since a server that shows none starts sooner without it.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.utils import send_from_directory

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.guard import ASSETS
from mockserver.http.router import Render, Router
from mockserver.refusals import RangeNotSatisfiable
from mockserver.version import __version__

# The prefix of all endpoints of pages.
ENDPOINT = "page:"
FOLDER = Path(__file__).parent
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


def add_assets(router: Router, name: str) -> None:
    """Serve the assets of a set of pages, which are in `assets/name`."""
    router.add_page(f"{ENDPOINT}{name}.assets", f"{ASSETS}/{name}/<path:filename>", asset(FOLDER / "assets" / name))


def template_folders() -> list[Path]:
    """The folders of templates, each of a set of pages."""
    return sorted(FOLDER.glob("*/templates"))


def asset(folder: Path) -> Render:
    """Serves the files of a folder."""

    def render(exchange: Exchange, arguments: Any) -> Response:
        from flask import request

        environ = dict(request.environ)
        if not environ.get("HTTP_RANGE", "bytes=").startswith("bytes="):
            del environ["HTTP_RANGE"]  # RFC 9110, section 14.2: another unit is ignored
        try:
            file = send_from_directory(folder, arguments["filename"], environ)
        except NotFound:
            raise exchange.service.router.unknown_path(exchange.request) from None
        except RequestedRangeNotSatisfiable as error:
            raise RangeNotSatisfiable(error.length or 0) from None
        file.direct_passthrough = False
        with closing(file):
            return Response(file.status_code, file.get_data(), headers=list(file.headers))

    return render


def page(exchange: Exchange, template: str, *, policy: str = POLICY, **context: Any) -> Response:
    """A page in the layout, for the sandbox and scenario that this request selects."""
    return html(exchange, template, policy=policy, version=__version__, selection=exchange.selection, **context)


def html(exchange: Exchange, template: str, status: int = 200, *, policy: str = POLICY, **context: Any) -> Response:
    """An HTML response with its security headers."""
    from flask import render_template

    request = exchange.request
    text = render_template(
        template, contract=exchange.service.contract, root=request.root_path, current_path=request.path, **context
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
