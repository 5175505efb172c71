"""When two values are equal (JSON Schema core, section 4.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import ne
from typing import Any

# Integers below it and doubles without a fraction are the same numbers.
EXACT_LIMIT = 2**53
# The types of numbers; a boolean is none.
NUMBERS = {int, float}


def equality_key(value: Any) -> str:
    """A text that is the same for two values exactly if JSON Schema calls them equal."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(map(equality_key, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{name!r}:{equality_key(value[name])}' for name in sorted(value))}}}"
    return _number_key(value)


def _number_key(value: float) -> str:
    """The text of an integer, or that of the double which is the same number."""
    if -EXACT_LIMIT < value < EXACT_LIMIT:
        return str(int(value)) if value == int(value) else repr(value)
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    return repr(number) if number == value else str(value)


def are_unique(values: Sequence[Any]) -> bool:
    """Whether no two values are equal, in time that grows with their size, whatever they are.

    Texts are compared by their hashes, which nobody can foresee; those of numbers anybody can.
    """
    types = set(map(type, values))
    if types == {str}:
        return len(set(values)) == len(values)
    if types <= NUMBERS:
        ordered = sorted(values)
        return all(map(ne, ordered, islice(ordered, 1, None)))
    return len(set(map(equality_key, values))) == len(values)
