"""The memory that all journals take together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.engine.journal import Journal

# Bytes: some 100,000 ordinary requests, or twenty journals that are full of bodies of the greatest length.
MEMORY_LIMIT = 256 * 1024 * 1024
# A journal that has counted fewer bytes is not measured again.
MEASURED_FROM = 64 * 1024


class JournalMemory:
    """Counts bytes in all journals; at the limit, those that were written to longest ago are made smaller.

    The bodies of all journals go before any entry does.
    """

    __slots__ = ("_lock", "_newest", "_sizes", "_with_bodies", "limit", "total")

    def __init__(self) -> None:
        self.limit, self.total = MEMORY_LIMIT, 0
        # Of each journal, in the order in which they were written to last: the bytes counted, and at how many it is
        # measured, since what it dropped meanwhile is counted too. So at least half of what is counted is there.
        self._sizes: dict[Journal, tuple[int, int]] = {}
        # Those that may have bodies, in the same order.
        self._with_bodies: dict[Journal, None] = {}
        # The journal that is last in both: a test writes to the same one again and again.
        self._newest: Journal | None = None
        self._lock = threading.Lock()

    def add(self, journal: Journal, size: int, *, has_body: bool) -> None:
        """Count `size` bytes that were added to a journal, and make room for them."""
        with self._lock:
            if journal is not self._newest:
                self._sizes[journal] = self._sizes.pop(journal, (0, MEASURED_FROM))
                if has_body:
                    self._with_bodies.pop(journal, None)
                    self._with_bodies[journal] = None
                self._newest = journal if has_body else None
            counted, measured_at = self._sizes[journal]
            counted += size
            self.total += size
            self._sizes[journal] = counted, measured_at
            if counted > measured_at:
                self._measure(journal)
            while self.total > self.limit and self._sizes:
                self._make_room()

    def remove(self, journal: Journal) -> None:
        """A journal was emptied."""
        with self._lock:
            self.total -= self._sizes.pop(journal, (0, 0))[0]
            self._with_bodies.pop(journal, None)
            self._newest = None

    def _measure(self, journal: Journal) -> None:
        """Count what a journal has now; its place in the order stays."""
        self._correct(journal, journal.count_bytes())

    def _correct(self, journal: Journal, size: int) -> None:
        self.total += size - self._sizes[journal][0]
        self._sizes[journal] = size, max(2 * size, MEASURED_FROM)

    def _make_room(self) -> None:
        """Measure the journal whose turn it is, and make it smaller if that is not enough."""
        journal = next(iter(self._with_bodies or self._sizes))
        self._newest = None
        self._measure(journal)
        if self.total <= self.limit:
            return
        if journal in self._with_bodies:
            del self._with_bodies[journal]
            self._correct(journal, self._sizes[journal][0] - journal.forget_bodies())
        else:
            journal.forget_oldest()
            self._measure(journal)
        if not self._sizes[journal][0]:
            del self._sizes[journal]
