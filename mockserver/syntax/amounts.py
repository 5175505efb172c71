"""Amounts of money: numbers, or objects that hold one beside a currency: `{"amount": 4990, "currency": "EUR"}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mockserver.syntax.words import normalize

# The members of such an object: the number, and what tells it from other objects.
NUMBERS = ("amount", "value", "centamount", "amountcents", "amountincents", "minoramount", "amountminor", "cents")
CURRENCIES = ("currency", "currencycode", "currencyiso")


def amount_member(names: Iterable[str]) -> str | None:
    """The member of an object with these names that holds its amount; None where there is no currency beside it."""
    by_word = {normalize(name): name for name in names}
    if by_word.keys().isdisjoint(CURRENCIES):
        return None
    return next((by_word[word] for word in NUMBERS if word in by_word), None)


def number_in(value: Any) -> int | float | None:
    """The number of an amount; None for everything else."""
    if isinstance(value, dict):
        name = amount_member(value)
        value = value[name] if name is not None else None
    return value if type(value) in (int, float) else None
