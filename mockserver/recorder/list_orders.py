"""The order of a backend's lists, where it is not that in which records were added: newest first, for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from mockserver.contract.model import Contract, Resource, SortField
from mockserver.contract.records import record_key
from mockserver.recorder.observed_records import ObservedRecords
from mockserver.schemas.shapes import type_of
from mockserver.syntax import words

# The last words of the names of fields that records are often sorted by.
TIMES = ("at", "on", "date", "time", "created", "updated", "modified", "timestamp")
Rows = Sequence[Mapping[str, Any]]


def with_list_orders(contract: Contract, observed: ObservedRecords) -> Contract:
    """The contract with the `sort` of each resource that its recorded lists show."""
    resources = {
        name: replace(resource, sort=tuple(map(SortField.parse, sort))) if sort else resource
        for name, resource in contract.resources.items()
        for sort in [_sort(resource, observed.lists.get(name, []), observed.arrival(name))]
    }
    return replace(contract, resources=resources)


def _sort(resource: Resource, lists: Sequence[Rows], arrival: Mapping[str | int, int]) -> list[str]:
    """The fields that all lists of a resource are sorted by; none if they are in the order of arrival."""
    lists = [rows for rows in lists if len(rows) > 1]
    if all(_is_ascending([arrival.get(_key(resource, row), 0) for row in rows]) for rows in lists):
        return []
    for name in _candidates(resource, lists):
        columns = [[row[name] for row in rows] for rows in lists]
        for sign, ordered in (("-", [column[::-1] for column in columns]), ("", columns)):
            if all(map(_is_ascending, ordered)):
                is_unique = all(first != second for column in columns for first, second in pairwise(column))
                return [f"{sign}{name}"] if is_unique else [f"{sign}{name}", *_tie_breakers(resource, name, lists)]
    return []


def _tie_breakers(resource: Resource, name: str, lists: Sequence[Rows]) -> list[str]:
    """How records with the same value are sorted: by their keys, if all of them are; else by arrival."""
    key = resource.local_key
    pairs = [pair for rows in lists for pair in pairwise(rows) if pair[0][name] == pair[1][name]]
    for sign, (first, second) in (("", (0, 1)), ("-", (1, 0))):
        if all(_is_ascending([pair[first].get(key), pair[second].get(key)]) for pair in pairs):
            return [f"{sign}{key}"]
    return []


def _candidates(resource: Resource, lists: Sequence[Rows]) -> list[str]:
    """The fields that all rows have with texts, or with numbers, the likelier ones first."""
    rows = [row for rows in lists for row in rows]
    names = (
        set.intersection(*(set(row) for row in rows)) & (resource.fields.keys() - resource.joined.keys())
        if rows
        else set()
    )
    kinds = {name: {_kind(row[name]) for row in rows} for name in names}
    comparable = [name for name in names if kinds[name] in ({"string"}, {"number"})]

    def likelihood(name: str) -> tuple[bool, bool, str]:
        # New records get the highest number as their key, while their times are those of the mock's clock.
        is_number = name == resource.local_key and _kind(rows[0][name]) == "number"
        return not is_number, words.split(name)[-1:][0] not in TIMES if words.split(name) else True, name

    return sorted(comparable, key=likelihood)


def _kind(value: Any) -> str:
    kind = type_of(value)
    return "number" if kind == "integer" else kind


def _is_ascending(values: Sequence[Any]) -> bool:
    try:
        return all(first <= second for first, second in pairwise(values))
    except TypeError:
        return False


def _key(resource: Resource, row: Mapping[str, Any]) -> str | int:
    key = record_key(row.get(resource.key))
    return key if key is not None else ""
