"""The store that holds the sandboxes of several processes: what the engine requires of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# A sandbox with more batches of events than that has to be reset.
EVENT_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class SandboxUpdates:
    """The batches of events (JSON) that a process has not seen yet; all of them where `epoch` is a new one.

    `count` is the number of requests so far.
    """

    epoch: str
    batches: Sequence[bytes]
    count: int


@dataclass(frozen=True, slots=True)
class EncodedEntry:
    """A journal entry as text, without its number, and the `problem_lists` of the entry."""

    text: str
    problem_lists: Sequence[str] = ()


class Conflict(Exception):
    """Another process changed the sandbox first."""


class Store(Protocol):
    """The events of each sandbox in batches, and its journal.

    An epoch is a random name for the batches since a sandbox was created or reset; `length` counts these. Every method
    raises StoreUnavailable where the store does not respond.
    """

    @property
    def is_available(self) -> bool:
        """Whether the store responds."""

    def fetch_updates(self, name: str, epoch: str, length: int, limit: int, *, used: bool) -> SandboxUpdates | None:
        """The batches of a sandbox after the first `length` of `epoch`.

        `used` notes that the sandbox is not idle, and creates it where there is none; else that is
        None. Raises SandboxLimit where there are `limit` sandboxes in use.
        """

    def append(
        self, name: str, epoch: str, length: int, batch: str, entry: EncodedEntry | None, new_epoch: str
    ) -> None:
        """Append a batch and a journal entry, if the sandbox is still at this epoch and length.

        With `new_epoch`, forget all batches and the journal, and begin that epoch with this batch. The batch is stored
        once, however often the command has to be sent. Raises Conflict and StoreLogFull.
        """

    def add_entry(self, name: str, entry: EncodedEntry) -> None:
        """Add a journal entry."""

    def add_entry_if_unchanged(self, name: str, epoch: str, length: int, entry: EncodedEntry) -> bool:
        """Add a journal entry if the sandbox is still at this epoch and length; whether it is."""

    def list_entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of the list `all`, or of one that decides a verdict (see Entry.problem_lists)."""

    def clear_entries(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries."""

    def list_sandboxes(self) -> list[str]:
        """The names of all sandboxes."""

    def remove(self, name: str) -> bool:
        """Remove a sandbox; whether it existed."""
