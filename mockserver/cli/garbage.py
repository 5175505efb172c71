"""Pauses the garbage collector while the program starts."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: imports and loading leave little, and looking for it takes a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        # Counts all objects as old; otherwise the next allocation would look through all of them.
        gc.freeze()
        gc.unfreeze()
        gc.enable()
