"""Reloads a contract that is edited while it is served; the new one replaces it between two requests."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mockserver.contract.model import Contract
from mockserver.contract.upstream import BadUpstream
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.sandboxes import Starts, build_starts
from mockserver.errors import ContractError, Problem, Refusal, printable
from mockserver.http.caches import PreparedRequests, ResponseCache
from mockserver.http.service import Service
from mockserver.web.pages import site
from mockserver.web.services import build_router

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The code of a file that cannot be read, which may end without an edit of it.
UNREADABLE = "unreadable"
log = logging.getLogger("mockserver")


class ReloadingApp:
    """A WSGI application that switches to a reloaded contract before the next request.

    `contract` is the latest one that could be loaded.
    """

    def __init__(self, service: Service, load: Callable[[], Contract]) -> None:
        self._service, self._load = service, load
        # Created when it is first called: the server calls it only for pages.
        self._app: WSGIApplication | None = None
        self.contract = service.contract
        # At most one, which the thread that reloads appends and the one that serves removes.
        self._reloaded: deque[tuple[Service, Starts]] = deque(maxlen=1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request to the current application."""
        service = self.current_service()
        if self._app is None:
            from mockserver.web.app import build_app

            self._app = build_app(service)
        return self._app(environ, start_response)

    def current_service(self) -> Service:
        """The service for the next request, after switching to a reloaded contract; never called during a request."""
        if self._reloaded:
            self._service, starts = self._reloaded.pop()
            self._app = None
            self._service.sandboxes.replace_contract(starts)
        return self._service

    @property
    def problems(self) -> list[Problem]:
        """The problems of the last reload; none if it succeeded, or if there was none."""
        return list(self._service.stale)

    def reload(self) -> list[Problem]:
        """Load the contract again, for the next request. Returns its problems if it cannot be served.

        May be called from any thread, but from one at a time. It raises nothing.
        """
        try:
            self._load_again()
        except ContractError as error:
            problems = list(error.problems)
        except Refusal as refusal:
            problems = [Problem("scenarios", refusal.detail, code=refusal.code)]
        except BadUpstream as error:
            problems = [Problem("upstream", str(error), code="upstream")]
        except Exception as error:
            log.error("the contract cannot be reloaded", exc_info=error)
            problems = [Problem(*_place_and_reason(error, self._service.contract.root), code=UNREADABLE)]
        else:
            problems = []
        self._service.stale[:] = problems
        return problems

    def _load_again(self) -> None:
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
        self._reloaded.append((service if service.token_page is None else site.with_pages(service), starts))
        self.contract = contract
        # Streams end where no request comes that switches to it.
        service.streams.wake_all()


def _place_and_reason(error: Exception, root: Path) -> tuple[str, str]:
    if isinstance(error, OSError):
        place = root if error.filename is None else os.fsdecode(error.filename)
        return printable(str(place)), f"cannot be read: {error.strerror or error}"
    return printable(str(root)), f"cannot be loaded: {type(error).__name__}: {printable(str(error))[:500]}"
