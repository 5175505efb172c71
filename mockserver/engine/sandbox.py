"""A sandbox: one client's isolated copy of everything that can change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.clock import Seconds
from mockserver.engine.deliveries.deliveries import Deliveries, DeliveryList, Outbox
from mockserver.engine.deliveries.delivery import DeliveryState, WebhookDelivery
from mockserver.engine.deliveries.listener import DeliveryListener
from mockserver.engine.deliveries.single_attempt import SingleAttempt
from mockserver.engine.journal import Journal
from mockserver.engine.journal_memory import JournalMemory
from mockserver.engine.run import Run
from mockserver.engine.start import Start
from mockserver.errors import Refusal

log = logging.getLogger("mockserver")


class Releasable(Protocol):
    """A response that is held back (by an override's delay)."""

    scenario: str

    def release(self) -> None:
        """Respond now, since the sandbox was reset."""


class Sandbox:
    """One client's runs by scenario, its active scenario, its journal, and the responses that are held back."""

    # There may be ten thousand, most of them with little in them.
    __slots__ = (
        "_delivery_listeners", "_generations", "_lock", "_outbox", "_seconds", "_start", "active_scenario",
        "deliveries", "held_responses", "journal", "last_used", "name", "runs",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        start: Callable[[str], Start],
        seconds: Seconds,
        memory: JournalMemory | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        self.name = name
        self.active_scenario: str | None = None
        self.runs: dict[str, Run] = {}
        self.journal = Journal(memory)
        self.held_responses: dict[Releasable, None] = {}
        self.last_used = 0.0
        # None as long as there are no webhooks to send.
        self.deliveries: DeliveryList | None = None
        self._outbox = outbox
        self._delivery_listeners: dict[str, DeliveryListener] = {}
        self._start, self._seconds = start, seconds
        # The last generation of each run that was reset: no two fresh starts of a run share a generation.
        self._generations: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def identity(self) -> object:
        """A value that no other sandbox has, such as one of the same name that is created after this was removed."""
        return self

    @property
    def has_listeners(self) -> bool:
        """Whether anybody reads the events of a run: the sandbox is in use."""
        return any(listener.keeps_sandbox for run in self.runs.copy().values() for listener in run.listeners.copy())

    def wake_listeners(self) -> None:
        """Have those who read the events of a run find out what has become of it."""
        for run in self.runs.copy().values():
            run.wake_listeners()

    def mark_used(self) -> None:
        """Note that a request was made: the sandbox is not idle."""
        self.last_used = self._seconds()

    @property
    def is_empty(self) -> bool:
        """Whether the sandbox holds nothing but a journal: what it would be if it were created again."""
        return (
            self.active_scenario is None
            and not self.held_responses
            and not self.has_listeners
            and all(run.is_untouched for run in self.runs.copy().values())
        )

    @property
    def summary(self) -> SandboxSummary:
        """What a list of sandboxes says of it."""
        runs = [RunSummary(name, run.generation, run.revision) for name, run in sorted(self.runs.copy().items())]
        violations = len(self.journal.invalid_responses)
        return SandboxSummary(self.name, self.active_scenario, self.journal.count, violations, runs)

    def run(self, scenario: str) -> Run:
        """The run of a scenario: begun on first use, and rebased where the contract has changed since.

        Raises UnknownScenario, CannotGenerate and ContractError.
        """
        start = self._start(scenario)
        run = self.runs.get(scenario)
        if run is None or run.origin is not start:
            with self._lock:
                run = self.runs.get(scenario)
                if run is None or run.origin is not start:
                    run = self._begin(start) if run is None else self._rebase(run, start)
                    # What it begins with is not an event, and is not sent.
                    self._listen(run)
                    self.runs[scenario] = run
        return run

    def now(self, scenario: str) -> int:
        """The clock of a scenario's run, in milliseconds since 1970; never begins the run. Raises UnknownScenario."""
        run = self.runs.get(scenario)
        return run.now if run is not None else self._start(scenario).clock_position

    def _listen(self, run: Run) -> None:
        """Have the webhooks of a contract sent, if it has any."""
        former = self._delivery_listeners.pop(run.scenario.name, None)
        if self._outbox is not None and run.contract.webhooks:
            listener = DeliveryListener(run, self.name, self._own_deliveries(self._outbox), former)
            self._delivery_listeners[run.scenario.name] = listener
        elif former is not None:
            former.close()

    def _own_deliveries(self, outbox: Outbox) -> Deliveries:
        deliveries = self.deliveries
        if not isinstance(deliveries, Deliveries):
            self.deliveries = deliveries = Deliveries(outbox)
        return deliveries

    def deliver_once(self, state: DeliveryState, webhook: Webhook, now: int) -> None:
        """Attempt a delivery that no change of a record leads to, once the response to the request has left."""
        if self._outbox is None:
            return
        with self._lock:
            deliveries = self._own_deliveries(self._outbox)
            sender = SingleAttempt(deliveries.has_pending, deliveries.attempted)
            delivery = WebhookDelivery(state, self.name, webhook, None, None, sender, begun=now)
            deliveries.add(delivery)
            if state.status == "pending":
                self._outbox.submit(delivery)

    def _forget_deliveries(self, scenarios: Iterable[str]) -> None:
        for scenario in scenarios:
            if (listener := self._delivery_listeners.pop(scenario, None)) is not None:
                listener.close()
            if isinstance(self.deliveries, Deliveries):
                self.deliveries.cancel_single(scenario)

    def _begin(self, start: Start) -> Run:
        generation = self._generations.get(start.scenario.name, 0) + 1
        return Run(start.started_now(), generation, self._seconds)

    def _rebase(self, run: Run, start: Start) -> Run:
        self._remember_generation(run)
        try:
            return run.rebase(start)
        except Refusal as refusal:
            fresh = self._begin(start)
            self._forget_deliveries([start.scenario.name])
            fresh.notice = f"this run has started over: the changed contract refuses its commands: {refusal.detail}"
            log.warning("sandbox %s, scenario %s: %s", self.name, start.scenario.name, fresh.notice)
            return fresh

    def _remember_generation(self, run: Run) -> None:
        self._generations[run.scenario.name] = run.generation

    def hold(self, response: Releasable) -> None:
        """Note that a response is held back: a reset releases it."""
        self.held_responses[response] = None

    def forget_held(self, response: Releasable) -> None:
        """Note that a held response has been sent, or never will be."""
        self.held_responses.pop(response, None)

    def retain(self, scenarios: Collection[str]) -> None:
        """Forget the runs and the active scenario that are not among these scenarios."""
        with self._lock:
            self.wake_listeners()
            self._forget_deliveries(self.runs.keys() - set(scenarios))
            for name in self.runs.keys() - set(scenarios):
                self._remember_generation(self.runs[name])
            self.runs = {name: run for name, run in self.runs.items() if name in scenarios}
            self.active_scenario = self.active_scenario if self.active_scenario in scenarios else None

    def reset(self) -> None:
        """Forget every run, the active scenario and the journal, and release every held response."""
        with self._lock:
            responses = list(self.held_responses)
            self._forget_deliveries({*self._delivery_listeners, *self.runs})
            for run in self.runs.values():
                self._remember_generation(run)
                run.wake_listeners()
            self.runs = {}
            self.active_scenario = None
            self.journal.clear()
        for response in responses:
            response.release()

    def reset_run(self, scenario: str) -> None:
        """Forget one run, and release its held responses."""
        with self._lock:
            self._forget_deliveries([scenario])
            if (run := self.runs.pop(scenario, None)) is not None:
                self._remember_generation(run)
                run.wake_listeners()
            responses = [response for response in list(self.held_responses) if response.scenario == scenario]
        for response in responses:
            response.release()


class RunSummary(Struct, frozen=True):
    """One run in a list of sandboxes."""

    scenario: str
    generation: int
    revision: int


class SandboxSummary(NamedTuple):
    """One sandbox in a list of sandboxes; `requests` and `violations` are numbers of them."""

    name: str
    active_scenario: str | None
    requests: int
    violations: int
    runs: Sequence[RunSummary]
