"""A sandbox that several processes share: each has a replica that follows the events in the store."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec import Struct

from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.clock import Seconds
from mockserver.engine.deliveries.delivery import DeliveryState
from mockserver.engine.run import Run
from mockserver.engine.run_snapshots import SavedRun
from mockserver.engine.sandbox import Releasable, Sandbox
from mockserver.engine.shared.deliveries import RunSender, SharedDeliveries
from mockserver.engine.shared.journal import SharedJournal
from mockserver.engine.shared.journal_codec import JournalCodec
from mockserver.engine.shared.run import Event, SharedRun
from mockserver.engine.shared.store import Conflict, EncodedEntry, SandboxContent, Store, Use
from mockserver.engine.start import Start
from mockserver.errors import CannotGenerate, Refusal
from mockserver.refusals import StoreUnavailable

log = logging.getLogger("mockserver")


class StoredSandbox(Struct, frozen=True):
    """A sandbox as the store has it."""

    runs: Mapping[str, tuple[SharedRun, SavedRun]]
    active_scenario: str | None
    generations: Mapping[str, int]


EMPTY = StoredSandbox({}, None, {})


class SharedSandbox(Sandbox):
    """A replica of a sandbox. It has followed `length` batches of `epoch`; `events` are its own, not yet stored.

    A request begins with `follow` and ends with `commit` or `give_up`; then `deliver` has its webhooks sent.
    """

    __slots__ = ("_base", "_following", "_new_epoch", "_store", "_undo", "epoch", "events", "length")

    journal: SharedJournal
    deliveries: SharedDeliveries | None

    def __init__(
        self,
        name: str,
        start: Callable[[str], Start],
        seconds: Seconds,
        store: Store,
        codec: JournalCodec,
        deliveries: SharedDeliveries | None = None,
    ) -> None:
        super().__init__(name, start, seconds)
        self.deliveries = deliveries
        self._store, self._following, self._new_epoch = store, False, ""
        self.epoch, self.length, self.events = "", 0, list[Event]()
        self.journal = SharedJournal(name, store, codec, self.add_entry_if_unchanged)
        self._base = EMPTY
        # What the request in progress did outside the state: undone where it has to be handled again.
        self._undo: list[Callable[[], None]] = []

    @property
    def identity(self) -> object:
        """The epoch: a reset begins another one, and so does a sandbox of the same name."""
        return self.epoch

    def hold(self, response: Releasable) -> None:
        """Note that a response is held back, unless the request has to be handled again."""
        super().hold(response)
        self._undo.append(partial(self.forget_held, response))

    def deliver_once(self, state: DeliveryState, webhook: Webhook, now: int) -> None:
        """Attempt a delivery that no change of a record leads to, once the response to the request has left."""
        if self.deliveries is not None:
            self.deliveries.add_single(state, webhook, now)

    def reset(self) -> None:
        """Forget every run, the active scenario and the journal, which begins a new epoch."""
        super().reset()
        self._new_epoch, self.events = uuid.uuid4().hex, []
        if self.deliveries is not None:
            self.deliveries.reset(None)
        self._add_event(["generations", "", dict(self._generations)])

    def reset_run(self, scenario: str) -> None:
        """Forget one run."""
        super().reset_run(scenario)
        if self.deliveries is not None:
            self.deliveries.reset(scenario)
        self._add_event(["reset", scenario, None])

    def follow(self, limit: int, use: Use) -> bool:
        """Repeat what other processes did since the last request; False where the sandbox does not exist.

        Unless `use` is PEEK, it is created. Raises StoreUnavailable and SandboxLimit.
        """
        updates = self._store.fetch_updates(self.name, self.epoch, self.length, limit, use)
        if updates is None:
            return False
        self.journal.waiting.clear()
        self._undo.clear()
        if self.deliveries is not None:
            self.deliveries.begin(updates.pending)
        if updates.epoch != self.epoch:
            self._start_over(updates.epoch)
        # Not before it starts over, which counts from 1 again.
        self.journal.count = updates.count
        if updates.batches and not self._return_to_base():
            self.forget_all()
            return self.follow(limit, use)
        self._following = True
        try:
            for batch in updates.batches:
                for event in json.loads(batch)[1]:
                    self._repeat(*event)
        finally:
            self._following = False
        self.length += len(updates.batches)
        if updates.batches:
            self._set_base()
        return True

    def commit(self) -> None:
        """Store what the request in progress did. Raises Conflict, StoreUnavailable and StoreLogFull."""
        if self.active_scenario != self._base.active_scenario or (self._new_epoch and self.active_scenario is not None):
            self._add_event(["active", "", self.active_scenario])
        self._collect_deliveries()
        entry = self.journal.waiting.pop() if self.journal.waiting else None
        if self.events:
            batch = json.dumps(self.events, separators=(",", ":"))
            self._store.append(self.name, self.epoch, self.length, batch, entry, self._new_epoch, self._content)
            self.epoch, self.length = (self._new_epoch, 1) if self._new_epoch else (self.epoch, self.length + 1)
            self._set_base()
        elif entry is not None:
            self._store.add_entry(self.name, entry)
        self._undo.clear()

    def deliver(self) -> None:
        """Have the webhooks sent that the request leads to whose changes were committed."""
        if self.deliveries is not None:
            self.deliveries.commit(self._shared_runs())

    def _collect_deliveries(self) -> None:
        if self.deliveries is not None:
            for run in self._shared_runs():
                number = self.deliveries.collect(run.sender) if run.sender is not None else None
                if number is not None:
                    self._add_event(["sent", run.scenario.name, number])

    def _shared_runs(self) -> list[SharedRun]:
        return [run for run in self.runs.values() if isinstance(run, SharedRun)]

    @property
    def _content(self) -> SandboxContent:
        runs = [[name, run.generation, run.revision] for name, run in sorted(self.runs.items())]
        return SandboxContent(self.is_empty, json.dumps([self.active_scenario, runs], separators=(",", ":")))

    def give_up(self) -> None:
        """Undo what the request in progress did."""
        self._undo_effects()
        if not self._return_to_base():
            self.forget_all()

    def give_up_all_but_begun_runs(self) -> None:
        """Undo what the request in progress did, except that runs have begun: they would begin at another time."""
        begun, content = [event for event in self.events if event[0] == "begin"], self._content
        self.give_up()
        if begun:
            # Where that is not possible, the next attempt finds out.
            with suppress(Conflict, Refusal):
                batch = json.dumps(begun, separators=(",", ":"))
                self._store.append(self.name, self.epoch, self.length, batch, None, "", content)

    def forget_all(self) -> None:
        """Forget the replica: the next request repeats every event of the sandbox."""
        self._undo_effects()
        self._start_over("")

    def add_entry_if_unchanged(self, entry: EncodedEntry) -> bool:
        """Add the entry of a request that is answered from the cache; whether the sandbox is unchanged."""
        try:
            return bool(self.epoch) and self._store.add_entry_if_unchanged(self.name, self.epoch, self.length, entry)
        except StoreUnavailable:
            return False

    def _begin(self, start: Start) -> Run:
        start = start.started_now()
        run = self._create_run(start, self._generations.get(start.scenario.name, 0) + 1)
        begins = start.scenario.clock.start if start.scenario.clock.starts_now else None
        sent = 0
        if run.sender is not None:
            # What it begins with is not an event, and is not sent.
            with suppress(Refusal):
                sent = run.read_feed().number
            run.sender.skip_until(sent)
            run.sender.save()
        self._add_event(["begin", run.scenario.name, [run.generation, run.clock.anchor, begins, sent]])
        return run

    def _create_run(self, start: Start, generation: int) -> SharedRun:
        run = SharedRun(start, generation, self._seconds, self._add_event, self._key_begun)
        if self.deliveries is not None and run.contract.webhooks:
            run.sender = RunSender(run, self.deliveries, 0)
        return run

    def _key_begun(self, run: Run, key: str) -> None:
        self._undo.append(partial(run.end_key, key))

    def _add_event(self, event: Event) -> None:
        if not self._following:
            self.events.append(event)

    def _repeat(self, kind: str, scenario: str, value: Any) -> None:
        if kind == "generations":
            self._generations = dict(value)
        elif kind == "active":
            self.active_scenario = value
        elif kind == "reset":
            if (run := self.runs.pop(scenario, None)) is not None:
                self._remember_generation(run)
        elif kind == "begin":
            self._repeat_begin(scenario, *value)
        elif (run := self.runs.get(scenario)) is not None:
            assert isinstance(run, SharedRun)
            try:
                run.repeat(kind, value)
            except Refusal as refusal:
                # Every process that has the changed contract leaves out the same events.
                run.notice = f"a command was left out: the changed contract refuses it: {refusal.detail}"
                log.warning("sandbox %s, scenario %s: %s", self.name, scenario, run.notice)

    def _repeat_begin(self, scenario: str, generation: int, anchor: float, begins: int | None, sent: int = 0) -> None:
        try:
            start = self._start(scenario).started_now(begins)
            run = self._create_run(start, generation)
        except (Refusal, CannotGenerate):
            return  # the scenario no longer exists, or its records can no longer be generated
        run.set_anchor(anchor)
        if run.sender is not None:
            run.sender.skip_until(sent)
        self.runs[scenario] = run

    def _start_over(self, epoch: str) -> None:
        self.wake_listeners()
        if self.runs and epoch:
            super().reset()
        self.epoch, self.length, self.runs, self.active_scenario, self._generations = epoch, 0, {}, None, {}
        self._new_epoch, self.events = "", []
        self._base = EMPTY

    def _set_base(self) -> None:
        self.events, self._new_epoch = [], ""
        runs = {run.scenario.name: (run, run.saved) for run in self._shared_runs()}
        for run in self._shared_runs():
            if run.sender is not None:
                run.sender.save()
        self._base = StoredSandbox(runs, self.active_scenario, dict(self._generations))

    def _return_to_base(self) -> bool:
        self.events, self._new_epoch = [], ""
        self.runs = {name: run for name, (run, _) in self._base.runs.items()}
        self.active_scenario, self._generations = self._base.active_scenario, dict(self._base.generations)
        return all(run.return_to(saved) for run, saved in self._base.runs.values())

    def _undo_effects(self) -> None:
        if self.deliveries is not None:
            self.deliveries.give_up()
        for undo in self._undo:
            undo()
        self._undo.clear()
