"""What selects rows: the values of a field, a comparison with a field, or words in the text of some fields.

Conditions are values: equal ones select the same rows. Each says of a record whether it `matches`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import ge, gt, le, lt
from typing import Any

from msgspec import Struct

from mockserver.contract.lists import Operator
from mockserver.contract.model import Record
from mockserver.syntax.member_path import MemberPath

# A value and the kind that it is compared within: a number is neither more nor less than a text.
Comparable = tuple[str, Any]
ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
# Separates the texts that are searched: no word of a search contains white space.
SEPARATOR = "\n"


# Of more values it takes longer to go through them than to find out by their hashes whether one is among them.
FEW = 8


class OneOf(Struct, frozen=True):
    """The field has one of the values."""

    name: str
    values: Collection[Any]

    @classmethod
    def of(cls, name: str, value: Any) -> OneOf:
        """The condition that a field has a value, or one of those in a list."""
        return cls(name, _searchable(value) if isinstance(value, list) else (value,))

    def matches(self, record: Record) -> bool:
        """Whether the record is selected."""
        try:
            return record.get(self.name) in self.values
        except TypeError:  # an array or object, which is not among values that have hashes
            return False


class Compared(Struct, frozen=True):
    """The field compares with the operands as `op` says; of an array, one item has to, and for `ne` each.

    A record without the field, or with null or a value of another kind, is not selected.
    """

    field: MemberPath
    op: Operator
    kind: str
    operands: Collection[Comparable]
    as_instants: bool = False

    @classmethod
    def of(cls, field: MemberPath, op: Operator, operands: Sequence[Comparable], as_instants: bool) -> Compared:
        """The condition for operands that are of one kind."""
        kind = operands[0][0] if operands else ""
        return cls(field, op, kind, _searchable(operands) if op in ("eq", "in", "ne") else tuple(operands), as_instants)

    def matches(self, record: Record) -> bool:
        """Whether the record is selected."""
        kind = self.kind
        values = [
            value
            for leaf in list_values(record, self.field)
            if (value := comparable(leaf, as_instant=self.as_instants)) is not None and value[0] == kind
        ]
        if self.op in ("eq", "in"):
            return any(value in self.operands for value in values)
        if self.op == "ne":
            return bool(values) and all(value not in self.operands for value in values)
        if self.op == "prefix":
            prefixes = tuple(operand[1] for operand in self.operands)
            return any(value[1].startswith(prefixes) for value in values)
        compare = ORDERS[self.op]
        return any(compare(value[1], operand[1]) for value in values for operand in self.operands)


class HasWords(Struct, frozen=True):
    """Each of the words, which are folded, is part of a text or number in one of the fields."""

    fields: tuple[MemberPath, ...]
    words: tuple[str, ...]

    def matches(self, record: Record) -> bool:
        """Whether the record is selected."""
        text = ""
        for path in self.fields:
            for value in list_values(record, path):
                if type(value) is str:
                    text += SEPARATOR + value
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    text += SEPARATOR + str(value)
        folded = fold(text)
        for word in self.words:  # noqa: SIM110 - a generator for each record would double the time of a search
            if word not in folded:
                return False
        return True


Condition = OneOf | Compared | HasWords


def _searchable(values: Sequence[Any]) -> Collection[Any]:
    """The values, so that it is known soon whether one is among them, however many they are."""
    try:
        return tuple(values) if len(values) <= FEW else frozenset(values)
    except TypeError:  # arrays or objects have no hashes
        return tuple(values)


def members_read(conditions: Iterable[Condition]) -> Iterator[str]:
    """The members of a record that conditions read."""
    for condition in conditions:
        if isinstance(condition, OneOf):
            yield condition.name
        elif isinstance(condition, Compared):
            yield condition.field[0]
        else:
            yield from (field[0] for field in condition.fields)


def list_values(record: Record, path: MemberPath) -> Sequence[Any]:
    """What a path leads to: nothing where a member is missing, several values where there are arrays on the way."""
    if len(path) == 1:
        value = record.get(path[0])
        return value if type(value) is list else (value,)
    values: list[Any] = [record]
    for name in path:
        below = [value[name] for value in values if isinstance(value, dict) and name in value]
        values = [item for value in below for item in (value if isinstance(value, list) else (value,))]
    return values


def comparable(value: Any, *, as_instant: bool = False) -> Comparable | None:
    """A value in a form that compares; None for null, arrays and objects, and for a text that is not an instant."""
    if isinstance(value, str):
        return ("text", value) if not as_instant else _instant(value)
    if isinstance(value, bool):
        return "boolean", value
    return ("number", value) if isinstance(value, int | float) else None


def _instant(text: str) -> Comparable | None:
    """A date-time (RFC 3339, to the microsecond) or a date, which is its midnight in UTC."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return "instant", datetime(day.year, day.month, day.day, tzinfo=UTC)
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return ("instant", instant) if instant.tzinfo is not None else None


def split_words(text: str) -> tuple[str, ...]:
    """The words of a search, folded, without repetitions; long ones first, since fewer records have them."""
    return tuple(sorted(set(fold(text).split()), key=lambda word: (-len(word), word)))


def fold(text: str) -> str:
    """The text without the difference of upper and lower case (Unicode, section 3.13: canonical caseless matching)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
