"""Registers all pages. Each set of pages is a folder."""

from __future__ import annotations

from msgspec.structs import replace

from mockserver.http.service import Service
from mockserver.web.pages import asset_files, console, docs, shell, token, tutoring


def with_pages(service: Service) -> Service:
    """The service with the pages of its contract, whose own paths take precedence; they are added to its router."""
    router = service.router
    asset_files.register(router, f"{shell.ENDPOINT}assets")
    console.register(router)
    if service.contract.built_in:
        tutoring.register(router)
    docs.register(router)
    return replace(service, token_page=token.render)
