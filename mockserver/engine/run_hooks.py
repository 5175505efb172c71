"""The hooks of a run: what it calls after each change, so that a replica can report it to other processes."""

from __future__ import annotations

from mockserver.engine.commands import Command


class RunHooks:
    """Called under the lock of the run. They do nothing here: a subclass of the run may override them.

    Transitions that fall due are not reported: every replica fires the same ones.
    """

    __slots__ = ()

    def on_command(self, command: Command) -> None:
        """Called after a command was accepted."""

    def on_override_used(self, override_id: str) -> None:
        """Called after a use that is not a command was counted."""

    def on_clock_set(self) -> None:
        """Called after the clock was moved forward, or its mode changed."""

    def on_restored(self, count: int, to: int) -> None:
        """Called after all but the first `count` commands were dropped and the clock was set to `to`."""

    def on_fired_drained(self, until: int) -> None:
        """Called after the transitions up to `until` were reported."""
