"""The style sheets, scripts and images of pages, at addresses that change with them, so that browsers keep them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from werkzeug.utils import send_file

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.request.guard import ASSETS
from mockserver.http.router import Router

FOLDER = Path(__file__).parent / "assets"
# The files of Swagger UI that the API docs need.
SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
# RFC 8246: while it is fresh, a browser does not even ask whether it is current.
CACHE_CONTROL = "public, max-age=31536000, immutable"


def register(router: Router, endpoint: str) -> None:
    """Serve the files of all pages."""
    router.add_page(endpoint, f"{ASSETS}/<digest>/<path:name>", _render)


@cache
def folder_address() -> str:
    """The address of the folder with all files; it contains a digest of what they hold."""
    digest = hashlib.blake2b(digest_size=8)
    for name, path in sorted(_files().items()):
        digest.update(name.encode() + path.read_bytes())
    return f"{ASSETS}/{digest.hexdigest()}"


@cache
def _files() -> dict[str, Path]:
    """Each file, by its address in the folder."""
    files = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.glob("*/*.*")}
    return files | {f"swagger/{name}": _swagger_folder() / name for name in SWAGGER_FILES}


def _swagger_folder() -> Path:
    """The files of Swagger UI, without importing its package, which is slow and not called."""
    spec = find_spec("flask_swagger_ui")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "dist"


def _render(exchange: Exchange, arguments: Any) -> Response:
    from flask import request

    path = _files().get(arguments["name"])
    if path is None:
        raise exchange.service.router.unknown_path(exchange.request)
    # A range may be ignored (RFC 9110, section 14.2); browsers ask for the whole file.
    file = send_file(path, {name: value for name, value in request.environ.items() if name != "HTTP_RANGE"})
    file.headers.remove("Accept-Ranges")
    file.direct_passthrough = False
    is_current = folder_address() == f"{ASSETS}/{arguments['digest']}"
    if is_current:
        file.headers["Cache-Control"] = CACHE_CONTROL
    with closing(file):
        return Response(file.status_code, file.get_data(), headers=list(file.headers), is_immutable=is_current)
