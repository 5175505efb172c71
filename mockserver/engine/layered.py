"""A persistent map whose first few changes take no more than a small dictionary.

Of ten thousand sandboxes most change a record or two, and a change to a hash trie copies a kilobyte of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rpds import HashTrieMap

# So many changes lie on top before they are put into the trie.
TOP_LIMIT = 8
_ABSENT = object()
_NOTHING: Mapping[Any, Any] = {}


class Layered:
    """Immutable: a trie, and what has been inserted since."""

    __slots__ = ("_below", "_top")

    def __init__(self, below: HashTrieMap[Any, Any], top: Mapping[Any, Any] = _NOTHING) -> None:
        self._below, self._top = below, top

    @classmethod
    def of(cls, items: Mapping[Any, Any]) -> Layered:
        """With these items."""
        return cls(HashTrieMap(items))

    def __len__(self) -> int:
        return len(self._below) + sum(1 for key in self._top if key not in self._below)

    def __contains__(self, key: object) -> bool:
        return key in self._top or key in self._below

    def __getitem__(self, key: Any) -> Any:
        found = self._top.get(key, _ABSENT)
        return self._below[key] if found is _ABSENT else found

    def get(self, key: Any, default: Any = None) -> Any:
        """The item of that key, or the default."""
        found = self._top.get(key, _ABSENT)
        return self._below.get(key, default) if found is _ABSENT else found

    def values(self) -> Iterator[Any]:
        """Every item, in no order that could be relied on."""
        return iter(self._whole().values())

    def insert(self, key: Any, item: Any) -> Layered:
        """With `item` under `key`."""
        top = {**self._top, key: item}
        return Layered(self._below, top) if len(top) <= TOP_LIMIT else Layered(Layered(self._below, top)._whole())

    def remove(self, key: Any) -> Layered:
        """Without the item of that key. Raises KeyError."""
        return Layered(self._whole().remove(key))

    def _whole(self) -> HashTrieMap[Any, Any]:
        return self._below.update(self._top) if self._top else self._below
