"""The API docs at `/__mock/docs`: both documents in Swagger UI, offline."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from flask import Flask, Response, send_from_directory

from mockserver.http.service import ASSETS, PREFIX
from mockserver.web.pages import shell

# Of what Swagger UI is made of, what the page needs.
FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
# Swagger UI has its small pictures in its style sheet, as data.
POLICY = f"{shell.POLICY}; img-src 'self' data:"


def register(app: Flask) -> None:
    """Add the docs of the contract, those of the control API, and the assets of Swagger UI."""
    pages = shell.blueprint("docs", __name__)
    folder = Path(str(resources.files("flask_swagger_ui") / "dist"))

    def contract_docs() -> Response:
        return shell.page("docs.html", policy=POLICY, document="/openapi.json")

    def control_docs() -> Response:
        return shell.page("docs.html", policy=POLICY, document=f"{PREFIX}/openapi.json")

    def swagger(name: str) -> Response:
        return send_from_directory(folder, name)

    pages.add_url_rule(f"{PREFIX}/docs", "contract", contract_docs, methods=["GET"], strict_slashes=False)
    pages.add_url_rule(f"{PREFIX}/docs/control", "control", control_docs, methods=["GET"], strict_slashes=False)
    pages.add_url_rule(f"{ASSETS}/swagger/<any({', '.join(map(repr, FILES))}):name>", "swagger", swagger)
    app.register_blueprint(pages)
