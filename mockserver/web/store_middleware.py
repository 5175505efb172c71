"""WSGI middleware for sandboxes that processes share: an answer leaves once the store has what it tells of."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mockserver.errors import Refusal
from mockserver.http.overrides import DELIVERY
from mockserver.refusals import StoreBusy

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from mockserver.engine.shared.sandboxes import SharedSandboxes

# Set where a request is handled once more only to be refused.
REFUSAL = "mockserver.refusal"
TRIES = 50


class Sharing:
    """Handle a request, and again from the start where another process changed the sandbox meanwhile."""

    def __init__(self, app: WSGIApplication, sandboxes: Any, body_limit: int) -> None:
        self._app, self._body_limit = app, body_limit
        self._sandboxes: SharedSandboxes = sandboxes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on, one at a time."""
        self._make_rereadable(environ)
        with self._sandboxes.turn:
            for _ in range(TRIES):
                answered, status, headers = self._handle(environ)
                try:
                    if self._sandboxes.commit():
                        break
                except Refusal as refusal:
                    answered, status, headers = self._refuse(environ, refusal)
                    break
            else:
                answered, status, headers = self._refuse(environ, StoreBusy())
        start_response(status, headers)
        return [answered]

    def _handle(self, environ: WSGIEnvironment) -> tuple[bytes, str, list[tuple[str, str]]]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            started[:] = [status, headers]

        environ["wsgi.input"].seek(0)
        delivery = environ[DELIVERY]
        if delivery.done is not None:
            delivery.done()
        delivery.delay, delivery.fault, delivery.done, delivery.held = 0, None, None, None
        if hasattr(delivery, "keep"):
            delivery.keep = None
        self._sandboxes.begin()
        # Flask and Werkzeug keep what they read of a request in its environ, so each try gets its own.
        answer = self._app(dict(environ), start)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        return body, started[0], started[1]

    def _refuse(self, environ: WSGIEnvironment, refusal: Refusal) -> tuple[bytes, str, list[tuple[str, str]]]:
        self._sandboxes.forget()
        environ[REFUSAL] = refusal
        answered = self._handle(environ)
        self._sandboxes.forget()
        return answered

    def _make_rereadable(self, environ: WSGIEnvironment) -> None:
        if isinstance(environ["wsgi.input"], io.BytesIO):
            return
        if environ.get("wsgi.input_terminated"):
            data = environ["wsgi.input"].read(self._body_limit + 1)
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            data = environ["wsgi.input"].read(length) if length <= self._body_limit else b""
        environ["wsgi.input"] = io.BytesIO(data)
