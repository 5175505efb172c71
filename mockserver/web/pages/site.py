"""Registers all pages. Each set of pages is a folder."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from mockserver.http.exchange import Exchange
from mockserver.http.messages import Response
from mockserver.http.service import Service
from mockserver.web.pages import console, docs, shell, token, tutoring


def register(app: Flask, service: Service) -> Callable[[Exchange, Response], Response]:
    """Add the pages of this contract; its own paths take precedence. Returns what renders the page for the token."""
    router = service.router
    shell.add_page_set(app, router, "shared")
    shell.add_page_set(app, router, "token")
    console.register(app, router)
    if service.contract.built_in:
        tutoring.register(app, router)
    docs.register(app, router)
    return token.render
