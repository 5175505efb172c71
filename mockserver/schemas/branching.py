"""How often a schema applies others: the time of validating a value grows with it.

The number doubles with each schema that refers twice to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

# The keywords that apply several schemas to the same value: by what holds these.
_ARRAYS, _SINGLE, _MAPS = ("allOf", "oneOf", "anyOf"), ("not", "if", "then", "else"), ("dependentSchemas",)
COMBINING_KEYWORDS = frozenset((*_ARRAYS, *_SINGLE, *_MAPS))
# In how many ways a schema may apply others to the same value: validating one takes a millisecond then.
PATH_LIMIT = 100_000
TOO_MANY_PATHS = f"applies schemas to the same value in more than {PATH_LIMIT:,} ways, which would take too long"

# A schema, and the keyword by which the schema before it applies it to the same value.
Step = tuple[Any, str]


def combined_schemas(schema: Any) -> Iterator[Step]:
    """The schemas inside a schema that it applies to the same value as itself, each with the keyword."""
    if not isinstance(schema, dict):
        return
    for keyword in _ARRAYS:
        if isinstance(schema.get(keyword), list):
            yield from ((part, keyword) for part in schema[keyword] if isinstance(part, dict))
    for keyword in _SINGLE:
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword], keyword
    for keyword in _MAPS:
        if isinstance(schema.get(keyword), dict):
            yield from ((part, keyword) for part in schema[keyword].values() if isinstance(part, dict))


def exceeding_schemas(
    schemas: Iterable[Any], applied: Callable[[Any], Sequence[Any]], counts: dict[int, int] | None = None
) -> Iterator[Any]:
    """The schemas that apply others in more than PATH_LIMIT ways.

    `applied` returns those that a schema applies itself. One that is yielded counts as if it applied none; one that
    applies itself is not counted again, since a validator does not follow it again for the same value. `counts` gets
    the number of ways, by the `id()` of the schema.
    """
    counts = {} if counts is None else counts
    for start in schemas:
        pending = [] if id(start) in counts else [start]
        while pending:
            schema = pending[-1]
            parts = applied(schema)
            if id(schema) not in counts:
                counts[id(schema)] = 0
                if remaining := [part for part in parts if id(part) not in counts]:
                    pending += remaining
                    continue
            pending.pop()
            if counts[id(schema)]:
                continue  # it was added twice
            counts[id(schema)] = 1 + sum(counts[id(part)] for part in parts)
            if counts[id(schema)] > PATH_LIMIT:
                counts[id(schema)] = 1
                yield schema
