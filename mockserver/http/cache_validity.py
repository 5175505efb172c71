"""Everything a read-only response depends on besides its request."""

from __future__ import annotations

from mockserver.engine.run import Run
from mockserver.engine.sandbox import Sandbox


class CacheValidity:
    """The run as it is when a response is built, and the sandbox's choice of it.

    State and clock are immutable: as long as a run has the very same two, no command was accepted, its clock was not
    moved and no transition was fired.
    """

    __slots__ = ("_active_scenario", "_clock", "_due", "_name", "_position", "_run", "_state", "_timeline", "sandbox")

    def __init__(self, sandbox: Sandbox, run: Run) -> None:
        self.sandbox, self._active_scenario = sandbox, sandbox.active_scenario
        self._run, self._name, self._timeline = run, run.scenario.name, run.timeline
        self._state, self._clock = state, clock = run.snapshot
        # Where the clock stands, and when the next transition is due; None where it moves, and where none is due.
        self._position = None if clock.mode == "real" else clock.position
        self._due = state.agenda.first.at if state.agenda.first is not None else None

    def now(self) -> int | None:
        """The run's clock, in milliseconds since 1970; None where anything has changed."""
        timeline, sandbox = self._timeline, self.sandbox
        if (
            timeline.state is not self._state
            or timeline.clock is not self._clock
            or sandbox.runs.get(self._name) is not self._run
            or sandbox.active_scenario != self._active_scenario
        ):
            return None
        if self._position is not None:
            return self._position
        now = timeline.now
        return now if self._due is None or now < self._due else None
