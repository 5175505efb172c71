"""A run: one scenario inside one sandbox. The only thing here that changes, and only under its lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import cached_property

from mockserver.contract.model import Contract, Scenario
from mockserver.engine.clock import Clock
from mockserver.engine.commands import Command, apply
from mockserver.engine.populate import populate
from mockserver.engine.state import State, fingerprint

LOG_LIMIT = 10_000


class Start:
    """Where every run of a scenario begins; made once, on first use, and shared."""

    def __init__(self, contract: Contract, scenario: Scenario) -> None:
        self.contract, self.scenario = contract, scenario

    @cached_property
    def state(self) -> State:
        """The records of the scenario. Raises CannotGenerate."""
        return populate(self.contract, self.scenario)

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint that a reset goes back to."""
        return fingerprint(self.state)


class Run:
    """A start, the commands since, and the state that they fold to.

    `base` is the start with the commands folded in that the log no longer holds.
    """

    def __init__(self, start: Start, generation: int) -> None:
        self.contract, self.scenario, self.generation = start.contract, start.scenario, generation
        self.clock = Clock(start.scenario.start)
        self.revision = 0
        self.log: deque[Command] = deque()
        self.state = self.base = start.state
        self._start = start
        self._lock = threading.Lock()

    def submit(self, make: Callable[[State, int], Command]) -> State:
        """Apply the command that `make` gives for the state and the clock, as one step; the state after it.

        A repeat, which changes nothing, is not logged. Raises the Refusal of a command that is refused.
        """
        with self._lock:
            command = make(self.state, self.clock.now)
            after = apply(self.contract, self.state, command)
            if after is not self.state:
                self.log.append(command)
                self.revision += 1
                self.state = after
                if len(self.log) > LOG_LIMIT:
                    self.base = apply(self.contract, self.base, self.log.popleft())
            return after

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the state as it is."""
        state = self.state
        return self._start.fingerprint if state is self._start.state else fingerprint(state)
