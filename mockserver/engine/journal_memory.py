"""The memory that all journals take together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

# Bytes. A full journal with bodies of the greatest length holds an eighth of it.
BODIES_LIMIT = 64 * 1024 * 1024
# Bytes of everything else in the entries: some 100,000 ordinary requests.
ENTRIES_LIMIT = 192 * 1024 * 1024
# A journal that has counted fewer bytes is not measured again.
MEASURED_FROM = 64 * 1024


class MeasuredJournal(Protocol):
    """A journal, as far as its memory is bounded."""

    def count_body_bytes(self) -> int:
        """How many bytes of bodies it holds now."""

    def forget_bodies(self) -> None:
        """Keep the entries without their bodies."""

    def count_entry_bytes(self) -> int:
        """How many bytes its entries take now, bodies excluded."""

    def forget_oldest(self) -> None:
        """Keep the newer half of the entries."""


class SharedLimit:
    """Counts bytes in all journals; at the limit, those that were written to longest ago are made smaller.

    `measure` returns the bytes that a journal holds now, and `shrink` reduces them, in the end to none.
    """

    def __init__(
        self, limit: int, measure: Callable[[MeasuredJournal], int], shrink: Callable[[MeasuredJournal], None]
    ) -> None:
        self.limit, self.total = limit, 0
        self._measure, self._shrink = measure, shrink
        # Of each journal, in the order in which they were written to last: the bytes counted, and at how many it is
        # measured, since what it dropped meanwhile is counted too. So at least half of what is counted is there.
        self._sizes: dict[MeasuredJournal, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def add(self, journal: MeasuredJournal, size: int) -> None:
        """Count `size` bytes that were added to a journal, and make room for them."""
        with self._lock:
            counted, measured_at = self._sizes.pop(journal, (0, MEASURED_FROM))
            self.total += size
            if counted + size > measured_at:
                self.total -= counted + size
                self._set(journal, self._measure(journal))
            else:
                self._sizes[journal] = counted + size, measured_at
            while self.total > self.limit and self._sizes:
                self._make_room(next(iter(self._sizes)))

    def remove(self, journal: MeasuredJournal) -> None:
        """A journal was emptied."""
        with self._lock:
            self.total -= self._sizes.pop(journal, (0, 0))[0]

    def _set(self, journal: MeasuredJournal, size: int) -> None:
        self.total += size
        self._sizes[journal] = size, max(2 * size, MEASURED_FROM)

    def _make_room(self, journal: MeasuredJournal) -> None:
        self.total -= self._sizes[journal][0]
        size = self._measure(journal)
        if self.total + size > self.limit:
            self._shrink(journal)
            size = self._measure(journal)
        # A journal that is there already stays the first to be made smaller.
        self._set(journal, size)
        if not size:
            del self._sizes[journal]


class JournalMemory:
    """The limits that all journals have in common: that of bodies, and that of everything else in the entries."""

    __slots__ = ("bodies", "entries")

    def __init__(self) -> None:
        self.bodies = SharedLimit(
            BODIES_LIMIT, lambda journal: journal.count_body_bytes(), lambda journal: journal.forget_bodies()
        )
        self.entries = SharedLimit(
            ENTRIES_LIMIT, lambda journal: journal.count_entry_bytes(), lambda journal: journal.forget_oldest()
        )

    def remove(self, journal: MeasuredJournal) -> None:
        """A journal was emptied."""
        self.bodies.remove(journal)
        self.entries.remove(journal)
