"""What an answer that changes nothing depends on, besides its request. Said here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.engine.clock import Clock
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandbox
from mockserver.engine.state.state import State


@dataclass(frozen=True, slots=True)
class CacheValidity:
    """A run as it stood, and how it was chosen.

    State and clock are immutable values: as long as a run holds the very same ones, no command was accepted, no clock
    was moved and nothing fell due. `due` is when something falls due by itself, in milliseconds since 1970, where the
    clock goes on by itself; else None.
    """

    sandbox: Sandbox
    active_scenario: str | None
    run: Run
    state: State
    clock: Clock
    due: int | None

    @classmethod
    def capture(cls, sandbox: Sandbox, run: Run) -> CacheValidity:
        """The moment that it is in a sandbox, for a run of it."""
        state, clock = run.snapshot
        due = state.agenda[0].at if clock.mode == "real" and state.agenda else None
        return cls(sandbox, sandbox.active_scenario, run, state, clock, due)

    def holds(self) -> bool:
        """Whether it still is."""
        run, sandbox = self.run, self.sandbox
        return (
            run.matches(self.state, self.clock)
            and sandbox.runs.get(run.scenario.name) is run
            and sandbox.active_scenario == self.active_scenario
            and (self.due is None or run.now < self.due)
        )
