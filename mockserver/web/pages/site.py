"""Every page: wiring only. Each set of them is a folder with its own templates and assets."""

from __future__ import annotations

from flask import Flask

from mockserver.http.service import Service
from mockserver.web.pages import console, docs, shell, token, tutoring


def register(app: Flask, mock: Service) -> None:
    """Add the pages that this contract has; its own paths win."""
    app.register_blueprint(shell.blueprint("shared", __name__))
    token.register(app, mock)
    console.register(app, mock)
    if mock.contract.built_in:
        tutoring.register(app)
    docs.register(app)
