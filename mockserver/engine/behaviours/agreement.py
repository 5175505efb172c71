"""Members of a record that are derived from others, such as `in_stock` from `stock`, and are updated with them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from mockserver.contract.model import Record
from mockserver.generate.agreement import STOCKS, stock_values
from mockserver.generate.totals import PRICES, total_values
from mockserver.syntax import words


def may_agree(fields: Mapping[str, frozenset[str]]) -> bool:
    """Whether a record with these fields, each with its types, may have members that are derived from others."""
    has_lists = any("array" in types for types in fields.values())
    return has_lists or any(words.normalize(name) in (*STOCKS, *PRICES) for name in fields)


def with_agreement(
    record: Record, before: Record, sent: Container[str], is_valid: Callable[[str, Any], bool]
) -> Record:
    """The changed record with updated counts, amounts and the like, if these agreed with the other members `before`.

    Those that the client has `sent` stay.
    """
    for values_of in (stock_values, total_values):
        # A total of an empty list, which may be a count or an amount, comes twice: the amount last.
        agreed = {name for name, value in dict(values_of(before)).items() if before[name] == value}
        for name, value in dict(values_of(record)).items() if agreed else ():
            is_kept = name not in agreed or name in sent or record[name] != before[name]
            if not is_kept and record[name] != value and is_valid(name, value):
                record = {**record, name: value}
    return record
