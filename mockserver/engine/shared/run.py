"""A run that several processes share: each has a replica that repeats what the others did and reports its own changes.

What changes a run for good is an event. Transitions that fall due are not events: every replica fires the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.engine.clock import Clock, Seconds
from mockserver.engine.commands import Command, UseOverride
from mockserver.engine.recording import decode_command, encode_command
from mockserver.engine.run import Run
from mockserver.engine.run_snapshots import SavedRun
from mockserver.engine.shared.deliveries import RunSender
from mockserver.engine.start import Start
from mockserver.engine.state.idempotency_keys import StoredResponse

# Kind of event, name of the scenario, and a JSON value.
Event = list[Any]


class SharedRun(Run):
    """A replica of a run. `report` is called with each event, `key_begun` with each key that goes in flight.

    `saved` is the run after its last event: what was settled later may be settled again. `sender` has its webhooks
    sent, if there are any.
    """

    __slots__ = ("_key_begun", "_report", "saved", "sender")

    def __init__(
        self,
        start: Start,
        generation: int,
        seconds: Seconds,
        report: Callable[[Event], None],
        key_begun: Callable[[Run, str], None],
    ) -> None:
        super().__init__(start, generation, seconds)
        self._report, self._key_begun = report, key_begun
        # Nothing of a request that ends half-way is kept.
        self.timeline.pauses = False
        self.saved = self.save()
        self.sender: RunSender | None = None

    def return_to(self, saved: SavedRun) -> bool:
        """Become again what was saved; False where that is not possible."""
        if not self.roll_back(saved):
            return False
        if self.sender is not None:
            self.sender.roll_back()
        self.saved = saved
        return True

    def begin_key(self, key: str, request: str) -> StoredResponse | None:
        """Begin a request that brings an idempotency key; see Run."""
        stored = super().begin_key(key, request)
        if stored is None:
            self._key_begun(self, key)
        return stored

    def repeat(self, kind: str, value: Any) -> None:
        """Repeat what another process did. Raises the Refusal of a command that the contract refuses now."""
        if kind == "command":
            command = decode_command(self.contract, value)
            if isinstance(command, UseOverride):
                self.count_override_use(command.id)
            self.accept(command)
        elif kind == "use":
            self.count_override_use(value)
        elif kind == "clock":
            position, anchor, mode, speed, step = value
            self.follow_clock(Clock(position, anchor, mode, speed, step, self.clock.counted))
        elif kind == "restore":
            count, to, anchor = value
            self.restore(count, to, anchor)
        elif kind == "reported":
            self.discard_fired(value)
        elif kind == "sent" and self.sender is not None:
            self.sender.skip_until(value)
        self.saved = self.save()

    def set_anchor(self, anchor: float) -> None:
        """Have a clock that began when the machine's clock read `anchor`."""
        self.follow_clock(self.clock.moved_to(self.clock.position, anchor))
        self.saved = self.save()

    def on_command(self, command: Command) -> None:
        """Report an accepted command."""
        self._changed("command", encode_command(command))

    def on_override_used(self, override_id: str) -> None:
        """Report a use that is not a command."""
        self._changed("use", override_id)

    def on_clock_set(self) -> None:
        """Report the clock's position and what moves it."""
        clock = self.clock
        self._changed("clock", (clock.position, clock.anchor, clock.mode, clock.speed, clock.step))

    def on_restored(self, count: int, to: int) -> None:
        """Report that all but the first `count` commands were dropped."""
        self._changed("restore", (count, to, self.clock.anchor))

    def on_fired_drained(self, until: int) -> None:
        """Report that the transitions up to `until` are in a journal entry."""
        self._changed("reported", until)

    def _changed(self, kind: str, value: Any) -> None:
        self.saved = self.save()
        self._report([kind, self.scenario.name, value])
