"""Answers that were judged once, and are given again, byte for byte, as long as they are true.

An answer is found by the bytes of its request, all of them, so whatever in a request might have led to another answer
leads past this. The journal tells of it like of any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Entry
from mockserver.engine.validity import CacheValidity

KEPT_LIMIT = 2_000
BYTES_LIMIT = 32 * 1024 * 1024
# A longer request is not worth it.
REQUEST_LIMIT = 4_096

Found = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer's head and body, when it is right, and what the journal says of it."""

    answer: Found
    moment: CacheValidity
    entry: Entry


class ResponseCache:
    """Bounded: the oldest make room."""

    def __init__(self) -> None:
        self._kept: dict[bytes, CachedResponse] = {}
        self._bytes = 0

    def find(self, raw: bytes) -> Found | None:
        """The answer to a request, entered into the journal; None where none is known that is right now."""
        kept = self._kept.get(raw)
        if kept is None:
            return None
        began, moment = monotonic(), kept.moment
        if not (moment.holds() and moment.sandbox.journal.add_repeat(kept.entry, moment.run.now, began)):
            self._forget(raw)
            return None
        moment.sandbox.mark_used()
        return kept.answer

    def keep(self, moment: CacheValidity, entry: Entry, raw: bytes, head: bytes, body: bytes) -> None:
        """Keep the answer that was just given at `moment`, and entered as `entry`."""
        if len(raw) > REQUEST_LIMIT or len(body) > BYTES_LIMIT // 8:
            return
        self._forget(raw)
        while self._kept and (len(self._kept) >= KEPT_LIMIT or self._bytes + len(body) > BYTES_LIMIT):
            self._forget(next(iter(self._kept)))
        # What had happened before the first answer is not told again.
        self._kept[raw] = CachedResponse((head, body), moment, entry._replace(fired=()))
        self._bytes += len(body)

    def _forget(self, raw: bytes) -> None:
        kept = self._kept.pop(raw, None)
        if kept is not None:
            self._bytes -= len(kept.answer[1])
