"""The state, the clock and the history of a run: its state is what its commands and its clock's position fold to."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.model import Mode
from mockserver.engine.clock import Clock, Seconds
from mockserver.engine.commands import Command, Fired
from mockserver.engine.history import LOG_LIMIT, History, HistoryPosition
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.reducer import apply, settle
from mockserver.engine.start import Start
from mockserver.engine.state.state import State
from mockserver.refusals import BadTime, BeforeStart, BeyondLog, NothingToUndo
from mockserver.syntax.instants import LATEST, format_instant


class TimelinePosition(Struct, frozen=True):
    """A timeline as it was at some moment."""

    state: State
    clock: Clock
    history: HistoryPosition


class Timeline:
    """What a run consists of. Not safe for use by several threads: a run uses it under its lock.

    `seconds` is the machine's clock. Times are milliseconds since 1970, by the run's clock.
    """

    __slots__ = ("_plan", "_seconds", "clock", "history", "state")

    def __init__(self, start: Start, seconds: Seconds, log_limit: int = LOG_LIMIT) -> None:
        plan = start.scenario.clock
        self.state, self.clock = start.state, Clock.from_plan(plan, seconds())
        self.history = History(start.state, plan.initial, log_limit)
        self._plan, self._seconds = plan, seconds

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

    def accept(self, command: Command) -> bool:
        """Apply a command; False where it is a repeat, which is not logged. Raises its Refusal."""
        state = apply(self.state, command)
        if state is self.state:
            return False
        self.state = state
        self.history.append(command, state)
        return True

    def advance(self, to: int) -> list[Fired]:
        """Move the clock forward; which transitions fell due. Raises BadTime and TooMuchDue."""
        if to > LATEST:
            raise BadTime("The clock cannot go beyond the year 9999.")
        fired = self.settle(to)
        self.clock = self.clock.moved_to(to, self._seconds())
        return fired

    def restore(self, count: int, to: int, anchor: float | None = None) -> None:
        """Apply the first `count` commands again, fire what was due by `to`, and forget the other commands.

        The clock is set to `to`, where the machine's clock reads `anchor`, or now.
        """
        self.state, _ = settle(self.history.state_after(count), to)
        self.history.truncate(count)
        self.clock = self.clock.moved_to(to, self._seconds() if anchor is None else anchor)

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

    def repeated_from(self, start: Start) -> Timeline:
        """A timeline that begins at `start`, of a changed contract: the commands applied again, the clock unchanged.

        A clock that has not moved yet begins where the new start says. Raises the Refusal of a command that the
        changed contract refuses, BeforeStart, and BeyondLog where the log no longer holds every command.
        """
        self.history.require_complete()
        old_plan, now, commands = self._plan, self.now, self.history.commands
        begins = start.scenario.clock.initial
        if commands and commands[0].at < begins:
            raise BeforeStart(format_instant(begins))
        timeline = Timeline(start, self._seconds)
        for command in commands:
            timeline.settle(command.at)
            timeline.accept(decode_command(start.contract, encode_command(command)))
        if commands or now != old_plan.initial:
            timeline.advance(max(now, begins))
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
