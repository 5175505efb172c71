"""A run: one scenario inside one sandbox, changed only by its methods and only under its lock.

Its state is what its history (the commands) and its clock's position fold to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mockserver.contract.model import Mode
from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.clock import Clock, Seconds, monotonic
from mockserver.engine.commands import Command, Fire, Fired, UseOverride, apply, settle
from mockserver.engine.history import LOG_LIMIT, History, HistoryPosition
from mockserver.engine.keys_in_flight import KeysInFlight
from mockserver.engine.override_uses import OverrideUses
from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.start import Start
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.state import State, fingerprint
from mockserver.refusals import BadTime, BeforeStart, BeyondLog, IdempotencyKeyReused, NothingToUndo
from mockserver.syntax.instants import LATEST, format_instant

# Upper bound on fired transitions not yet reported in a journal entry; beyond it the oldest are not reported.
UNREPORTED_LIMIT = 1_000


class SavedRun(NamedTuple):
    """Everything that can change in a run, as it was when `Run.save` was called."""

    state: State
    clock: Clock
    history: HistoryPosition
    revision: int
    generation: int
    override_uses: Mapping[str, int]
    unreported: tuple[Fired, ...]
    settled_until: int


class Run:
    """A start, the history since, and a clock.

    Nothing happens on reading: transitions that are due are fired by `settle`, and by every method that changes the
    run before it does so. `state` is the state as of the last of these.
    """

    __slots__ = (
        "_fingerprint_cache", "_keys_in_flight", "_lock", "_override_uses", "_seconds", "_settled_until", "_start",
        "_unreported", "clock", "contract", "generation", "history", "notice", "origin", "revision", "scenario",
        "state",
    )  # fmt: skip

    def __init__(
        self, start: Start, generation: int, seconds: Seconds = monotonic, *, log_limit: int = LOG_LIMIT
    ) -> None:
        self.contract, self.scenario, self.origin = start.contract, start.scenario, start.origin
        self.generation, self.revision = generation, 0
        self.notice: str | None = None
        self.state = start.state
        self.clock = Clock.from_plan(start.scenario.clock, seconds())
        self.history = History(start.contract, start.state, start.scenario.clock.initial, log_limit)
        self._start, self._seconds = start, seconds
        # The clock up to which transitions were fired when the last of them was.
        self._settled_until = start.scenario.clock.initial
        self._keys_in_flight, self._override_uses = KeysInFlight(), OverrideUses()
        self._unreported: BoundedList[Fired] = BoundedList(UNREPORTED_LIMIT)
        # The last state whose fingerprint was computed: clients that poll ask for the same one again and again.
        self._fingerprint_cache: tuple[State, str] | None = None
        self._lock = threading.Lock()

    # Reading

    @property
    def now(self) -> int:
        """The clock, in milliseconds since 1970."""
        clock = self.clock
        return clock.position if clock.mode != "real" else clock.now(self._seconds())

    @property
    def snapshot(self) -> tuple[State, Clock]:
        """State and clock: what a response that was just given was read from."""
        return self.state, self.clock

    def matches(self, state: State, clock: Clock) -> bool:
        """Whether the run still has this very state and this very clock."""
        return self.state is state and self.clock is clock

    @property
    def next_due(self) -> int | None:
        """When the next transition of `progress` is due, in milliseconds since 1970."""
        agenda = self.state.agenda
        return agenda[0].at if agenda else None

    @property
    def unused_overrides(self) -> list[ActiveOverride]:
        """The overrides that were added since the start and that have not answered any request yet."""
        at_start = {override.id for override in self._start.state.overrides.active}
        return [
            override
            for override in self.state.overrides.active
            if override.id not in at_start and override.id not in self._override_uses
        ]

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the state."""
        state = self.state
        if state is self._start.state:
            return self._start.fingerprint
        if self._fingerprint_cache is None or self._fingerprint_cache[0] is not state:
            self._fingerprint_cache = state, fingerprint(state)
        return self._fingerprint_cache[1]

    # Steps of a request

    def settle(self) -> None:
        """Fire the transitions that are due by now. Raises TooMuchDue."""
        agenda = self.state.agenda
        if agenda and agenda[0].at <= self.now:
            with self._lock:
                self._settle(self.now)

    def count_request(self, operation: str) -> None:
        """Move a per-request clock by its step, if it counts requests to this operation. Raises as `advance`."""
        if self.clock.counts(operation):
            with self._lock:
                self._advance(self.clock.position + self.clock.step)

    def use_override(self, operation: str, parameters: Mapping[str, Any]) -> tuple[ActiveOverride, int] | None:
        """The override that answers a request with these parameters, and its delay in milliseconds.

        The use is counted. None where no override matches.
        """
        if not self.state.overrides.active:
            return None
        with self._lock:
            now = self.now
            self._settle(now)
            override = self.state.overrides.match(operation, parameters)
            if override is None:
                return None
            number = self._override_uses.add(override.id)
            if override.override.times is not None:
                self._accept(UseOverride(override.id, now))
            else:
                self.on_override_used(override.id)
            return override, override.delay(self.scenario.seed, number)

    def begin_key(self, key: str, request: str) -> StoredResponse | None:
        """Begin a request that brings an idempotency key; `request` is a digest of the request.

        Returns the response that is stored for the key. None means that this is the first request with it: the key is
        in flight until `end_key`. Raises IdempotencyKeyReused, and IdempotencyInFlight while the key is in flight.
        """
        with self._lock:
            stored = self.state.keys.get(key, self.now)
            if stored is not None and stored.request != request:
                raise IdempotencyKeyReused(key)
            self._keys_in_flight.require_free(key)
            if stored is None:
                self._keys_in_flight.begin(key)
            return stored

    def end_key(self, key: str) -> None:
        """The response to the first request with this key has been delivered."""
        with self._lock:
            self._keys_in_flight.end(key)

    def submit(self, make_command: Callable[[State, int], Command]) -> State:
        """Apply the command that `make_command` returns for the state and the clock, in one step; the state after it.

        A repeat changes nothing and is not logged. Raises the Refusal of a command that is refused.
        """
        with self._lock:
            now = self.now
            self._settle(now)
            return self._accept(make_command(self.state, now))

    def drain_fired(self) -> tuple[Fired, ...]:
        """The transitions fired since the last call, in order: due ones and accepted commands."""
        if not self._unreported:
            return ()
        with self._lock:
            fired = tuple(self._unreported)
            self._unreported.clear()
            self.on_fired_drained(self._settled_until)
            return fired

    def pop_notice(self) -> str | None:
        """What a client should know of how the run began, returned once."""
        notice, self.notice = self.notice, None
        return notice

    # The clock

    def advance(self, by: int) -> list[Fired]:
        """Move the clock forward by `by` milliseconds; what fell due. Raises BadTime and TooMuchDue."""
        with self._lock:
            return self._advance(self.now + by)

    def advance_to_next(self) -> list[Fired]:
        """Move the clock to the next due transition, if there is one; what fell due."""
        with self._lock:
            self._settle(self.now)
            agenda = self.state.agenda
            return self._advance(agenda[0].at) if agenda else []

    def set_clock(self, to: int) -> list[Fired]:
        """Move the clock to an instant, forward or back; what fell due. Raises as `advance` and `rewind` do."""
        with self._lock:
            if to >= self.now:
                return self._advance(to)
            self._rewind(to)
            return []

    def rewind(self, by: int) -> None:
        """Move the clock back, and drop the commands that were accepted later than that, for good.

        Raises BeforeStart, and BeyondLog where the log no longer holds these commands.
        """
        with self._lock:
            self._rewind(self.now - by)

    def undo(self, count: int) -> None:
        """Drop the last `count` commands, and set the clock to when the first of them was accepted.

        Raises NothingToUndo and BeyondLog.
        """
        with self._lock:
            commands = self.history.commands
            if count > len(commands):
                raise BeyondLog(self.history.limit) if self.history.dropped else NothingToUndo(len(commands))
            self._restore(len(commands) - count, commands[-count].at)

    def set_clock_mode(self, mode: Mode, speed: float | None = None, step: int | None = None) -> None:
        """Change what moves the clock, not its position. Raises BadTime for a per-request clock without a step."""
        with self._lock:
            now, step = self.now, self.clock.step if step is None else step
            if mode == "per-request" and step <= 0:
                raise BadTime("A per-request clock needs a step, such as 5s.")
            clock = replace(self.clock, mode=mode, speed=self.clock.speed if speed is None else speed, step=step)
            self._settle(now)
            self.clock = clock.moved_to(now, self._seconds())
            self.on_clock_set()

    # The run as a whole

    def recording_input(self) -> tuple[list[Command], int, State]:
        """The commands since the start, the clock, and the state that they lead to.

        Raises BeyondLog where the log no longer holds all of them.
        """
        with self._lock:
            self.history.require_complete()
            now = self.now
            self._settle(now)
            return list(self.history.commands), now, self.state

    def rebase(self, start: Start) -> Run:
        """A run that begins at `start`, of a changed contract: the commands applied again, the clock where it stands.

        A clock that has not moved yet begins where the new start says. Raises the Refusal of a command that the
        changed contract refuses, BeforeStart, and BeyondLog where the log no longer holds every command.
        """
        with self._lock:
            self.history.require_complete()
            old_plan, now, commands = self.scenario.clock, self.now, self.history.commands
            start = start.started_now(old_plan.start if old_plan.starts_now else None)
            begins = start.scenario.clock.initial
            if commands and commands[0].at < begins:
                raise BeforeStart(format_instant(begins))
            run = Run(start, self.generation + 1, self._seconds)
            for command in commands:
                run.accept(decode_command(start.contract, encode_command(command)))
            if commands or now != old_plan.initial:
                run._advance(max(now, begins))
            planned = Clock.from_plan(old_plan, 0.0)
            if replace(self.clock, position=planned.position, anchor=0.0) != planned:
                run.clock = replace(self.clock, position=run.clock.position, anchor=run.clock.anchor)
            run._carry_over(self)
            return run

    def _carry_over(self, former: Run) -> None:
        """Take over what does not follow from the commands; nothing that happened so far is reported again."""
        self._override_uses = OverrideUses(former._override_uses.counts)
        self._keys_in_flight = former._keys_in_flight
        self.revision = 0
        self._unreported.clear()

    # What a replica of the run in another process is kept up to date with

    def save(self) -> SavedRun:
        """Everything that can change, for `roll_back`."""
        return SavedRun(
            self.state, self.clock, self.history.position(), self.revision, self.generation,
            self._override_uses.counts, tuple(self._unreported), self._settled_until,
        )  # fmt: skip

    def roll_back(self, saved: SavedRun) -> bool:
        """Become again what was saved; False where it was saved before a rewind, or the log has dropped commands."""
        if self.generation != saved.generation or not self.history.return_to(saved.history):
            return False
        self.state, self.clock, self.revision = saved.state, saved.clock, saved.revision
        self._override_uses = OverrideUses(saved.override_uses)
        self._settled_until = saved.settled_until
        self._unreported.clear()
        self._unreported.add_all(saved.unreported)
        return True

    def accept(self, command: Command) -> State:
        """Apply a command as it was accepted at `command.at`; the state after it. Raises its Refusal."""
        with self._lock:
            self._settle(command.at)
            return self._accept(command)

    def count_override_use(self, override_id: str) -> None:
        """Count a use of an override that is not a command."""
        with self._lock:
            self._override_uses.add(override_id)

    def follow_clock(self, clock: Clock) -> None:
        """Have a clock that was set elsewhere."""
        with self._lock:
            self._settle(clock.position)
            self.clock = clock

    def restore(self, count: int, to: int, anchor: float) -> None:
        """Drop all but the first `count` commands and set the clock to `to`, at `anchor` of the machine's clock."""
        with self._lock:
            self._restore(count, to)
            self.clock = self.clock.moved_to(to, anchor)

    def discard_fired(self, until: int) -> None:
        """Do not report the transitions up to `until`: they have been reported elsewhere."""
        with self._lock:
            self._settle(until)
            self._unreported.clear()

    def on_command(self, command: Command) -> None:
        """Called after a command was accepted. These hooks are for subclasses, and called under the run's lock."""

    def on_override_used(self, override_id: str) -> None:
        """Called after a use that is not a command was counted."""

    def on_clock_set(self) -> None:
        """Called after the clock was moved forward, or its mode changed."""

    def on_restored(self, count: int, to: int) -> None:
        """Called after all but the first `count` commands were dropped and the clock was set to `to`."""

    def on_fired_drained(self, until: int) -> None:
        """Called after the transitions up to `until` were reported."""

    # Everything below is called under the lock

    def _settle(self, until: int) -> list[Fired]:
        agenda = self.state.agenda
        if not agenda or agenda[0].at > until:
            return []
        self.state, fired = settle(self.contract, self.state, until)
        self._settled_until = until
        self._unreported.add_all(fired)
        return fired

    def _advance(self, to: int) -> list[Fired]:
        if to > LATEST:
            raise BadTime("The clock cannot go beyond the year 9999.")
        fired = self._settle(to)
        self.clock = self.clock.moved_to(to, self._seconds())
        self.on_clock_set()
        return fired

    def _accept(self, command: Command) -> State:
        after = apply(self.contract, self.state, command)
        if after is not self.state:
            self.state = after
            self.history.append(command, after)
            self.revision += 1
            if isinstance(command, Fire):
                # The stamp of a transition that was just accepted is the latest of the run.
                self._unreported.add(Fired(command.resource, command.key, command.transition, after.latest))
            self.on_command(command)
        return after

    def _rewind(self, to: int) -> None:
        begins = self.scenario.clock.initial
        if to < begins:
            raise BeforeStart(format_instant(begins))
        self._restore(self.history.count_until(to), to)

    def _restore(self, count: int, to: int) -> None:
        """Apply the first `count` commands again, fire what was due up to `to`, and forget the other commands."""
        self.state, _ = settle(self.contract, self.history.state_after(count), to)
        self.history.truncate(count)
        self.clock = self.clock.moved_to(to, self._seconds())
        self._settled_until = to
        self._unreported.clear()
        self._override_uses.retain({override.id for override in self.state.overrides.active})
        self.generation += 1
        self.revision = 0
        self.on_restored(count, to)
