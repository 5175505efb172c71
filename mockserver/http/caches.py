"""What is known of a request by its bytes, all of them: so whatever could change the response changes the key.

A request's preparation follows from its bytes and the contract. A response to a request that changes nothing depends
in addition on the run's state and clock, and is sent again as long as these are the very same objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Entry
from mockserver.engine.validity import CacheValidity

if TYPE_CHECKING:
    from mockserver.http.exchange import PreparedRequest

COUNT_LIMIT = 2_000
BYTES_LIMIT = 32 * 1024 * 1024
# A longer request is not worth it.
REQUEST_LIMIT = 4_096


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response as bytes, when it is right, and what the journal says of it."""

    head: bytes
    body: bytes
    validity: CacheValidity
    entry: Entry


class ResponseCache:
    """Responses by the bytes of their requests; bounded in number and bytes, the oldest go first."""

    def __init__(self) -> None:
        self._responses: dict[bytes, CachedResponse] = {}
        self._bytes = 0

    def find(self, raw: bytes) -> CachedResponse | None:
        """The response to a request, entered into the journal; None where there is none that is right now."""
        cached = self._responses.get(raw)
        if cached is None:
            return None
        began, validity = monotonic(), cached.validity
        if not (validity.holds() and validity.sandbox.journal.add_repeat(cached.entry, validity.run.now, began)):
            self._drop(raw)
            return None
        validity.sandbox.mark_used()
        return cached

    def add(self, raw: bytes, response: CachedResponse) -> None:
        """Keep a response that was just sent."""
        size = len(response.body)
        if len(raw) > REQUEST_LIMIT or size > BYTES_LIMIT // 8:
            return
        self._drop(raw)
        while self._responses and (len(self._responses) >= COUNT_LIMIT or self._bytes + size > BYTES_LIMIT):
            self._drop(next(iter(self._responses)))
        self._responses[raw] = response
        self._bytes += size

    def _drop(self, raw: bytes) -> None:
        cached = self._responses.pop(raw, None)
        if cached is not None:
            self._bytes -= len(cached.body)


class PreparedRequests:
    """Requests that were read and validated before, by their bytes; bounded, the oldest go first."""

    def __init__(self) -> None:
        self._requests: dict[bytes, PreparedRequest] = {}

    def find(self, raw: bytes) -> PreparedRequest | None:
        """The request of these bytes, if it is known."""
        return self._requests.get(raw)

    def add(self, raw: bytes, prepared: PreparedRequest) -> None:
        """Keep a request that was just prepared."""
        if len(raw) > REQUEST_LIMIT:
            return
        while len(self._requests) >= COUNT_LIMIT:
            del self._requests[next(iter(self._requests))]
        self._requests[raw] = prepared
