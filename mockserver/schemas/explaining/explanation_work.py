"""How much work may go into the explanation of a value, whatever the schema and the value are."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

from mockserver.schemas.reading_work import size_as_json

# How often schemas are applied to values, and errors copied: about a tenth of a second.
STEP_LIMIT = 5_000
# The names that are compared with a pattern in the time of a step. One keyword may take this part of the steps left.
MATCHES_PER_STEP = 20
KEYWORD_SHARE = 4
# The steps that an explanation takes at least.
LEAST_STEPS = 30
# How many times jsonschema-rs may read a value while it is explained; a small one counts as if it had SMALL_SIZE bytes.
READING_LIMIT = 2
SMALL_SIZE = 100_000


class WorkLimitReached(Exception):
    """Explaining a value has taken STEP_LIMIT steps, or jsonschema-rs would have to read too much."""


class ExplanationWork(threading.local):
    """The explanation that a thread is at: the work that is left, and what was found before.

    `errors` are by the `id()` of the schema and of the value, and `invalid` items by the schema and the `id()` of the
    array; schemas and values live as long as the explanation.
    """

    def __init__(self) -> None:
        self.begin(None)

    def begin(self, value: Any) -> None:
        """Begin the explanation of a value."""
        self.is_complete = True
        self._steps: float = STEP_LIMIT
        self._bytes = READING_LIMIT * max(size_as_json(value), SMALL_SIZE)
        self.errors: dict[tuple[int, int], tuple[ValidationError, ...]] = {}
        self.invalid: dict[tuple[str | int, int], list[int]] = {}

    def take_steps(self, count: int) -> None:
        """Raise WorkLimitReached if there are no steps left."""
        self._steps -= count
        if count and self._steps < 0:
            raise WorkLimitReached

    def affordable_names(self, members: Mapping[str, Any], patterns: Collection[str]) -> Iterator[str]:
        """The names of an object, as far as all may be compared with the patterns; the steps are taken for each."""
        steps, least = len(patterns) / MATCHES_PER_STEP, self._steps * (1 - 1 / KEYWORD_SHARE)
        for name in members:
            if self._steps - steps < least:
                self.is_complete = False
                return
            self._steps -= steps
            yield name

    @property
    def steps_taken(self) -> int:
        """The steps since the beginning, and those that beginning takes."""
        return LEAST_STEPS + STEP_LIMIT - int(max(self._steps, 0))

    def read(self, value: Any) -> None:
        """Raise WorkLimitReached if jsonschema-rs has read too much before it reads `value`."""
        self._bytes -= size_as_json(value)
        if self._bytes < 0:
            raise WorkLimitReached
