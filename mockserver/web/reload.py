"""Reloads a contract that is edited while it is served; the new one replaces it between two requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Flask

from mockserver.contract.model import Contract
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.sandboxes import Starts, build_starts
from mockserver.errors import ContractError, Problem
from mockserver.http.caches import PreparedRequests, ResponseCache
from mockserver.http.service import Service
from mockserver.refusals import UnknownScenario
from mockserver.web.app import build_app, build_router

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ReloadingApp:
    """A WSGI application that switches to a reloaded contract before the next request."""

    def __init__(self, app: Flask, load: Callable[[], Contract], *, serve_pages: bool = True) -> None:
        self._app: WSGIApplication = app
        self._service: Service = app.extensions["mockserver"]
        self._load, self._serve_pages = load, serve_pages
        self._next: tuple[Flask, Starts] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request to the current application."""
        self.current_service()
        return self._app(environ, start_response)

    def current_service(self) -> Service:
        """The service for the next request, after switching to a reloaded contract; never called during a request."""
        if self._next is not None:
            (app, starts), self._next = self._next, None
            self._app = app
            self._service = app.extensions["mockserver"]
            self._service.sandboxes.replace_contract(starts)
        return self._service

    def reload(self) -> list[Problem]:
        """Load the contract again, for the next request. Returns its problems if it cannot be served.

        May be called from any thread, but from one at a time.
        """
        try:
            contract = self._load()
            starts = build_starts(contract)
            service = replace(
                self._service,
                contract=contract,
                router=build_router(contract),
                behaviours=Behaviours(contract),
                responses=ResponseCache(),
                prepared=PreparedRequests(),
            )
            self._next = build_app(service, serve_pages=self._serve_pages), starts
        except ContractError as error:
            self._service.stale[:] = error.problems
        except UnknownScenario as refusal:
            self._service.stale[:] = [Problem("scenarios", refusal.detail, code=refusal.code)]
        else:
            self._service.stale.clear()
        return list(self._service.stale)
