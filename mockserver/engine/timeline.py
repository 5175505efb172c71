"""The state, the clock and the history of a run: its state is what its commands and its clock's position fold to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.model import Mode
from mockserver.engine.clock import Clock, Seconds
from mockserver.engine.commands import Command, DrawOverride, Fired, UseOverride
from mockserver.engine.history import LOG_LIMIT, History, HistoryPosition
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.reducer import Steps, apply, finish, settle, settle_in_portions
from mockserver.engine.start import Start
from mockserver.engine.state.state import State
from mockserver.errors import Refusal
from mockserver.refusals import BadTime, BeforeStart, BeyondLog, NothingToUndo
from mockserver.syntax.instants import LATEST, format_instant

# A state that others change meanwhile is settled from the beginning so often; then they have to wait.
RESTART_LIMIT = 8
Settled = tuple[State, list[Fired]]
T = TypeVar("T")


class StillSettling(BaseException):
    """So much is due that others should have their turn: whoever called is to call again, until this is not raised."""


def until_settled(act: Callable[[], T]) -> T:
    """The result of what may raise StillSettling, where nobody else waits for a turn."""
    while True:
        try:
            return act()
        except StillSettling:
            pass


class UnfinishedSettling(Struct, eq=False):
    """How far what is due after `count` commands of the log, or after all where it is None, by `until` was settled.

    `since` is the state as of when that began. A `refusal` is how it ended.
    """

    since: State
    count: int | None
    until: int
    steps: Steps[Settled]
    restarts: int = 0
    refusal: Refusal | None = None

    def leads_to(self, state: State, count: int | None, until: int) -> bool:
        """Whether it comes to be the state that another settling asks for, or one before that."""
        return self.since is state and self.count == count and self.until <= until


class TimelinePosition(Struct, frozen=True):
    """A timeline as it was at some moment."""

    state: State
    clock: Clock
    history: HistoryPosition


class Timeline:
    """What a run consists of. Not safe for use by several threads: a run uses it under its lock.

    `seconds` is the machine's clock. Times are milliseconds since 1970, by the run's clock. If it `pauses`, moving the
    clock and `settle_in_turns` raise StillSettling, and nothing has changed until they are called once more often.
    """

    __slots__ = ("_plan", "_seconds", "_unfinished", "clock", "history", "pauses", "state")

    def __init__(self, start: Start, seconds: Seconds, log_limit: int = LOG_LIMIT) -> None:
        plan = start.scenario.clock
        self.state, self.clock = start.state, Clock.from_plan(plan, seconds())
        self.history = History(start.state, plan.initial, log_limit)
        self._plan, self._seconds = plan, seconds
        self.pauses = True
        self._unfinished: UnfinishedSettling | None = None

    @property
    def now(self) -> int:
        """The clock."""
        clock = self.clock
        return clock.position if clock.mode != "real" else clock.now(self._seconds())

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was changed since the start, by a command or by moving the clock."""
        clock, plan = self.clock, self._plan
        is_where_it_began = clock.mode != "manual" or clock.position == plan.initial
        return self.history.is_empty and clock.moves_as(plan) and is_where_it_began

    def settle(self, until: int) -> list[Fired]:
        """Fire the transitions that are due by `until`; which these were. Raises TooMuchDue."""
        due = self.state.agenda.first
        if due is None or due.at > until:
            return []
        self.state, fired = settle(self.state, until)
        return fired

    def settle_in_turns(self, until: int) -> list[Fired]:
        """As `settle`. Raises StillSettling, too."""
        due = self.state.agenda.first
        if due is None or due.at > until:
            return []
        state = self.state
        state, fired = self._settle_in_turns(None, until, lambda: settle_in_portions(state, until))
        # With a clock that goes on by itself, it was begun for an earlier instant. What is too much changes nothing.
        self.state, fired_since = settle(state, until)
        return fired + fired_since

    def accept(self, command: Command) -> bool:
        """Apply a command; False where it is a repeat, which is not logged. Raises its Refusal."""
        state = apply(self.state, command)
        if state is self.state:
            return False
        self.state = state
        self.history.append(command, state)
        return True

    def advance(self, to: int, *, in_turns: bool = True) -> list[Fired]:
        """Move the clock forward; which transitions fell due. Raises BadTime, TooMuchDue and StillSettling."""
        if to > LATEST:
            raise BadTime("The clock cannot go beyond the year 9999.")
        fired = self.settle_in_turns(to) if in_turns else self.settle(to)
        self.clock = self.clock.moved_to(to, self._seconds())
        return fired

    def restore(self, count: int, to: int, anchor: float | None = None) -> None:
        """Apply the first `count` commands again, fire what was due by `to`, and forget the other commands.

        The clock is set to `to`, where the machine's clock reads `anchor`, or now. Raises StillSettling.
        """
        state, _ = self._settle_in_turns(count, to, lambda: self._settle_after(count, to))
        self.state, _ = settle(state, to)
        self.history.truncate(count)
        self.clock = self.clock.moved_to(to, self._seconds() if anchor is None else anchor)

    def _settle_after(self, count: int, to: int) -> Steps[Settled]:
        state = yield from self.history.fold(count)
        return (yield from settle_in_portions(state, to))

    def _settle_in_turns(self, count: int | None, until: int, begin: Callable[[], Steps[Settled]]) -> Settled:
        """Begin to settle, or go on with what was begun. Raises StillSettling until it has come to its end."""
        unfinished, restarts = self._unfinished, 0
        if not self.pauses:
            return finish(begin())
        if unfinished is None or not unfinished.leads_to(self.state, count, until):
            if unfinished is not None and unfinished.refusal is None:
                restarts = unfinished.restarts + 1
            if restarts > RESTART_LIMIT:
                self._unfinished = None
                return finish(begin())
            unfinished = self._unfinished = UnfinishedSettling(self.state, count, until, begin(), restarts)
        if unfinished.refusal is not None:
            raise unfinished.refusal.with_traceback(None)
        try:
            next(unfinished.steps)
        except StopIteration as end:
            self._unfinished = None
            settled: Settled = end.value
            return settled
        except Refusal as refusal:
            unfinished.refusal = refusal
            raise
        except BaseException:
            # It cannot go on.
            self._unfinished = None
            raise
        raise StillSettling

    def commands_until(self, to: int) -> int:
        """How many commands remain where the clock is moved back to `to`. Raises BeforeStart and BeyondLog."""
        if to < self._plan.initial:
            raise BeforeStart(format_instant(self._plan.initial))
        return self.history.count_until(to)

    def commands_before_last(self, count: int) -> tuple[int, int]:
        """How many commands remain without the last `count`, and when the first of these was accepted.

        Raises NothingToUndo and BeyondLog.
        """
        commands = self.history.commands
        if count > len(commands):
            raise BeyondLog(self.history.limit) if self.history.dropped else NothingToUndo(len(commands))
        return len(commands) - count, commands[-count].at

    def clock_with_mode(self, mode: Mode, speed: float | None, step: int | None) -> Clock:
        """The clock in another mode; None keeps the present speed or step. Raises BadTime where a step is missing."""
        clock = self.clock
        step = clock.step if step is None else step
        if mode == "per-request" and step <= 0:
            raise BadTime("A per-request clock needs a step, such as 5s.")
        clock = replace(clock, mode=mode, speed=clock.speed if speed is None else speed, step=step)
        return clock.moved_to(self.now, self._seconds())

    def repeated_from(self, start: Start, renamed: Mapping[str, str | None]) -> Timeline:
        """A timeline that begins at `start`, of a changed contract: the commands applied again, the clock unchanged.

        The overrides of the scenario are `renamed`; uses of those that are gone are left out. A clock that has not
        moved yet begins where the new start says. Raises the Refusal of a command that the changed contract refuses,
        BeforeStart, and BeyondLog where the log no longer holds every command.
        """
        self.history.require_complete()
        old_plan, now, commands = self._plan, self.now, self.history.commands
        begins = start.scenario.clock.initial
        if commands and commands[0].at < begins:
            raise BeforeStart(format_instant(begins))
        timeline = Timeline(start, self._seconds)
        for command in commands:
            timeline.settle(command.at)
            if isinstance(command, UseOverride | DrawOverride):
                name = renamed.get(command.id, command.id)
                if name is not None:
                    timeline.accept(replace(command, id=name))
                continue
            timeline.accept(decode_command(start.contract, encode_command(command)))
        if commands or now != old_plan.initial:
            timeline.advance(max(now, begins), in_turns=False)
        if not self.clock.moves_as(old_plan):
            clock = timeline.clock
            timeline.clock = replace(self.clock, position=clock.position, anchor=clock.anchor)
        return timeline

    def position(self) -> TimelinePosition:
        """The position that `return_to` takes."""
        return TimelinePosition(self.state, self.clock, self.history.position())

    def return_to(self, position: TimelinePosition) -> bool:
        """Become what it was at `position`, unless it was restored since; False where commands were dropped since."""
        if not self.history.return_to(position.history):
            return False
        self.state, self.clock = position.state, position.clock
        return True
