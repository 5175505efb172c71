"""The start page: what this server serves, for a person with a browser."""

from __future__ import annotations

from flask import Flask, Response, g, redirect, render_template, request

from mockserver.version import __version__
from mockserver.web.mock import PREFIX, Mock

# What the names of all pages' rules begin with.
ENDPOINT = "page:"
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
    "script-src 'none'"
)


def register(app: Flask, mock: Mock) -> None:
    """Add the start page at `/__mock/`, its style sheet, and a way there from `/` unless the contract owns that."""

    def start() -> Response:
        selection = g.selection
        text = render_template(
            "start.html",
            version=__version__,
            contract=mock.contract,
            selection=selection,
            operations=mock.contract.operations.values(),
            scenarios=sorted(mock.contract.scenarios.values(), key=lambda one: one.name),
        )
        response = Response(text, mimetype="text/html")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
        return response

    def style() -> Response:
        return Response(render_template("start.css"), mimetype="text/css")

    def root() -> Response:
        response: Response = redirect(f"{request.script_root}{PREFIX}/", 303)  # type: ignore[assignment]
        response.autocorrect_location_header = False
        return response

    app.add_url_rule(f"{PREFIX}/", f"{ENDPOINT}start", start, methods=["GET"], strict_slashes=False)
    app.add_url_rule(f"{PREFIX}/start.css", f"{ENDPOINT}style", style, methods=["GET"])
    if all(operation.path != "/" for operation in mock.contract.operations.values()):
        app.add_url_rule("/", f"{ENDPOINT}root", root, methods=["GET"], strict_slashes=False)
