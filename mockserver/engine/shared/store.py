"""What holds the events of sandboxes for several processes, as the engine asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# A sandbox that has changed as often has to be reset.
EVENT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class SandboxUpdates:
    """What a process does not know yet of a sandbox: batches of events as JSON, since the start where `epoch` is new.

    `count` is how many requests there have been.
    """

    epoch: str
    batches: Sequence[bytes]
    count: int


@dataclass(frozen=True, slots=True)
class EncodedEntry:
    """An entry of the journal as text, and which lists hold it besides that of all."""

    text: str
    unmatched: bool = False
    broken: bool = False


class Conflict(Exception):
    """Another process changed the sandbox first."""


class Store(Protocol):
    """Every method raises StoreUnavailable where the store does not answer."""

    @property
    def is_there(self) -> bool:
        """Whether it answers."""

    def news(self, name: str, epoch: str, length: int, limit: int, *, used: bool) -> SandboxUpdates:
        """What is new of a sandbox since `length` batches of `epoch`; made if there is none. Raises SandboxLimit."""

    def append(self, name: str, epoch: str, length: int, batch: str, line: EncodedEntry | None, fresh: str) -> None:
        """Add a batch of events and an entry, if these are still epoch and length; with `fresh`, begin that epoch.

        The batch is there once, however often this has to be sent. Raises Conflict and StoreLogFull.
        """

    def enter(self, name: str, line: EncodedEntry) -> None:
        """Add an entry to the journal."""

    def enter_at(self, name: str, epoch: str, length: int, line: EncodedEntry) -> bool:
        """Add an entry, if these are still epoch and length; whether they are."""

    def entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of the list `all`, `unmatched` or `broken`."""

    def forget(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries."""

    def names(self) -> list[str]:
        """Every sandbox there is."""

    def remove(self, name: str) -> bool:
        """Forget a sandbox; whether it was there."""
