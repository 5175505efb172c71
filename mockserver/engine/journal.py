"""The journal of a sandbox: the requests received and the responses sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.clock import monotonic
from mockserver.engine.commands import Fired
from mockserver.errors import Violation

ENTRY_LIMIT = 1_000
# Bytes of a body that are kept: enough to see what it was.
BODY_KEPT = 4_096

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})

Headers = Sequence[tuple[str, str]]


class LoggedMessage(NamedTuple):
    """A request or a response; `body` is cut to BODY_KEPT bytes, `size` is the length of the whole body."""

    headers: Headers
    body: bytes
    size: int

    @classmethod
    def of(cls, headers: Headers, body: bytes) -> LoggedMessage:
        """The part of a message that is kept."""
        return cls(headers, body[:BODY_KEPT], len(body))


class Entry(NamedTuple):
    """One request and its response. `at` is the run's clock in milliseconds since 1970.

    `operation` is None where no operation matched. `violations` are those of the request; or those of the response,
    and then `invalid_status` is the status that it had before it was replaced. `fired` are the transitions since the
    run's previous entry, in order; `parameters` those in the path and query of a valid request; `note` is a remark for
    whoever reads the journal.
    """

    number: int
    at: int | None
    scenario: str | None
    operation: str | None
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    request: LoggedMessage
    response: LoggedMessage
    violations: Sequence[Violation] = ()
    invalid_status: int | None = None
    fired: Sequence[Fired] = ()
    parameters: Mapping[str, Any] = NO_PARAMETERS
    override: str | None = None
    note: str | None = None


class RepeatedEntry(NamedTuple):
    """The same request with the same response as `entry`, at another time."""

    entry: Entry
    number: int
    at: int
    milliseconds: float

    @property
    def whole(self) -> Entry:
        """The entry in full."""
        return self.entry._replace(number=self.number, at=self.at, milliseconds=self.milliseconds)


class Journal:
    """The newest entries, oldest first; `count` is the number of the last one.

    `unmatched` and `invalid_responses`, which decide a verdict, are bounded on their own: other entries do not push
    them out.
    """

    __slots__ = ("_entries", "count", "invalid_responses", "unmatched")

    def __init__(self) -> None:
        self.count = 0
        self._entries: BoundedList[Entry | RepeatedEntry] = BoundedList(ENTRY_LIMIT)
        self.unmatched: BoundedList[Entry] = BoundedList(ENTRY_LIMIT)
        self.invalid_responses: BoundedList[Entry] = BoundedList(ENTRY_LIMIT)

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        self.count = entry.number
        self._entries.add(entry)
        if entry.operation is None:
            self.unmatched.add(entry)
        if entry.invalid_status is not None:
            self.invalid_responses.add(entry)

    def add_repeat(self, entry: Entry, at: int, began: float) -> bool:
        """Add a repetition of `entry`, answered from the cache; False where the cached response is outdated.

        `began` is when the request came, by the machine's monotonic clock.
        """
        self.count += 1
        self._entries.add(RepeatedEntry(entry, self.count, at, (monotonic() - began) * 1_000))
        return True

    def may_have_grown(self, count: int) -> bool:
        """Whether there may be entries after the one with this number."""
        return self.count != count

    def newest_first(self) -> Iterator[Entry]:
        """Every entry, newest first."""
        return (entry.whole if isinstance(entry, RepeatedEntry) else entry for entry in reversed(self._entries))

    def clear(self) -> None:
        """Forget everything, and count from 1 again."""
        self.count = 0
        self.clear_requests()
        self.clear_violations()

    def clear_violations(self) -> None:
        """Forget every response that violated the contract."""
        self.invalid_responses.clear()

    def clear_requests(self) -> None:
        """Forget every request. Numbers go on, so that no two requests have the same."""
        self._entries.clear()
        self.unmatched.clear()
