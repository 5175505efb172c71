"""A run: one scenario in one sandbox. Its lock guards its state, its clock and its history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from mockserver.contract.model import Mode
from mockserver.contract.request_conditions import RequestContent
from mockserver.engine.clock import Clock, Seconds, monotonic
from mockserver.engine.commands import Command, DrawOverride, Fired, RemoveOverride, Transaction, UseOverride
from mockserver.engine.events.feed import Feed, Listener, Present, up_to_date
from mockserver.engine.history import LOG_LIMIT, History
from mockserver.engine.keys_in_flight import KeysInFlight
from mockserver.engine.override_uses import OverrideUses
from mockserver.engine.overrides import ActiveOverride, find_renamed
from mockserver.engine.reducer import PORTION, fired_by
from mockserver.engine.run_hooks import RunHooks
from mockserver.engine.run_snapshots import Basis, SavedRun
from mockserver.engine.start import Start
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.state import State, fingerprint
from mockserver.engine.timeline import StillSettling, Timeline
from mockserver.engine.unreported_transitions import UnreportedTransitions
from mockserver.refusals import IdempotencyKeyReused


class Run(RunHooks):
    """A scenario's state as requests and its clock change it.

    Nothing happens on reading: transitions that are due are fired by `settle`, and by every method that changes the
    run before it does so. `state` is the state as of the last of these. Nobody else changes the `timeline`.
    """

    __slots__ = (
        "_feed", "_fingerprint_cache", "_keys_in_flight", "_lock", "_override_uses", "_seconds", "_start",
        "_unreported", "contract", "generation", "listeners", "notice", "origin", "revision", "scenario", "timeline",
    )  # fmt: skip

    def __init__(
        self, start: Start, generation: int, seconds: Seconds = monotonic, *, log_limit: int = LOG_LIMIT
    ) -> None:
        self.contract, self.scenario, self.origin = start.contract, start.scenario, start.origin
        self.generation, self.revision = generation, 0
        self.notice: str | None = None
        self._start, self._seconds = start, seconds
        self.timeline = Timeline(start, seconds, log_limit)
        self._unreported = UnreportedTransitions(start.scenario.clock.initial)
        self._keys_in_flight, self._override_uses = KeysInFlight(), OverrideUses()
        self._feed: Feed | None = None
        self.listeners: dict[Listener, None] = {}
        # The last state whose fingerprint was computed: clients that poll ask for the same one again and again.
        self._fingerprint_cache: tuple[State, str] | None = None
        # Reentrant, for `exclusive`.
        self._lock = threading.RLock()

    @property
    def state(self) -> State:
        """The state."""
        return self.timeline.state

    @property
    def clock(self) -> Clock:
        """What moves the clock, and where it stood when it was last moved."""
        return self.timeline.clock

    @property
    def now(self) -> int:
        """The clock, in milliseconds since 1970."""
        return self.timeline.now

    @property
    def history(self) -> History:
        """The commands since the start."""
        return self.timeline.history

    @property
    def exclusive(self) -> AbstractContextManager[object]:
        """Inside it, no other thread changes the run: what is read there still holds where it is acted upon."""
        return self._lock

    @property
    def snapshot(self) -> tuple[State, Clock]:
        """State and clock: what a response that was just given was read from."""
        return self.timeline.state, self.timeline.clock

    def matches(self, state: State, clock: Clock) -> bool:
        """Whether the run still has this very state and this very clock."""
        timeline = self.timeline
        return timeline.state is state and timeline.clock is clock

    @property
    def next_due(self) -> int | None:
        """When the next transition of `progress` is due, in milliseconds since 1970."""
        due = self.state.agenda.first
        return due.at if due is not None else None

    @property
    def unused_overrides(self) -> list[ActiveOverride]:
        """The overrides that were added since the start and that have not answered any request yet."""
        at_start = {override.id for override in self._start.state.overrides.active}
        return [
            override
            for override in self.state.overrides.active
            if override.id not in at_start and override.id not in self._override_uses
        ]

    def count_uses(self, active: ActiveOverride) -> int:
        """How many requests an override has answered; with `times`, less those that the clock has gone back behind."""
        counts = self._override_uses.counts if active.override.times is None else self.state.overrides.use_counts
        return counts.get(active.id, 0)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was changed since the start, by a command or by moving the clock."""
        return self.timeline.is_untouched

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the state."""
        state = self.state
        if state is self._start.state:
            return self._start.fingerprint
        if self._fingerprint_cache is None or self._fingerprint_cache[0] is not state:
            self._fingerprint_cache = state, fingerprint(state)
        return self._fingerprint_cache[1]

    def settle(self) -> None:
        """Fire the transitions that are due by now. Raises TooMuchDue and StillSettling."""
        timeline = self.timeline
        due = timeline.state.agenda.first
        if due is not None and due.at <= timeline.now:
            with self._lock:
                now = timeline.now
                if fired := timeline.settle_in_turns(now):
                    self._note_fired(fired, now)

    def count_request(self, operation: str) -> None:
        """Move a per-request clock by its step, if it counts requests to this operation. Raises BadTime, TooMuchDue."""
        if self.timeline.clock.counts(operation):
            with self._lock:
                # The request may have changed something already, which must not happen twice.
                self._advance(self.clock.position + self.clock.step, in_turns=False)

    def use_override(
        self, operation: str, parameters: Mapping[str, Any], content: RequestContent, *, if_upstream: bool = False
    ) -> tuple[ActiveOverride, int] | None:
        """The override that answers a request with these parameters and this content, and its delay in milliseconds.

        The use is counted, and each draw for a share of the requests. None where no override matches, and, with
        `if_upstream`, where the one that matches does not have the upstream respond: then nothing is counted.
        """
        with self._lock:
            now, seed = self.now, self.scenario.seed
            self._settle(now)
            choice = self.state.overrides.choose(operation, parameters, content, seed)
            override = choice.override
            if if_upstream and (override is None or not override.override.upstream):
                return None
            for override_id in choice.drawn:
                self._accept(DrawOverride(override_id, now))
            if override is None:
                return None
            number = self._override_uses.add(override.id)
            if override.override.times is not None:
                self._accept(UseOverride(override.id, now))
            else:
                self.on_override_used(override.id)
            return override, override.delay(seed, number)

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
            now = self.timeline.now
            self._settle(now)
            return self._accept(make_command(self.timeline.state, now))

    def accept(self, command: Command) -> State:
        """Apply a command that was accepted at `command.at`; the state after it. Raises its Refusal."""
        with self._lock:
            self._settle(command.at)
            return self._accept(command)

    def basis(self) -> Basis:
        """The state and the clock for a handler to begin with; due transitions are settled first. Raises TooMuchDue."""
        with self._lock:
            now = self.timeline.now
            self._settle(now)
            history = self.history
            return Basis(*self.snapshot, now, history.count, self.revision, self.generation, self.next_due)

    def accept_on(self, basis: Basis, transaction: Transaction) -> bool:
        """Apply a transaction if nothing has changed since `basis`; False where something has. Raises its Refusal."""
        with self._lock:
            if not self.matches(basis.state, basis.clock):
                return False
            self._accept(transaction)
            return True

    def drain_fired(self) -> tuple[Fired, ...]:
        """The transitions fired since the last call, in order: due ones and accepted commands."""
        if not self._unreported.transitions:
            return ()
        with self._lock:
            fired = self._unreported.drain()
            self.on_fired_drained(self._unreported.settled_until)
            return fired

    def read_feed(self, until: int | None = None) -> Feed:
        """The events up to now, or about up to the one with the number `until`. Raises TooMuchDue."""
        with self._lock:
            now = self.now
            self._settle(now)
            present = Present(self._start, self.history, self.generation, self.state, now)
            self._feed = up_to_date(self._feed, present, self.listeners, until)
            return self._feed

    def read_more_of_feed(self) -> Feed:
        """The events up to now, or a PORTION more than were known. Raises TooMuchDue."""
        number = self._feed.number if self._feed is not None else 0
        return self.read_feed(number + PORTION if self.timeline.pauses else None)

    def read_feed_in_turns(self) -> Feed:
        """The events up to now. Raises TooMuchDue and StillSettling."""
        feed = self.read_more_of_feed()
        if feed.is_behind:
            raise StillSettling
        return feed

    def wake_listeners(self) -> None:
        """Have the listeners read the events."""
        for listener in list(self.listeners):
            listener.wake()

    def pop_notice(self) -> str | None:
        """What a client should know of how the run began, returned once."""
        notice, self.notice = self.notice, None
        return notice

    def advance(self, by: int) -> list[Fired]:
        """Move the clock forward by `by` milliseconds; what fell due. Raises BadTime, TooMuchDue and StillSettling."""
        with self._lock:
            return self._advance(self.now + by)

    def advance_to_next(self) -> list[Fired]:
        """Move the clock to the next due transition, if there is one; what fell due."""
        with self._lock:
            self._settle(self.now)
            return self._advance(self.next_due) if self.next_due is not None else []

    def set_clock(self, to: int) -> list[Fired]:
        """Move the clock to an instant, forward or back; what fell due. Raises as `advance` and `rewind` do."""
        with self._lock:
            if to >= self.now:
                return self._advance(to)
            self._restore(self.timeline.commands_until(to), to)
            return []

    def rewind(self, by: int) -> None:
        """Move the clock back, and drop the commands that were accepted later than that, for good.

        Raises BeforeStart, BeyondLog where the log no longer holds these commands, and StillSettling.
        """
        with self._lock:
            to = self.now - by
            self._restore(self.timeline.commands_until(to), to)

    def undo(self, count: int) -> None:
        """Drop the last `count` commands, and set the clock to when the first of them was accepted.

        Raises NothingToUndo, BeyondLog and StillSettling.
        """
        with self._lock:
            self._restore(*self.timeline.commands_before_last(count))

    def set_clock_mode(self, mode: Mode, speed: float | None = None, step: int | None = None) -> None:
        """Change what moves the clock, not its position. Raises BadTime for a per-request clock without a step."""
        with self._lock:
            clock = self.timeline.clock_with_mode(mode, speed, step)
            self._settle(clock.position)
            self.timeline.clock = clock
            self.on_clock_set()
            self.wake_listeners()

    def recording_input(self) -> tuple[list[Command], int, State]:
        """The commands since the start, the clock, and the state that they lead to.

        Raises BeyondLog where the log no longer holds all of them.
        """
        with self._lock:
            self.history.require_complete()
            now = self.now
            self._settle(now)
            return self.history.commands, now, self.state

    def rebase(self, start: Start) -> Run:
        """A run that begins at `start`, of a changed contract: the commands applied again, the clock unchanged.

        A clock that has not moved yet begins where the new start says. Raises the Refusal of a command that the
        changed contract refuses, BeforeStart, and BeyondLog where the log no longer holds every command.
        """
        with self._lock:
            plan = self.scenario.clock
            start = start.started_now(plan.start if plan.starts_now else None)
            renamed = find_renamed(self.scenario.responses, start.scenario.responses)
            timeline = self.timeline.repeated_from(start, renamed)
            run = Run(start, self.generation + 1, self._seconds)
            run.timeline = timeline
            # What does not follow from the commands. What happened so far is not reported again.
            counts = ((renamed.get(name, name), count) for name, count in self._override_uses.counts.items())
            run._override_uses = OverrideUses({name: count for name, count in counts if name is not None})
            run._keys_in_flight = self._keys_in_flight
            return run

    # Operations by which a replica of the run is kept up to date

    def save(self) -> SavedRun:
        """Everything that can change, for `roll_back`."""
        return SavedRun(
            self.timeline.position(), self.revision, self.generation, self._override_uses.counts,
            self._unreported.saved(),
        )  # fmt: skip

    def roll_back(self, saved: SavedRun) -> bool:
        """Become again what was saved; False where it was saved before a rewind, or the log has dropped commands."""
        if self.generation != saved.generation or not self.timeline.return_to(saved.timeline):
            return False
        if self._feed is not None and self._feed.is_ahead_of(self.history):
            self._feed = None
        self.revision = saved.revision
        self._override_uses = OverrideUses(saved.override_uses)
        self._unreported = UnreportedTransitions(*saved.unreported)
        return True

    def count_override_use(self, override_id: str) -> None:
        """Count a use of an override that is not a command."""
        with self._lock:
            self._override_uses.add(override_id)

    def follow_clock(self, clock: Clock) -> None:
        """Have a clock that was set elsewhere."""
        with self._lock:
            self._settle(clock.position)
            self.timeline.clock = clock
            self.wake_listeners()

    def restore(self, count: int, to: int, anchor: float) -> None:
        """Drop all but the first `count` commands and set the clock to `to`, at `anchor` of the machine's clock."""
        with self._lock:
            self._restore(count, to, anchor)

    def discard_fired(self, until: int) -> None:
        """Do not report the transitions up to `until`: they have been reported elsewhere."""
        with self._lock:
            self._settle(until)
            self._unreported.drain()

    # Everything below is called under the lock

    def _settle(self, until: int) -> None:
        if fired := self.timeline.settle(until):
            self._note_fired(fired, until)

    def _note_fired(self, fired: list[Fired], until: int) -> None:
        self._unreported.add_due(fired, until)
        self.wake_listeners()

    def _advance(self, to: int, *, in_turns: bool = True) -> list[Fired]:
        if fired := self.timeline.advance(to, in_turns=in_turns):
            self._unreported.add_due(fired, to)
        self.on_clock_set()
        self.wake_listeners()
        return fired

    def _accept(self, command: Command) -> State:
        timeline = self.timeline
        before = timeline.state
        if timeline.accept(command):
            self.revision += 1
            self._unreported.transitions.add_all(fired_by(before, command, timeline.state))
            if isinstance(command, RemoveOverride):
                self._forget_uses()
            self.on_command(command)
            if self.listeners:
                self.wake_listeners()
        return timeline.state

    def _restore(self, count: int, to: int, anchor: float | None = None) -> None:
        self.timeline.restore(count, to, anchor)
        self._unreported = UnreportedTransitions(to)
        self._forget_uses()
        self.generation += 1
        self.revision = 0
        self.on_restored(count, to)
        self.wake_listeners()

    def _forget_uses(self) -> None:
        """Forget how often overrides were used that are no longer there."""
        self._override_uses.retain(self.state.overrides.ids)
