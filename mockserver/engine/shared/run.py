"""A run that several processes share: each has a replica, folds what the others did, and tells what it does.

An event changes a run for good. What falls due by itself is no event: every replica settles it alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mockserver.engine.clock import Clock, Seconds
from mockserver.engine.commands import Command, Fired, UseOverride
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.run import Run, Start
from mockserver.engine.state.state import State

Event = list[Any]


class ReplicaSnapshot(NamedTuple):
    """A run after its last event: what came after that is only there to be looked at."""

    state: State
    clock: Clock
    logged: int
    folded: int
    checkpoints: int
    revision: int
    generation: int
    override_uses: dict[str, int]
    untold: tuple[Fired, ...]


class SharedRun(Run):
    """A replica of a run; `tell` takes what is done to it."""

    __slots__ = ("firm", "tell")

    def __init__(self, start: Start, generation: int, seconds: Seconds, tell: Callable[[Event], None]) -> None:
        super().__init__(start, generation, seconds)
        self.tell = tell
        self.firm = self.mark()

    def drain_fired(self) -> tuple[Fired, ...]:
        """The transitions since the last call of any process."""
        if not self._unreported:
            return ()
        with self._lock:
            at = self.now
            self._settle(at)
        fired = super().drain_fired()
        self._tell("told", at)
        return fired

    def back_to(self, mark: ReplicaSnapshot) -> bool:
        """Be again as it was at `mark`; False where that cannot be reached from here."""
        if (self.generation, self._folded) != (mark.generation, mark.folded):
            return False
        self._state, self.clock, self.revision, self.override_uses = (
            mark.state,
            mark.clock,
            mark.revision,
            mark.override_uses,
        )
        del self.log[mark.logged :], self._checkpoints[mark.checkpoints :]
        self._unreported.clear()
        self._unreported.add_all(mark.untold)
        self.firm = mark
        return True

    def fold(self, kind: str, value: Any) -> None:
        """Do what another process did. Raises the Refusal of a command that the contract refuses now."""
        if kind == "command":
            command = decode_command(self.contract, value)
            if isinstance(command, UseOverride):
                self._count_use(command.id)
            self._settle(command.at)
            self._log(command)
        elif kind == "use":
            self._count_use(value)
        elif kind == "clock":
            position, anchor, mode, speed, step = value
            self._settle(position)
            self.clock = Clock(position, anchor, mode, speed, step, self.clock.counted)
        elif kind == "restore":
            kept, to, anchor = value
            self._restore(kept, to)
            self.clock = self.clock.at(to, anchor)
        elif kind == "told":
            self._settle(value)
            self._unreported.clear()
        self.firm = self.mark()

    def mark(self) -> ReplicaSnapshot:
        """As it is now."""
        return ReplicaSnapshot(
            self._state, self.clock, len(self.log), self._folded, len(self._checkpoints), self.revision,
            self.generation, self.override_uses, tuple(self._unreported),
        )  # fmt: skip

    def _tell(self, kind: str, value: Any) -> None:
        if isinstance(value, Clock):
            value = (value.position, value.anchor, value.mode, value.speed, value.step)
        elif kind == "command":
            command: Command = value
            value = encode_command(command)
        self.firm = self.mark()
        self.tell([kind, self.scenario.name, value])
