"""Lines and log records on a terminal, which must not obey what a client, a contract or a file name puts in them."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TypeAlias

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


def log_to_terminal() -> None:
    """Write warnings and errors to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter("mockserver: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
