"""Idempotency keys of a run as an immutable value: the first answer to each, until it expires by the run's clock."""

from __future__ import annotations

from dataclasses import dataclass

from rpds import HashTrieMap

KEY_LIMIT = 1_000
EXPIRY = 24 * 60 * 60 * 1_000


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The answer of an operation, to be given again; `request` is the digest of the request that it was given to."""

    request: str
    status: int
    body: bytes
    media_type: str | None
    headers: tuple[tuple[str, str], ...]


Entry = tuple[int, StoredResponse]


@dataclass(frozen=True, slots=True)
class Keys:
    """The kept answers by key, and the keys in the order in which they came, with the time of each."""

    entries: HashTrieMap[str, Entry]
    order: tuple[tuple[int, str], ...] = ()

    def get(self, key: str, now: int) -> StoredResponse | None:
        """What was kept for a key, unless it has expired."""
        found = self.entries.get(key)
        return found[1] if found is not None and now - found[0] < EXPIRY else None

    def add(self, key: str, kept: StoredResponse, at: int) -> Keys:
        """With one more; those that have expired, and the oldest beyond the limit, are forgotten."""
        entries, order = self.entries, tuple(one for one in self.order if one[1] != key)
        while order and (len(order) >= KEY_LIMIT or at - order[0][0] >= EXPIRY):
            entries, order = entries.discard(order[0][1]), order[1:]
        return Keys(entries.insert(key, (at, kept)), (*order, (at, key)))


NO_KEYS = Keys(HashTrieMap())
