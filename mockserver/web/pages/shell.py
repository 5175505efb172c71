"""What every page has in common: the shell around it, its assets, and the policy that it is shown under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, render_template, request

from mockserver.http.service import ASSETS, current
from mockserver.version import __version__

# What the names of all pages' rules begin with.
ENDPOINT = "page:"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


def blueprint(name: str, module: str) -> Blueprint:
    """A set of pages whose templates and assets are in the folder `name` beside this file."""
    folder = Path(__file__).parent / name
    return Blueprint(
        ENDPOINT + name,
        module,
        template_folder=str(folder / "templates"),
        static_folder=str(folder / "static"),
        static_url_path=f"{ASSETS}/{name}",
    )


def page(template: str, *, policy: str = POLICY, **context: Any) -> Response:
    """A page in its shell, as this browser's sandbox and scenario have it."""
    return html(template, policy=policy, version=__version__, selection=g.selection, **context)


def html(template: str, status: int = 200, *, policy: str = POLICY, **context: Any) -> Response:
    """Any HTML of ours, under its policy."""
    text = render_template(template, contract=current().contract, root=request.script_root, **context)
    response = Response(text, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-cache"
    return response
