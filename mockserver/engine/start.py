"""The state in which every run of a scenario begins."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property

from mockserver.contract.model import Contract, Scenario
from mockserver.engine.clock import wall
from mockserver.engine.recording import replay
from mockserver.engine.seeding.initial_state import populate, with_clock_start
from mockserver.engine.state.state import State, fingerprint
from mockserver.errors import CannotGenerate

DRIFTED = "no longer reproduces the recorded state: fixtures, rules or schemas have changed since"


class Start:
    """The start of every run of a scenario: its state is computed on first use and shared by all of them.

    `origin` is the start as the contract declares it, where this one is `started_now`.
    """

    def __init__(self, contract: Contract, scenario: Scenario, origin: Start | None = None) -> None:
        self.contract, self.scenario, self.origin = contract, scenario, origin or self
        # Why the records cannot be generated: generating them again, from whatever instant, would fail again.
        self._failure: CannotGenerate | None = None

    def started_now(self, begins: int | None = None) -> Start:
        """The start itself; for a clock that begins at the machine's time, a start with its records moved to now.

        `begins`, in milliseconds since 1970, is used instead of now: when such a run began earlier.
        """
        if not self.scenario.clock.starts_now or self._failure is not None:
            return self
        scenario = with_clock_start(self.contract, self.scenario, wall() if begins is None else begins)
        return Start(self.contract, scenario, self)

    @property
    def clock_position(self) -> int:
        """The clock of a run that begins now, in milliseconds since 1970."""
        clock = self.scenario.clock
        return wall() if clock.starts_now and clock.now is None else clock.initial

    @cached_property
    def state(self) -> State:
        """The records of the scenario, its commands replayed. Raises CannotGenerate and ContractError."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        try:
            state = replay(self.contract, self.scenario, populate(self.contract, self.scenario))
        except CannotGenerate as error:
            self._failure = self.origin._failure = error
            raise
        for behaviour in self.contract.behaviours.values():
            if behaviour.kind == "list":
                # Sorted once here: every run starts from this order, and none has to sort all records itself.
                table = state.tables[behaviour.resource]
                table.ordered(table.layout.order)
        return state

    def replay_commands(self) -> None:
        """Check that the scenario's commands can be replayed. Raises ContractError for one that is refused.

        A scenario whose records cannot be generated is left to the requests that need them.
        """
        if self.scenario.commands:
            with suppress(CannotGenerate):
                _ = self.state

    @property
    def differs_from_recording(self) -> bool:
        """Whether a recorded scenario no longer reproduces its state: fixtures, rules or schemas have changed since."""
        recorded = self.scenario.data.get("recorded")
        if recorded is None:
            return False
        try:
            return bool(recorded["fingerprint"] != self.fingerprint)
        except CannotGenerate:
            return True

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the state."""
        return fingerprint(self.state)
