"""Webhooks of a sandbox that several processes share: each delivery is attempted by one of them.

The log says up to which event deliveries were added. Who appends that to it adds them, so an event is sent once. What
is to be sent again is attempted by the process that is the first to change it in the store.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, astuple, replace

from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.deliveries.deliveries import Outbox
from mockserver.engine.deliveries.delivery import (
    Attempt,
    DeliveryState,
    RunOfDelivery,
    WebhookDelivery,
    deliveries_of,
    delivery_id,
    webhooks_by_event,
)
from mockserver.engine.deliveries.single_attempt import SingleAttempt
from mockserver.engine.events.feed import Event, Feed
from mockserver.engine.shared.redis_deliveries import RedisDeliveries
from mockserver.engine.shared.store import Place, StoredDelivery
from mockserver.errors import Refusal
from mockserver.refusals import StoreUnavailable

if TYPE_CHECKING:
    from mockserver.engine.shared.run import SharedRun


class SharedDeliveries:
    """The deliveries of a sandbox. `look` follows what other processes did, and commits what follows from it."""

    # Other processes change the list, too.
    revision = None

    def __init__(self, sandbox: str, store: RedisDeliveries, outbox: Outbox, look: Callable[[], object]) -> None:
        self.sandbox, self.store, self.outbox, self.look = sandbox, store, outbox, look
        # Whether the store had some, when the request in progress began, that have not ended.
        self._has_pending = False
        # What becomes of it with the commit of the request in progress.
        self._new: list[WebhookDelivery] = []
        self._restored: list[SharedRun] = []
        self._reset: set[str | None] = set()

    def as_json(self) -> dict[str, Any]:
        """The deliveries as the control API lists them."""
        stored, dropped = self.store.list_deliveries(self.sandbox)
        listed = [decode(delivery.text).as_json() for delivery in stored]
        return {"deliveries": listed, "total": len(listed) + dropped}

    def clear(self) -> None:
        """Cancel what is pending, and empty the list."""
        self.store.clear_deliveries(self.sandbox)

    def collect(self, sender: RunSender) -> int | None:
        """Take up the events of a run that are to be sent; the number of the latest, if that is to be in the log."""
        run = sender.run
        try:
            feed = run.read_feed()
        except Refusal:
            return None  # too much is due; the request was refused for that
        if sender.generation != run.generation:
            sender.skip_until(feed.number)
            self._restored.append(run)
            return feed.number
        new = sender.read(feed)
        self._new += new
        return feed.number if new else None

    def reset(self, scenario: str | None) -> None:
        """The run of a scenario was reset, or all of them."""
        self._reset.add(scenario)

    def begin(self, pending: int) -> None:
        """Begin with a request, when so many deliveries in the store have not ended."""
        self.give_up()
        self._has_pending = pending > 0

    def give_up(self) -> None:
        """Nothing becomes of the request in progress."""
        self._new, self._restored = [], []
        self._reset.clear()

    def commit(self, runs: Iterable[SharedRun]) -> None:
        """Add and cancel what the request in progress leads to, and attempt what is due by the clocks of the runs."""
        new, restored, reset = self._new, self._restored, set(self._reset)
        self.give_up()
        # What is not added then is not sent.
        with suppress(StoreUnavailable):
            feeds = {run.scenario.name: run.read_feed() for run in restored}
            if reset or feeds:
                self._cancel(lambda delivery: _is_cancelled(delivery, reset, feeds))
            for delivery in new:
                self._add(delivery)
            senders = {run.scenario.name: run.sender for run in runs if run.sender is not None}
            if senders:
                self._take_due(senders)

    def _add(self, delivery: WebhookDelivery) -> bool:
        """Add a delivery; False where there is one with its id already."""
        state = delivery.state
        state.claim = uuid.uuid4().hex
        if self.store.add_delivery(self.sandbox, StoredDelivery(state.id, encode(state)), Place.IN_FLIGHT):
            self.outbox.submit(delivery)
            return True
        state.note_limit()
        return self.store.add_delivery(self.sandbox, StoredDelivery(state.id, encode(state)), Place.ENDED)

    def add_single(self, state: DeliveryState, webhook: Webhook, now: int) -> None:
        """Add a delivery that is attempted once, by this process."""
        # Other processes may number a request of theirs alike.
        state.id = delivery_id(state.id, uuid.uuid4())
        sender = SingleAttempt(self._may_begin, self._note_end)
        with suppress(StoreUnavailable):
            for number in itertools.count(1):
                own = replace(state, attempts=[])
                if self._add(WebhookDelivery(own, self.sandbox, webhook, None, None, sender, begun=now)):
                    return
                # Another process has responded to a request at the same time, which has the same number.
                state = replace(state, id=delivery_id(state.id, number))

    def _may_begin(self, delivery: WebhookDelivery) -> bool:
        """Whether nobody has cancelled a delivery; from now on, its attempt is in flight."""
        with suppress(StoreUnavailable):
            stored = self.store.read_delivery(self.sandbox, delivery.state.id)
            if stored is not None and decode(stored.text).status == "pending":
                delivery.state.claim = uuid.uuid4().hex
                return self.store.change_delivery(self.sandbox, stored, encode(delivery.state), Place.IN_FLIGHT)
        return False

    def _note_end(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        with suppress(StoreUnavailable):
            stored = self.store.read_delivery(self.sandbox, delivery.state.id)
            state = decode(stored.text) if stored is not None else None
            if stored is not None and state is not None and state.status == "pending":
                state.note(attempt)
                self.store.change_delivery(self.sandbox, stored, encode(state), Place.ENDED)

    def _cancel(self, is_cancelled: Callable[[DeliveryState], bool]) -> None:
        for stored in self.store.list_pending(self.sandbox, None):
            state = decode(stored.text)
            if is_cancelled(state):
                state.cancel()
                self.store.change_delivery(self.sandbox, stored, encode(state), Place.ENDED)

    def _take_due(self, senders: dict[str, RunSender]) -> None:
        """Attempt what is due, and what another process began and has not ended in time."""
        now = {scenario: sender.run.now for scenario, sender in senders.items()}
        # Who adds one later attempts it.
        pending = self.store.list_pending(self.sandbox, max(now.values())) if self._has_pending else []
        for stored in pending:
            state = decode(stored.text)
            sender = senders.get(state.scenario)
            if sender is None or state.next_attempt is None or state.next_attempt > now[state.scenario]:
                continue
            if state.resource is None:
                message = "the process that was to send it has ended, or has too many others to send"
                state.note(Attempt(now[state.scenario], error=message, ends=True))
                self.store.change_delivery(self.sandbox, stored, encode(state), Place.ENDED)
                continue
            webhook = sender.run.contract.webhooks.get(state.webhook)
            resource = sender.run.contract.resources.get(state.resource or "")
            if webhook is None or resource is None:
                # A callback has no resource, and is sent by the process that has responded to its request.
                is_callback = state.resource is None
                error = "its process has ended or is late" if is_callback else "the contract no longer has this webhook"
                state.note(Attempt(now[state.scenario], error=error, ends=True))
                self.store.change_delivery(self.sandbox, stored, encode(state), Place.ENDED)
                continue
            state.claim = uuid.uuid4().hex
            if self.store.change_delivery(self.sandbox, stored, encode(state), Place.IN_FLIGHT):
                event = sender.event(state) if state.body is None else None
                self.outbox.submit(
                    WebhookDelivery(state, self.sandbox, webhook, resource, event, sender, begun=now[state.scenario])
                )
        for sender in senders.values():
            sender.watch_clock(sender.run.next_due)


class RunSender:
    """Has the deliveries of one run attempted. `cursor` is the number of the last event that was taken up."""

    # The sandbox may be removed although this listens to its run.
    keeps_sandbox = False

    def __init__(self, run: SharedRun, deliveries: SharedDeliveries, cursor: int) -> None:
        self.run, self._deliveries = run, deliveries
        self._webhooks = webhooks_by_event(run.contract.webhooks.values())
        self.generation, self.cursor = run.generation, cursor
        self._saved = self.generation, cursor
        # So that the feed keeps what was not read yet.
        run.listeners[self] = None

    def wake(self) -> None:
        """Events are read with the commit of what has led to them."""

    def save(self) -> None:
        """Note what a request that is given up returns to."""
        self._saved = self.generation, self.cursor

    def roll_back(self) -> None:
        """Return to what was saved."""
        self.generation, self.cursor = self._saved

    def skip_until(self, number: int) -> None:
        """The events up to that number have been taken up."""
        self.generation, self.cursor = self.run.generation, number

    def read(self, feed: Feed) -> list[WebhookDelivery]:
        """The deliveries of events that were not taken up yet."""
        run, now = self.run, self.run.now
        # The clock of another process may be ahead: what fell due by that was taken up there.
        events = feed.after(self.cursor, max(0, feed.number - self.cursor))
        self.cursor = max(self.cursor, feed.number)
        sandbox, hops = self._deliveries.sandbox, self._deliveries.outbox.hops
        happened = RunOfDelivery.of(run, sandbox, now, hops)
        deliveries = list(deliveries_of(events, self._webhooks, happened, self))
        for delivery in deliveries:
            delivery.begun = now
        return deliveries

    def event(self, state: DeliveryState) -> Event | None:
        """The event of a delivery, if the run still knows it."""
        feed = self.run.read_feed()
        return feed.after(state.number - 1, 1)[0] if feed.id_of(state.number) == state.event_id else None

    def begins(self, delivery: WebhookDelivery) -> bool:
        """Whether an attempt may begin now: nobody has cancelled it, or has taken it over.

        Where the store does not respond, a process takes it over later.
        """
        try:
            return self._begins(delivery)
        except StoreUnavailable:
            return False

    def _begins(self, delivery: WebhookDelivery) -> bool:
        deliveries = self._deliveries
        stored = deliveries.store.read_delivery(deliveries.sandbox, delivery.state.id)
        if stored is None:
            return False
        state = decode(stored.text)
        if state.status != "pending" or state.claim != delivery.state.claim:
            return False
        delivery.state = replace(state, claim=uuid.uuid4().hex)
        return deliveries.store.change_delivery(deliveries.sandbox, stored, encode(delivery.state), Place.IN_FLIGHT)

    def attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        """Note how an attempt has ended, unless another process has taken it over.

        Where the store does not respond, the attempt is made again later.
        """
        with suppress(StoreUnavailable):
            self._attempted(delivery, attempt)

    def _attempted(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        store, sandbox = self._deliveries.store, self._deliveries.sandbox
        while (stored := store.read_delivery(sandbox, delivery.state.id)) is not None:
            state = decode(stored.text)
            if state.claim != delivery.state.claim:
                return
            state.body = delivery.state.body
            state.note(attempt)
            place = Place.ENDED if state.status != "pending" else Place.WAITING
            if store.change_delivery(sandbox, stored, encode(state), place, state.next_attempt or 0):
                if state.next_attempt is not None:
                    self.watch_clock(state.next_attempt)
                    # The clock may have been moved meanwhile, by any process.
                    self.look()
                return

    def look(self) -> None:
        """Carry out what is due by now."""
        self._deliveries.look()

    def watch_clock(self, due: int | None) -> None:
        """Look again when something is due by a clock that goes on by itself."""
        seconds = self.run.clock.seconds_until(due, self.run.now)
        if seconds is not None:
            self._deliveries.outbox.call_in(seconds, self)


def encode(state: DeliveryState) -> bytes:
    """A delivery as JSON."""
    fields = asdict(state) | {"attempts": [astuple(attempt) for attempt in state.attempts]}
    if state.body is not None:
        # What has ended is not sent again.
        fields["body"] = state.body.decode("latin-1") if state.status == "pending" else None
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(text: bytes) -> DeliveryState:
    """A delivery from JSON."""
    fields = json.loads(text)
    body = fields["body"]
    attempts = [Attempt(*attempt) for attempt in fields["attempts"]]
    return DeliveryState(
        **{**fields, "attempts": attempts, "body": body.encode("latin-1") if body is not None else None}
    )


def _is_cancelled(delivery: DeliveryState, reset: Set[str | None], restored: Mapping[str, Feed]) -> bool:
    """Whether the run of a delivery was reset, or was restored to a history that lacks its event."""
    if None in reset or delivery.scenario in reset:
        return True
    return delivery.scenario in restored and delivery.is_gone(restored[delivery.scenario])
