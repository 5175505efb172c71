"""Rows in an order, as an immutable value: in blocks, so that a change copies two of them and not all rows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Record, SortField
from mockserver.engine.state.row_conditions import Condition
from mockserver.engine.state.schedule import UNUSED, DueTransition, RuleUses
from mockserver.syntax import strict_json
from mockserver.syntax.amounts import number_in

# About the square root of the number of rows in a large table: a change copies a list of blocks and two blocks.
BLOCK_SIZE = 48
# Turns the order of UTF-8 around.
INVERTED = bytes(0xFE - byte if byte < 0xFF else byte for byte in range(256))
# Sorts after every byte of an inverted text, so that "ab" comes before "a" where the order is descending.
INVERTED_END = b"\xff"
# The rank of texts among the values of other types.
TEXT = 3


class Row(Struct, frozen=True):
    """A record, its place in the order of arrival, and the transition that brought it to its state.

    `due` is the transition it waits for; `uses` are those of `progress` rules with a limited number of them.
    `subscription` holds what webhooks need of the request that has subscribed to it, by runtime expression.
    """

    record: Record
    position: int
    last: str | None = None
    due: DueTransition | None = None
    uses: RuleUses = UNUSED
    subscription: Mapping[str, str] | None = None


SortKey = tuple[Any, ...]
END = attrgetter("end")


class SortOrder:
    """An order of rows: by each field, the first one weighing most, and equal rows as they arrived.

    Two orders are equal only if they are identical: get them from `sort_order`.
    """

    __slots__ = ("_fields",)

    def __init__(self, sort: Iterable[SortField] = ()) -> None:
        self._fields = tuple((field.name, field.descending) for field in sort)

    def sorts_by(self, names: Container[str]) -> bool:
        """Whether one of these fields is a criterion."""
        return any(name in names for name, _ in self._fields)

    @property
    def fields(self) -> tuple[tuple[str, bool], ...]:
        """Name of each field, and whether it is sorted in descending order."""
        return self._fields

    def key(self, row: Row) -> SortKey:
        """The sort key of a row; no two rows of a table have the same."""
        record = row.record
        parts: list[Any] = []
        for name, descending in self._fields:
            value = record.get(name)
            if type(value) is str:
                parts += (-TEXT, _inverted(value)) if descending else (TEXT, value)
            else:
                parts += _descending_key(value) if descending else ascending_key(value)
        parts.append(row.position)
        return tuple(parts)


ARRIVAL = SortOrder()


@lru_cache(maxsize=256)
def sort_order(sort: Sequence[SortField]) -> SortOrder:
    """The order by these fields; the same object for equal fields."""
    return SortOrder(sort) if sort else ARRIVAL


def ascending_key(value: Any) -> tuple[int, Any]:
    """A sort key for a JSON value of any type: null, then booleans, numbers, strings, arrays and objects.

    An amount with a currency sorts as its number.
    """
    if type(value) is str:
        return TEXT, value
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    if (number := number_in(value)) is not None:
        return 2, number
    return 4, strict_json.dump_canonical(value)


def _descending_key(value: Any) -> tuple[int, Any]:
    """As `ascending_key`, the other way round."""
    if type(value) is str:
        return -TEXT, _inverted(value)
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return -1, not value
    if isinstance(value, int | float):
        return -2, -value
    if (number := number_in(value)) is not None:
        return -2, -number
    return -4, strict_json.dump_canonical(value).translate(INVERTED) + INVERTED_END


# The key of a row is needed again when the row changes.
@lru_cache(maxsize=1_024)
def _inverted(text: str) -> bytes:
    """Bytes that sort the other way round than the text."""
    encoded = text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")
    return encoded.translate(INVERTED) + INVERTED_END


KeyFunction = Callable[[Row], SortKey]


class Block(Struct, eq=False):
    """Some rows in order, and the sort key of the last one.

    The other sort keys are computed on first use: many states share the block and its keys.
    """

    rows: list[Row]
    end: SortKey
    _keys: list[SortKey] | None = None

    def keys(self, key: KeyFunction) -> list[SortKey]:
        """The sort keys of the rows."""
        if self._keys is None:
            self._keys = [key(row) for row in self.rows]
        return self._keys

    def without(self, row_key: SortKey, key: KeyFunction) -> list[Block]:
        """The block without the row that has this sort key; no block where it was the only one."""
        if len(self.rows) == 1:
            return []
        rows, keys = self.rows.copy(), self.keys(key).copy()
        index = bisect_left(keys, row_key)
        del rows[index], keys[index]
        return [Block(rows, keys[-1], keys)]

    def with_replaced(self, old_key: SortKey, row: Row, row_key: SortKey, key: KeyFunction) -> Block:
        """The block with a row in place of the one that has the sort key `old_key`."""
        rows, keys = self.rows.copy(), self.keys(key).copy()
        index = bisect_left(keys, old_key)
        del rows[index], keys[index]
        index = bisect_left(keys, row_key)
        rows.insert(index, row)
        keys.insert(index, row_key)
        return Block(rows, keys[-1], keys)

    def with_row(self, row: Row, row_key: SortKey, key: KeyFunction) -> list[Block]:
        """The block with one more row; two blocks where that is too long for one."""
        rows, keys = self.rows.copy(), self.keys(key).copy()
        index = bisect_left(keys, row_key)
        rows.insert(index, row)
        keys.insert(index, row_key)
        if len(rows) <= 2 * BLOCK_SIZE:
            return [Block(rows, keys[-1], keys)]
        half = len(rows) // 2
        return [Block(rows[:half], keys[half - 1], keys[:half]), Block(rows[half:], keys[-1], keys[half:])]


class SortedRows(Struct, frozen=True, eq=False):
    """Rows in an order."""

    order: SortOrder
    _blocks: list[Block]
    _size: int

    @classmethod
    def from_rows(cls, order: SortOrder, rows: list[Row]) -> SortedRows:
        """The rows, which may come in any order; the list is sorted in place."""
        rows.sort(key=order.key)
        return cls.from_sorted(order, rows)

    @classmethod
    def from_sorted(cls, order: SortOrder, rows: list[Row]) -> SortedRows:
        """The rows, which are in this order already."""
        parts = [rows[start : start + BLOCK_SIZE] for start in range(0, len(rows), BLOCK_SIZE)]
        return cls(order, [Block(part, order.key(part[-1])) for part in parts], len(rows))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Row]:
        return (row for block in self._blocks for row in block.rows)

    def page(self, offset: int, limit: int | None) -> list[Row]:
        """At most `limit` rows after the first `offset`; blocks outside are not looked at."""
        page: list[Row] = []
        end = self._size if limit is None else offset + limit
        start = 0
        for block in self._blocks:
            if start >= end:
                break
            size = len(block.rows)
            if start + size > offset:
                page += block.rows[max(0, offset - start) : end - start]
            start += size
        return page

    def count_before(self, row: Row, *, inclusive: bool = False) -> int:
        """How many rows come before the place of `row`, which need not be one of them; with it if `inclusive`."""
        count, bisect, row_key = 0, bisect_right if inclusive else bisect_left, self.order.key(row)
        for block in self._blocks:
            if block.end >= row_key:
                return count + bisect(block.keys(self.order.key), row_key)
            count += len(block.rows)
        return count

    def filtered(self, where: Sequence[Condition]) -> SortedRows:
        """Those of the rows that meet every condition."""
        return SortedRows.from_sorted(self.order, [row for row in self if matches(row, where)])

    def changed(self, old: Row | None, new: Row | None) -> SortedRows:
        """The rows without `old`, which is one of them, and with `new`."""
        key, blocks, size = self.order.key, self._blocks.copy(), self._size
        new_key: SortKey = key(new) if new is not None else ()
        if old is not None:
            old_key = key(old)
            index = bisect_left(blocks, old_key, key=END)
            # Most changes leave a record in its block.
            if new is not None and index == _block_of(new_key, blocks):
                blocks[index] = blocks[index].with_replaced(old_key, new, new_key, key)
                return SortedRows(self.order, blocks, size)
            blocks[index : index + 1] = blocks[index].without(old_key, key)
            size -= 1
        if new is not None:
            index = _block_of(new_key, blocks)
            block = blocks[index] if blocks else Block([], new_key, [])
            blocks[index : index + 1] = block.with_row(new, new_key, key)
            size += 1
        return SortedRows(self.order, blocks, size)


def _block_of(key: SortKey, blocks: list[Block]) -> int:
    """The number of the block that a row with this key belongs to."""
    return min(bisect_left(blocks, key, key=END), max(len(blocks) - 1, 0))


def matches(row: Row, where: Sequence[Condition]) -> bool:
    """Whether the record meets every condition."""
    record = row.record
    for condition in where:  # noqa: SIM110 - a generator for each row would double the time of a selection
        if not condition.matches(record):
            return False
    return True
