"""A store in this process, in place of Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mockserver.engine.shared.redis_deliveries import RedisDeliveries
from mockserver.engine.shared.store import (
    Conflict,
    EncodedEntry,
    JournalCounts,
    SandboxContent,
    SandboxUpdates,
    StoredSummary,
    Use,
)
from mockserver.refusals import StoreUnavailable


@dataclass
class Content:
    """What is stored of one sandbox."""

    epoch: str
    batches: list[str] = field(default_factory=list)
    entries: dict[str, list[bytes]] = field(default_factory=dict)
    count: int = 0
    cleared: int = 0
    counts: dict[str, Counter[str | None]] = field(default_factory=dict)
    summary: str = ""


class MemoryStore:
    """`before_append` is called before each append, and may change the store or raise."""

    def __init__(self) -> None:
        self.is_available = True
        self.contents: dict[str, Content] = {}
        self.epochs = 0
        self.appends = 0
        self.before_append: Callable[[], None] = lambda: None

    @property
    def deliveries(self) -> RedisDeliveries:
        raise NotImplementedError

    def fetch_updates(self, name: str, epoch: str, length: int, limit: int, use: Use) -> SandboxUpdates | None:  # noqa: ARG002
        self._require_available()
        if name not in self.contents:
            if use is Use.PEEK:
                return None
            self.epochs += 1
            self.contents[name] = Content(f"epoch-{self.epochs}")
        content = self.contents[name]
        batches = content.batches[length:] if content.epoch == epoch else content.batches
        return SandboxUpdates(content.epoch, [batch.encode() for batch in batches], content.count, 0)

    def replace_entry(self, name: str, entry: EncodedEntry, other: EncodedEntry) -> None:
        self._require_available()
        for entries in self.contents[name].entries.values():
            entries[:] = [kept.replace(entry.text, other.text) for kept in entries]

    def append(
        self,
        name: str,
        epoch: str,
        length: int,
        batch: str,
        entry: EncodedEntry | None,
        new_epoch: str,
        content: SandboxContent,
    ) -> None:
        self.before_append()
        self._require_available()
        stored = self.contents[name]
        if (stored.epoch, len(stored.batches)) != (epoch, length):
            raise Conflict
        if new_epoch:
            stored = self.contents[name] = Content(new_epoch)
        self.appends += 1
        stored.summary = content.summary
        stored.batches.append(f'["{self.appends}",{batch}]')
        if entry is not None:
            self.add_entry(name, entry)

    def add_entry(self, name: str, entry: EncodedEntry) -> None:
        self._require_available()
        content = self.contents[name]
        content.count += 1
        line = b"%d %b" % (content.count, entry.text)
        for which in ("all", *entry.problem_lists):
            content.entries.setdefault(which, []).append(line)
        for which in entry.problem_lists:
            content.counts.setdefault(which, Counter())[entry.code] += 1

    def add_entry_if_unchanged(self, name: str, epoch: str, length: int, entry: EncodedEntry) -> bool:
        content = self.contents[name]
        if (content.epoch, len(content.batches)) != (epoch, length):
            return False
        self.add_entry(name, entry)
        return True

    def list_entries(self, name: str, which: str) -> list[bytes]:
        return self.contents[name].entries.get(which, [])

    def clear_entries(self, name: str, which: Sequence[str]) -> None:
        for item in which:
            self.contents[name].entries.pop(item, None)
            self.contents[name].counts.pop(item, None)
        if "all" in which:
            self.contents[name].cleared = self.contents[name].count

    def count_entries(self, name: str) -> JournalCounts:
        content = self.contents[name]
        lists = ("unmatched", "refused", "invalid_responses")
        return JournalCounts(content.cleared, {which: content.counts.get(which, {}) for which in lists})

    def summarize_sandboxes(self) -> list[StoredSummary]:
        return [
            StoredSummary(name, content.count, len(content.entries.get("invalid_responses", [])), content.summary)
            for name, content in self.contents.items()
        ]

    def list_sandboxes(self) -> list[str]:
        return list(self.contents)

    def remove(self, name: str) -> bool:
        return self.contents.pop(name, None) is not None

    def remove_all(self) -> None:
        self.contents.clear()

    def _require_available(self) -> None:
        if not self.is_available:
            raise StoreUnavailable
