"""The journal of a sandbox that several processes share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from mockserver.engine.journal import Entry, Journal, ProblemList
from mockserver.engine.shared.journal_codec import JournalCodec
from mockserver.engine.shared.store import EncodedEntry, Store
from mockserver.refusals import StoreUnavailable


class StoredProblems:
    """An attribute of a journal whose list is in the store: it is read there each time, and nothing is assigned."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, journal: SharedJournal, owner: type) -> ProblemList:
        return journal.read_problems(self._name)

    def __set__(self, journal: SharedJournal, entries: ProblemList) -> None:
        """Leave out the empty list that a journal begins with."""


class SharedJournal(Journal):
    """The journal of the sandbox `name` in the store.

    `waiting` are the entries of the request in progress, stored when it is committed. `add_if_unchanged` adds an entry
    if no process has changed the sandbox, and says whether that is so.
    """

    __slots__ = ("_add_if_unchanged", "_codec", "_name", "_store", "waiting")

    unmatched = StoredProblems()
    refused = StoredProblems()
    invalid_responses = StoredProblems()
    drift = StoredProblems()

    def __init__(
        self, name: str, store: Store, codec: JournalCodec, add_if_unchanged: Callable[[EncodedEntry], bool]
    ) -> None:
        super().__init__()
        self._name, self._store, self._codec = name, store, codec
        self._add_if_unchanged = add_if_unchanged
        self.waiting: list[EncodedEntry] = []

    def add(self, entry: Entry) -> Entry:
        """Add an entry; the store gives it its number."""
        self.waiting.append(self._codec.encode(entry))
        return entry

    def replace(self, entry: Entry, other: Entry) -> None:
        """Have another entry in place of one that may still be there; not where the store does not respond."""
        with suppress(StoreUnavailable):
            self._store.replace_entry(self._name, self._codec.encode(entry), self._codec.encode(other))

    def add_repeat(self, entry: Entry, at: int) -> bool:
        """Add a repetition of `entry` if no process has changed the sandbox; False where one has."""
        return self._add_if_unchanged(self._codec.encode_repeat(entry, at))

    def may_have_grown(self, count: int) -> bool:  # noqa: ARG002 - the store has to be asked
        """Always: another process may have added entries."""
        return True

    def newest_first(self) -> Iterator[Entry]:
        """Every entry, newest first."""
        return map(self._codec.decode, reversed(self._store.list_entries(self._name, "all")))

    def count_dropped(self) -> int:
        """How many of the requests since the last `clear_requests` have no entry any more."""
        entries = self._store.list_entries(self._name, "all")
        first = self._codec.decode(entries[0]).number if entries else self.count + 1
        return max(0, first - 1 - self._store.count_entries(self._name).cleared)

    def read_problems(self, name: str) -> ProblemList:
        """One of the lists that decide a verdict, by the name of its attribute."""
        entries = ProblemList()
        entries.extend(map(self._codec.decode, self._store.list_entries(self._name, name)))
        entries.counts = Counter(self._store.count_entries(self._name).problems[name])
        return entries

    def clear(self) -> None:
        """Count from 1 again; the store forgets the entries when the reset is committed."""
        self.count = 0

    def clear_requests(self) -> None:
        """Forget every request."""
        self._store.clear_entries(self._name, ("all", "unmatched", "refused"))

    def clear_violations(self) -> None:
        """Forget every response that violated the contract."""
        self._store.clear_entries(self._name, ("invalid_responses",))

    def clear_drift(self) -> None:
        """Forget every response of the upstream that violated the contract."""
        self._store.clear_entries(self._name, ("drift",))
