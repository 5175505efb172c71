"""An event loop in a thread of its own, for front ends whose requests have threads."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mockserver.server.upstream.connections import UpstreamConnections

T = TypeVar("T")
STOP_SECONDS = 1.0


class UpstreamThread:
    """Runs coroutines for other threads; begun on first use in each process. `upstreams` belong to its loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self.upstreams = UpstreamConnections()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, or what it raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running_loop()).result()

    def call(self, act: Callable[[], None]) -> None:
        """Call a function in the loop, some time."""
        self._running_loop().call_soon_threadsafe(act)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._process != os.getpid():
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                self.upstreams = UpstreamConnections()
                thread = threading.Thread(target=_run, args=(self._loop,), name="mockserver upstream", daemon=True)
                thread.start()
                weakref.finalize(self, _stop, self._loop, thread)
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        # Connections that wait are closed as their tasks end.
        loop.run_until_complete(_cancel_all())
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if thread.is_alive() and not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join(STOP_SECONDS)
