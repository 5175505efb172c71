"""Every page: wiring only. Each set of them is a folder with its own templates and assets."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.service import Service
from mockserver.web.pages import console, docs, shell, token, tutoring


def register(app: Flask, service: Service) -> Callable[[Exchange, Response], Response]:
    """Add the pages that this contract has; its own paths win. Returns what makes the page that asks for the token."""
    router = service.router
    shell.add_assets(app, router, "shared")
    shell.add_assets(app, router, "token")
    console.register(app, router)
    if service.contract.built_in:
        tutoring.register(app, router)
    docs.register(app, router)
    return token.render
