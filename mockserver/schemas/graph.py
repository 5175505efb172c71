"""The schemas that a schema leads to by its references: all that a validator of it needs of the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockserver.documents.nodes import REFERENCES, Documents
from mockserver.schemas.directions import Direction, transformation
from mockserver.syntax import json_pointer

# So many tokens lead to an operation, or to a component, of an OpenAPI document. Schemas apply to a direction together
# with those around them, which are all below.
ROOT_DEPTH = 3


class Partial(dict[str, Any]):
    """An object of a document of which only the members are kept that lead to schemas; arrays are objects as well."""


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema, what it refers to, and how many objects and arrays it consists of."""

    uri: str
    tokens: tuple[str, ...]
    value: Any
    references: frozenset[str]
    size: int


class ReachedSchemas(NamedTuple):
    """Documents by URI with some schemas and all that they lead to, and the number of objects and arrays in them."""

    documents: dict[str, Any]
    size: int


class SchemaGraph:
    """The schemas of documents as they apply to one direction, each looked up on first use.

    Most of a large OpenAPI document are not schemas, and most of its schemas are never used. Another file is taken as a
    whole, since it may have anchors and a draft of its own.
    """

    def __init__(self, documents: Documents, direction: Direction) -> None:
        self._documents, self._transform = documents, transformation(documents, direction)
        self._schemas: dict[str, _Schema | None] = {}
        self._selected: dict[str, Any] = {}

    def has_references(self, address: str) -> bool:
        """Whether the schema at an address refers to others."""
        schema = self._find(address)
        return schema is not None and bool(schema.references)

    def references_of(self, value: Any) -> frozenset[str]:
        """The addresses that a schema refers to."""
        return _measure(value)[0]

    def select(self, addresses: Iterable[str]) -> ReachedSchemas:
        """The schemas at these addresses, and all that they lead to, where they are in the documents."""
        reached: dict[str, _Schema] = {}
        pending = list(addresses)
        while pending:
            address = pending.pop()
            schema = None if address in reached else self._find(address)
            if schema is not None:
                reached[address] = schema
                pending += schema.references
        documents: dict[str, Any] = {}
        # A schema inside another one is there already when its turn comes.
        for schema in sorted(reached.values(), key=lambda schema: len(schema.tokens)):
            _put(documents, schema)
            _put(self._selected, schema)
        return ReachedSchemas(documents, sum(schema.size for schema in reached.values()))

    def selected(self, uri: str) -> Any:
        """The document at a URI with everything that has been selected so far. Raises KeyError without any."""
        return self._selected[uri]

    def _find(self, address: str) -> _Schema | None:
        """The schema at an address; None if it leads to no place in the documents."""
        if address not in self._schemas:
            try:
                self._schemas[address] = self._look_up(address)
            except LookupError:
                self._schemas[address] = None
        return self._schemas[address]

    def _look_up(self, address: str) -> _Schema:
        uri, _, fragment = address.partition("#")
        value = self._documents.sources[uri].data
        is_openapi = isinstance(value, dict) and "openapi" in value
        tokens = json_pointer.split(json_pointer.from_fragment(fragment)) if is_openapi else []
        value = self._transform(json_pointer.follow(value, tokens[:ROOT_DEPTH]))
        value = json_pointer.follow(value, tokens[ROOT_DEPTH:])
        return _Schema(uri, tuple(tokens), value, *_measure(value))


def _measure(value: Any) -> tuple[frozenset[str], int]:
    """What a schema refers to, and its number of objects and arrays."""
    references, size = set[str](), 0
    pending: list[Collection[Any]] = [value] if isinstance(value, dict | list) else []
    while pending:
        members = pending.pop()
        if isinstance(members, dict):
            references.update(members[name] for name in REFERENCES if isinstance(members.get(name), str))
            members = members.values()
        size += 1
        pending += [member for member in members if isinstance(member, dict | list)]
    return frozenset(references), size


def _put(documents: dict[str, Any], schema: _Schema) -> None:
    """Put a schema where it is in the documents, unless a schema that contains it is there."""
    holder: dict[str, Any] = documents
    name = schema.uri
    for token in schema.tokens:
        holder = holder.setdefault(name, Partial())
        if not isinstance(holder, Partial):
            return
        name = token
    if isinstance(holder.get(name, Partial()), Partial):
        holder[name] = schema.value
