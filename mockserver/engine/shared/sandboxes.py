"""Sandboxes that several processes share: each process has replicas that follow the events in the store."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mockserver.contract.model import Contract
from mockserver.engine.clock import Seconds, wall_seconds
from mockserver.engine.run import Run
from mockserver.engine.run_snapshots import SavedRun
from mockserver.engine.sandboxes import (
    NAME,
    SANDBOX_LIMIT,
    CallApart,
    CallIdentity,
    Releasable,
    RunSummary,
    Sandbox,
    Sandboxes,
    SandboxSummary,
    Starts,
)
from mockserver.engine.shared.journal import SharedJournal
from mockserver.engine.shared.journal_codec import JournalCodec
from mockserver.engine.shared.run import Event, SharedRun
from mockserver.engine.shared.store import Conflict, EncodedEntry, SandboxContent, Store, StoredSummary, Use
from mockserver.engine.start import Start
from mockserver.errors import CannotGenerate, Refusal
from mockserver.handlers.threads import Turns, kept_turn
from mockserver.refusals import BadSandbox, StoreBusy, StoreUnavailable, UnknownSandbox

# How often a request is handled at most, where other processes keep changing its sandbox meanwhile.
ATTEMPTS = 50
T = TypeVar("T")
log = logging.getLogger("mockserver")


class StoredSandbox(NamedTuple):
    """A sandbox as the store has it."""

    runs: Mapping[str, tuple[SharedRun, SavedRun]]
    active_scenario: str | None
    generations: Mapping[str, int]


EMPTY = StoredSandbox({}, None, {})


class SharedSandbox(Sandbox):
    """A replica of a sandbox. It has followed `length` batches of `epoch`; `events` are its own, not yet stored.

    A request begins with `follow` and ends with `commit` or `give_up`.
    """

    __slots__ = ("_base", "_following", "_new_epoch", "_store", "_undo", "epoch", "events", "length")

    journal: SharedJournal

    def __init__(
        self, name: str, start: Callable[[str], Start], seconds: Seconds, store: Store, codec: JournalCodec
    ) -> None:
        super().__init__(name, start, seconds)
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

    def reset(self) -> None:
        """Forget every run, the active scenario and the journal, which begins a new epoch."""
        super().reset()
        self._new_epoch, self.events = uuid.uuid4().hex, []
        self._add_event(["generations", "", dict(self._generations)])

    def reset_run(self, scenario: str) -> None:
        """Forget one run."""
        super().reset_run(scenario)
        self._add_event(["reset", scenario, None])

    def follow(self, limit: int, use: Use) -> bool:
        """Repeat what other processes did since the last request; False where the sandbox does not exist.

        Unless `use` is PEEK, it is created. Raises StoreUnavailable and SandboxLimit.
        """
        updates = self._store.fetch_updates(self.name, self.epoch, self.length, limit, use)
        if updates is None:
            return False
        self.journal.count = updates.count
        self.journal.waiting.clear()
        self._undo.clear()
        if updates.epoch != self.epoch:
            self._start_over(updates.epoch)
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
        entry = self.journal.waiting.pop() if self.journal.waiting else None
        if self.events:
            batch = json.dumps(self.events, separators=(",", ":"))
            self._store.append(self.name, self.epoch, self.length, batch, entry, self._new_epoch, self._content)
            self.epoch, self.length = (self._new_epoch, 1) if self._new_epoch else (self.epoch, self.length + 1)
            self._set_base()
        elif entry is not None:
            self._store.add_entry(self.name, entry)
        self._undo.clear()

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
        self._add_event(["begin", run.scenario.name, [run.generation, run.clock.anchor, begins]])
        return run

    def _create_run(self, start: Start, generation: int) -> SharedRun:
        return SharedRun(start, generation, self._seconds, self._add_event, self._key_begun)

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

    def _repeat_begin(self, scenario: str, generation: int, anchor: float, begins: int | None) -> None:
        try:
            start = self._start(scenario).started_now(begins)
            run = self._create_run(start, generation)
        except (Refusal, CannotGenerate):
            return  # the scenario no longer exists, or its records can no longer be generated
        run.set_anchor(anchor)
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
        runs = {name: (run, run.saved) for name, run in self.runs.items() if isinstance(run, SharedRun)}
        self._base = StoredSandbox(runs, self.active_scenario, dict(self._generations))

    def _return_to_base(self) -> bool:
        self.events, self._new_epoch = [], ""
        self.runs = {name: run for name, (run, _) in self._base.runs.items()}
        self.active_scenario, self._generations = self._base.active_scenario, dict(self._base.generations)
        return all(run.return_to(saved) for run, saved in self._base.runs.values())

    def _undo_effects(self) -> None:
        for undo in self._undo:
            undo()
        self._undo.clear()


class SharedSandboxes(Sandboxes):
    """Every sandbox of a store. A process handles one request at a time, each in a `transact`."""

    def __init__(self, contract: Contract, store: Store, limit: int = SANDBOX_LIMIT) -> None:
        super().__init__(contract, limit, wall_seconds)
        self.store = store
        self._turn = threading.RLock()
        self._turns = Turns()
        self._codec = JournalCodec()
        self._replicas: dict[str, SharedSandbox] = {}
        # The sandboxes that the request in progress has used.
        self._in_use: dict[str, SharedSandbox] = {}
        # The results of calls that were made before this attempt.
        self._results: Mapping[CallIdentity, Callable[[], Any]] = {}

    @property
    def store_status(self) -> str | None:
        """Whether the store responds: `ok` or `unavailable`."""
        return "ok" if self.store.is_available else "unavailable"

    def transact(self, attempt: Callable[[Refusal | None], T]) -> T:
        """Handle a request, again where another process changed a sandbox meanwhile; see Sandboxes.

        `attempt` is given a refusal, and its sandboxes are followed from scratch the next time, where the store cannot
        take the changes, or where other processes were faster 50 times.
        """
        results: dict[CallIdentity, Callable[[], Any]] = {}
        with ExitStack() as held:
            for number in range(ATTEMPTS):
                try:
                    return self._attempt(attempt, results)
                except CallApart as apart:
                    if number == 0:
                        # One at a time in this process; meanwhile the run may change.
                        held.enter_context(self._turns.turn(apart.identity[:2]))
                    else:
                        results[apart.identity] = _settled(apart.call)
        with self._turn:
            return self._respond_with(StoreBusy(), attempt)

    def _attempt(self, attempt: Callable[[Refusal | None], T], results: Mapping[CallIdentity, Callable[[], Any]]) -> T:
        # A thread that takes turns with an event loop would let in another request, which needs this lock.
        with self._turn, kept_turn():
            self._results = results
            try:
                for _ in range(ATTEMPTS):
                    self._begin()
                    result = attempt(None)
                    try:
                        if self._commit():
                            return result
                    except Refusal as refusal:
                        return self._respond_with(refusal, attempt)
                return self._respond_with(StoreBusy(), attempt)
            except CallApart:
                for sandbox in self._in_use.values():
                    sandbox.give_up_all_but_begun_runs()
                raise
            except BaseException:
                # Nothing of a request that failed half-way may be stored with the next one.
                self._forget()
                raise
            finally:
                self._results = {}

    def call_apart(self, identity: CallIdentity, call: Callable[[], T]) -> T:
        """The result of a call that may take long; see Sandboxes. Raises CallApart where it has to be made first."""
        if identity not in self._results:
            raise CallApart(identity, call)
        result: T = self._results[identity]()
        return result

    def _respond_with(self, refusal: Refusal, attempt: Callable[[Refusal | None], T]) -> T:
        self._forget()
        result = attempt(refusal)
        self._forget()
        return result

    def _begin(self) -> None:
        """Begin to handle a request."""
        self._in_use.clear()

    def _commit(self) -> bool:
        """Store what the request did; False where another process was first, and then nothing of it remains.

        Raises StoreUnavailable and StoreLogFull, and then nothing of it remains either.
        """
        try:
            for sandbox in self._in_use.values():
                sandbox.commit()
        except Conflict:
            for sandbox in self._in_use.values():
                sandbox.give_up()
            return False
        except Refusal:
            self._forget()
            raise
        return True

    def _forget(self) -> None:
        """Forget the replicas that the request in progress has used."""
        for sandbox in self._in_use.values():
            sandbox.forget_all()
        self._in_use.clear()

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name as it is now. Raises BadSandbox, SandboxLimit and StoreUnavailable."""
        if not NAME.fullmatch(name):
            raise BadSandbox(name)
        return self._follow_or_create(name, Use.LAST)

    def peek(self, name: str) -> Sandbox:
        """The sandbox of that name as it is now, or, where there is none, one that is not kept."""
        return self.find(name) or Sandbox(name, self.start, self._seconds)

    def find(self, name: str) -> Sandbox | None:
        """The sandbox of that name as it is now, if there is one; never creates it."""
        return self._follow(name, Use.PEEK)

    def visit(self, name: str) -> Sandbox:
        """The sandbox of that name for a request that changes nothing, and that a page of any other site may send.

        The store keeps few of them, until another request names them. Raises BadSandbox and StoreUnavailable.
        """
        if not NAME.fullmatch(name):
            raise BadSandbox(name)
        return self._follow_or_create(name, Use.VISIT)

    def summaries(self) -> list[SandboxSummary]:
        """Each sandbox, by name, as the store describes it."""
        return sorted(map(self._summary, self.store.summarize_sandboxes()))

    def _summary(self, stored: StoredSummary) -> SandboxSummary:
        active, runs = json.loads(stored.summary or "[null,[]]")
        kept = [RunSummary(*run) for run in runs if run[0] in self.starts]
        return SandboxSummary(
            stored.name, active if active in self.starts else None, stored.requests, stored.violations, kept
        )

    def remove(self, name: str) -> None:
        """Reset and forget a sandbox. Raises UnknownSandbox."""
        if not self.store.remove(name):
            raise UnknownSandbox(name, self.store.list_sandboxes())
        self._drop(name)

    def reset(self) -> None:
        """Reset and forget every sandbox."""
        self.store.remove_all()
        for name in list(self._replicas):
            self._drop(name)

    def replace_contract(self, starts: Starts) -> None:
        """Continue with the starts of a changed contract: every event is repeated there."""
        with self._turn:
            self.starts = starts
            for sandbox in self._replicas.values():
                sandbox.forget_all()

    def _follow_or_create(self, name: str, use: Use) -> SharedSandbox:
        sandbox = self._follow(name, use)
        assert sandbox is not None
        return sandbox

    def _follow(self, name: str, use: Use) -> SharedSandbox | None:
        if (in_use := self._in_use.get(name)) is not None:
            return in_use
        sandbox = self._replicas.get(name)
        if sandbox is None:
            if len(self._replicas) >= self.limit:
                self._replicas.pop(next(iter(self._replicas))).wake_listeners()
            sandbox = self._replicas[name] = SharedSandbox(name, self.start, self._seconds, self.store, self._codec)
        if not sandbox.follow(self.limit, use):
            del self._replicas[name]
            return None
        self._in_use[name] = sandbox
        return sandbox

    def _drop(self, name: str) -> None:
        self._in_use.pop(name, None)
        if (sandbox := self._replicas.pop(name, None)) is not None:
            sandbox.reset()
            sandbox.forget_all()


def _settled(call: Callable[[], T]) -> Callable[[], T]:
    """A function that returns what a call has returned, or raises the Refusal that it has raised."""
    try:
        result = call()
    except Refusal as refusal:
        error = refusal

        def raise_again() -> T:
            raise error

        return raise_again
    return lambda: result
