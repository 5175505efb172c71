"""Sandboxes: each an isolated copy of everything that can change."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from mockserver.contract.model import Contract
from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Journal
from mockserver.engine.run import Run, Start
from mockserver.refusals import BadSandbox, SandboxLimit, UnknownSandbox, UnknownScenario

DEFAULT = "default"
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
SANDBOX_LIMIT = 10_000
IDLE_SECONDS = 600.0


class Held(Protocol):
    """A request whose answer is held back."""

    scenario: str

    def let_go(self) -> None:
        """Answer it now."""


class Sandbox:
    """One client's runs, by scenario, its active scenario, the journal, and what is held back."""

    def __init__(self, name: str, starts: Mapping[str, Start]) -> None:
        self.name = name
        self.active: str | None = None
        self.runs: dict[str, Run] = {}
        self.journal = Journal()
        self.held: set[Held] = set()
        self.used = 0.0
        self._starts = starts
        self._generations: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, scenario: str) -> Run:
        """The run of a scenario, begun on first use."""
        run = self.runs.get(scenario)
        if run is None:
            with self._lock:
                run = self.runs.get(scenario)
                if run is None:
                    generation = self._generations[scenario] = self._generations.get(scenario, 0) + 1
                    run = self.runs[scenario] = Run(self._starts[scenario].current(), generation)
        return run

    def reset(self) -> None:
        """Back to the start: every run, the active scenario, the journal; what is held back is let go."""
        with self._lock:
            held = list(self.held)
            self.runs = {}
            self.active = None
            self.journal.clear()
        for one in held:
            one.let_go()

    def reset_run(self, scenario: str) -> None:
        """One run back to the start, and nothing else."""
        with self._lock:
            self.runs.pop(scenario, None)
            held = [one for one in self.held if one.scenario == scenario]
        for one in held:
            one.let_go()


class Sandboxes:
    """Every sandbox by name, made on first use; only idle ones make room for new ones.

    Raises ContractError where a recording's commands do not fit the contract.
    """

    def __init__(
        self, contract: Contract, limit: int = SANDBOX_LIMIT, seconds: Callable[[], float] = monotonic
    ) -> None:
        self.contract, self.limit = contract, limit
        self.starts = {name: Start(contract, scenario) for name, scenario in contract.scenarios.items()}
        for start in self.starts.values():
            start.prove()
        self._sandboxes: dict[str, Sandbox] = {}
        self._seconds = seconds
        self._lock = threading.Lock()

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name, made if it is new. Raises BadSandbox and SandboxLimit."""
        sandbox = self._sandboxes.get(name)
        if sandbox is None:
            if not NAME.fullmatch(name):
                raise BadSandbox(name)
            with self._lock:
                sandbox = self._sandboxes.get(name) or self._make(name)
        sandbox.used = self._seconds()
        return sandbox

    def known(self) -> list[Sandbox]:
        """Every sandbox there is now, by name."""
        return sorted(self._sandboxes.copy().values(), key=lambda one: one.name)

    def remove(self, name: str) -> None:
        """Forget a sandbox. Raises UnknownSandbox."""
        with self._lock:
            sandbox = self._sandboxes.pop(name, None)
        if sandbox is None:
            raise UnknownSandbox(name, self._sandboxes)
        sandbox.reset()

    def reset(self) -> None:
        """Forget every sandbox."""
        with self._lock:
            for sandbox in self._sandboxes.values():
                sandbox.reset()
            self._sandboxes.clear()

    def start(self, scenario: str) -> Start:
        """Where a scenario begins. Raises UnknownScenario."""
        if scenario not in self.starts:
            raise UnknownScenario(scenario, self.starts)
        return self.starts[scenario]

    def _make(self, name: str) -> Sandbox:
        if len(self._sandboxes) >= self.limit:
            others = [one for one in self._sandboxes.values() if one.name != DEFAULT]
            oldest = min(others, key=lambda one: one.used, default=None)
            if oldest is None or self._seconds() - oldest.used < IDLE_SECONDS:
                raise SandboxLimit(self.limit)
            del self._sandboxes[oldest.name]
        sandbox = self._sandboxes[name] = Sandbox(name, self.starts)
        return sandbox
