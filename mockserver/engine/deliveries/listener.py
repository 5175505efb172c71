"""Turns the events of a run into deliveries, and attempts what is due by its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.engine.deliveries.deliveries import Deliveries
from mockserver.engine.deliveries.delivery import (
    Attempt,
    RunOfDelivery,
    WebhookDelivery,
    deliveries_of,
    webhooks_by_event,
)
from mockserver.engine.events.feed import Feed
from mockserver.engine.reducer import PORTION
from mockserver.errors import Refusal

if TYPE_CHECKING:
    from mockserver.engine.run import Run


# So that a request to the run comes in between, while there is much to read.
PAUSE_SECONDS = 0.01


class DeliveryListener:
    """Reads the events of a run from now on, or continues after `former`, of the run that this one goes on with."""

    # The sandbox may be removed although this listens to its run.
    keeps_sandbox = False

    def __init__(self, run: Run, sandbox: str, deliveries: Deliveries, former: DeliveryListener | None = None) -> None:
        self.run, self.sandbox, self._deliveries = run, sandbox, deliveries
        self._webhooks = webhooks_by_event(run.contract.webhooks.values())
        self.is_closed = False
        # How many deliveries have led to what is still to be read.
        self._hops = 0
        self._generation = run.generation
        try:
            self.cursor = run.read_feed().number
        except Refusal:
            self.cursor = 0  # too much is due at the start, so nothing has happened yet
        if former is not None:
            former.is_closed = True
            for delivery in deliveries.pending(former):
                delivery.sender = self
        run.listeners[self] = None
        self._send_due(run.now)

    def wake(self) -> None:
        """Add deliveries for what has happened, and attempt those that are due. Called under the run's lock."""
        if self.is_closed:
            return
        run = self.run
        is_restored = run.generation != self._generation
        try:
            # What happens after it was restored is told from what is there again only if all of that is known.
            feed = run.read_feed() if is_restored else run.read_more_of_feed()
        except Refusal:
            return  # too much is due; the next request is refused for that
        outbox = self._deliveries.outbox
        hops = max(self._hops, outbox.hops)
        if is_restored:
            self._continue_after_restore(feed)
        now, events = run.now, feed.after(self.cursor, PORTION)
        # Before anything is added, which may lead here again.
        self.cursor = events[-1].number if events else feed.number
        self._hops = 0
        if feed.is_behind or self.cursor < feed.number:
            self._hops = hops
            outbox.call_in(PAUSE_SECONDS, self)
        happened = RunOfDelivery.of(run, self.sandbox, now, hops)
        for delivery in deliveries_of(events, self._webhooks, happened, self):
            self._deliveries.add(delivery)
        self._send_due(now)

    def look(self) -> None:
        """Carry out what is due by a clock that goes on by itself."""
        if not self.is_closed:
            with self.run.exclusive:
                self.wake()

    def close(self) -> None:
        """The run is forgotten: its pending deliveries are cancelled."""
        self.is_closed = True
        self.run.listeners.pop(self, None)
        self._deliveries.cancel(self._deliveries.pending(self))

    def begins(self, delivery: WebhookDelivery) -> bool:
        """Whether an attempt may begin now."""
        return delivery.state.status == "pending"

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how an attempt has ended."""
        self._deliveries.attempted(delivery, attempt)
        if not self.is_closed:
            self._send_due(self.run.now)

    def _send_due(self, now: int) -> None:
        outbox, clock = self._deliveries.outbox, self.run.clock
        for delivery in self._deliveries.due(self, now):
            outbox.submit(delivery)
        if clock.mode == "real":
            instants = (self.run.next_due, self._deliveries.next_attempt(self))
            seconds = clock.seconds_until(min((at for at in instants if at is not None), default=None), now)
            if seconds is not None:
                outbox.call_in(seconds, self)

    def _continue_after_restore(self, feed: Feed) -> None:
        """After a rewind or an undo: deliveries of events that are no longer in the history are cancelled."""
        self._generation, self.cursor = feed.generation, min(self.cursor, feed.number)
        self._deliveries.cancel(
            [delivery for delivery in self._deliveries.pending(self) if delivery.state.is_gone(feed)]
        )
