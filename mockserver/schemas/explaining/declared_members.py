"""Which members a schema declares by any of the schemas that it applies to the same object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

# The schemas that are looked at.
SCHEMA_LIMIT = 200
REFERENCES = ("$ref", "$dynamicRef")
IN_PLACE_ARRAYS = ("allOf", "anyOf", "oneOf")
OPENING = ("additionalProperties", "unevaluatedProperties")
IN_PLACE = ("if", "then", "else")


class DeclaredMembers(Struct):
    """The names and patterns of the members, and whether members of any name are declared."""

    names: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)
    is_open: bool = False


def find_declared_members(schema: Any, look_up: Callable[[str], Any]) -> DeclaredMembers:
    """What a schema declares, be it in a branch that does not apply; `look_up` returns the schema at an address."""
    declared = DeclaredMembers()
    pending, seen = [schema], set[int]()
    while pending and len(seen) < SCHEMA_LIMIT:
        part = pending.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        declared.names |= part.get("properties", {}).keys()
        declared.patterns |= part.get("patternProperties", {}).keys()
        declared.is_open |= any(part.get(keyword, False) is not False for keyword in OPENING if part is not schema)
        pending += [look_up(part[keyword]) for keyword in REFERENCES if isinstance(part.get(keyword), str)]
        for keyword in IN_PLACE_ARRAYS:
            pending += part.get(keyword, ())
        pending += [part[keyword] for keyword in IN_PLACE if keyword in part]
        pending += part.get("dependentSchemas", {}).values()
    return declared
