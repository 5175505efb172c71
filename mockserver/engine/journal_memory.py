"""The memory that the bodies in all journals take together."""

from __future__ import annotations

import threading
from typing import Protocol

# Bytes. A full journal with bodies of the greatest length holds an eighth of it.
BODIES_LIMIT = 64 * 1024 * 1024


class BodyHolder(Protocol):
    """A journal, as far as it holds bodies."""

    def count_body_bytes(self) -> int:
        """How many bytes of bodies it holds now."""

    def forget_bodies(self) -> None:
        """Keep the entries without their bodies."""


class JournalMemory:
    """Counts the bytes of bodies in all journals; at the limit, those that were written to longest ago lose theirs."""

    def __init__(self, limit: int = BODIES_LIMIT) -> None:
        self.limit, self.total = limit, 0
        # Of each journal, in the order in which they were written to last; entries that were dropped since may count.
        self._sizes: dict[BodyHolder, int] = {}
        self._lock = threading.Lock()

    def add(self, journal: BodyHolder, size: int) -> None:
        """Count `size` bytes that were added to a journal, and make room for them."""
        with self._lock:
            self._sizes[journal] = self._sizes.pop(journal, 0) + size
            self.total += size
            while self.total > self.limit and self._sizes:
                self._shrink(next(iter(self._sizes)))

    def remove(self, journal: BodyHolder) -> None:
        """A journal was emptied."""
        with self._lock:
            self.total -= self._sizes.pop(journal, 0)

    def _shrink(self, journal: BodyHolder) -> None:
        counted, size = self._sizes.pop(journal), journal.count_body_bytes()
        self.total -= counted
        if size < counted and self.total + size <= self.limit:
            self.total += size
            self._sizes[journal] = size
        else:
            journal.forget_bodies()
