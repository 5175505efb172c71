"""The elapsed time of a slow step, shown on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mockserver.errors import printable

# Steps that take less time than this show nothing.
SECONDS = 1.0


@contextmanager
def elapsed_time(activity: str) -> Iterator[None]:
    """While the block runs, show `activity` and the seconds it has taken so far; only on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    finished = threading.Event()

    def show() -> None:
        seconds = 0
        while not finished.wait(SECONDS):
            seconds += 1
            click.echo(f"\r{printable(activity)}, {seconds} s", nl=False, err=True)
        if seconds:
            click.echo("\r\x1b[K", nl=False, err=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
