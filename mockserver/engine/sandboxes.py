"""The sandboxes of a server, by name: created on first use, and removed where there are too many."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mockserver.contract.model import Contract
from mockserver.engine.clock import Seconds, monotonic
from mockserver.engine.deliveries.deliveries import Outbox
from mockserver.engine.journal_memory import JournalMemory
from mockserver.engine.sandbox import Sandbox, SandboxSummary
from mockserver.engine.start import Start
from mockserver.errors import Refusal
from mockserver.refusals import BadSandbox, SandboxLimit, UnknownSandbox, UnknownScenario

DEFAULT = "default"
# Clients leave the segments `.` and `..` out of the addresses that they request.
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", re.ASCII)
SANDBOX_LIMIT = 10_000
IDLE_SECONDS = 600.0
# The sandboxes that only pages of other sites have named, at most.
GUEST_LIMIT = 100
# At the limit, one in a hundred sandboxes makes room at once, since finding the oldest takes time.
EVICTED_SHARE = 100
T = TypeVar("T")
Starts = Mapping[str, Start]
# What a call depends on: the sandbox, the scenario, and more values.
CallIdentity = tuple[Any, ...]


def build_starts(contract: Contract) -> Starts:
    """The start of each scenario. Raises ContractError where a recording's commands do not fit the contract."""
    starts = {name: Start(contract, scenario) for name, scenario in contract.scenarios.items()}
    for start in starts.values():
        start.replay_commands()
    return starts


class CallBetweenAttempts(BaseException):
    """Ends an attempt at a request: it is made again with the result of `call`, which is kept under `identity`."""

    def __init__(self, identity: CallIdentity, call: Callable[[], Any]) -> None:
        self.identity, self.call = identity, call
        super().__init__(identity)


class Sandboxes:
    """Every sandbox by name, created on first use.

    At the limit, sandboxes that hold nothing but a journal are removed for a new one, and then one that is idle.

    Raises ContractError as `build_starts` does.
    """

    def __init__(self, contract: Contract, limit: int = SANDBOX_LIMIT, seconds: Seconds = monotonic) -> None:
        self.limit, self.starts = limit, build_starts(contract)
        self._sandboxes: dict[str, Sandbox] = {}
        self._guests: dict[str, Sandbox] = {}
        self._memory = JournalMemory()
        # What sends webhooks; set before the first sandbox is created.
        self.outbox: Outbox | None = None
        self._seconds = seconds
        self._lock = threading.Lock()

    @property
    def store_status(self) -> str | None:
        """`ok` or `unavailable` where processes share the sandboxes in a store; None where there is no store."""
        return None

    def transact(self, attempt: Callable[[Refusal | None], T]) -> T:
        """Handle a request: `attempt(None)` handles it, `attempt(refusal)` only responds with that refusal.

        Here `attempt` is called once. Where processes share the sandboxes it is called again if another process
        changed a sandbox meanwhile, and the result that is returned is that of the last call. The changes that earlier
        calls made to sandboxes are undone, so `attempt` must have no other effects.
        """
        return attempt(None)

    def call_between_attempts(self, identity: CallIdentity, call: Callable[[], T]) -> T:  # noqa: ARG002 - where there is a store
        """The result of a call that may take long, made within an `attempt`. Raises what it raises.

        Where processes share the sandboxes, the call is made between two attempts, unless `identity`, what it depends
        on, has changed.
        """
        return call()

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name, created if it is new. Raises BadSandbox and SandboxLimit."""
        sandbox = self._sandboxes.get(name)
        if sandbox is None:
            if not NAME.fullmatch(name):
                raise BadSandbox(name)
            with self._lock:
                sandbox = self._sandboxes.get(name) or self._create(name)
        sandbox.mark_used()
        return sandbox

    def peek(self, name: str) -> Sandbox:
        """The sandbox of that name, or, where there is none, one that is not kept."""
        return self._sandboxes.get(name) or Sandbox(name, self.start, self._seconds)

    def find(self, name: str) -> Sandbox | None:
        """The sandbox of that name, if there is one; never creates it."""
        return self._sandboxes.get(name) or self._guests.get(name)

    def visit(self, name: str) -> Sandbox:
        """The sandbox of that name for a request that changes nothing, and that a page of any other site may send.

        A new one is kept apart from the others, with few like it, until another request names it.
        """
        if name in self._sandboxes:
            return self.get(name)
        with self._lock:
            guest = self._guests.get(name)
            if guest is None:
                if len(self._guests) >= GUEST_LIMIT:
                    names = (other for other, sandbox in self._guests.items() if not sandbox.has_listeners)
                    self._guests.pop(next(names, next(iter(self._guests)))).reset()
                guest = self._guests[name] = self._new(name)
        guest.mark_used()
        return guest

    def summaries(self) -> list[SandboxSummary]:
        """Each sandbox, by name."""
        return [sandbox.summary for _, sandbox in sorted(self._sandboxes.copy().items())]

    def remove(self, name: str) -> None:
        """Reset and forget a sandbox. Raises UnknownSandbox."""
        with self._lock:
            guest = self._guests.pop(name, None)
            sandbox = self._sandboxes.pop(name, guest)
        if sandbox is None:
            raise UnknownSandbox(name, self._sandboxes)
        sandbox.reset()

    def reset(self) -> None:
        """Reset and forget every sandbox."""
        with self._lock:
            for sandbox in (*self._sandboxes.values(), *self._guests.values()):
                sandbox.reset()
            self._sandboxes.clear()
            self._guests.clear()

    def replace_contract(self, starts: Starts) -> None:
        """Continue with the starts of a changed contract: each run is rebased when it is next used."""
        with self._lock:
            self.starts = starts
            for sandbox in (*self._sandboxes.values(), *self._guests.values()):
                sandbox.retain(starts.keys())

    def start(self, scenario: str) -> Start:
        """The start of a scenario. Raises UnknownScenario."""
        if scenario not in self.starts:
            raise UnknownScenario(scenario, self.starts)
        return self.starts[scenario]

    def _create(self, name: str) -> Sandbox:
        if len(self._sandboxes) >= self.limit:
            self._make_room()
        sandbox = self._guests.pop(name, None) or self._new(name)
        self._sandboxes[name] = sandbox
        return sandbox

    def _new(self, name: str) -> Sandbox:
        return Sandbox(name, self.start, self._seconds, self._memory, self.outbox)

    def _make_room(self) -> None:
        others = [
            sandbox for sandbox in self._sandboxes.values() if sandbox.name != DEFAULT and not sandbox.has_listeners
        ]
        others.sort(key=lambda sandbox: sandbox.last_used)
        evicted = [sandbox for sandbox in others if sandbox.is_empty][: max(1, self.limit // EVICTED_SHARE)]
        if not evicted:
            evicted = [sandbox for sandbox in others[:1] if self._seconds() - sandbox.last_used >= IDLE_SECONDS]
        if not evicted:
            raise SandboxLimit(self.limit)
        for sandbox in evicted:
            self._sandboxes.pop(sandbox.name).reset()
