"""A word to who waits: what takes longer than a second says so on a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

SECONDS = 1.0


@contextmanager
def patience(doing: str) -> Iterator[None]:
    """Say what is being done, and for how many seconds, while the block takes its time; nothing where it is quick."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def tell() -> None:
        seconds = 0
        while not done.wait(SECONDS):
            seconds += 1
            click.echo(f"\r{doing}, {seconds} s", nl=False, err=True)
        if seconds:
            click.echo("\r\x1b[K", nl=False, err=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
