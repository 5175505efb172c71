"""One change of a record on its way to a URL, and what becomes of it attempt by attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from msgspec import Struct, field

from mockserver.contract.model import Resource
from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.behaviours.streaming import EventSelection
from mockserver.engine.events.feed import Event, Feed, as_json
from mockserver.syntax.http.media_types import JSON
from mockserver.syntax.instants import format_instant
from mockserver.syntax.redaction import redact_query, redact_shapes

if TYPE_CHECKING:
    from mockserver.engine.run import Run

# The waits between attempts, in milliseconds (Standard Webhooks, "Deliverability and reliability").
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
SCHEDULE = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
PENDING_LIMIT = 1_000
# The deliveries that have ended and are kept for the list.
ENDED_LIMIT = 1_000
Status = Literal["pending", "delivered", "failed", "cancelled"]


class Attempt(Struct, frozen=True):
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


class DeliveryState(Struct, eq=False, kw_only=True):
    """A delivery as plain values: `webhook`, `resource` and `event` are names. `scenario` is that of the run.

    `number` and `event_id` identify the event in its feed. A callback has no `resource`, and its operation as the
    `event`; its body is there from the beginning. `hops` is how many deliveries have led to this one.
    """

    id: str
    webhook: str
    resource: str | None
    event: str
    key: Any
    url: str
    scenario: str
    number: int
    event_id: str
    hops: int
    # By the run's clock, in milliseconds since 1970.
    next_attempt: int | None
    status: Status = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    # As it was sent first: a repeated attempt has the same signature but for its time.
    body: bytes | None = None
    content_type: str = JSON
    # Where processes share the sandbox: what the one knows that makes the present attempt.
    claim: str = ""

    def note(self, attempt: Attempt) -> None:
        """Note how an attempt has ended, and when the next one is due."""
        self.attempts.append(attempt)
        if attempt.succeeded:
            self.status = "delivered"
        elif self.status == "pending":
            is_last = attempt.ends or attempt.status == HTTPStatus.GONE or len(self.attempts) > len(SCHEDULE)
            if is_last:
                self.status = "failed"
            else:
                self.next_attempt = attempt.at + SCHEDULE[len(self.attempts) - 1]
        if self.status != "pending":
            self.next_attempt = None

    def note_limit(self) -> None:
        """Note that nothing is sent, since too much is pending."""
        message = f"there are {PENDING_LIMIT:,} pending deliveries, which is the limit; reset, or clear them"
        self.note(Attempt(self.next_attempt or 0, error=message, ends=True))

    def is_gone(self, feed: Feed) -> bool:
        """Whether a feed that was cut short no longer has the event; of one that is too old, the beginning was kept."""
        present = feed.id_of(self.number)
        return self.number > feed.number or present not in (None, self.event_id)

    def cancel(self) -> None:
        """Note that nothing more is sent."""
        self.status, self.next_attempt = "cancelled", None

    def as_json(self) -> dict[str, Any]:
        """The delivery as the control API lists it: without secrets."""
        return {
            "id": self.id,
            "webhook": self.webhook,
            "resource": self.resource,
            "event": self.event,
            "key": self.key,
            "url": redact_shapes(redact_query(self.url)),
            "status": self.status,
            "attempts": [
                {"at": format_instant(attempt.at)}
                | ({"status": attempt.status} if attempt.error is None else {"error": attempt.error})
                for attempt in self.attempts
            ],
            "next_attempt": format_instant(self.next_attempt) if self.next_attempt is not None else None,
        }


class DeliverySender(Protocol):
    """Whose deliveries are attempted: those of one run."""

    def begins(self, delivery: WebhookDelivery) -> bool:
        """Whether an attempt may begin now: the delivery was not cancelled meanwhile."""

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how an attempt has ended."""

    def look(self) -> None:
        """Carry out what is due by a clock that goes on by itself."""


class WebhookDelivery(Struct, eq=False):
    """A delivery with what an attempt needs. `event` is None where it is known no longer; then the state has a body."""

    state: DeliveryState
    sandbox: str
    webhook: Webhook
    resource: Resource | None
    event: Event | None
    sender: DeliverySender
    in_flight: bool = False
    # When the latest attempt was begun, by the run's clock.
    begun: int = 0

    @classmethod
    def of_event(cls, event: Event, webhook: Webhook, url: str, run: RunOfDelivery, sender: DeliverySender) -> Self:
        """The delivery of an event, due now."""
        change = event.change
        state = DeliveryState(
            id=delivery_id(run.sandbox, run.scenario, run.generation, webhook.name, event.id),
            webhook=webhook.name,
            resource=change.resource,
            event=change.name,
            key=change.key,
            url=url,
            scenario=run.scenario,
            number=event.number,
            event_id=event.id,
            hops=run.hops,
            next_attempt=run.now,
        )
        return cls(state, run.sandbox, webhook, run.resources[change.resource], event, sender)

    def content(self) -> dict[str, Any] | None:
        """The event with the record as clients see it; None where the event is known no longer.

        Raises HandlerFailed and HandlerTimeout.
        """
        if self.event is None or self.resource is None:
            return None
        return as_json(self.event, EventSelection(self.resource).shown(self.event))


class RunOfDelivery(Struct, frozen=True):
    """Where an event has happened: `now` is by the run's clock. `hops` is how many deliveries have led to it."""

    sandbox: str
    scenario: str
    generation: int
    now: int
    resources: Mapping[str, Resource]
    hops: int

    @classmethod
    def of(cls, run: Run, sandbox: str, now: int, hops: int) -> Self:
        """A run at a time of its clock."""
        return cls(sandbox, run.scenario.name, run.generation, now, run.contract.resources, hops)


def deliveries_of(
    events: Iterable[Event],
    webhooks: Mapping[tuple[str, str], Sequence[Webhook]],
    run: RunOfDelivery,
    sender: DeliverySender,
) -> Iterator[WebhookDelivery]:
    """A delivery for each webhook that sends one of the events, and that has a URL for it: somebody has subscribed."""
    for event in events:
        change = event.change
        for webhook in webhooks.get((change.resource, change.name), ()):
            url = webhook.url.evaluate(change.subscription or {}, as_json(event, change.record))
            if url is not None:
                yield WebhookDelivery.of_event(event, webhook, url, run, sender)


def webhooks_by_event(webhooks: Iterable[Webhook]) -> Mapping[tuple[str, str], Sequence[Webhook]]:
    """The webhooks that send each change, by the resource and the name of the change."""
    by_event: dict[tuple[str, str], list[Webhook]] = {}
    for webhook in webhooks:
        for event in webhook.events:
            by_event.setdefault(event, []).append(webhook)
    return by_event


def delivery_id(*names: object) -> str:
    """The id of a delivery, which its attempts share; the same history has the same ids."""
    return "msg_" + hashlib.sha256("\n".join(map(str, names)).encode()).hexdigest()[:24]
