"""The latest of something, oldest first. Where there are few it is small, as most of ten thousand sandboxes' are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class BoundedList(list[T]):
    """A list that holds `limit` at most."""

    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def add(self, one: T) -> None:
        """One more; the oldest makes room. A thousand move up in less time than a deque takes to be made."""
        self.append(one)
        if len(self) > self.limit:
            del self[0]

    def add_all(self, more: Iterable[T]) -> None:
        """Several more."""
        self.extend(more)
        del self[: -self.limit]
