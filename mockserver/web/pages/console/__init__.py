"""The console at `/__mock/`: what this browser is shown, and what can be done about it."""

from __future__ import annotations

from flask import Flask, Response, redirect, request

from mockserver.web.mock import PREFIX, Mock
from mockserver.web.pages import shell


def register(app: Flask, mock: Mock) -> None:
    """Add the console, and a way there from `/` unless the contract owns that."""
    pages = shell.blueprint("console", __name__)

    def console() -> Response:
        return shell.page(
            "console.html",
            operations=mock.contract.operations.values(),
            scenarios=sorted(mock.contract.scenarios.values(), key=lambda one: one.name),
        )

    def root() -> Response:
        response: Response = redirect(f"{request.script_root}{PREFIX}/", 303)  # type: ignore[assignment]
        response.autocorrect_location_header = False
        return response

    pages.add_url_rule(f"{PREFIX}/", "console", console, methods=["GET"], strict_slashes=False)
    if all(operation.path != "/" for operation in mock.contract.operations.values()):
        pages.add_url_rule("/", "root", root, methods=["GET"], strict_slashes=False)
    app.register_blueprint(pages)
