"""Attempts deliveries on threads of their own, so that no request waits for a receiver."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from mockserver.engine.clock import monotonic, sleep
from mockserver.engine.deliveries.delivery import Attempt, DeliverySender, WebhookDelivery
from mockserver.http.messages import Response
from mockserver.http.webhooks.composing import compose
from mockserver.http.webhooks.sending import CannotSend, Sender

IN_FLIGHT_LIMIT = 20
# Of these, to one receiver.
RECEIVER_LIMIT = 5
# A thread that has had nothing to send for this long ends.
IDLE_SECONDS = 5.0
# The thread that responds writes its response meanwhile.
PAUSE_SECONDS = 0.01
LONGEST_WAIT = 3_600.0
log = logging.getLogger("mockserver")


class _Batch(threading.local):
    """What the request of the present thread leads to."""

    deliveries: list[WebhookDelivery] | None = None
    hops = 0


class DeliveryPlaces:
    """Which deliveries wait for earlier ones: of those with the same key, `limit` may be attempted at a time."""

    def __init__(self, key: Callable[[WebhookDelivery], Hashable], limit: int) -> None:
        self._key, self._limit = key, limit
        self._taken: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[WebhookDelivery]] = {}

    def begin(self, delivery: WebhookDelivery) -> bool:
        """Whether a delivery may be attempted now; another one waits."""
        key = self._key(delivery)
        taken = self._taken.get(key, 0)
        if taken == self._limit:
            self._waiting.setdefault(key, deque()).append(delivery)
            return False
        self._taken[key] = taken + 1
        return True

    def end(self, delivery: WebhookDelivery) -> WebhookDelivery | None:
        """The delivery that may be attempted after this attempt."""
        key = self._key(delivery)
        waiting = self._waiting.get(key)
        if waiting is not None:
            following = waiting.popleft()
            if not waiting:
                del self._waiting[key]
            return following
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]
        return None


def _subject(delivery: WebhookDelivery) -> Hashable:
    """The record, of which receivers keep the latest state. Callbacks have none, and wait for no other."""
    state = delivery.state
    if state.resource is None:
        return state.id
    return delivery.sandbox, state.scenario, state.webhook, state.resource, state.key


def _receiver(delivery: WebhookDelivery) -> Hashable:
    """The scheme, host and port."""
    return tuple(delivery.state.url.split("/", 3)[:3])


class WebhookOutbox:
    """Sends deliveries, at most IN_FLIGHT_LIMIT at a time, so that a receiver that does not respond holds up no others.

    `strict` says that an invalid body is not sent.
    """

    def __init__(self, sender: Sender, *, strict: bool) -> None:
        self._sender, self._strict = sender, strict
        self._queue: SimpleQueue[tuple[float, WebhookDelivery]] = SimpleQueue()
        self._batch = _Batch()
        # A delivery has a place in the order before it takes one of those for its receiver.
        self._order, self._receivers = DeliveryPlaces(_subject, 1), DeliveryPlaces(_receiver, RECEIVER_LIMIT)
        self._idle, self._threads = 0, 0
        # A run that is forgotten is not kept for what it waits for.
        self._timers: list[tuple[float, int, weakref.ref[DeliverySender]]] = []
        self._timed: weakref.WeakKeyDictionary[DeliverySender, float] = weakref.WeakKeyDictionary()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._timer_changed = threading.Condition(self._lock)
        self._has_timer = False

    @property
    def hops(self) -> int:
        """How many deliveries have led to the request that this thread responds to."""
        return self._batch.hops

    @contextmanager
    def after_response(self, hops: int) -> Iterator[list[Response]]:
        """Hold back what is submitted inside, until the response that is appended to the list has left.

        One that waits may wait for these very deliveries, so nothing is held back for it.
        """
        batch, responses = self._batch, list[Response]()
        batch.deliveries, batch.hops = [], hops
        try:
            yield responses
        finally:
            deliveries = batch.deliveries
            batch.deliveries, batch.hops = None, 0
            delivery = responses[0].delivery if responses else None
            if deliveries and delivery is not None and delivery.retry is None:
                delivery.on_delivered.append(lambda: self._submit_all(deliveries))
            else:
                self._submit_all(deliveries)

    def submit(self, delivery: WebhookDelivery) -> None:
        """Attempt a delivery, once the response to the present request has left."""
        if self._batch.deliveries is not None:
            self._batch.deliveries.append(delivery)
        else:
            self._submit_all([delivery])

    def call_in(self, seconds: float, sender: DeliverySender) -> None:
        """Have the sender look at its run again in so many seconds."""
        at = monotonic() + seconds
        with self._lock:
            if self._timed.get(sender, at + 1) <= at:
                return
            self._timed[sender] = at
            heapq.heappush(self._timers, (at, next(self._numbers), weakref.ref(sender)))
            if not self._has_timer:
                self._has_timer = True
                threading.Thread(target=self._watch, name="webhook-timer", daemon=True).start()
            self._timer_changed.notify()

    def _submit_all(self, deliveries: list[WebhookDelivery]) -> None:
        for delivery in deliveries:
            with self._lock:
                if self._order.begin(delivery) and self._receivers.begin(delivery):
                    self._enqueue(delivery, monotonic() + PAUSE_SECONDS, self._idle)

    def _enqueue(self, delivery: WebhookDelivery, not_before: float, free: int) -> None:
        """Have a thread make the attempt, of which so many are free. Called under the lock."""
        self._queue.put((not_before, delivery))
        if self._queue.qsize() > free and self._threads < IN_FLIGHT_LIMIT:
            self._threads += 1
            threading.Thread(target=self._work, name="webhook", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            try:
                not_before, delivery = self._queue.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    self._idle -= 1
                    # Nothing is submitted without the lock.
                    if self._queue.empty():
                        self._threads -= 1
                        return
                continue
            with self._lock:
                self._idle -= 1
            sleep(max(0.0, not_before - monotonic()))
            try:
                if delivery.sender.begins(delivery):
                    delivery.sender.attempted(delivery, self._attempt(delivery))
            except Exception as error:
                log.error("the webhook %s failed", delivery.webhook.name, exc_info=error)
            with self._lock:
                following, other = self._order.end(delivery), self._receivers.end(delivery)
                ready = [other] if other is not None else []
                if following is not None and self._receivers.begin(following):
                    ready.append(following)
                for submitted in ready:
                    # This thread is free, too.
                    self._enqueue(submitted, monotonic(), self._idle + 1)

    def _attempt(self, delivery: WebhookDelivery) -> Attempt:
        at = delivery.begun
        try:
            return Attempt(at, self._sender.send(compose(delivery, strict=self._strict)))
        except CannotSend as error:
            if error.is_final:
                log.warning("the webhook %s is not sent: %s", delivery.webhook.name, error)
            return Attempt(at, error=str(error), ends=error.is_final)
        except Exception as error:
            return Attempt(at, error=f"{type(error).__name__}: {error}", ends=True)

    def _watch(self) -> None:
        while True:
            with self._lock:
                while not self._timers or self._timers[0][0] > monotonic():
                    seconds = min(self._timers[0][0] - monotonic(), LONGEST_WAIT) if self._timers else None
                    self._timer_changed.wait(seconds)
                at, _, reference = heapq.heappop(self._timers)
                sender = reference()
                if sender is None or self._timed.get(sender) != at:
                    continue
                del self._timed[sender]
            try:
                sender.look()
            except Exception as error:
                log.error("a clock could not be followed", exc_info=error)
            # Until the next one is due, the run may be forgotten.
            del sender
