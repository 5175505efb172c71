"""The journal of a sandbox: the requests received and the responses sent."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine.bounded_list import BoundedList
from mockserver.engine.commands import Fired
from mockserver.engine.journal_memory import JournalMemory
from mockserver.errors import Violation
from mockserver.syntax.http.statuses import FIRST_ERROR

ENTRY_LIMIT = 1_000
# Bytes of a response's body that are kept, which is enough to see what it was, and of a request's, which tests verify.
BODY_KEPT = 4_096
REQUEST_BODY_KEPT = 32_768
# Bytes that an entry takes besides its texts, as measured: its own objects, and for each header a tuple and two texts.
ENTRY_BYTES, HEADER_BYTES, REPEAT_BYTES = 600, 120, 200
# Repetitions are counted, and the oldest entries dropped for them, in batches: so rarely that answering from the cache
# costs next to nothing more.
REPEATS_COUNTED = 16
# The codes of refusals that say that the client violated the contract, and not only that it expected another state.
CLIENT_ERRORS = frozenset({
    "bad-idempotency-key", "bad-sandbox", "body-too-large", "credentials-required", "idempotency-key-reused",
    "invalid-request", "malformed-body", "not-acceptable", "too-many-parts", "too-many-values", "unexpected-body",
    "unknown-scenario", "unsupported-charset", "unsupported-media-type",
})  # fmt: skip
# Browsers request these on their own, and developer tools request source maps, so they say nothing about the client
# under test. Chrome asks for a traffic advice before it prefetches, and for its developer tools below `appspecific`.
_BROWSER_PATHS = re.compile(
    r"/favicon\.ico|/apple-touch-icon(-[0-9]{1,4}x[0-9]{1,4})?(-precomposed)?\.png"
    r"|/\.well-known/(appspecific/.*|traffic-advice)|.*\.map",
    re.ASCII | re.DOTALL,
)

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})

Headers = Sequence[tuple[str, str]]


class LoggedMessage(Struct, frozen=True):
    """A request or a response; `body` may be cut, `size` is the length of the whole body.

    Where the body is no longer kept, it is empty although `size` is not zero. `header_bytes` says how many bytes the
    headers take, roughly; it is a field, since journals are measured again and again.
    """

    headers: Headers
    body: bytes
    size: int
    header_bytes: int = 0

    @property
    def without_body(self) -> LoggedMessage:
        """The message whose body is no longer kept."""
        return LoggedMessage(self.headers, b"", self.size, self.header_bytes) if self.body else self

    def with_body(self, body: bytes) -> LoggedMessage:
        """The request with a body, of which the beginning is kept."""
        return LoggedMessage(self.headers, body[:REQUEST_BODY_KEPT], len(body), self.header_bytes)

    @classmethod
    def received(cls, headers: Headers, body: bytes) -> LoggedMessage:
        """The part of a request that is kept."""
        texts = sum(map(len, chain.from_iterable(headers)))
        return cls(headers, body[:REQUEST_BODY_KEPT], len(body), HEADER_BYTES * len(headers) + texts)

    @classmethod
    def sent(cls, headers: Headers, body: bytes) -> LoggedMessage:
        """The part of a response that is kept. Its entries share the texts of long headers, those of the contract."""
        return cls(headers, body[:BODY_KEPT], len(body), HEADER_BYTES * len(headers))


class Entry(Struct, frozen=True):
    """One request and its response. `at` is the run's clock in milliseconds since 1970.

    `operation` is None where no operation matched. `violations` are those of the request; or those of the response,
    and then `invalid_status` is the status that it had before it was replaced. `fired` are the transitions since the
    run's previous entry, in order; `parameters` those in the path and query of a valid request; `note` is a remark for
    whoever reads the journal. `code` is that of the refusal where the request was refused. `handler` is the function of
    `handlers.py` that was called, with its place. `upstream` says that the request was passed on to the real backend,
    and `drift` where its response was not what the operation declares. `messages` counts those of a response that
    stayed open until now.
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
    code: str | None = None
    handler: str | None = None
    upstream: bool = False
    drift: Sequence[Violation] = ()
    messages: int | None = None

    @property
    def is_by_browser(self) -> bool:
        """Whether browsers make such a request on their own: preflights, icons, source maps."""
        return self.method == "OPTIONS" or (
            self.method in ("GET", "HEAD") and _BROWSER_PATHS.fullmatch(self.path) is not None
        )

    def count_bytes(self) -> int:
        """How many bytes the entry takes, roughly."""
        request, response = self.request, self.response
        texts = len(self.path) + len(self.query) + len(request.body) + len(response.body)
        if self.violations or self.drift:
            texts += sum(len(violation.message) for violation in (*self.violations, *self.drift))
        return ENTRY_BYTES + texts + request.header_bytes + response.header_bytes

    @property
    def without_bodies(self) -> Entry:
        """The entry whose bodies are no longer kept."""
        return replace(self, request=self.request.without_body, response=self.response.without_body)

    @property
    def problem_lists(self) -> tuple[str, ...]:
        """The lists of a journal that have the entry because it makes a verdict fail."""
        lists = ("invalid_responses",) if self.invalid_status is not None else ()
        if self.drift:
            lists = (*lists, "drift")
        if self.status < FIRST_ERROR or self.is_by_browser or self.upstream:
            return lists
        if self.code in CLIENT_ERRORS:
            return (*lists, "refused")
        return (*lists, "unmatched") if self.operation is None else lists


class RepeatedEntry(Struct, frozen=True):
    """The same request with the same response as `entry`, at another time: answered from the cache, in microseconds."""

    entry: Entry
    number: int
    at: int

    @property
    def whole(self) -> Entry:
        """The entry in full."""
        return replace(self.entry, number=self.number, at=self.at, milliseconds=0.0)


class ProblemList(BoundedList[Entry]):
    """The newest entries that make a verdict fail, oldest first; `counts` has how many there were of each code.

    These are counted for good: what the list drops makes a verdict fail all the same.
    """

    __slots__ = ("counts",)

    def __init__(self) -> None:
        super().__init__(ENTRY_LIMIT)
        self.counts: Counter[str | None] = Counter()

    def add(self, item: Entry) -> None:
        """Add and count an entry."""
        self.counts[item.code] += 1
        super().add(item)

    def clear(self) -> None:
        """Forget every entry and its count."""
        super().clear()
        self.counts.clear()

    def count_dropped(self, allow: Container[str | None] = ()) -> int:
        """How many entries that were counted are no longer listed, those with a code in `allow` left aside."""
        listed = sum(entry.code not in allow for entry in self)
        return sum(count for code, count in self.counts.items() if code not in allow) - listed


class Journal:
    """The newest entries, oldest first; `count` is the number of the last one.

    The lists that decide a verdict are bounded on their own: other entries do not push theirs out. `unmatched` are
    requests that matched no operation, `refused` those that violated the contract, `invalid_responses` have responses
    that did, and `drift` responses of the upstream that did.
    """

    __slots__ = (
        "_cleared", "_entries", "_lock", "_memory", "count", "drift", "invalid_responses", "refused", "unmatched",
    )  # fmt: skip

    def __init__(self, memory: JournalMemory | None = None) -> None:
        self.count, self._memory = 0, memory
        # The number of the last entry when the requests were cleared.
        self._cleared = 0
        self._entries: BoundedList[Entry | RepeatedEntry] = BoundedList(ENTRY_LIMIT)
        self.unmatched, self.invalid_responses, self.refused = ProblemList(), ProblemList(), ProblemList()
        self.drift = ProblemList()
        # Where several threads respond. The memory of all journals, which has a lock of its own, is outside of it.
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> Entry:
        """Add an entry, which gets another number if its own was given to another one meanwhile; returns it."""
        with self._lock:
            self.count = number = self.count + 1
            if entry.number != number:
                entry = replace(entry, number=number)
            self._entries.add(entry)
            if entry.status >= FIRST_ERROR or entry.invalid_status is not None or entry.drift:
                for name in entry.problem_lists:
                    getattr(self, name).add(entry)
        if self._memory is not None:
            self._memory.add(self, entry.count_bytes(), has_body=True)
        return entry

    def replace(self, entry: Entry, other: Entry) -> None:
        """Have another entry in place of one that may still be there, since more has become known of the response."""
        place = entry.number, entry.milliseconds
        lists: list[list[Any]] = [self._entries, *self._problem_lists]
        with self._lock:
            for entries in lists:
                for index in range(len(entries) - 1, -1, -1):
                    present = entries[index]
                    if not isinstance(present, RepeatedEntry) and (present.number, present.milliseconds) == place:
                        entries[index] = other
                        break
            for name in other.problem_lists:
                if name not in entry.problem_lists:
                    getattr(self, name).add(other)

    def add_repeat(self, entry: Entry, at: int) -> bool:
        """Add a repetition of `entry`, answered from the cache; False where the cached response is outdated."""
        # Without the lock, which would take a seventh of such a request's time: to other threads, the count and the
        # append are one step each.
        self.count = count = self.count + 1
        self._entries.append(RepeatedEntry(entry, count, at))
        if not count % REPEATS_COUNTED:
            with self._lock:
                self._entries.drop_oldest()
            if self._memory is not None:
                self._memory.add(self, REPEATS_COUNTED * REPEAT_BYTES, has_body=False)
        return True

    def may_have_grown(self, count: int) -> bool:
        """Whether there may be entries after the one with this number."""
        return self.count != count

    def count_dropped(self) -> int:
        """How many of the requests since the last `clear_requests` have no entry any more."""
        self._entries.drop_oldest()
        first = self._entries[0].number if self._entries else self.count + 1
        return max(0, first - 1 - self._cleared)

    def count_bytes(self) -> int:
        """How many bytes the entries take, roughly. One in several lists, or repeated, counts once."""
        entries = self._kept_entries(self._entries)
        return REPEAT_BYTES * len(self._entries) + sum(entry.count_bytes() for entry in entries)

    def forget_bodies(self) -> int:
        """Keep the entries without their bodies; how many bytes these took."""
        with self._lock:
            # Repetitions may be added meanwhile.
            listed = self._entries.copy()
            entries = self._kept_entries(listed)
            bare = {id(entry): entry.without_bodies for entry in entries}
            self._entries[: len(listed)] = [
                replace(item, entry=bare[id(item.entry)]) if isinstance(item, RepeatedEntry) else bare[id(item)]
                for item in listed
            ]
            for problems in self._problem_lists:
                problems[:] = [bare[id(entry)] for entry in problems]
        return sum(len(entry.request.body) + len(entry.response.body) for entry in entries)

    def forget_oldest(self) -> None:
        """Keep the newer half of the entries."""
        with self._lock:
            del self._entries[: -(-len(self._entries) // 2)]
            for entries in self._problem_lists:
                del entries[: -(-len(entries) // 2)]

    @property
    def _problem_lists(self) -> tuple[ProblemList, ...]:
        return self.unmatched, self.refused, self.invalid_responses, self.drift

    def _kept_entries(self, listed: Iterable[Entry | RepeatedEntry]) -> Iterable[Entry]:
        """Every entry once, of those that are listed and those in the lists of problems."""
        entries = (item.entry if isinstance(item, RepeatedEntry) else item for item in listed)
        return {id(entry): entry for entry in chain(entries, *self._problem_lists)}.values()

    def newest_first(self) -> Iterator[Entry]:
        """Every entry, newest first."""
        self._entries.drop_oldest()
        return (entry.whole if isinstance(entry, RepeatedEntry) else entry for entry in reversed(self._entries))

    def clear(self) -> None:
        """Forget everything, and count from 1 again."""
        self.count = 0
        self.clear_requests()
        self.clear_violations()
        self.clear_drift()

    def clear_violations(self) -> None:
        """Forget every response that violated the contract."""
        self.invalid_responses.clear()

    def clear_drift(self) -> None:
        """Forget every response of the upstream that violated the contract."""
        self.drift.clear()

    def clear_requests(self) -> None:
        """Forget every request. Numbers go on, so that no two requests have the same."""
        self._cleared = self.count
        self._entries.clear()
        self.unmatched.clear()
        self.refused.clear()
        if self._memory is not None:
            self._memory.remove(self)
