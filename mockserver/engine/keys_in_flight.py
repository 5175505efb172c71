"""The idempotency keys of a run whose first request has not been answered yet."""

from __future__ import annotations

from mockserver.refusals import IdempotencyInFlight


class KeysInFlight:
    """A key is in flight from the first request that brings it until that request's response has been delivered."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: set[str] | None = None  # most runs never see a key

    def __contains__(self, key: str) -> bool:
        return self._keys is not None and key in self._keys

    def require_free(self, key: str) -> None:
        """Raise IdempotencyInFlight if the key is in flight."""
        if key in self:
            raise IdempotencyInFlight(key)

    def begin(self, key: str) -> None:
        """Put a key in flight. Raises IdempotencyInFlight."""
        self.require_free(key)
        if self._keys is None:
            self._keys = set()
        self._keys.add(key)

    def end(self, key: str) -> None:
        """Take a key out of flight, if it is."""
        if self._keys is not None:
            self._keys.discard(key)
