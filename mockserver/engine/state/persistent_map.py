"""A persistent map whose first changes take no more than small dictionaries.

Of ten thousand sandboxes most change a record or two, and a change to a hash trie copies a kilobyte of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rpds import HashTrieMap

# So many changes lie on top before they go to those in the middle, and so many there before they go into the trie.
TOP_LIMIT, MIDDLE_LIMIT = 8, 256
_ABSENT = object()
_NOTHING: Mapping[Any, Any] = {}


class PersistentMap:
    """Immutable: a trie, what has been inserted since, and what has been inserted last."""

    __slots__ = ("_below", "_middle", "_top")

    def __init__(
        self, below: HashTrieMap[Any, Any], middle: Mapping[Any, Any] = _NOTHING, top: Mapping[Any, Any] = _NOTHING
    ) -> None:
        self._below, self._middle, self._top = below, middle, top

    @classmethod
    def from_items(cls, items: Mapping[Any, Any]) -> PersistentMap:
        """With these items."""
        return cls(HashTrieMap(items))

    def __len__(self) -> int:
        return len(self._below) + sum(1 for key in self._middle.keys() | self._top.keys() if key not in self._below)

    def __contains__(self, key: object) -> bool:
        return key in self._top or key in self._middle or key in self._below

    def __getitem__(self, key: Any) -> Any:
        found = self.get(key, _ABSENT)
        if found is _ABSENT:
            raise KeyError(key)
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        """The item of that key, or the default."""
        found = self._top.get(key, _ABSENT)
        if found is _ABSENT:
            found = self._middle.get(key, _ABSENT)
        return self._below.get(key, default) if found is _ABSENT else found

    def values(self) -> Iterator[Any]:
        """Every item, in no order that could be relied on."""
        return iter(self._whole().values())

    def insert(self, key: Any, item: Any) -> PersistentMap:
        """With `item` under `key`."""
        top = {**self._top, key: item}
        if len(top) <= TOP_LIMIT:
            return PersistentMap(self._below, self._middle, top)
        middle = {**self._middle, **top}
        if len(middle) <= MIDDLE_LIMIT:
            return PersistentMap(self._below, middle)
        return PersistentMap(self._below.update(middle))

    def remove(self, key: Any) -> PersistentMap:
        """Without the item of that key. Raises KeyError."""
        return PersistentMap(self._whole().remove(key))

    def _whole(self) -> HashTrieMap[Any, Any]:
        return self._below.update({**self._middle, **self._top}) if self._middle or self._top else self._below
