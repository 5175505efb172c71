"""The deliveries of one sandbox: one for each change of a record that a webhook sends, with its attempts.

They are effects in the real world, and no part of a run's state: they follow from its events, and its clock says when
an attempt is due.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mockserver.engine.deliveries.delivery import (
    ENDED_LIMIT,
    PENDING_LIMIT,
    Attempt,
    DeliverySender,
    WebhookDelivery,
)

if TYPE_CHECKING:
    from mockserver.engine.deliveries.listener import DeliveryListener


class Outbox(Protocol):
    """What sends deliveries, each on a thread of its own, and watches runs whose clock goes on by itself."""

    @property
    def hops(self) -> int:
        """How many deliveries have led to the request that this thread responds to."""

    def submit(self, delivery: WebhookDelivery) -> None:
        """Attempt a delivery, once the response to the present request has left."""

    def call_in(self, seconds: float, sender: DeliverySender) -> None:
        """Have the sender look at its run again in so many seconds."""


class DeliveryList(Protocol):
    """The deliveries of a sandbox, as the control API has them."""

    @property
    def revision(self) -> int | None:
        """Another number after each change of the list; None where that is not known without reading it."""

    def as_json(self) -> dict[str, Any]:
        """The deliveries, oldest first, and how many there were."""

    def clear(self) -> None:
        """Cancel what is pending, and empty the list."""


class Deliveries:
    """The deliveries of a sandbox, oldest first, of which those that are pending and the latest others are kept."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        # The innermost of all locks: nothing is called under it that takes another.
        self.lock = threading.RLock()
        self._pending: dict[WebhookDelivery, None] = {}
        self._all: dict[WebhookDelivery, None] = {}
        self._ended: deque[WebhookDelivery] = deque()
        self._dropped = 0
        self.revision = 1

    def as_json(self) -> dict[str, Any]:
        """The deliveries as the control API lists them."""
        with self.lock:
            listed = [delivery.state.as_json() for delivery in self._all]
            return {"deliveries": listed, "total": len(listed) + self._dropped}

    def add(self, delivery: WebhookDelivery) -> None:
        """Add a delivery; where too many are pending, one that has failed."""
        with self.lock:
            self.revision += 1
            self._all[delivery] = None
            if len(self._pending) < PENDING_LIMIT:
                self._pending[delivery] = None
            else:
                delivery.state.note_limit()
                self._keep_ended(delivery)

    def pending(self, listener: DeliveryListener) -> Sequence[WebhookDelivery]:
        """Those of a run that are pending."""
        with self.lock:
            return [delivery for delivery in self._pending if delivery.sender is listener]

    def has_pending(self, delivery: WebhookDelivery) -> bool:
        """Whether a delivery is still to be attempted."""
        return delivery in self._pending

    def due(self, listener: DeliveryListener, now: int) -> Sequence[WebhookDelivery]:
        """Those of a run whose next attempt is due; from now on they are in flight."""
        with self.lock:
            due = [
                delivery
                for delivery in self._pending
                if delivery.sender is listener
                and not delivery.in_flight
                and delivery.state.next_attempt is not None
                and delivery.state.next_attempt <= now
            ]
            for delivery in due:
                delivery.in_flight, delivery.begun = True, now
        return due

    def next_attempt(self, listener: DeliveryListener) -> int | None:
        """When the next attempt of a run is due, in milliseconds since 1970."""
        with self.lock:
            waiting = [delivery.state.next_attempt for delivery in self.pending(listener) if not delivery.in_flight]
        return min((at for at in waiting if at is not None), default=None)

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how an attempt has ended, and when the next one is due."""
        with self.lock:
            self.revision += 1
            delivery.in_flight = False
            delivery.state.note(attempt)
            if delivery.state.status != "pending":
                # What has ended is not sent again.
                delivery.state.body = None
                if delivery in self._pending:
                    self._keep_ended(delivery)

    def cancel(self, deliveries: Iterable[WebhookDelivery] | None = None) -> None:
        """Cancel pending deliveries: these, or all."""
        with self.lock:
            self.revision += 1
            for delivery in list(self._pending if deliveries is None else deliveries):
                delivery.state.cancel()
                self._keep_ended(delivery)

    def cancel_single(self, scenario: str) -> None:
        """Cancel what is pending of a scenario, and follows from no change of a record."""
        with self.lock:
            states = [(delivery, delivery.state) for delivery in self._pending]
            self.cancel([item for item, state in states if state.resource is None and state.scenario == scenario])

    def clear(self) -> None:
        """Cancel what is pending, and empty the list."""
        with self.lock:
            self.cancel()
            self._all.clear()
            self._ended.clear()
            self._dropped = 0

    def _keep_ended(self, delivery: WebhookDelivery) -> None:
        self._pending.pop(delivery, None)
        delivery.state.body = None
        self._ended.append(delivery)
        if len(self._ended) > ENDED_LIMIT:
            del self._all[self._ended.popleft()]
            self._dropped += 1
