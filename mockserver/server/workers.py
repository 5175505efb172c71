"""Several processes that serve the same sockets: started, watched, and started again where one is lost."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import threading
import traceback
from collections.abc import Callable
from types import FrameType

from mockserver.engine.clock import monotonic, sleep

Announce = Callable[[str], None]
# Told whether it takes the place of a worker that was lost.
Work = Callable[[Announce, bool], None]
CAN_FORK = hasattr(os, "fork")
# One that is lost sooner would be lost again at once.
SHORT_SECONDS = 1.0
POLL_SECONDS = 0.05
END_SECONDS = 5.0
log = logging.getLogger("mockserver")


class _Workers:
    def __init__(self, work: Work, announce: Announce) -> None:
        self._work, self._announce = work, announce
        self.ending = False
        self._begun: dict[int, float] = {}
        self._ready_from, self._ready_to = os.pipe()
        # Its other end is this process's alone: a worker that reads its end knows that this process is gone.
        self._alive_from, self._alive_to = os.pipe()
        os.set_blocking(self._ready_from, False)

    def start(self, again: bool = False) -> None:
        pid = os.fork()
        if pid == 0:
            self._be_worker(again)
        self._begun[pid] = monotonic()

    def wait_for(self, count: int) -> None:
        """Announce the address once so many are ready."""
        told = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ready_from, selectors.EVENT_READ)
            while told.count(b"\n") < count and not self.ending:
                if selector.select(POLL_SECONDS):
                    told += os.read(self._ready_from, 4096)
                self.look()
        if not self.ending:
            self._announce(told.decode().split("\n")[0])

    def look(self) -> None:
        """Start those again that are lost."""
        for pid in list(self._begun):
            if os.waitpid(pid, os.WNOHANG)[0] != pid:
                continue
            lasted = monotonic() - self._begun.pop(pid)
            if not self.ending:
                log.warning("worker %s is gone; another takes its place", pid)
                if lasted < SHORT_SECONDS:
                    sleep(SHORT_SECONDS)
                self.start(again=True)

    def end(self) -> None:
        self._signal(signal.SIGTERM)
        until = monotonic() + END_SECONDS
        while self._begun and monotonic() < until:
            self.look()
            sleep(POLL_SECONDS)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._begun:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _be_worker(self, again: bool) -> None:
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Ctrl-C reaches the whole group; the supervisor tells its workers itself.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.close(self._alive_to)
            threading.Thread(target=self._end_with_supervisor, daemon=True).start()
            self._work(lambda address: _write(self._ready_to, f"{address}\n".encode()), again)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _end_with_supervisor(self) -> None:
        os.read(self._alive_from, 1)
        os.kill(os.getpid(), signal.SIGTERM)


def _write(pipe: int, text: bytes) -> None:
    os.write(pipe, text)


def supervise(count: int, work: Work, announce: Announce) -> None:
    """Have `count` processes do `work` until SIGINT or SIGTERM; `announce` gets the address once all of them serve."""
    workers = _Workers(work, announce)

    def end(number: int, frame: FrameType | None) -> None:
        workers.ending = True

    former = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for _ in range(count):
            workers.start()
        workers.wait_for(count)
        while not workers.ending:
            workers.look()
            sleep(POLL_SECONDS)
    finally:
        workers.ending = True
        workers.end()
        for number, handler in former.items():
            signal.signal(number, handler)
