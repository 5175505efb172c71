"""Validators: `jsonschema-rs` decides, `jsonschema` explains.

What a format or a pattern means is asked of jsonschema-rs on both sides, so that the two cannot disagree on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from mockserver.contract.directions import Direction, adapted
from mockserver.contract.documents import Documents, Node
from mockserver.contract.yamltext import escape
from mockserver.errors import Violation

ERROR_LIMIT = 100


class Validator:
    """Judges values against the schema at one address."""

    def __init__(self, address: str, schemas: Schemas) -> None:
        self.address, self.schemas = address, schemas
        self._compiled = schemas.compile(address)
        self.is_valid = self._compiled.is_valid

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
            Violation(location, "".join(f"/{escape(str(step))}" for step in path), keyword, message, name)
            for path, keyword, message in found[:ERROR_LIMIT]
        ]


class Schemas:
    """The validators of one contract, each compiled once, when it is first asked for."""

    def __init__(self, documents: Documents, data: Mapping[str, Any] | None = None) -> None:
        self._sources = documents
        self._documents = data or {uri: source.data for uri, source in documents.sources.items()}
        self._registry = jsonschema_rs.Registry(list(self._documents.items()))
        self._validators: dict[str, Validator] = {}
        self._explain: Any = None
        self._adapted: dict[Direction, Schemas] = {}

    def binding(self, direction: Direction) -> Schemas:
        """The same schemas as they bind requests, or answers."""
        if direction not in self._adapted:
            data = adapted(self._sources, direction)
            self._adapted[direction] = Schemas(self._sources, data) if data is not None else self
        return self._adapted[direction]

    def at(self, node: Node) -> Validator:
        """The validator of the schema that stands at `node`.

        Raises jsonschema_rs.ValidationError or ReferencingError where that is no schema.
        """
        found = self._validators.get(node.address)
        if found is None:
            found = self._validators[node.address] = Validator(node.address, self)
        return found

    def compile(self, address: str) -> jsonschema_rs.Validator:
        """Compile the schema at `address`, formats asserted, nothing fetched."""
        return jsonschema_rs.Draft202012Validator(
            {"$ref": address},
            registry=self._registry,
            validate_formats=True,
            offline=True,
        )

    def explain(self, address: str, value: Any) -> list[tuple[list[str | int], str, str]]:
        """Path, keyword and message of each error that jsonschema finds."""
        if self._explain is None:
            # Not needed until something is wrong, and slow to import.
            from mockserver.contract.explain import Explainer

            self._explain = Explainer(self._documents)
        found: list[tuple[list[str | int], str, str]] = self._explain.errors(address, value)
        return found


def schema_errors(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of each mistake in what should be a JSON Schema (2020-12 unless it says otherwise)."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return [("".join(f"/{escape(str(step))}" for step in error.instance_path), error.message)]
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
