"""Sandboxes that several processes share: each process has replicas that follow the events in the store."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from mockserver.contract.model import Contract
from mockserver.engine.clock import wall_seconds
from mockserver.engine.sandbox import RunSummary, Sandbox, SandboxSummary
from mockserver.engine.sandboxes import NAME, SANDBOX_LIMIT, CallBetweenAttempts, CallIdentity, Sandboxes, Starts
from mockserver.engine.shared.deliveries import SharedDeliveries
from mockserver.engine.shared.journal_codec import JournalCodec
from mockserver.engine.shared.sandbox import SharedSandbox
from mockserver.engine.shared.store import Conflict, Store, StoredSummary, Use
from mockserver.errors import Refusal
from mockserver.handlers.threads import Turns, kept_turn
from mockserver.refusals import BadSandbox, StoreBusy, UnknownSandbox

# How often a request is handled at most, where other processes keep changing its sandbox meanwhile.
ATTEMPTS = 50
T = TypeVar("T")


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
        with ExitStack() as turns:
            for number in range(ATTEMPTS):
                try:
                    return self._attempt(attempt, results)
                except CallBetweenAttempts as needed:
                    if number == 0:
                        # One at a time in this process; meanwhile the run may change.
                        turns.enter_context(self._turns.turn(needed.identity[:2]))
                    else:
                        results[needed.identity] = _outcome_of(needed.call)
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
            except CallBetweenAttempts:
                for sandbox in self._in_use.values():
                    sandbox.give_up_all_but_begun_runs()
                raise
            except BaseException:
                # Nothing of a request that failed half-way may be stored with the next one.
                self._forget()
                raise
            finally:
                self._results = {}

    def call_between_attempts(self, identity: CallIdentity, call: Callable[[], T]) -> T:
        """The result of a call that may take long; see Sandboxes. Raises CallBetweenAttempts if it is not there yet."""
        if identity not in self._results:
            raise CallBetweenAttempts(identity, call)
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
        for sandbox in self._in_use.values():
            sandbox.deliver()
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
            sandbox = self._replicas[name] = SharedSandbox(
                name, self.start, self._seconds, self.store, self._codec, self._deliveries(name)
            )
        if not sandbox.follow(self.limit, use):
            del self._replicas[name]
            return None
        self._in_use[name] = sandbox
        return sandbox

    def _deliveries(self, name: str) -> SharedDeliveries | None:
        if self.outbox is None:
            return None
        return SharedDeliveries(name, self.store.deliveries, self.outbox, partial(self._look, name))

    def _look(self, name: str) -> None:
        """Carry out what is due in a sandbox, without a request."""
        self.transact(lambda refusal: self.find(name) if refusal is None else None)

    def _drop(self, name: str) -> None:
        self._in_use.pop(name, None)
        if (sandbox := self._replicas.pop(name, None)) is not None:
            sandbox.reset()
            sandbox.forget_all()


def _outcome_of(call: Callable[[], T]) -> Callable[[], T]:
    """A function that returns what a call has returned, or raises the Refusal that it has raised."""
    try:
        result = call()
    except Refusal as refusal:
        error = refusal

        def raise_again() -> T:
            raise error

        return raise_again
    return lambda: result
