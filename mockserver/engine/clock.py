"""Time: a run's virtual clock, and the one place where the machine's own is read."""

from __future__ import annotations

import time
from dataclasses import dataclass

monotonic = time.monotonic


@dataclass(frozen=True, slots=True)
class Clock:
    """A run's clock, in milliseconds since 1970. It stands still."""

    now: int
