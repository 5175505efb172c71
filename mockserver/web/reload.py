"""A contract that is edited while it is served: the next one takes its place between two requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Flask

from mockserver.contract.model import Contract
from mockserver.engine.sandboxes import Starts, build_starts
from mockserver.errors import ContractError, Problem
from mockserver.http.response_cache import Found, ResponseCache
from mockserver.http.samples import Samples
from mockserver.http.service import Service
from mockserver.refusals import UnknownScenario
from mockserver.web.app import build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ReloadingApp:
    """A WSGI application that goes on with another contract once that has been loaded."""

    def __init__(self, app: Flask, load: Callable[[], Contract], *, serve_pages: bool = True) -> None:
        self._app: WSGIApplication = app
        self._mock: Service = app.extensions["mockserver"]
        self._load, self._serve_pages = load, serve_pages
        self._next: tuple[Flask, Starts] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on to what is in force."""
        if self._next is not None:
            self._exchange()
        return self._app(environ, start_response)

    def find_kept(self, raw: bytes) -> Found | None:
        """The kept answer to a request, if there is one."""
        if self._next is not None:
            self._exchange()
        return self._mock.kept.find(raw)

    def reload(self) -> list[Problem]:
        """Load the contract again; the next request meets it. What is wrong with it, where it is not taken.

        May be called from any thread, but from one at a time.
        """
        try:
            contract = self._load()
            starts = build_starts(contract)
            mock = replace(self._mock, contract=contract, samples=Samples(), kept=ResponseCache())
            self._next = build(mock, serve_pages=self._serve_pages), starts
        except ContractError as error:
            self._mock.stale[:] = error.problems
        except UnknownScenario as refusal:
            self._mock.stale[:] = [Problem("scenarios", refusal.detail, code=refusal.code)]
        else:
            self._mock.stale.clear()
        return list(self._mock.stale)

    def _exchange(self) -> None:
        """Requests come one after another here, so nobody is half way through the former contract."""
        assert self._next is not None
        (app, starts), self._next = self._next, None
        self._app = app
        self._mock = app.extensions["mockserver"]
        self._mock.sandboxes.replace_contract(starts)
