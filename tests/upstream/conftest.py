from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mockserver import BackgroundServer, Contract, create_app
from tests.upstream.backend import Backend, Respond

StartBackend = Callable[..., Backend]
StartMock = Callable[..., BackgroundServer]


@pytest.fixture
def backend() -> Iterator[StartBackend]:
    """Starts backends that answer raw requests, with two bytes unless the test says otherwise."""
    with ExitStack() as stack:

        def start(
            respond: Respond | bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", **options: Any
        ) -> Backend:
            return stack.enter_context(Backend(respond, **options))

        yield start


@pytest.fixture
def mock(built_in: Contract) -> Iterator[StartMock]:
    """Starts servers for the built-in contract in front of an upstream."""
    with ExitStack() as stack:

        def start(upstream: Backend | str | None, contract: Any = None, **options: Any) -> BackgroundServer:
            url = upstream.url if isinstance(upstream, Backend) else upstream
            app = create_app(contract or built_in, upstream=url, **options)
            server = stack.enter_context(BackgroundServer(app, "127.0.0.1"))
            server.app = app  # type: ignore[attr-defined]
            return server

        yield start
