"""Time: a run's virtual clock, and the one place where the machine's own is read."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.model import ClockPlan, Mode
from mockserver.syntax.instants import LATEST

Seconds = Callable[[], float]
monotonic: Seconds = time.monotonic
# The processor time of the current thread.
thread_seconds: Seconds = time.thread_time
# Processes and hosts that share a run need a clock that they agree on.
wall_seconds: Seconds = time.time
# For delays on a server that cannot hold a response back; the engine itself never sleeps.
Sleep = Callable[[float], None]
sleep: Sleep = time.sleep


def wall() -> int:
    """The machine's own time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Clock(Struct, frozen=True):
    """A run's clock: it stood at `position` (milliseconds since 1970) when the machine's clock read `anchor` (seconds).

    Only a clock of mode `real` moves on from there automatically, at `speed` times the machine's pace.
    """

    position: int
    anchor: float
    mode: Mode = "manual"
    speed: float = 1.0
    step: int = 0
    counted: frozenset[str] | None = None

    @classmethod
    def from_plan(cls, plan: ClockPlan, anchor: float) -> Clock:
        """The clock as a run begins."""
        return cls(plan.initial, anchor, plan.mode, plan.speed, plan.step, plan.counted)

    def now(self, seconds: float) -> int:
        """The run's time, in milliseconds since 1970, when the machine's clock reads `seconds`; at most LATEST."""
        if self.mode != "real":
            return self.position
        # Rounded to a microsecond first: 4.998 s that the machine counts as 4.99799… would lose a millisecond.
        elapsed = min(max(0.0, (seconds - self.anchor) * 1_000 * self.speed), float(LATEST))
        return min(self.position + int(round(elapsed, 3)), LATEST)

    def seconds_until(self, due: int | None, now: int) -> float | None:
        """In how many seconds of the machine it is `due` by this clock, which reads `now`; None if it never gets there.

        Both are in milliseconds since 1970.
        """
        if due is None or self.mode != "real" or self.speed <= 0:
            return None
        return max(0.0, (due - now) / 1_000 / self.speed)

    def moved_to(self, position: int, seconds: float) -> Clock:
        """The clock set to `position` when the machine's clock reads `seconds`."""
        return replace(self, position=position, anchor=seconds)

    def moves_as(self, plan: ClockPlan) -> bool:
        """Whether what moves it is what the plan says, wherever it stands."""
        return (self.mode, self.speed, self.step, self.counted) == (plan.mode, plan.speed, plan.step, plan.counted)

    def counts(self, operation: str) -> bool:
        """Whether a request to the operation moves it."""
        return self.mode == "per-request" and (self.counted is None or operation in self.counted)
