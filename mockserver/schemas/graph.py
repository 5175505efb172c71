"""The schemas that a schema leads to by its references: all that a validator of it needs of the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.documents.nodes import REFERENCES, Documents
from mockserver.schemas.backtracking import is_backtracking
from mockserver.schemas.directions import Direction, transformation
from mockserver.syntax import json_pointer

# The tokens that lead to an operation, or to a component, of an OpenAPI document. Schemas apply to a direction together
# with those around them, which are all below.
ROOT_DEPTH = 3
# The document that several are merged into.
MERGED_URI = "file:///~merged"
# What these say depends on the document that they are in.
BOUND_KEYWORDS = frozenset({
    "$id", "$schema", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef",
})  # fmt: skip
CURRENT_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Partial(dict[str, Any]):
    """An object of a document of which only the members are kept that lead to schemas; arrays are objects as well."""


class _Schema(Struct, frozen=True):
    """A schema, and its measures."""

    uri: str
    tokens: tuple[str, ...]
    value: Any
    references: frozenset[str]
    size: int
    is_bound: bool
    is_backtracking: bool


class ReachedSchemas(Struct, frozen=True):
    """Documents by URI with some schemas and all that they lead to, and the number of objects and arrays in them.

    `moved` has the addresses in these documents by the original ones, where they differ. `is_bound` says that what a
    schema means depends on where it is, and `is_backtracking` that there are patterns of that kind.
    """

    documents: dict[str, Any]
    size: int
    moved: Mapping[str, str] = field(default_factory=dict)
    is_bound: bool = False
    is_backtracking: bool = False

    def adjust(self, schema: Any) -> Any:
        """A schema with its references as they are in these documents."""
        return _with_references(schema, self.moved) if self.moved else schema


class SchemaGraph:
    """The schemas of documents as they apply to one direction, each looked up on first use.

    Most of a large OpenAPI document are not schemas, and most of its schemas are never used. Another file is taken as a
    whole where it has anchors, a draft of its own, or references that say something only where they are.
    """

    def __init__(self, documents: Documents, direction: Direction) -> None:
        self._documents, self._transform = documents, transformation(documents, direction)
        self._schemas: dict[str, _Schema | None] = {}
        self._selected: dict[str, Any] = {}
        # The files that are no OpenAPI document, as they apply to the direction, and whether they are taken as a whole.
        self._files: dict[str, tuple[Any, bool]] = {}

    def has_references(self, address: str) -> bool:
        """Whether the schema at an address refers to others."""
        schema = self._find(address)
        return schema is not None and bool(schema.references)

    def references_of(self, value: Any) -> frozenset[str]:
        """The addresses that a schema refers to."""
        return _measure(value).references

    def has_backtracking(self, value: Any) -> bool:
        """Whether a schema has patterns that go back and forth in texts."""
        return _measure(value).is_backtracking

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
        schemas = sorted(reached.values(), key=lambda schema: len(schema.tokens))
        for schema in schemas:
            _put(documents, schema)
            _put(self._selected, schema)
        size, is_bound = sum(schema.size for schema in schemas), any(schema.is_bound for schema in schemas)
        is_backtracking = any(schema.is_backtracking for schema in schemas)
        if len(documents) > 1 and not is_bound:
            moved = {address: _merged_address(address) for address in reached}
            return ReachedSchemas({MERGED_URI: _merge(schemas, moved)}, size, moved, is_backtracking=is_backtracking)
        return ReachedSchemas(documents, size, is_bound=is_bound, is_backtracking=is_backtracking)

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
        tokens = json_pointer.split(json_pointer.from_fragment(fragment))
        if isinstance(value, dict) and "openapi" in value:
            value = self._transform(json_pointer.follow(value, tokens[:ROOT_DEPTH]))
            value = json_pointer.follow(value, tokens[ROOT_DEPTH:])
        else:
            value, is_whole = self._file(uri)
            tokens = [] if is_whole else tokens
            value = json_pointer.follow(value, tokens)
        return _Schema(uri, tuple(tokens), value, *_measure(value))

    def _file(self, uri: str) -> tuple[Any, bool]:
        if uri not in self._files:
            value = self._transform(self._documents.sources[uri].data)
            measures = _measure(value)
            is_whole = measures.is_bound or any(reference.startswith("#") for reference in measures.references)
            self._files[uri] = value, is_whole
        return self._files[uri]


class _Measures(NamedTuple):
    """What a schema refers to, its number of objects and arrays, and whether it is bound to its file.

    `is_backtracking` says that it has patterns of that kind.
    """

    references: frozenset[str]
    size: int
    is_bound: bool
    is_backtracking: bool


def _measure(value: Any) -> _Measures:
    references, size, is_bound, patterns = set[str](), 0, False, set[str]()
    is_current = isinstance(value, dict) and value.get("$schema") == CURRENT_DRAFT
    pending: list[Collection[Any]] = [value] if isinstance(value, dict | list) else []
    while pending:
        members = pending.pop()
        if isinstance(members, dict):
            references.update(members[name] for name in REFERENCES if isinstance(members.get(name), str))
            if not BOUND_KEYWORDS.isdisjoint(members):
                is_bound |= members is not value or not is_current or len(BOUND_KEYWORDS & members.keys()) > 1
            if isinstance(pattern := members.get("pattern"), str):
                patterns.add(pattern)
            members = members.values()
        size += 1
        pending += [member for member in members if isinstance(member, dict | list)]
    return _Measures(frozenset(references), size, is_bound, any(map(is_backtracking, patterns)))


def _merge(schemas: Iterable[_Schema], moved: Mapping[str, str]) -> dict[str, Any]:
    """The schemas in one document, which has a member for each of theirs.

    jsonschema-rs compiles a schema again for each sequence of documents that leads to it. Between documents that refer
    to each other there are more of these than could ever be compiled.
    """
    merged: dict[str, Any] = {}
    for schema in schemas:
        value = _with_references(schema.value, moved)
        if isinstance(value, dict):
            value.pop("$schema", None)
        _put(merged, replace(schema, value=value))
    return merged


def _merged_address(address: str) -> str:
    uri, _, fragment = address.partition("#")
    return f"{MERGED_URI}#{json_pointer.to_fragment(json_pointer.append('', uri))}{fragment}"


def _with_references(value: Any, moved: Mapping[str, str]) -> Any:
    """A copy of a value with its references replaced."""
    if isinstance(value, list):
        return [_with_references(item, moved) if isinstance(item, dict | list) else item for item in value]
    if not isinstance(value, dict):
        return value
    copy = {
        name: _with_references(member, moved) if isinstance(member, dict | list) else member
        for name, member in value.items()
    }
    for name in REFERENCES:
        if isinstance(reference := copy.get(name), str):
            copy[name] = moved.get(reference, reference)
    return copy


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
