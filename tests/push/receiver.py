"""A receiver of webhooks on loopback, whose responses a test chooses."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

SECONDS = 10.0


class Hook(NamedTuple):
    """A request that was received; the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return json.loads(self.raw)


class Receiver:
    """Responds with each of `statuses` in turn, then with 200; while `gate` is clear, not at all."""

    def __init__(self, *statuses: int, location: str | None = None) -> None:
        self.statuses, self.location = list(statuses), location
        # When each request came, in seconds of the machine's clock.
        self.times: list[float] = []
        self.received: queue.Queue[Hook] = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.times.append(time.monotonic())
                receiver.received.put(Hook(self.command, self.path, headers, raw))
                receiver.gate.wait(SECONDS)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                if receiver.location is not None:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT = do_GET = handle_any

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Hook:
        """The next request."""
        return self.received.get(timeout=SECONDS)
