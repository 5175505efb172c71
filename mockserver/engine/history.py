"""The commands of a run, and the states needed to fold any number of them again quickly."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.engine.commands import Command, apply, settle
from mockserver.engine.state.state import State
from mockserver.refusals import BeyondLog

LOG_LIMIT = 10_000
# A state is kept after every 250th command, so that going back folds few commands again.
CHECKPOINT_EVERY = 250


class HistoryPosition(NamedTuple):
    """How much of a history existed at some moment: numbers of commands, of checkpoints and of dropped commands."""

    commands: int
    checkpoints: int
    dropped: int


class History:
    """The commands accepted since a base state, oldest first, at most `limit` of them.

    Where the log is full, its oldest command is folded into the base state and can no longer be undone; `dropped`
    counts these. `base_at` is the clock (milliseconds since 1970) at the base state.
    """

    __slots__ = ("_base", "_base_at", "_checkpoints", "commands", "dropped", "limit")

    def __init__(self, base: State, base_at: int, limit: int = LOG_LIMIT) -> None:
        self.commands: list[Command] = []
        self.dropped, self.limit = 0, limit
        self._base, self._base_at = base, base_at
        # By the number of commands since the start of the run, dropped ones included.
        self._checkpoints: list[tuple[int, State]] = []

    @property
    def is_empty(self) -> bool:
        """Whether no command was accepted, apart from those that were undone."""
        return not self.commands and not self.dropped

    def append(self, command: Command, state: State) -> None:
        """Add an accepted command and the state that it led to."""
        self.commands.append(command)
        number = self.dropped + len(self.commands)
        if number % CHECKPOINT_EVERY == 0:
            self._checkpoints.append((number, state))
        if len(self.commands) > self.limit:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self.commands.pop(0)
        base, _ = settle(self._base, oldest.at)
        self._base, self._base_at = apply(base, oldest), oldest.at
        self.dropped += 1
        self._checkpoints = [(number, state) for number, state in self._checkpoints if number > self.dropped]

    def require_complete(self) -> None:
        """Raise BeyondLog if commands have been dropped from the log."""
        if self.dropped:
            raise BeyondLog(self.limit)

    def count_until(self, at: int) -> int:
        """How many commands of the log were accepted at or before `at`. Raises BeyondLog if that is before its base."""
        if self.dropped and at < self._base_at:
            raise BeyondLog(self.limit)
        count = len(self.commands)
        while count and self.commands[count - 1].at > at:
            count -= 1
        return count

    def state_after(self, count: int) -> State:
        """The state right after the first `count` commands of the log; what fell due later is not settled."""
        number, state = self.dropped, self._base
        for checkpoint, checkpoint_state in self._checkpoints:
            if checkpoint <= self.dropped + count:
                number, state = checkpoint, checkpoint_state
        for command in self.commands[number - self.dropped : count]:
            state, _ = settle(state, command.at)
            state = apply(state, command)
        return state

    def truncate(self, count: int) -> None:
        """Forget all but the first `count` commands of the log."""
        self.commands = self.commands[:count]
        self._checkpoints = [(number, state) for number, state in self._checkpoints if number <= self.dropped + count]

    def position(self) -> HistoryPosition:
        """The position that `return_to` takes."""
        return HistoryPosition(len(self.commands), len(self._checkpoints), self.dropped)

    def return_to(self, position: HistoryPosition) -> bool:
        """Forget what was appended since `position`; False where commands have been dropped since."""
        if self.dropped != position.dropped:
            return False
        del self.commands[position.commands :], self._checkpoints[position.checkpoints :]
        return True
