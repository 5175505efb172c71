"""Runs several worker processes that serve the same sockets, and replaces a worker that ends."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType

from mockserver.engine.clock import monotonic, sleep

Announce = Callable[[str], None]
# The second argument says whether the worker replaces one that ended.
Work = Callable[[Announce, bool], None]
CAN_FORK = hasattr(os, "fork")
# After a worker that ran for less time, the replacement is delayed: it would probably end at once too.
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
        # Only this process keeps the write end, so workers read end-of-file once this process has ended.
        self._alive_from, self._alive_to = os.pipe()
        os.set_blocking(self._ready_from, False)

    def start(self, again: bool = False) -> None:
        pid = os.fork()
        if pid == 0:
            self._be_worker(again)
        self._begun[pid] = monotonic()

    def wait_for(self, count: int) -> None:
        """Announce the address once `count` workers are ready."""
        received = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ready_from, selectors.EVENT_READ)
            while received.count(b"\n") < count and not self.ending:
                if selector.select(POLL_SECONDS):
                    received += os.read(self._ready_from, 4096)
                self.replace_ended()
        if not self.ending:
            self._announce(received.decode().split("\n")[0])

    def replace_ended(self) -> None:
        """Replace the workers that have ended."""
        for pid in list(self._begun):
            if os.waitpid(pid, os.WNOHANG)[0] != pid:
                continue
            lasted = monotonic() - self._begun.pop(pid)
            if not self.ending:
                log.warning("worker %s ended and is replaced", pid)
                if lasted < SHORT_SECONDS:
                    sleep(SHORT_SECONDS)
                self.start(again=True)

    def end(self) -> None:
        self._signal(signal.SIGTERM)
        until = monotonic() + END_SECONDS
        while self._begun and monotonic() < until:
            self.replace_ended()
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
            # Ctrl-C reaches the whole process group, so a worker ends by itself.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.close(self._alive_to)
            threading.Thread(target=self._end_with_supervisor, daemon=True).start()
            self._work(lambda address: _write(self._ready_to, f"{address}\n".encode()), again)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                getattr(stream, "drain", stream.flush)()
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
            workers.replace_ended()
            sleep(POLL_SECONDS)
    finally:
        workers.ending = True
        workers.end()
        for number, handler in former.items():
            signal.signal(number, handler)
