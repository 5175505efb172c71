"""Validators: `jsonschema-rs` decides whether a value is valid, `jsonschema` explains why it is not.

Both ask jsonschema-rs about formats and patterns, so that they cannot disagree about these.
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
# Compiled validators of a large document take gigabytes together, and can be compiled again. So only as many are kept
# as this number of characters allows, each one counted as the size of all documents, but never fewer than the minimum.
TEXT_LIMIT = 200_000_000
MINIMUM_KEPT = 64


class Validator:
    """Validates values against the schema at one address."""

    def __init__(self, address: str, schemas: Schemas) -> None:
        self.address, self.schemas = address, schemas

    @cached_property
    def _compiled(self) -> jsonschema_rs.Validator:
        self.schemas.evict_for(self)
        return self.schemas.compile(self.address)

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether a value is valid. Compiled on first use, since most schemas of a large document are never used."""
        return self._compiled.is_valid

    def discard(self) -> None:
        """Free the compiled schema; the next use compiles it again."""
        for name in ("_compiled", "is_valid"):
            self.__dict__.pop(name, None)

    def count_errors(self, value: Any) -> int:
        """The number of errors that jsonschema-rs finds in `value`, ERROR_LIMIT at most."""
        return 0 if self.is_valid(value) else sum(1 for _ in islice(self._compiled.iter_errors(value), ERROR_LIMIT))

    def violations(self, value: Any, location: str, name: str | None = None) -> list[Violation]:
        """Every violation in `value`, ERROR_LIMIT at most; none if and only if it is valid."""
        if self.is_valid(value):
            return []
        errors = self.schemas.explain(self.address, value) or [
            (error.instance_path, error.kind.name, error.message) for error in self._compiled.iter_errors(value)
        ]
        return [
            Violation(location, json_pointer.join(path), keyword, message, name)
            for path, keyword, message in errors[:ERROR_LIMIT]
        ]


class Schemas:
    """The validators of one contract, each compiled on first use.

    With a `direction`, the schemas are those of `undirected` as they apply to requests or to responses.
    """

    def __init__(self, documents: Documents, direction: Direction = "", undirected: Schemas | None = None) -> None:
        self._documents, self._direction, self._undirected = documents, direction, undirected
        self._validators: dict[str, Validator] = {}
        self._by_direction: dict[Direction, Schemas] = {}
        # Oldest first; shared by all directions.
        self._kept: deque[Validator] = undirected._kept if undirected is not None else deque()
        size = sum(len(source.text) for source in documents.sources.values())
        self._kept_limit = max(MINIMUM_KEPT, TEXT_LIMIT // max(size, 1))

    def for_direction(self, direction: Direction) -> Schemas:
        """The same schemas as they apply to requests or to responses."""
        if direction not in self._by_direction:
            self._by_direction[direction] = Schemas(self._documents, direction, self) if direction else self
        return self._by_direction[direction]

    def evict_for(self, validator: Validator) -> None:
        """Make room for a validator that is about to be compiled, by discarding the one compiled first."""
        self._kept.append(validator)
        if len(self._kept) > self._kept_limit:
            self._kept.popleft().discard()

    def validator(self, node: Node) -> Validator:
        """The validator of the schema at `node`."""
        validator = self._validators.get(node.address)
        if validator is None:
            validator = self._validators[node.address] = Validator(node.address, self)
        return validator

    def compile(self, address: str) -> jsonschema_rs.Validator:
        """Compile the schema at `address`, with formats asserted and without any retrieval.

        Raises jsonschema_rs.ValidationError or ReferencingError if it is not a valid schema.
        """
        return jsonschema_rs.Draft202012Validator(
            {"$ref": address},
            registry=self._compiled_documents.registry,
            validate_formats=True,
            offline=True,
        )

    def explain(self, address: str, value: Any) -> list[tuple[list[str | int], str, str]]:
        """Path, keyword and message of each error that jsonschema finds."""
        errors: list[tuple[list[str | int], str, str]] = self._compiled_documents.explainer.find_errors(address, value)
        return errors

    @cached_property
    def _compiled_documents(self) -> _CompiledDocuments:
        data = directions.apply_direction(self._documents, self._direction)
        sources = self._documents.sources
        if self._undirected is not None and all(data[uri] is sources[uri].data for uri in data):
            return self._undirected._compiled_documents
        return _CompiledDocuments(data)


class _CompiledDocuments:
    """The documents as they apply to one direction, registered with both libraries."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self.registry = jsonschema_rs.Registry(list(documents.items()))

    @cached_property
    def explainer(self) -> Any:
        # Imported here, since it is slow to import and only invalid values need it.
        from mockserver.schemas.messages import Explainer

        return Explainer(self._documents)


def find_schema_errors(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of the first mistake in a JSON Schema (2020-12, unless its `$schema` says otherwise)."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return [(json_pointer.join(error.instance_path), error.message)]
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return [("/$schema", str(error).splitlines()[0])]
    return []


@lru_cache(maxsize=256)
def keyword_validator(keyword: str, argument: str) -> jsonschema_rs.Validator:
    """A validator of one keyword alone, which says how jsonschema-rs understands a `format` or `pattern`."""
    return jsonschema_rs.Draft202012Validator({keyword: argument}, validate_formats=True, offline=True)
