"""Lines and log records on a terminal, which must not obey what a client, a contract or a file name puts in them."""

from __future__ import annotations

import contextlib
import logging
import sys
from types import TracebackType
from typing import Any, TextIO, TypeAlias

import click

from mockserver.errors import printable

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


def log_to_terminal() -> None:
    """Write warnings and errors to standard error; nothing that cannot be written there, or to standard output, fails.

    A server goes on without readers.
    """
    streams: Any = map(_UnfailingStream, (sys.stdout, sys.stderr))
    sys.stdout, sys.stderr = streams
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter("mockserver: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
