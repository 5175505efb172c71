"""What is known of a request by its bytes, all of them: so whatever could change the response changes the key.

A request's preparation follows from its bytes and the contract. A response to a request that changes nothing depends
in addition on the run's state and clock, and is sent again as long as these are the very same objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mockserver.engine.journal import Entry
from mockserver.http.cache_validity import CacheValidity

if TYPE_CHECKING:
    from mockserver.http.exchange import PreparedRequest
    from mockserver.http.request_log import RequestLine

COUNT_LIMIT = 2_000
BYTES_LIMIT = 32 * 1024 * 1024
# A longer request is not worth it.
REQUEST_LIMIT = 4_096
HEAD_END = b"\r\n\r\n"
SANDBOX_LINE = re.compile(rb"\r\n(?i:x-mock-sandbox): ([A-Za-z0-9._-]{1,64})\r\n")


class CachedResponse(Struct, eq=False):
    """A response as bytes, when it is right, and what the journal and the log say of it."""

    _head: bytes
    _body: bytes
    validity: CacheValidity
    entry: Entry
    line: RequestLine | None = None
    _date: bytes | None = None
    _dated: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes the parts take, and what they are joined to at the first repetition."""
        return 2 * (len(self._head) + len(self._body))

    def dated(self, date: bytes) -> bytes:
        """What is sent, with the lines of `date` in its head, which change every second.

        So often the sandbox is marked as used, too.
        """
        if date != self._date:
            self.validity.sandbox.mark_used()
            self._dated, self._date = b"".join((self._head, date, b"\r\n", self._body)), date
        return self._dated


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
        now = cached.validity.now()
        if now is None or not cached.validity.sandbox.journal.add_repeat(cached.entry, now):
            self._drop(raw)
            return None
        return cached

    def add(self, raw: bytes, response: CachedResponse) -> None:
        """Keep a response that was just sent."""
        size = response.size
        if len(raw) > REQUEST_LIMIT or size > BYTES_LIMIT // 4:
            return
        self._drop(raw)
        while self._responses and (len(self._responses) >= COUNT_LIMIT or self._bytes + size > BYTES_LIMIT):
            self._drop(next(iter(self._responses)))
        self._responses[raw] = response
        self._bytes += size

    def _drop(self, raw: bytes) -> None:
        cached = self._responses.pop(raw, None)
        if cached is not None:
            self._bytes -= cached.size


class PreparedRequests:
    """Requests that were read and validated before, by their bytes; bounded, the oldest go first.

    Parallel tests send the same requests, each with a sandbox of its own. So a request is also known by its bytes
    without the value of the header X-Mock-Sandbox, where that is the only thing in which it differs.
    """

    def __init__(self) -> None:
        self._requests: dict[bytes, PreparedRequest] = {}

    def find(self, raw: bytes) -> PreparedRequest | None:
        """The request of these bytes, if it is known."""
        prepared = self._requests.get(raw)
        if prepared is not None:
            return prepared
        match = _find_sandbox(raw)
        if match is None:
            return None
        other = self._requests.get(_without_sandbox(raw, match))
        if other is None:
            return None
        prepared = other.in_sandbox(match[1].decode("ascii"))
        if prepared.request.method == "GET":
            # A test reads the same again and again; a change it makes once.
            self._keep(raw, prepared)
        return prepared

    def add(self, raw: bytes, prepared: PreparedRequest) -> None:
        """Keep a request that was just prepared."""
        # A short body may be a long one that is compressed.
        if max(len(raw), len(prepared.request.body)) > REQUEST_LIMIT:
            return
        match = _find_sandbox(raw)
        if match is not None and prepared.differs_by_sandbox_alone(match[1].decode("ascii")):
            raw = _without_sandbox(raw, match)
        self._keep(raw, prepared)

    def _keep(self, raw: bytes, prepared: PreparedRequest) -> None:
        if len(self._requests) >= COUNT_LIMIT and raw not in self._requests:
            del self._requests[next(iter(self._requests))]
        self._requests[raw] = prepared


def _find_sandbox(raw: bytes) -> re.Match[bytes] | None:
    """The header X-Mock-Sandbox in the head of a request."""
    return SANDBOX_LINE.search(raw, 0, raw.find(HEAD_END) + 2)


def _without_sandbox(raw: bytes, match: re.Match[bytes]) -> bytes:
    """The bytes of a request with NUL, which no request has in its head, for the name of the sandbox."""
    return raw[: match.start(1)] + b"\0" + raw[match.end(1) :]
