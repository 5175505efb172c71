"""Rows in an order, as an immutable value: in blocks, so that a change copies one of them and not all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mockserver.contract import jsontext
from mockserver.contract.model import Record, SortField
from mockserver.engine.progress import Due

BLOCK_SIZE = 256
Sort = tuple[SortField, ...]


class Row(NamedTuple):
    """A record, its place in the order of arrival, and the transition that brought it to its state.

    `due` is what it waits for, `fired` the rules that it has been through.
    """

    record: Record
    position: int
    last: str | None = None
    due: Due | None = None
    fired: tuple[int, ...] = ()


class Ordered:
    """Rows in the order of `sort`, equal ones as they arrived."""

    __slots__ = ("_blocks", "_size", "_sort")

    def __init__(self, sort: Sort, blocks: list[list[Row]], size: int) -> None:
        self._sort, self._blocks, self._size = sort, blocks, size

    @classmethod
    def of(cls, sort: Sort, rows: list[Row]) -> Ordered:
        """Any rows, put in order."""
        rows.sort(key=_position)
        order(rows, sort)
        blocks = [rows[start : start + BLOCK_SIZE] for start in range(0, len(rows), BLOCK_SIZE)]
        return cls(sort, blocks, len(rows))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Row]:
        return (row for block in self._blocks for row in block)

    def page(self, offset: int, limit: int | None) -> list[Row]:
        """So many rows from `offset` on; the others are not touched."""
        found: list[Row] = []
        end = self._size if limit is None else offset + limit
        before = 0
        for block in self._blocks:
            if before >= end:
                break
            if before + len(block) > offset:
                found += block[max(0, offset - before) : end - before]
            before += len(block)
        return found

    def changed(self, old: Row | None, new: Row | None) -> Ordered:
        """With `old`, which is there, taken out, and `new` put in its place."""
        blocks, size, key = list(self._blocks), self._size, key_of(self._sort)
        if old is not None:
            at = _block(blocks, key, old)
            rest = blocks[at].copy()
            del rest[bisect_left(rest, key(old), key=key)]
            blocks[at : at + 1] = [rest] if rest else []
            size -= 1
        if new is not None:
            at = min(_block(blocks, key, new), len(blocks) - 1)
            more = blocks[at].copy() if blocks else []
            more.insert(bisect_left(more, key(new), key=key), new)
            half = len(more) // 2
            blocks[max(at, 0) : at + 1] = [more] if len(more) <= 2 * BLOCK_SIZE else [more[:half], more[half:]]
            size += 1
        return Ordered(self._sort, blocks, size)


def _block(blocks: list[list[Row]], key: Callable[[Row], Any], row: Row) -> int:
    """The first block that does not end before `row`."""
    return bisect_left(blocks, key(row), key=lambda block: key(block[-1]))


def order(rows: list[Row], sort: Sort) -> list[Row]:
    """Sort rows in place by each field, the first one weighing most; the order they are in breaks ties."""
    for field in reversed(sort):
        rows.sort(key=lambda row, name=field.name: comparable(row.record.get(name)), reverse=field.descending)  # type: ignore[misc]
    return rows


class _Descending:
    """A sort key the other way round."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=256)
def key_of(sort: Sort) -> Callable[[Row], tuple[Any, ...]]:
    """The whole sort key of a row; no two rows of a table have the same."""
    fields = [(field.name, field.descending) for field in sort]

    def key(row: Row) -> tuple[Any, ...]:
        record = row.record
        found = [
            _Descending(comparable(record.get(name))) if descending else comparable(record.get(name))
            for name, descending in fields
        ]
        return (*found, row.position)

    return key


def comparable(value: Any) -> tuple[int, Any]:
    """A sort key that orders values of any JSON type: null, then booleans, numbers, strings, the rest."""
    if type(value) is str:
        return 3, value
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return 4, jsontext.canonical(value)


def _position(row: Row) -> int:
    return row.position


def meets(row: Row, where: Sequence[tuple[str, tuple[Any, ...]]]) -> bool:
    """Whether each field has one of its values."""
    return all(row.record.get(name) in values for name, values in where)
