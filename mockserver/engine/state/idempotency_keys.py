"""The idempotency keys of a run as an immutable value: the first response to each, until it expires."""

from __future__ import annotations

from msgspec import Struct
from rpds import HashTrieMap

KEY_LIMIT = 1_000
# In milliseconds of the run's clock.
EXPIRY = 24 * 60 * 60 * 1_000


class StoredResponse(Struct, frozen=True):
    """The response of an operation, to be replayed; `request` is a digest of the request that it answered."""

    request: str
    status: int
    body: bytes
    media_type: str | None
    headers: tuple[tuple[str, str], ...]


class IdempotencyKeys(Struct, frozen=True):
    """The stored responses by key, each with the time it was stored, and the keys in the order of these times."""

    responses: HashTrieMap[str, tuple[int, StoredResponse]]
    order: tuple[tuple[int, str], ...] = ()

    def get(self, key: str, now: int) -> StoredResponse | None:
        """The response stored for a key, unless it has expired."""
        stored = self.responses.get(key)
        return stored[1] if stored is not None and now - stored[0] < EXPIRY else None

    def add(self, key: str, response: StoredResponse, at: int) -> IdempotencyKeys:
        """The keys with one more; those that have expired, and the oldest beyond KEY_LIMIT, are forgotten."""
        responses, order = self.responses, tuple(entry for entry in self.order if entry[1] != key)
        while order and (len(order) >= KEY_LIMIT or at - order[0][0] >= EXPIRY):
            responses, order = responses.discard(order[0][1]), order[1:]
        return IdempotencyKeys(responses.insert(key, (at, response)), (*order, (at, key)))


NO_KEYS = IdempotencyKeys(HashTrieMap())
