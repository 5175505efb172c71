"""Sandboxes: each an isolated copy of everything that can change."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from mockserver.contract.model import Contract
from mockserver.engine.clock import Seconds, monotonic
from mockserver.engine.journal import Journal
from mockserver.engine.run import Run, Start
from mockserver.errors import Refusal
from mockserver.refusals import BadSandbox, SandboxLimit, UnknownSandbox, UnknownScenario

DEFAULT = "default"
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
SANDBOX_LIMIT = 10_000
IDLE_SECONDS = 600.0
log = logging.getLogger("mockserver")


class HeldResponse(Protocol):
    """A request whose answer is held back."""

    scenario: str

    def release(self) -> None:
        """Answer it now."""


class Sandbox:
    """One client's runs, by scenario, its active scenario, the journal, and what is held back."""

    # There may be ten thousand, most of them with little in them.
    __slots__ = (
        "_generations",
        "_lock",
        "_seconds",
        "_start",
        "active_scenario",
        "held_responses",
        "journal",
        "last_used",
        "name",
        "runs",
    )

    def __init__(self, name: str, start: Callable[[str], Start], seconds: Seconds) -> None:
        self.name = name
        self.active_scenario: str | None = None
        self.runs: dict[str, Run] = {}
        self.journal = Journal()
        self.held_responses: dict[HeldResponse, None] = {}
        self.last_used = 0.0
        self._start, self._seconds = start, seconds
        self._generations: dict[str, int] = {}
        self._lock = threading.Lock()

    def mark_used(self) -> None:
        """Somebody is at work here: it is not idle."""
        self.last_used = self._seconds()

    def run(self, scenario: str) -> Run:
        """The run of a scenario, begun on first use, and folded again where the contract has changed since."""
        start = self._start(scenario)
        run = self.runs.get(scenario)
        if run is None or run.origin is not start:
            with self._lock:
                run = self.runs.get(scenario)
                if run is None or run.origin is not start:
                    run = self.runs[scenario] = self._begin(start) if run is None else self._again(run, start)
        return run

    def _begin(self, start: Start) -> Run:
        generation = self._generations.get(start.scenario.name, 0) + 1
        return Run(start.started_now(), generation, self._seconds)

    def _again(self, run: Run, start: Start) -> Run:
        self._remember(run)
        try:
            return run.rebase(start)
        except Refusal as refusal:
            fresh = self._begin(start)
            fresh.notice = (
                f"this run has started over, since the changed contract refuses its commands: {refusal.detail}"
            )
            log.warning("sandbox %s, scenario %s: %s", self.name, start.scenario.name, fresh.notice)
            return fresh

    def _remember(self, run: Run) -> None:
        """No two fresh starts of a run share a generation."""
        self._generations[run.scenario.name] = run.generation

    def retain(self, scenarios: Collection[str]) -> None:
        """Forget the runs, and the active scenario, that are not among these scenarios."""
        with self._lock:
            self.runs = {name: run for name, run in self.runs.items() if name in scenarios}
            self.active_scenario = self.active_scenario if self.active_scenario in scenarios else None

    def reset(self) -> None:
        """Back to the start: every run, the active scenario, the journal; what is held back is let go."""
        with self._lock:
            held = list(self.held_responses)
            for run in self.runs.values():
                self._remember(run)
            self.runs = {}
            self.active_scenario = None
            self.journal.clear()
        for one in held:
            one.release()

    def reset_run(self, scenario: str) -> None:
        """One run back to the start, and nothing else."""
        with self._lock:
            if (run := self.runs.pop(scenario, None)) is not None:
                self._remember(run)
            held = [one for one in self.held_responses if one.scenario == scenario]
        for one in held:
            one.release()


Starts = Mapping[str, Start]


def build_starts(contract: Contract) -> Starts:
    """Where each scenario begins. Raises ContractError where a recording's commands do not fit the contract."""
    starts = {name: Start(contract, scenario) for name, scenario in contract.scenarios.items()}
    for start in starts.values():
        start.replay_commands()
    return starts


class Sandboxes:
    """Every sandbox by name, made on first use; only idle ones make room for new ones.

    Raises ContractError as `build_starts` does.
    """

    def __init__(self, contract: Contract, limit: int = SANDBOX_LIMIT, seconds: Seconds = monotonic) -> None:
        self.limit, self.starts = limit, build_starts(contract)
        self._sandboxes: dict[str, Sandbox] = {}
        self._seconds = seconds
        self._lock = threading.Lock()

    @property
    def store_status(self) -> str | None:
        """Whether the store that processes share answers: `ok`, `unavailable`, or None where there is none."""
        return None

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name, made if it is new. Raises BadSandbox and SandboxLimit."""
        sandbox = self._sandboxes.get(name)
        if sandbox is None:
            if not NAME.fullmatch(name):
                raise BadSandbox(name)
            with self._lock:
                sandbox = self._sandboxes.get(name) or self._make(name)
        sandbox.mark_used()
        return sandbox

    def all(self) -> list[Sandbox]:
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

    def replace_contract(self, starts: Starts) -> None:
        """Go on with a changed contract: each run is folded again when it is next asked for."""
        with self._lock:
            self.starts = starts
            for sandbox in self._sandboxes.values():
                sandbox.retain(starts.keys())

    def start(self, scenario: str) -> Start:
        """Where a scenario begins. Raises UnknownScenario."""
        if scenario not in self.starts:
            raise UnknownScenario(scenario, self.starts)
        return self.starts[scenario]

    def _make(self, name: str) -> Sandbox:
        if len(self._sandboxes) >= self.limit:
            others = [one for one in self._sandboxes.values() if one.name != DEFAULT]
            oldest = min(others, key=lambda one: one.last_used, default=None)
            if oldest is None or self._seconds() - oldest.last_used < IDLE_SECONDS:
                raise SandboxLimit(self.limit)
            self._sandboxes.pop(oldest.name).reset()
        sandbox = self._sandboxes[name] = Sandbox(name, self.start, self._seconds)
        return sandbox
