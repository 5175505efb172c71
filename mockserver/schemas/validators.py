"""Validators: `jsonschema-rs` decides, `jsonschema` explains.

What a format or a pattern means is asked of jsonschema-rs on both sides, so that the two cannot disagree on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from mockserver.documents.tree import Documents, Node
from mockserver.errors import Violation
from mockserver.schemas import directions
from mockserver.schemas.directions import Direction
from mockserver.syntax import json_pointer

ERROR_LIMIT = 100
# Those of a large document take gigabytes together, and each can be made again: so many characters of documents may
# have been compiled at a time, each validator counted as the whole, and so many validators in any case.
TEXT_LIMIT = 200_000_000
COMPILED_LEAST = 64


class Validator:
    """Judges values against the schema at one address."""

    def __init__(self, address: str, schemas: Schemas) -> None:
        self.address, self.schemas = address, schemas

    @cached_property
    def _compiled(self) -> jsonschema_rs.Validator:
        self.schemas.make_room(self)
        return self.schemas.compile(self.address)

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether a value is valid. Compiled when first asked: a large document has more schemas than are needed."""
        return self._compiled.is_valid

    def forget(self) -> None:
        """Let go of what was compiled; it is made again when it is asked for."""
        for name in ("_compiled", "is_valid"):
            self.__dict__.pop(name, None)

    def faults(self, value: Any) -> int:
        """How many errors jsonschema-rs finds in `value`, a bounded number of them counted."""
        return 0 if self.is_valid(value) else sum(1 for _ in islice(self._compiled.iter_errors(value), ERROR_LIMIT))

    def violations(self, value: Any, location: str, name: str | None = None) -> list[Violation]:
        """What is wrong with `value`; empty exactly where `is_valid` holds."""
        if self.is_valid(value):
            return []
        found = self.schemas.explain(self.address, value) or [
            (error.instance_path, error.kind.name, error.message) for error in self._compiled.iter_errors(value)
        ]
        return [
            Violation(location, json_pointer.join(path), keyword, message, name)
            for path, keyword, message in found[:ERROR_LIMIT]
        ]


class Schemas:
    """The validators of one contract, each compiled once, when it is first needed.

    With a `direction` they are the `plain` ones as they bind what is sent so.
    """

    def __init__(self, documents: Documents, direction: Direction = "", plain: Schemas | None = None) -> None:
        self._documents, self._direction, self._plain = documents, direction, plain
        self._validators: dict[str, Validator] = {}
        self._binding: dict[Direction, Schemas] = {}
        self._compiled: deque[Validator] = plain._compiled if plain is not None else deque()
        size = sum(len(source.text) for source in documents.sources.values())
        self._room = max(COMPILED_LEAST, TEXT_LIMIT // max(size, 1))

    def binding(self, direction: Direction) -> Schemas:
        """The same schemas as they bind requests, or responses."""
        if direction not in self._binding:
            self._binding[direction] = Schemas(self._documents, direction, self) if direction else self
        return self._binding[direction]

    def make_room(self, validator: Validator) -> None:
        """Let go of the validator that was compiled first, where there are many."""
        self._compiled.append(validator)
        if len(self._compiled) > self._room:
            self._compiled.popleft().forget()

    def at(self, node: Node) -> Validator:
        """The validator of the schema that stands at `node`."""
        found = self._validators.get(node.address)
        if found is None:
            found = self._validators[node.address] = Validator(node.address, self)
        return found

    def compile(self, address: str) -> jsonschema_rs.Validator:
        """Compile the schema at `address`, formats asserted, nothing fetched.

        Raises jsonschema_rs.ValidationError or ReferencingError where that is no schema.
        """
        return jsonschema_rs.Draft202012Validator(
            {"$ref": address},
            registry=self._judged.registry,
            validate_formats=True,
            offline=True,
        )

    def explain(self, address: str, value: Any) -> list[tuple[list[str | int], str, str]]:
        """Path, keyword and message of each error that jsonschema finds."""
        found: list[tuple[list[str | int], str, str]] = self._judged.explainer.errors(address, value)
        return found

    @cached_property
    def _judged(self) -> _Judged:
        made = directions.documents(self._documents, self._direction)
        if self._plain is not None and all(data is self._documents.sources[uri].data for uri, data in made.items()):
            return self._plain._judged
        return _Judged(made)


class _Judged:
    """The documents as one direction has them."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self.registry = jsonschema_rs.Registry(list(documents.items()))

    @cached_property
    def explainer(self) -> Any:
        # Not needed until something is wrong, and slow to import.
        from mockserver.schemas.messages import Explainer

        return Explainer(self._documents)


def schema_errors(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of each mistake in what should be a JSON Schema (2020-12 unless it says otherwise)."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return [(json_pointer.join(error.instance_path), error.message)]
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return [("/$schema", str(error).splitlines()[0])]
    return []


@lru_cache(maxsize=256)
def single(keyword: str, argument: str) -> jsonschema_rs.Validator:
    """A validator of one keyword alone: what jsonschema-rs makes of a format or a pattern."""
    return jsonschema_rs.Draft202012Validator({keyword: argument}, validate_formats=True, offline=True)


def whole(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """A validator of a schema that stands alone and refers to nothing."""
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True, offline=True)
