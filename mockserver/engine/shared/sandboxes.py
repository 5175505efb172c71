"""Sandboxes that several processes share: each has a replica, and folds the events that the others put in the store."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.contract.model import Contract
from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.clock import Seconds, monotonic, wall_seconds
from mockserver.engine.journal import ENTRY_LIMIT, Entry, Journal
from mockserver.engine.run import Run, Start
from mockserver.engine.sandboxes import NAME, SANDBOX_LIMIT, Sandbox, Sandboxes, Starts
from mockserver.engine.shared import journal_codec
from mockserver.engine.shared.run import Event, ReplicaSnapshot, SharedRun
from mockserver.engine.shared.store import Conflict, EncodedEntry, Store
from mockserver.errors import Refusal
from mockserver.refusals import BadSandbox, StoreUnavailable, UnknownSandbox

log = logging.getLogger("mockserver")


class SharedJournal(Journal):
    """The journal in the store; entries of the request at hand wait to be entered with what it did."""

    __slots__ = ("_name", "_sandbox", "waiting")

    def __init__(self, sandbox: SharedSandbox) -> None:
        super().__init__()
        self._sandbox, self.waiting = sandbox, list[EncodedEntry]()

    def add(self, entry: Entry) -> None:
        """One more; its number is what the store gives it."""
        self.waiting.append(journal_codec.line(entry))

    def add_repeat(self, entry: Entry, at: int, began: float) -> bool:
        """The request of `entry` once more, if no process has changed the sandbox; whether that is so."""
        return self._sandbox.again(EncodedEntry(journal_codec.again(entry, at, (monotonic() - began) * 1_000)))

    def newest_first(self) -> Iterator[Entry]:
        """Every entry that is there, newest first."""
        return map(journal_codec.entry, reversed(self._sandbox.entries("all")))

    @property
    def unmatched(self) -> BoundedList[Entry]:
        """Those that no operation answered, oldest first."""
        return self._listed("unmatched")

    @unmatched.setter
    def unmatched(self, _: object) -> None:
        """The store holds them."""

    @property
    def invalid_responses(self) -> BoundedList[Entry]:
        """Those whose answer broke the contract, oldest first."""
        return self._listed("broken")

    @invalid_responses.setter
    def invalid_responses(self, _: object) -> None:
        """The store holds them."""

    def _listed(self, which: str) -> BoundedList[Entry]:
        found: BoundedList[Entry] = BoundedList(ENTRY_LIMIT)
        found.extend(map(journal_codec.entry, self._sandbox.entries(which)))
        return found

    def clear(self) -> None:
        """Begin again at one; the store forgets the entries with the reset."""
        self.count = 0

    def clear_requests(self) -> None:
        """Forget every request."""
        self._sandbox.forget("all", "unmatched")

    def clear_violations(self) -> None:
        """Forget every answer that broke the contract."""
        self._sandbox.forget("broken")


class StoredSandbox(NamedTuple):
    """A sandbox as the store has it."""

    runs: Mapping[str, tuple[SharedRun, ReplicaSnapshot]]
    active_scenario: str | None
    generations: Mapping[str, int]


class SharedSandbox(Sandbox):
    """A replica of a sandbox: `epoch` and `length` are how far it has followed."""

    __slots__ = ("_base", "_folding", "_fresh", "_store", "epoch", "events", "length")

    journal: SharedJournal

    def __init__(self, name: str, start: Callable[[str], Start], seconds: Seconds, store: Store) -> None:
        super().__init__(name, start, seconds)
        self._store, self._folding, self._fresh = store, False, ""
        self.epoch, self.length, self.events = "", 0, list[Event]()
        self.journal = SharedJournal(self)
        self._base = StoredSandbox({}, None, {})

    def reset(self) -> None:
        """Back to the start, which begins an epoch."""
        super().reset()
        self._fresh, self.events = uuid.uuid4().hex, []
        self._tell(["generations", "", dict(self._generations)])

    def reset_run(self, scenario: str) -> None:
        """One run back to the start, and nothing else."""
        super().reset_run(scenario)
        self._tell(["reset", scenario, None])

    def follow(self, limit: int, *, used: bool = True) -> None:
        """Fold what other processes did since. Raises StoreUnavailable and SandboxLimit."""
        news = self._store.news(self.name, self.epoch, self.length, limit, used=used)
        self.journal.count = news.count
        self.journal.waiting.clear()
        if news.epoch != self.epoch:
            self._start_over(news.epoch)
        if news.batches and not self._to_base():
            self.forget_all()
            self.follow(limit, used=used)
            return
        self._folding = True
        try:
            for batch in news.batches:
                for event in json.loads(batch)[1]:
                    self._fold(*event)
        finally:
            self._folding = False
        self.length += len(news.batches)
        if news.batches:
            self._rebase()

    def commit(self) -> None:
        """Have the store take what the request at hand did. Raises Conflict, StoreUnavailable and StoreLogFull."""
        if self.active_scenario != self._base.active_scenario or (self._fresh and self.active_scenario is not None):
            self._tell(["active", "", self.active_scenario])
        line = self.journal.waiting.pop() if self.journal.waiting else None
        if self.events:
            batch = json.dumps(self.events, separators=(",", ":"))
            self._store.append(self.name, self.epoch, self.length, batch, line, self._fresh)
            self.epoch, self.length = (self._fresh, 1) if self._fresh else (self.epoch, self.length + 1)
            self._rebase()
        elif line is not None:
            self._store.enter(self.name, line)

    def give_up(self) -> None:
        """Forget what the request at hand did."""
        if not self._to_base():
            self.forget_all()

    def forget_all(self) -> None:
        """Be no replica of anything: the next request folds all of it."""
        self._start_over("")

    def again(self, line: EncodedEntry) -> bool:
        """Enter a request that is answered as before; whether nothing has changed."""
        try:
            return bool(self.epoch) and self._store.enter_at(self.name, self.epoch, self.length, line)
        except StoreUnavailable:
            return False

    def entries(self, which: str) -> list[bytes]:
        """The entries of one of the store's lists."""
        return self._store.entries(self.name, which)

    def forget(self, *which: str) -> None:
        """Empty some of the store's lists."""
        self._store.forget(self.name, which)

    def _begin(self, start: Start) -> Run:
        start = start.started_now()
        run = self._place(start, self._generations.get(start.scenario.name, 0) + 1)
        begins = start.scenario.clock.start if start.scenario.clock.floating else None
        self._tell(["begin", run.scenario.name, [run.generation, run.clock.anchor, begins]])
        return run

    def _place(self, start: Start, generation: int) -> SharedRun:
        return SharedRun(start, generation, self._seconds, self._tell)

    def _tell(self, event: Event) -> None:
        if not self._folding:
            self.events.append(event)

    def _fold(self, kind: str, scenario: str, value: Any) -> None:
        if kind == "generations":
            self._generations = dict(value)
        elif kind == "active":
            self.active_scenario = value
        elif kind == "reset":
            if (run := self.runs.pop(scenario, None)) is not None:
                self._remember(run)
        elif kind == "begin":
            self._fold_begin(scenario, *value)
        elif (known := self.runs.get(scenario)) is not None:
            assert isinstance(known, SharedRun)
            try:
                known.fold(kind, value)
            except Refusal as refusal:
                # Every process that has the changed contract leaves out the same events.
                known.notice = f"the changed contract refuses what was done before, which is left out: {refusal.detail}"
                log.warning("sandbox %s, scenario %s: %s", self.name, scenario, known.notice)

    def _fold_begin(self, scenario: str, generation: int, anchor: float, begins: int | None) -> None:
        try:
            start = self._start(scenario).started_now(begins)
        except Refusal:
            return  # a scenario that is gone
        run = self.runs[scenario] = self._place(start, generation)
        run.clock = run.clock.at(run.clock.position, anchor)
        run.firm = run.mark()

    def _start_over(self, epoch: str) -> None:
        if self.runs and epoch:
            super().reset()
        self.epoch, self.length, self.runs, self.active_scenario, self._generations = epoch, 0, {}, None, {}
        self._fresh, self.events = "", []
        self._base = StoredSandbox({}, None, {})

    def _rebase(self) -> None:
        self.events, self._fresh = [], ""
        runs = {name: (run, run.firm) for name, run in self.runs.items() if isinstance(run, SharedRun)}
        self._base = StoredSandbox(runs, self.active_scenario, dict(self._generations))

    def _to_base(self) -> bool:
        self.events, self._fresh = [], ""
        self.runs = {name: run for name, (run, _) in self._base.runs.items()}
        self.active_scenario, self._generations = self._base.active_scenario, dict(self._base.generations)
        return all(run.back_to(mark) for run, mark in self._base.runs.values())


class SharedSandboxes(Sandboxes):
    """Every sandbox of a store. A request is between `begin` and `commit`, one at a time in a process."""

    def __init__(self, contract: Contract, store: Store, limit: int = SANDBOX_LIMIT) -> None:
        super().__init__(contract, limit, wall_seconds)
        self.store = store
        self.turn = threading.RLock()
        self._replicas: dict[str, SharedSandbox] = {}
        self._at_hand: dict[str, SharedSandbox] = {}

    @property
    def store_status(self) -> str | None:
        """Whether the store answers."""
        return "ok" if self.store.is_there else "unavailable"

    def begin(self) -> None:
        """A request begins."""
        self._at_hand.clear()

    def commit(self) -> bool:
        """The request has been handled: whether the store took what it did, or another process was first.

        Raises StoreUnavailable and StoreLogFull, and then nothing of it is known here any more.
        """
        try:
            for sandbox in self._at_hand.values():
                sandbox.commit()
        except Conflict:
            for sandbox in self._at_hand.values():
                sandbox.give_up()
            return False
        except Refusal:
            self.forget()
            raise
        return True

    def forget(self) -> None:
        """Forget the replicas of the request at hand."""
        for sandbox in self._at_hand.values():
            sandbox.forget_all()
        self._at_hand.clear()

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name as it is now. Raises BadSandbox, SandboxLimit and StoreUnavailable."""
        if not NAME.fullmatch(name):
            raise BadSandbox(name)
        return self._follow(name, used=True)

    def all(self) -> list[Sandbox]:
        """Every sandbox there is now, by name."""
        return [self._follow(name, used=False) for name in sorted(self.store.names())]

    def remove(self, name: str) -> None:
        """Forget a sandbox. Raises UnknownSandbox."""
        if not self.store.remove(name):
            raise UnknownSandbox(name, self.store.names())
        self._drop(name)

    def reset(self) -> None:
        """Forget every sandbox."""
        for name in self.store.names():
            self.store.remove(name)
        for name in list(self._replicas):
            self._drop(name)

    def replace_contract(self, starts: Starts) -> None:
        """Go on with a changed contract: all is folded again there."""
        with self.turn:
            self.starts = starts
            for sandbox in self._replicas.values():
                sandbox.forget_all()

    def _follow(self, name: str, *, used: bool) -> SharedSandbox:
        if (at_hand := self._at_hand.get(name)) is not None:
            return at_hand
        sandbox = self._replicas.get(name)
        if sandbox is None:
            if len(self._replicas) >= self.limit:
                self._replicas.pop(next(iter(self._replicas)))
            sandbox = self._replicas[name] = SharedSandbox(name, self.start, self._seconds, self.store)
        sandbox.follow(self.limit, used=used)
        self._at_hand[name] = sandbox
        return sandbox

    def _drop(self, name: str) -> None:
        self._at_hand.pop(name, None)
        if (sandbox := self._replicas.pop(name, None)) is not None:
            sandbox.reset()
            sandbox.forget_all()
