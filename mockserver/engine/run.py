"""A run: one scenario inside one sandbox. The only thing here that changes, and only under its lock.

A run is its command log and its clock's position; its state is what the two fold to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from mockserver.contract.model import Contract, Mode, Scenario
from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.clock import Clock, Seconds, monotonic, wall
from mockserver.engine.commands import Command, Fire, Fired, UseOverride, apply, settle
from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.recording import decode_command, encode_command, replay
from mockserver.engine.seeding.populate import moved, populate
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.state import State, fingerprint
from mockserver.refusals import (
    BadTime,
    BeforeStart,
    BeyondLog,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    NothingToUndo,
)
from mockserver.syntax.instants import LATEST, format_instant

LOG_LIMIT = 10_000
# A state is kept after so many commands, so that going back folds few of them again.
CHECKPOINT_EVERY = 250
# Of the transitions that no journal entry has told yet.
UNREPORTED_LIMIT = 1_000


class Start:
    """Where every run of a scenario begins; made once, on first use, and shared."""

    def __init__(self, contract: Contract, scenario: Scenario, origin: Start | None = None) -> None:
        self.contract, self.scenario, self.origin = contract, scenario, origin or self

    def started_now(self, begins: int | None = None) -> Start:
        """The start itself; or, for a clock that begins at the machine's own time, another that begins now.

        `begins`, in milliseconds since 1970, is where such a one began before.
        """
        if not self.scenario.clock.floating:
            return self
        scenario = moved(self.contract, self.scenario, wall() if begins is None else begins)
        return Start(self.contract, scenario, self)

    @cached_property
    def state(self) -> State:
        """The records of the scenario, its commands carried out. Raises CannotGenerate and ContractError."""
        state = replay(self.contract, self.scenario, populate(self.contract, self.scenario))
        for operation in self.contract.operations.values():
            if operation.behaviour is not None and operation.behaviour.kind == "list":
                # In its usual order now, so that every run carries that on and none has to sort again.
                table = state.tables[operation.behaviour.resource]
                table.ordered(table.resource.sort)
        return state

    def replay_commands(self) -> None:
        """Carry out the commands that the scenario brings. Raises ContractError for one that is refused."""
        if self.scenario.commands:
            _ = self.state

    @property
    def differs_from_recording(self) -> bool:
        """Whether a recording leads elsewhere than it did: fixtures, rules or schemas have changed since."""
        recorded = self.scenario.data.get("recorded")
        return recorded is not None and recorded["fingerprint"] != self.fingerprint

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint that a reset goes back to."""
        return fingerprint(self.state)


class Run:
    """A start, the commands since, and a clock."""

    __slots__ = (
        "_base",
        "_base_at",
        "_checkpoints",
        "_fingerprint_cache",
        "_folded",
        "_in_flight",
        "_lock",
        "_seconds",
        "_start",
        "_state",
        "_unreported",
        "clock",
        "contract",
        "generation",
        "log",
        "notice",
        "origin",
        "override_uses",
        "revision",
        "scenario",
    )  # fmt: skip

    def __init__(self, start: Start, generation: int, seconds: Seconds = monotonic) -> None:
        self.contract, self.scenario, self.generation = start.contract, start.scenario, generation
        self.origin = start.origin
        self.revision = 0
        self.log: list[Command] = []
        self.override_uses: dict[str, int] = {}
        self.notice: str | None = None
        self._unreported: BoundedList[Fired] = BoundedList(UNREPORTED_LIMIT)
        self._in_flight: dict[str, None] = {}
        self.clock = Clock.from_plan(start.scenario.clock, seconds())
        self._start, self._seconds = start, seconds
        self._state = self._base = start.state
        self._base_at, self._folded = start.scenario.clock.begins, 0
        self._checkpoints: list[tuple[int, State]] = []
        # The state that a fingerprint was asked of last: who polls asks again and again.
        self._fingerprint_cache: tuple[State, str] | None = None
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """The clock, in milliseconds since 1970."""
        clock = self.clock
        return clock.position if clock.mode != "real" else clock.now(self._seconds())

    @property
    def state(self) -> State:
        """The state now, all that is due settled."""
        agenda = self._state.agenda
        if not agenda or agenda[0].at > self.now:
            return self._state
        with self._lock:
            self._settle(self.now)
            return self._state

    @property
    def snapshot(self) -> tuple[State, Clock]:
        """State and clock, nothing settled: what an answer that was just given was read from."""
        return self._state, self.clock

    def matches(self, state: State, clock: Clock) -> bool:
        """Whether these are the very state and clock that it has."""
        return self._state is state and self.clock is clock

    @property
    def next_due(self) -> int | None:
        """When something happens next by itself."""
        agenda = self.state.agenda
        return agenda[0].at if agenda else None

    @property
    def unused_overrides(self) -> list[ActiveOverride]:
        """The overrides that were added since the start and that no request has met yet."""
        known = self.override_uses.keys() | {one.id for one in self._start.state.overrides.active}
        return [one for one in self._state.overrides.active if one.id not in known]

    def recording_input(self) -> tuple[list[Command], int, State]:
        """The commands since the start, the clock, and the state that they lead to.

        Raises BeyondLog where the log does not hold all of them any more.
        """
        with self._lock:
            if self._folded:
                raise BeyondLog(LOG_LIMIT)
            now = self.now
            self._settle(now)
            return list(self.log), now, self._state

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the state as it is."""
        state = self.state
        if state is self._start.state:
            return self._start.fingerprint
        if self._fingerprint_cache is None or self._fingerprint_cache[0] is not state:
            self._fingerprint_cache = state, fingerprint(state)
        return self._fingerprint_cache[1]

    def submit(self, make: Callable[[State, int], Command]) -> State:
        """Apply the command that `make` gives for the state and the clock, as one step; the state after it.

        A repeat, which changes nothing, is not logged. Raises the Refusal of a command that is refused.
        """
        with self._lock:
            now = self.now
            self._settle(now)
            return self._log(make(self._state, now))

    def use_override(self, operation: str, values: Mapping[str, Any]) -> tuple[ActiveOverride, int] | None:
        """The override that a request with these parameters meets, and its delay in milliseconds; a use is counted."""
        if not self._state.overrides.active:
            return None
        with self._lock:
            self._settle(self.now)
            placed = self._state.overrides.match(operation, values)
            if placed is None:
                return None
            number = self._count_use(placed.id)
            if placed.override.times is not None:
                self._log(UseOverride(placed.id, self.now))
            else:
                self._tell("use", placed.id)
            return placed, placed.delay(self.scenario.seed, number)

    def begin_key(self, key: str, request: str) -> StoredResponse | None:
        """Begin a request with an idempotency key: what was kept for it, or None where this is the first.

        The first must be ended. Raises IdempotencyKeyReused, and IdempotencyInFlight until the first is ended.
        """
        with self._lock:
            kept = self._state.keys.get(key, self.now)
            if kept is not None and kept.request != request:
                raise IdempotencyKeyReused(key)
            if key in self._in_flight:
                raise IdempotencyInFlight(key)
            if kept is None:
                self._in_flight[key] = None
            return kept

    def end_key(self, key: str) -> None:
        """The request that began with this key has been answered."""
        with self._lock:
            self._in_flight.pop(key, None)

    def drain_fired(self) -> tuple[Fired, ...]:
        """The transitions since the last call, in order: by time, by request, by the control API."""
        if not self._unreported:
            return ()
        with self._lock:
            fired = tuple(self._unreported)
            self._unreported.clear()
            return fired

    def pop_notice(self) -> str | None:
        """What there is to say about how the run began, once."""
        note, self.notice = self.notice, None
        return note

    def count_request(self, operation: str) -> None:
        """Count a request to an operation: a clock that counts it moves by its step before it is answered."""
        if self.clock.counts(operation):
            with self._lock:
                self._advance(self.clock.position + self.clock.step)

    def advance(self, by: int) -> list[Fired]:
        """Move the clock on by so many milliseconds; what fell due. Raises BadTime and TooMuchDue."""
        with self._lock:
            return self._advance(self.now + by)

    def advance_to_next(self) -> list[Fired]:
        """Move the clock on to when something happens next, if anything does."""
        with self._lock:
            self._settle(self.now)
            agenda = self._state.agenda
            return self._advance(agenda[0].at) if agenda else []

    def set_clock(self, to: int) -> list[Fired]:
        """Move the clock to an instant, on or back. Raises as `advance` and `rewind` do."""
        with self._lock:
            if to >= self.now:
                return self._advance(to)
            self._back(to)
            return []

    def rewind(self, by: int) -> None:
        """Move the clock back, and drop the commands that were accepted later than that, for good.

        Raises BeforeStart, and BeyondLog where the log does not hold them any more.
        """
        with self._lock:
            self._back(self.now - by)

    def undo(self, count: int) -> None:
        """Drop the last commands, and leave the clock where the first of them was accepted.

        Raises NothingToUndo and BeyondLog.
        """
        with self._lock:
            if count > len(self.log):
                raise BeyondLog(LOG_LIMIT) if self._folded else NothingToUndo(len(self.log))
            to = self.log[-count].at
            self._restore(len(self.log) - count, to)

    def set_clock_mode(self, mode: Mode, speed: float | None = None, step: int | None = None) -> None:
        """Have the clock moved by something else from now on. Raises BadTime where a step is needed and not known."""
        with self._lock:
            now, step = self.now, self.clock.step if step is None else step
            if mode == "per-request" and step <= 0:
                raise BadTime("A per-request clock needs a step, such as 5s.")
            clock = replace(self.clock, mode=mode, speed=self.clock.speed if speed is None else speed, step=step)
            self._settle(now)
            self.clock = clock.at(now, self._seconds())
            self._tell("clock", self.clock)

    def rebase(self, start: Start) -> Run:
        """The run on a changed contract: its commands folded again there, the clock where it stands.

        A clock that nothing has moved yet begins where the new start says. Raises the Refusal of a command that
        the contract refuses now, BeforeStart, and BeyondLog where the log does not hold every command any more.
        """
        with self._lock:
            if self._folded:
                raise BeyondLog(LOG_LIMIT)
            start = start.started_now(self.scenario.clock.start if self.scenario.clock.floating else None)
            before, after, now = self.scenario.clock, start.scenario.clock, self.now
            if self.log and self.log[0].at < after.begins:
                raise BeforeStart(format_instant(after.begins))
            run = Run(start, self.generation + 1, self._seconds)
            for command in self.log:
                command = decode_command(start.contract, encode_command(command))
                run._settle(command.at)
                run._log(command)
            if self.log or now != before.begins:
                run._settle(max(now, after.begins))
                run.clock = run.clock.at(max(now, after.begins), self._seconds())
            planned = Clock.from_plan(before, 0.0)
            if replace(self.clock, position=planned.position, anchor=0.0) != planned:
                run.clock = replace(self.clock, position=run.clock.position, anchor=run.clock.anchor)
            run.override_uses, run._in_flight, run.revision = dict(self.override_uses), self._in_flight, 0
            run._unreported.clear()
            return run

    def _count_use(self, override: str) -> int:
        """How often the override has been met, once more now."""
        self.override_uses = {**self.override_uses, override: self.override_uses.get(override, 0) + 1}
        return self.override_uses[override]

    def _settle(self, until: int) -> list[Fired]:
        self._state, fired = settle(self.contract, self._state, until)
        if fired:
            self._unreported.add_all(fired)
        return fired

    def _advance(self, to: int) -> list[Fired]:
        if to > LATEST:
            raise BadTime("The clock cannot go beyond the year 9999.")
        fired = self._settle(to)
        self.clock = self.clock.at(to, self._seconds())
        self._tell("clock", self.clock)
        return fired

    def _back(self, to: int) -> None:
        if to < self.scenario.clock.begins:
            raise BeforeStart(format_instant(self.scenario.clock.begins))
        if self._folded and to < self._base_at:
            raise BeyondLog(LOG_LIMIT)
        kept = len(self.log)
        while kept and self.log[kept - 1].at > to:
            kept -= 1
        self._restore(kept, to)

    def _restore(self, kept: int, to: int) -> None:
        """Fold the first `kept` commands of the log again, then what fell due up to `to`; forget the others."""
        known = [one for one in self._checkpoints if one[0] <= self._folded + kept]
        done, state = known[-1] if known else (self._folded, self._base)
        log = self.log[:kept]
        for command in log[done - self._folded :]:
            state, _ = settle(self.contract, state, command.at)
            state = apply(self.contract, state, command)
        state, _ = settle(self.contract, state, to)
        self._state, self._checkpoints, self.log = state, known, log
        self.clock = self.clock.at(to, self._seconds())
        self._unreported.clear()
        # An id that is free again may come to name another override.
        placed = {one.id for one in state.overrides.active}
        self.override_uses = {name: count for name, count in self.override_uses.items() if name in placed}
        self.generation += 1
        self.revision = 0
        self._tell("restore", (kept, to, self.clock.anchor))

    def _tell(self, kind: str, value: Any) -> None:
        """Something has changed for good: a run that processes share has the others know."""

    def _log(self, command: Command) -> State:
        after = apply(self.contract, self._state, command)
        if after is not self._state:
            self._state = after
            self.log.append(command)
            if isinstance(command, Fire):
                # Of a transition that was accepted, the stamp is the run's latest.
                self._unreported.add(Fired(command.resource, command.key, command.transition, after.latest))
            self.revision += 1
            self._keep()
            self._tell("command", command)
        return after

    def _keep(self) -> None:
        """Keep a state to go back to now and then; fold what the log cannot hold into the base."""
        number = self._folded + len(self.log)
        if number % CHECKPOINT_EVERY == 0:
            self._checkpoints.append((number, self._state))
        if len(self.log) > LOG_LIMIT:
            oldest = self.log.pop(0)
            base, _ = settle(self.contract, self._base, oldest.at)
            self._base, self._base_at = apply(self.contract, base, oldest), oldest.at
            self._folded += 1
            self._checkpoints = [one for one in self._checkpoints if one[0] > self._folded]
