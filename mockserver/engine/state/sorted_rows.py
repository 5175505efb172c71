"""Rows in an order, as an immutable value: in blocks, so that a change copies one of them and not all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mockserver.contract.model import Record, SortField
from mockserver.engine.state.schedule import DueTransition
from mockserver.syntax import strict_json

BLOCK_SIZE = 256
Sort = tuple[SortField, ...]


class Row(NamedTuple):
    """A record, its place in the order of arrival, and the transition that brought it to its state.

    `due` is what it waits for, `fired` the rules that it has been through.
    """

    record: Record
    position: int
    last: str | None = None
    due: DueTransition | None = None
    fired: tuple[int, ...] = ()


Key = Callable[[Row], tuple[Any, ...]]


class Block:
    """Some rows in order, and their sort keys once those were asked for: many orders share the block and the work."""

    __slots__ = ("_keys", "rows")

    def __init__(self, rows: list[Row], keys: list[Any] | None = None) -> None:
        self.rows, self._keys = rows, keys

    def __len__(self) -> int:
        return len(self.rows)

    def keys(self, key: Key) -> list[Any]:
        """The sort keys of the rows, each in its row's place."""
        if self._keys is None:
            self._keys = [key(row) for row in self.rows]
        return self._keys

    def last(self, key: Key) -> Any:
        """The sort key of the last row."""
        return key(self.rows[-1]) if self._keys is None else self._keys[-1]


class SortedRows:
    """Rows in the order of `sort`, equal ones as they arrived."""

    __slots__ = ("_blocks", "_size", "_sort")

    def __init__(self, sort: Sort, blocks: list[Block], size: int) -> None:
        self._sort, self._blocks, self._size = sort, blocks, size

    @classmethod
    def from_rows(cls, sort: Sort, rows: list[Row]) -> SortedRows:
        """Any rows, put in order."""
        rows.sort(key=_position)
        order(rows, sort)
        blocks = [Block(rows[start : start + BLOCK_SIZE]) for start in range(0, len(rows), BLOCK_SIZE)]
        return cls(sort, blocks, len(rows))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Row]:
        return (row for block in self._blocks for row in block.rows)

    def page(self, offset: int, limit: int | None) -> list[Row]:
        """So many rows from `offset` on; the others are not touched."""
        found: list[Row] = []
        end = self._size if limit is None else offset + limit
        before = 0
        for block in self._blocks:
            if before >= end:
                break
            if before + len(block) > offset:
                found += block.rows[max(0, offset - before) : end - before]
            before += len(block)
        return found

    def changed(self, old: Row | None, new: Row | None) -> SortedRows:
        """With `old`, which is there, taken out, and `new` put in its place."""
        blocks, size, key = list(self._blocks), self._size, key_of(self._sort)
        if old is not None:
            gone = key(old)
            at = _block(blocks, key, gone)
            rows, keys = blocks[at].rows.copy(), blocks[at].keys(key).copy()
            place = bisect_left(keys, gone)
            del rows[place], keys[place]
            blocks[at : at + 1] = [Block(rows, keys)] if rows else []
            size -= 1
        if new is not None:
            come = key(new)
            at = min(_block(blocks, key, come), len(blocks) - 1)
            rows, keys = (blocks[at].rows.copy(), blocks[at].keys(key).copy()) if blocks else ([], [])
            place = bisect_left(keys, come)
            rows.insert(place, new)
            keys.insert(place, come)
            half = len(rows) // 2 if len(rows) > 2 * BLOCK_SIZE else 0
            parts = [Block(rows[:half], keys[:half])] if half else []
            blocks[max(at, 0) : at + 1] = [*parts, Block(rows[half:], keys[half:])]
            size += 1
        return SortedRows(self._sort, blocks, size)


def _block(blocks: list[Block], key: Key, wanted: Any) -> int:
    """The first block that does not end before `wanted`."""
    return bisect_left(blocks, wanted, key=lambda block: block.last(key))


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
def key_of(sort: Sort) -> Key:
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
    return 4, strict_json.dump_canonical(value)


def _position(row: Row) -> int:
    return row.position


def meets(row: Row, where: Sequence[tuple[str, tuple[Any, ...]]]) -> bool:
    """Whether each field has one of its values."""
    return all(row.record.get(name) in values for name, values in where)
