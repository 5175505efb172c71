from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def hang_up_by_default() -> Iterator[None]:
    """Let processes be ended by SIGHUP, which they ignore if whoever runs the tests does, as with `nohup`."""
    former = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, former)
