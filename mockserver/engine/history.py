"""The commands of a run, and the states needed to fold any number of them again quickly."""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine.commands import Command
from mockserver.engine.reducer import Steps, apply, settle_in_portions
from mockserver.engine.state.state import State
from mockserver.refusals import BeyondLog

LOG_LIMIT = 10_000
# A state is kept after every 250th command, so that going back folds few commands again.
CHECKPOINT_EVERY = 250


class HistoryPosition(Struct, frozen=True):
    """How much of a history existed at some moment: numbers of kept and of dropped commands, and of checkpoints."""

    kept: int
    checkpoints: int
    dropped: int


class Base(Struct, frozen=True):
    """What the kept commands are applied to: the state after the command of that number, and the clock then."""

    state: State
    at: int
    number: int


class History:
    """The commands accepted since a base state, oldest first, at most `limit` of them.

    Where the log is full, its oldest command can no longer be undone; `dropped` counts these. They are kept until they
    reach a checkpoint, which becomes the base state, so that dropping one costs next to nothing. `base_at` is the clock
    (milliseconds since 1970) at the base state.
    """

    __slots__ = ("_base", "_base_at", "_base_number", "_checkpoints", "_kept", "dropped", "limit")

    def __init__(self, base: State, base_at: int, limit: int = LOG_LIMIT) -> None:
        self.dropped, self.limit = 0, limit
        self._base, self._base_at = base, base_at
        # Commands are numbered from 1 since the start of the run, dropped ones included; the base is the state after
        # this one, and the commands after it are kept.
        self._base_number = 0
        self._kept: list[Command] = []
        self._checkpoints: list[tuple[int, State]] = []

    @property
    def commands(self) -> list[Command]:
        """The commands of the log, oldest first."""
        return self._kept[self.dropped - self._base_number :]

    def __len__(self) -> int:
        return self.count - self.dropped

    @property
    def count(self) -> int:
        """How many commands were accepted since the start of the run, without those that were undone."""
        return self._base_number + len(self._kept)

    @property
    def is_empty(self) -> bool:
        """Whether no command was accepted, apart from those that were undone."""
        return not self._kept and not self.dropped

    @property
    def base(self) -> Base:
        """What the kept commands are applied to."""
        return Base(self._base, self._base_at, self._base_number)

    def commands_after(self, number: int) -> list[Command] | None:
        """The commands after the first `number` of the run; None where they are not kept, or where there are fewer."""
        first = number - self._base_number
        return self._kept[first:] if 0 <= first <= len(self._kept) else None

    def append(self, command: Command, state: State) -> None:
        """Add an accepted command and the state that it led to."""
        self._kept.append(command)
        number = self.count
        if number % CHECKPOINT_EVERY == 0:
            self._checkpoints.append((number, state))
        if number - self.dropped > self.limit:
            self.dropped += 1
            if self._checkpoints and self._checkpoints[0][0] <= self.dropped:
                self._move_base(*self._checkpoints.pop(0))

    def _move_base(self, number: int, state: State) -> None:
        count = number - self._base_number
        self._base, self._base_at, self._base_number = state, self._kept[count - 1].at, number
        del self._kept[:count]

    def require_complete(self) -> None:
        """Raise BeyondLog if commands have been dropped from the log."""
        if self.dropped:
            raise BeyondLog(self.limit)

    def count_until(self, at: int) -> int:
        """How many commands of the log were accepted at or before `at`. Raises BeyondLog if that is before its base."""
        dropped = self.dropped - self._base_number
        if self.dropped and at < (self._kept[dropped - 1].at if dropped else self._base_at):
            raise BeyondLog(self.limit)
        count = len(self._kept)
        while count > dropped and self._kept[count - 1].at > at:
            count -= 1
        return count - dropped

    def fold(self, count: int) -> Steps[State]:
        """The state right after the first `count` commands of the log; what fell due later is not settled."""
        last = self.dropped + count
        number, state = self._base_number, self._base
        for checkpoint, checkpoint_state in self._checkpoints:
            if checkpoint <= last:
                number, state = checkpoint, checkpoint_state
        for command in self._kept[number - self._base_number : last - self._base_number]:
            state, _ = yield from settle_in_portions(state, command.at)
            state = apply(state, command)
        return state

    def truncate(self, count: int) -> None:
        """Forget all but the first `count` commands of the log."""
        last = self.dropped + count
        del self._kept[last - self._base_number :]
        self._checkpoints = [(number, state) for number, state in self._checkpoints if number <= last]

    def position(self) -> HistoryPosition:
        """The position that `return_to` takes."""
        return HistoryPosition(len(self._kept), len(self._checkpoints), self.dropped)

    def return_to(self, position: HistoryPosition) -> bool:
        """Forget what was appended since `position`; False where commands have been dropped since."""
        if self.dropped != position.dropped:
            return False
        del self._kept[position.kept :], self._checkpoints[position.checkpoints :]
        return True
