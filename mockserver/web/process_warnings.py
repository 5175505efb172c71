"""Warns where several processes serve one application without sharing its state."""

from __future__ import annotations

import logging

import flask
from flask import Flask

KEY = "mockserver.processes"
MESSAGE = (
    "this server has several processes, and each keeps its own state: what one request changes, the next may not see. "
    "Share the state with MOCKSERVER_STORE=redis://..., or run one process, with threads."
)
log = logging.getLogger("mockserver")


class UnsharedState:
    """The state of an application that is in this process alone; warns at most once."""

    def __init__(self) -> None:
        self._has_warned = False

    def warn(self) -> None:
        """Log the warning, once."""
        if not self._has_warned:
            self._has_warned = True
            log.warning(MESSAGE)

    def check_request(self) -> None:
        """Warn if the WSGI server says that there are other processes (PEP 3333)."""
        if flask.request.environ.get("wsgi.multiprocess"):
            self.warn()


def watch_processes(app: Flask) -> None:
    """Have the first request to an application whose state is not shared tell whether there are other processes."""
    state = app.extensions[KEY] = UnsharedState()
    app.before_request(state.check_request)


def warn_of_concurrency(app: Flask, workers: str | None) -> None:
    """Warn at the start where the environment (`WEB_CONCURRENCY`) says how many processes there will be."""
    state: UnsharedState | None = app.extensions.get(KEY)
    if state is not None and workers is not None and workers.isdecimal() and int(workers) > 1:
        state.warn()
