"""How requests write the order of a list: `-created_at,name`, `name,desc`, `name:asc`."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from mockserver.syntax import words

# Whether a word for a direction means descending.
DIRECTIONS = {"asc": False, "ascending": False, "1": False, "desc": True, "descending": True, "-1": True}
WRITTEN = re.compile(r"([+-]?)\s*(.*?)(?:\s*[:\s]\s*(asc|desc|ascending|descending))?", re.IGNORECASE | re.DOTALL)
# A field of this name with one of these ends is meant too: `created` is `created_at`.
TIME_ENDS = ("at", "on", "date", "time")


class Criterion(Struct, frozen=True):
    """What a list is sorted by."""

    name: str
    is_descending: bool


def read_order(text: str, fields: frozenset[str]) -> tuple[Criterion, ...]:
    """The criteria that a text lists, each field once; a name that is not a field stays as it is."""
    criteria: list[Criterion] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if criteria and part.lower() in DIRECTIONS and part not in fields:
            criteria[-1] = Criterion(criteria[-1].name, DIRECTIONS[part.lower()])
            continue
        match = WRITTEN.fullmatch(part)
        sign, name, direction = match.groups() if match is not None and part not in fields else ("", part, None)
        is_descending = DIRECTIONS[direction.lower()] if direction else sign == "-"
        criteria.append(Criterion(find_field(name, fields) or name, is_descending))
    first: dict[str, Criterion] = {}
    for criterion in criteria:
        first.setdefault(criterion.name, criterion)
    return tuple(first.values())


def find_field(name: str, fields: Collection[str]) -> str | None:
    """The field that a request sorts by: that of the name, else the only one that is the same but for its spelling."""
    if name in fields:
        return name
    normalized = words.normalize(name)
    for form in (normalized, *(normalized + end for end in TIME_ENDS)):
        same = [field for field in fields if words.normalize(field) == form]
        if len(same) == 1 and normalized:
            return same[0]
    return None
