"""Limits how much of a value the schemas from clients may read in total, since other requests wait meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from msgspec import Struct

from mockserver.refusals import TooMuchToMatch
from mockserver.schemas.backtracking import begin_value
from mockserver.schemas.keywords import DESCRIBING

# The bytes that all schemas may read together of one request, each as often as they are applied to it: about as many as
# are read in a second.
READING_LIMIT = 500_000_000
# Beginning to read a value takes as long as so many bytes.
VALUE_BYTES = 10
# What these keywords take does not depend on the size of the value.
_QUICK = DESCRIBING | {
    "type", "const", "enum", "required", "properties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "minProperties", "maxProperties", "dependentRequired",
}  # fmt: skip


class Reading(Struct, frozen=True):
    """What a schema reads of a value: all of it, so many `times`, or parts of the members that it names."""

    times: int
    members: Mapping[str, Reading] = {}

    @classmethod
    def of_schema(cls, schema: Any, applications: Mapping[int, int]) -> Reading:
        """What a schema reads. `applications` are by its `id()` and those of the schemas inside it."""
        if not isinstance(schema, dict):
            return NOTHING_READ
        if not schema.keys() <= _QUICK:
            return cls(applications[id(schema)])
        read = {name: cls.of_schema(member, applications) for name, member in schema.get("properties", {}).items()}
        return cls(0, {name: reading for name, reading in read.items() if reading != NOTHING_READ})


NOTHING_READ = Reading(0)


class ReadingWork:
    """The work of matching one request: how much of it may still be read. Raises TooMuchToMatch at the limit."""

    def __init__(self, limit: int = READING_LIMIT) -> None:
        begin_value()
        self._left = limit
        # By the `id()` of arrays and objects, which are kept so that no other gets it.
        self._sizes: dict[int, tuple[Any, int]] = {}

    def take(self, reading: Reading, value: Any) -> None:
        """Count what a schema reads of a value."""
        if reading.times:
            self.take_bytes(reading.times * self._size(value))
        elif reading.members and isinstance(value, dict):
            for name, member in reading.members.items():
                if name in value:
                    self.take(member, value[name])

    def take_bytes(self, count: int) -> None:
        """Count what takes as long as reading so many bytes."""
        self._left -= count
        if self._left < 0:
            raise TooMuchToMatch(READING_LIMIT)

    def _size(self, value: Any) -> int:
        if isinstance(value, str):
            return len(value)
        if id(value) not in self._sizes:
            self._sizes[id(value)] = value, _bytes_to_read(value)
        return self._sizes[id(value)][1]


def size_as_json(value: Any) -> int:
    """About how many bytes a value has as JSON."""
    return len(_as_json(value))


def _bytes_to_read(value: Any) -> int:
    written = _as_json(value)
    return len(written) + VALUE_BYTES * written.count(b",")


def _as_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, for example
        return repr(value).encode(errors="replace")
