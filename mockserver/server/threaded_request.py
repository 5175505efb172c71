"""A request that is handled by a thread, in turns with the event loop, since it calls Python of the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mockserver.engine.timeline import StillSettling
from mockserver.errors import ENDING
from mockserver.handlers.threads import StepThreads
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import Response
from mockserver.http.service import Service
from mockserver.server.served_app import EncodedResponse, failure, respond


class ThreadedRequest:
    """One request. `on_done` is called in the loop with what is to be sent, unless it was cancelled.

    `raw` are the bytes of the request, where the response may be sent again for the same bytes.
    """

    def __init__(self, service: Service, prepared: PreparedRequest, on_done: Callable[[EncodedResponse], None]) -> None:
        self._service, self._prepared, self._done = service, prepared, on_done
        self._is_cancelled = False
        self.raw = b""

    def start(self, threads: StepThreads, loop: asyncio.AbstractEventLoop) -> None:
        """Handle the request."""

        def end(sent: EncodedResponse | None) -> None:
            if sent is not None:
                self._end(sent)
            elif not self._is_cancelled:
                self.start(threads, loop)

        threads.start(loop, self._respond, end)

    def cancel(self) -> None:
        """Send nothing, since the connection was closed; what the request changes stays."""
        self._is_cancelled = True

    def _respond(self) -> EncodedResponse | None:
        try:
            return EncodedResponse(self._service, self._prepared, *respond(self._service, self._prepared))
        except StillSettling:
            return None
        except ENDING:
            raise
        except BaseException as error:
            request = self._prepared.request
            head, body = failure(request.method, request.path, error)
            return EncodedResponse(self._service, self._prepared, Response(500), head, body)

    def _end(self, sent: EncodedResponse) -> None:
        if self._is_cancelled:
            if sent.response.delivery is not None:
                sent.response.delivery.delivered()
            return
        if self.raw:
            sent.remember_response(self.raw)
        self._done(sent)
