"""The journal of a sandbox: what was asked and what was answered, and where the contract was broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.clock import monotonic
from mockserver.engine.commands import Fired
from mockserver.errors import Violation

ENTRY_LIMIT = 1_000
# Of each body, in bytes: enough to see what it was.
BODY_KEPT = 4_096

Headers = Sequence[tuple[str, str]]


class LoggedMessage(NamedTuple):
    """A request or an answer as it was, its body cut to BODY_KEPT bytes; `size` is that of the whole body."""

    headers: Headers
    body: bytes
    size: int

    @classmethod
    def of(cls, headers: Headers, body: bytes) -> LoggedMessage:
        """What is kept of a message."""
        return cls(headers, body[:BODY_KEPT], len(body))


class Entry(NamedTuple):
    """One request and its answer. `at` is the run's clock in milliseconds since 1970; `operation` None is unmatched.

    `violations` are where the request broke the contract; or the answer, whose status is `broken` then. `fired` are the
    transitions since the run's entry before, in order; `note` is what else there is to say.
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
    override: str | None = None
    note: str | None = None


class RepeatedEntry(NamedTuple):
    """An entry once more: the same request, the same answer."""

    entry: Entry
    number: int
    at: int
    milliseconds: float

    @property
    def whole(self) -> Entry:
        """The entry that it stands for."""
        return self.entry._replace(number=self.number, at=self.at, milliseconds=self.milliseconds)


class Journal:
    """The latest entries, oldest first; those a verdict asks for apart too, so that others do not push them out."""

    __slots__ = ("_entries", "count", "invalid_responses", "unmatched")

    def __init__(self) -> None:
        self.count = 0
        self._entries: BoundedList[Entry | RepeatedEntry] = BoundedList(ENTRY_LIMIT)
        self.unmatched: BoundedList[Entry] = BoundedList(ENTRY_LIMIT)
        self.invalid_responses: BoundedList[Entry] = BoundedList(ENTRY_LIMIT)

    def add(self, entry: Entry) -> None:
        """One more; the oldest makes room."""
        self.count = entry.number
        self._entries.add(entry)
        if entry.operation is None:
            self.unmatched.add(entry)
        if entry.invalid_status is not None:
            self.invalid_responses.add(entry)

    def add_repeat(self, entry: Entry, at: int, began: float) -> bool:
        """The request of `entry`, which no operation had to be asked for, once more; whether that still holds."""
        self.count += 1
        self._entries.add(RepeatedEntry(entry, self.count, at, (monotonic() - began) * 1_000))
        return True

    def newest_first(self) -> Iterator[Entry]:
        """Every entry that is there, newest first."""
        return (one.whole if isinstance(one, RepeatedEntry) else one for one in reversed(self._entries))

    def clear(self) -> None:
        """Forget every request and every answer that broke the contract."""
        self.count = 0
        self.clear_requests()
        self.clear_violations()

    def clear_violations(self) -> None:
        """Forget every answer that broke the contract."""
        self.invalid_responses.clear()

    def clear_requests(self) -> None:
        """Forget every request. Numbers go on, so that none stands for two."""
        self._entries.clear()
        self.unmatched.clear()
