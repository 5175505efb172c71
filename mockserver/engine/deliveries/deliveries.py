"""The deliveries of one sandbox: one for each change of a record that a webhook sends, with its attempts.

They are effects in the real world, and no part of a run's state: they follow from its events, and its clock says when
an attempt is due.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from mockserver.contract.model import Record, Resource
from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.behaviours.streaming import EventSelection
from mockserver.engine.events.feed import Event
from mockserver.syntax.instants import format_instant

if TYPE_CHECKING:
    from mockserver.engine.deliveries.listener import DeliveryListener

# The waits between attempts, in milliseconds (Standard Webhooks, "Deliverability and reliability").
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
SCHEDULE = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
PENDING_LIMIT = 1_000
# Of those that have ended, so many are kept for the list.
ENDED_LIMIT = 1_000
Status = Literal["pending", "delivered", "failed", "cancelled"]


class Attempt(NamedTuple):
    """One attempt, at an instant of the run's clock: the status of the response, or why there was none.

    An attempt that `ends` the delivery is not repeated.
    """

    at: int
    status: int | None = None
    error: str | None = None
    ends: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has accepted the webhook."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True, eq=False)
class WebhookDelivery:
    """A change of a record on its way to a URL. `hops` is how many deliveries have led to it."""

    id: str
    sandbox: str
    webhook: Webhook
    resource: Resource
    event: Event
    url: str
    hops: int
    next_attempt: int | None
    listener: DeliveryListener
    status: Status = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    in_flight: bool = False
    # When the latest attempt was begun, by the run's clock.
    begun: int = 0
    # As it was sent first: a repeated attempt has the same signature but for its time.
    body: bytes | None = None

    @property
    def shown_record(self) -> Record:
        """The record as clients see it. Raises HandlerFailed and HandlerTimeout."""
        record = EventSelection(self.resource).shown(self.event)
        hidden = self.resource.write_only
        return {name: value for name, value in record.items() if name not in hidden} if hidden else record

    def as_json(self) -> dict[str, Any]:
        """The delivery as the control API lists it."""
        change = self.event.change
        return {
            "id": self.id,
            "webhook": self.webhook.name,
            "resource": change.resource,
            "event": change.name,
            "key": change.key,
            "url": self.url,
            "status": self.status,
            "attempts": [
                {"at": format_instant(attempt.at)}
                | ({"status": attempt.status} if attempt.error is None else {"error": attempt.error})
                for attempt in self.attempts
            ],
            "next_attempt": format_instant(self.next_attempt) if self.next_attempt is not None else None,
        }


class Outbox(Protocol):
    """What sends deliveries, each on a thread of its own, and watches runs whose clock goes on by itself."""

    @property
    def hops(self) -> int:
        """How many deliveries have led to the request that this thread responds to."""

    def submit(self, delivery: WebhookDelivery) -> None:
        """Attempt a delivery, once the response to the present request has left."""

    def call_in(self, seconds: float, listener: DeliveryListener) -> None:
        """Have the listener look at its run again in so many seconds."""


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

    def as_json(self) -> dict[str, Any]:
        """The deliveries as the control API lists them."""
        with self.lock:
            listed = [delivery.as_json() for delivery in self._all]
            return {"deliveries": listed, "total": len(listed) + self._dropped}

    def add(self, delivery: WebhookDelivery) -> None:
        """Add a delivery; where too many are pending, one that has failed."""
        with self.lock:
            self._all[delivery] = None
            if len(self._pending) < PENDING_LIMIT:
                self._pending[delivery] = None
            else:
                at = delivery.next_attempt or 0
                message = f"there are {PENDING_LIMIT:,} pending deliveries, which is the limit; reset, or clear them"
                delivery.attempts.append(Attempt(at, error=message))
                self._end(delivery, "failed")

    def pending(self, listener: DeliveryListener) -> Sequence[WebhookDelivery]:
        """Those of a run that are pending."""
        return [delivery for delivery in self._pending if delivery.listener is listener]

    def due(self, listener: DeliveryListener, now: int) -> Sequence[WebhookDelivery]:
        """Those of a run whose next attempt is due; from now on they are in flight."""
        with self.lock:
            due = [
                delivery
                for delivery in self._pending
                if delivery.listener is listener
                and not delivery.in_flight
                and delivery.next_attempt is not None
                and delivery.next_attempt <= now
            ]
            for delivery in due:
                delivery.in_flight, delivery.begun = True, now
        return due

    def next_attempt(self, listener: DeliveryListener) -> int | None:
        """When the next attempt of a run is due, in milliseconds since 1970."""
        with self.lock:
            waiting = [delivery.next_attempt for delivery in self.pending(listener) if not delivery.in_flight]
        return min((at for at in waiting if at is not None), default=None)

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how an attempt has ended, and when the next one is due."""
        with self.lock:
            delivery.in_flight = False
            delivery.attempts.append(attempt)
            if attempt.succeeded:
                self._end(delivery, "delivered")
            elif delivery.status != "pending":
                return
            elif attempt.ends or attempt.status == HTTPStatus.GONE or len(delivery.attempts) > len(SCHEDULE):
                self._end(delivery, "failed")
            else:
                delivery.next_attempt = attempt.at + SCHEDULE[len(delivery.attempts) - 1]

    def cancel(self, deliveries: Iterable[WebhookDelivery] | None = None) -> None:
        """Cancel pending deliveries: these, or all."""
        with self.lock:
            for delivery in list(self._pending if deliveries is None else deliveries):
                self._end(delivery, "cancelled")

    def clear(self) -> None:
        """Cancel what is pending, and empty the list."""
        with self.lock:
            self.cancel()
            self._all.clear()
            self._ended.clear()
            self._dropped = 0

    def _end(self, delivery: WebhookDelivery, status: Status) -> None:
        was_ended = delivery.status != "pending"
        delivery.status, delivery.next_attempt = status, None
        self._pending.pop(delivery, None)
        if was_ended or delivery not in self._all:
            return
        self._ended.append(delivery)
        if len(self._ended) > ENDED_LIMIT:
            del self._all[self._ended.popleft()]
            self._dropped += 1


def delivery_id(*names: object) -> str:
    """The id of a delivery, which its attempts share; the same history has the same ids."""
    return "msg_" + hashlib.sha256("\n".join(map(str, names)).encode()).hexdigest()[:24]
