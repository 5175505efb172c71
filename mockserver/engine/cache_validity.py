"""Everything a read-only response depends on besides its request."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.engine.clock import Clock
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import Sandbox
from mockserver.engine.state.state import State


class CacheValidity(NamedTuple):
    """The run as it was when a response was built, and the sandbox's choice of it.

    State and clock are immutable: as long as a run has the very same two, no command was accepted, its clock was not
    moved and no transition was fired. `due` is when the next transition is due (milliseconds since 1970) where the
    clock moves automatically, else None.
    """

    sandbox: Sandbox
    active_scenario: str | None
    run: Run
    state: State
    clock: Clock
    due: int | None

    @classmethod
    def capture(cls, sandbox: Sandbox, run: Run) -> CacheValidity:
        """The validity of a response that is built now from a run of the sandbox."""
        state, clock = run.snapshot
        due = state.agenda[0].at if clock.mode == "real" and state.agenda else None
        return cls(sandbox, sandbox.active_scenario, run, state, clock, due)

    def holds(self) -> bool:
        """Whether nothing of it has changed."""
        run, sandbox = self.run, self.sandbox
        return (
            run.matches(self.state, self.clock)
            and sandbox.runs.get(run.scenario.name) is run
            and sandbox.active_scenario == self.active_scenario
            and (self.due is None or run.now < self.due)
        )
