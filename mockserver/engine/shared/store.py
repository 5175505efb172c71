"""The store that holds the sandboxes of several processes: what the engine requires of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from mockserver.engine.shared.redis_deliveries import RedisDeliveries

# A sandbox with more batches of events than that has to be reset.
EVENT_LIMIT = 100_000


class SandboxUpdates(Struct, frozen=True):
    """The batches of events (JSON) that a process has not seen yet; all of them where `epoch` is a new one.

    `count` is the number of requests so far, and `pending` that of deliveries of webhooks that have not ended.
    """

    epoch: str
    batches: Sequence[bytes]
    count: int
    pending: int


class EncodedEntry(Struct, frozen=True):
    """A journal entry as bytes, without its number, and the `problem_lists` and the `code` of the entry."""

    text: bytes
    problem_lists: Sequence[str] = ()
    code: str | None = None


class JournalCounts(Struct, frozen=True):
    """What a journal knows of entries that it may have dropped.

    `cleared` is the number of the last request when the requests were cleared. `problems` has, for each list that
    decides a verdict, how many entries it had of each code since it was cleared.
    """

    cleared: int
    problems: Mapping[str, Mapping[str | None, int]]


class Use(IntEnum):
    """What a request needs of its sandbox."""

    PEEK = 0
    """It is read where there is one."""
    LAST = 1
    """It is created where there is none, and lasts."""
    VISIT = 2
    """It is created where there is none, but does not last; see Sandboxes.visit."""


class SandboxContent(Struct, frozen=True):
    """What a sandbox holds after a batch of events.

    `is_empty` says whether it is what it would be if it were created again. `summary` is JSON for whoever lists
    sandboxes: the active scenario, and the name, generation and revision of each run.
    """

    is_empty: bool
    summary: str


class StoredSummary(Struct, frozen=True):
    """One sandbox in a list; `summary` is empty where it has no events."""

    name: str
    requests: int
    violations: int
    summary: str


class Place(StrEnum):
    """Where a delivery is: it waits for the time of its next attempt, an attempt is made, or it has ended."""

    WAITING = "waiting"
    IN_FLIGHT = "in-flight"
    ENDED = "ended"


class StoredDelivery(Struct, frozen=True):
    """A delivery as the store has it; `text` changes with each step."""

    id: str
    text: bytes


class Conflict(Exception):
    """Another process changed the sandbox first."""


class Store(Protocol):
    """The events of each sandbox in batches, its journal, and its deliveries of webhooks.

    An epoch is a random name for the batches since a sandbox was created or reset; `length` counts these. Every method
    raises StoreUnavailable where the store does not respond.
    """

    @property
    def is_available(self) -> bool:
        """Whether the store responds."""

    @property
    def deliveries(self) -> RedisDeliveries:
        """The deliveries of webhooks."""

    def fetch_updates(self, name: str, epoch: str, length: int, limit: int, use: Use) -> SandboxUpdates | None:
        """The batches of a sandbox after the first `length` of `epoch`.

        Unless `use` is PEEK, it is noted that the sandbox is not idle. Returns None where there is none and none is
        created. Raises SandboxLimit where there are `limit` sandboxes in use, none of them empty or idle.
        """

    def append(
        self,
        name: str,
        epoch: str,
        length: int,
        batch: str,
        entry: EncodedEntry | None,
        new_epoch: str,
        content: SandboxContent,
    ) -> None:
        """Append a batch and a journal entry, if the sandbox is still at this epoch and length.

        `content` is what the sandbox holds then.

        With `new_epoch`, forget all batches and the journal, and begin that epoch with this batch. The batch is stored
        once, however often the command has to be sent. Raises Conflict and StoreLogFull.
        """

    def add_entry(self, name: str, entry: EncodedEntry) -> None:
        """Add a journal entry."""

    def add_entry_if_unchanged(self, name: str, epoch: str, length: int, entry: EncodedEntry) -> bool:
        """Add a journal entry if the sandbox is still at this epoch and length; whether it is."""

    def replace_entry(self, name: str, entry: EncodedEntry, other: EncodedEntry) -> None:
        """Have another entry in place of one that may still be there."""

    def list_entries(self, name: str, which: str) -> list[bytes]:
        """The entries, oldest first, of the list `all`, or of one that decides a verdict (see Entry.problem_lists)."""

    def count_entries(self, name: str) -> JournalCounts:
        """What the journal knows of entries that it may have dropped."""

    def clear_entries(self, name: str, which: Sequence[str]) -> None:
        """Empty these lists of entries, and count their entries from 0 again."""

    def list_sandboxes(self) -> list[str]:
        """The names of all sandboxes that last."""

    def summarize_sandboxes(self) -> list[StoredSummary]:
        """Each sandbox that lasts, without reading its events."""

    def remove(self, name: str) -> bool:
        """Remove a sandbox; whether it existed."""

    def remove_all(self) -> None:
        """Remove every sandbox, those that do not last included."""
