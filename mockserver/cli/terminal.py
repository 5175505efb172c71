"""Lines and log records on a terminal, which must not obey what a client, a contract or a file name puts in them."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import stat
import sys
import threading
from collections import deque
from types import TracebackType
from typing import Any, TextIO, TypeAlias

import click

from mockserver.errors import printable

# Bytes that wait for whoever reads the output; what comes when there are more is left out.
WAITING_LIMIT = 256 * 1024
# How long the end of the program waits for what is still to be written, and a write for a pipe that others made fail.
END_SECONDS, PAUSE_SECONDS = 1.0, 0.05
LEFT_OUT = "mockserver: {:,} lines of output were left out, since nobody read it\n"

_ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def print_line(text: str, *, err: bool = False) -> None:
    """Print one line, with escapes for control characters, to standard output or standard error."""
    click.echo(printable(text), err=err)


class TerminalFormatter(logging.Formatter):
    """Formats each message as one line, with escapes for control characters; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The message on one line."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: _ExceptionInfo) -> str:
        """The traceback, line by line."""
        return "\n".join(printable(line) for line in super().formatException(ei).split("\n"))


class _UnfailingStream:
    """A stream that leaves out what cannot be written: whoever read it has gone, or the disk is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class OutputQueue:
    """Writes to pipes and terminals on a thread: whoever does not read them, or has stopped them, holds up nobody.

    What several streams write keeps its order, since they may be the same pipe.
    """

    def __init__(self) -> None:
        self._begin()
        atexit.register(self.drain)
        if hasattr(os, "register_at_fork"):
            # The thread is none of the child's, and what waits is written by the parent.
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._waiting: deque[tuple[int, bytes]] = deque()
        # Of what waits and of what is being written, and how many texts were left out.
        self._size, self._left_out = 0, 0
        self._thread: threading.Thread | None = None
        self._has_changed = threading.Condition()

    def add(self, file: int, data: bytes) -> None:
        """Have the thread write to a file, or leave it out where too much waits."""
        with self._has_changed:
            if self._size > WAITING_LIMIT:
                self._left_out += 1
                return
            self._append(file, data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_waiting, name="output", daemon=True)
                self._thread.start()

    def drain(self) -> None:
        """Wait a moment until everything is written."""
        with self._has_changed:
            self._has_changed.wait_for(lambda: not self._size, END_SECONDS)

    def _append(self, file: int, data: bytes) -> None:
        self._waiting.append((file, data))
        self._size += len(data)
        self._has_changed.notify_all()

    def _write_waiting(self) -> None:
        while True:
            with self._has_changed:
                self._has_changed.wait_for(lambda: self._waiting)
                file, data = self._waiting.popleft()
            _write(file, data)
            with self._has_changed:
                self._size -= len(data)
                if self._left_out:
                    notice, self._left_out = LEFT_OUT.format(self._left_out), 0
                    self._append(file, notice.encode())
                self._has_changed.notify_all()


def _write(file: int, data: bytes) -> None:
    """Write to a file; not by its stream, whose lock the end of the program would wait for."""
    pause = threading.Event()
    while data:
        try:
            data = data[os.write(file, data) :]
        except BlockingIOError:
            pause.wait(PAUSE_SECONDS)
        except OSError:
            return


class UnhurriedStream(_UnfailingStream):
    """A stream that a queue writes to."""

    def __init__(self, stream: TextIO, queue: OutputQueue) -> None:
        super().__init__(stream)
        self._queue, self._file = queue, stream.fileno()

    def write(self, text: str) -> int:
        """Have the queue write a text. Raises UnicodeEncodeError."""
        self._queue.add(self._file, text.encode(self._stream.encoding, self._stream.errors or "strict"))
        return len(text)

    def flush(self) -> None:
        """Nothing: the queue writes as soon as it can."""

    def drain(self) -> None:
        """Wait a moment until everything is written."""
        self._queue.drain()


def _may_block(stream: TextIO) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()


def log_to_terminal() -> None:
    """Write warnings and errors to standard error; nothing that cannot be written there, or to standard output, fails.

    A server goes on without readers, and does not wait for them.
    """
    queue = OutputQueue()
    streams: Any = (
        UnhurriedStream(stream, queue) if _may_block(stream) else _UnfailingStream(stream)
        for stream in (sys.stdout, sys.stderr)
    )
    sys.stdout, sys.stderr = streams
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter("mockserver: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
