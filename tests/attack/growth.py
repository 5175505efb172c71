"""Measures how the time of a piece of work grows with its input, as a ratio within one run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

FACTOR = 4
# Work that grows linearly takes FACTOR times as long, work that grows with the square FACTOR² times. The limit lies
# between the two, since machines are noisy and some work sorts.
EXPONENT_LIMIT = 1.5
# Below this, the clock and the caches of the machine decide, and not the input.
LEAST_SECONDS = 0.002
REPEATS = 8
ATTEMPTS = 3
# A call is no faster than another if it takes at least this part of its time.
NO_FASTER = 0.95


def measured(work: Callable[[], object]) -> Iterator[float]:
    """The CPU time of this process, its threads included, for each of a few calls of `work`."""
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        yield time.process_time() - started


def least_seconds(work: Callable[[], object]) -> float:
    """The least time of a few calls. The last one is the first that is no faster than those before it."""
    least = math.inf
    for seconds in measured(work):
        if seconds >= least * NO_FASTER:
            return min(seconds, least)
        least = seconds
    return least


def assert_grows_linearly(prepare: Callable[[int], Callable[[], object]], size: int) -> None:
    """Fail if FACTOR times the input takes much more than FACTOR times as long.

    `prepare` gets a size and returns the work to measure; what it does itself is not measured. `size` should be large
    enough that work which grows with the square would take a noticeable time, and small enough that a failing test
    still ends: the larger input is `FACTOR * size`.
    """
    small_work = prepare(size)
    small, large = max(least_seconds(small_work), LEAST_SECONDS), math.inf
    large_work = prepare(FACTOR * size)
    for attempt in range(ATTEMPTS):
        if attempt:
            # The machine may have become slower after the small input was measured.
            small = max(least_seconds(small_work), LEAST_SECONDS)
        large = math.inf
        for seconds in measured(large_work):
            large = min(large, seconds)
            if large <= small * FACTOR**EXPONENT_LIMIT:
                return
    raise AssertionError(
        f"{FACTOR} times the input takes {large / small:.1f} times as long "
        f"({small * 1e3:.1f} and {large * 1e3:.1f} ms); at most {FACTOR**EXPONENT_LIMIT:.0f} times is allowed"
    )
