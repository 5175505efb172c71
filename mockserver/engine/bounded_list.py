"""A list that keeps the newest items; it costs next to nothing while short, and 10,000 sandboxes have several each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class BoundedList(list[T]):
    """A list of at most `limit` items, oldest first."""

    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def add(self, item: T) -> None:
        """Append an item, and drop the oldest if there are too many.

        Moving a thousand items up takes less time than it takes to create a deque, which an empty list would have to.
        """
        self.append(item)
        if len(self) > self.limit:
            self.drop_oldest()

    def add_all(self, items: Iterable[T]) -> None:
        """Append several items, and drop the oldest if there are too many."""
        self.extend(items)
        if len(self) > self.limit:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Drop the oldest items if there are too many, which some code that appends leaves for later."""
        del self[: -self.limit]
