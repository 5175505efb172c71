"""The documents of a contract as trees: nodes that know their location, and the targets of their references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from mockserver.documents.source import Source
from mockserver.errors import did_you_mean, quote
from mockserver.syntax import json_pointer

# The contract directory as a URI: validators identify documents by absolute URIs.
BASE_URI = "file:///"
REFERENCES = ("$ref", "$dynamicRef")
# A `$ref` with no other members than these says no more than its target does.
PLAIN_REFERENCE_MEMBERS = {"$ref", "description", "summary", "title"}
# Members whose content is data, not schemas: a "$ref" inside them is not a reference.
DATA_MEMBERS = {"example", "examples", "default", "const", "enum", "value"}
# Members that map names chosen by authors to objects.
MAP_MEMBERS = {
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses",
    "parameters", "requestBodies", "headers", "callbacks", "links", "pathItems", "examples", "securitySchemes",
    "mapping", "variables", "paths", "content", "encoding",
}  # fmt: skip
# The longest chain of references that is followed.
CHAIN_LIMIT = 100


class Unresolved(LookupError):
    """A reference without a target; the message is a predicate that says why, such as `points nowhere: …`."""


class Node(Struct, frozen=True):
    """A value in a document, with its location."""

    documents: Documents
    uri: str
    pointer: str
    value: Any

    @property
    def address(self) -> str:
        """The location as a URI, which identifies the schema to a validator."""
        return f"{self.uri}#{json_pointer.to_fragment(self.pointer)}"

    def child(self, *tokens: str | int) -> Node:
        """The node below, by member names and indexes. Raises KeyError, IndexError or TypeError."""
        value, pointer = self.value, self.pointer
        for token in tokens:
            value = value[token]
            pointer = f"{pointer}/{token if isinstance(token, int) else json_pointer.escape(token)}"
        return Node(self.documents, self.uri, pointer, value)

    def get(self, name: str) -> Node | None:
        """The member `name` with its reference resolved, or None. Raises Unresolved."""
        if isinstance(self.value, dict) and name in self.value:
            return self.child(name).resolve()
        return None

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of an object, each with its reference resolved. Raises Unresolved."""
        if isinstance(self.value, dict):
            for name, value in self.value.items():
                target = self._target_of(value)
                yield name, self.child(name) if target is None else target

    def items(self) -> Iterator[Node]:
        """The items of an array, each with its reference resolved. Raises Unresolved.

        An item that has been left out because of a mistake is None in the data, and skipped.
        """
        if isinstance(self.value, list):
            for index, item in enumerate(self.value):
                if item is not None:
                    target = self._target_of(item)
                    yield self.child(index) if target is None else target

    def resolve(self) -> Node:
        """The node itself, or what its `$ref`, or a chain of them, points to. Raises Unresolved."""
        target = self._target_of(self.value)
        return self if target is None else target

    def _target_of(self, value: Any) -> Node | None:
        """What the `$ref` of a value, or a chain of them, points to; None without one. Raises Unresolved."""
        node = None
        for _ in range(CHAIN_LIMIT):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return node
            node = self.documents.resolve(reference)
            value = node.value
        raise Unresolved("its references form a cycle")

    def resolve_plain_ref(self) -> Node:
        """Like `resolve`, but stops at a `$ref` beside which there are keywords that count. Raises Unresolved."""
        node = self
        for _ in range(CHAIN_LIMIT):
            value = node.value
            if not (isinstance(value, dict) and "$ref" in value and value.keys() <= PLAIN_REFERENCE_MEMBERS):
                return node
            node = node.documents.resolve(value["$ref"])
        raise Unresolved("its references form a cycle")

    @property
    def source(self) -> Source:
        """The file that contains this node."""
        return self.documents.sources[self.uri]


class Documents(Struct):
    """Every document of a contract by its URI, `file:///` being the contract directory.

    `non_schema_references` holds the references to other things than schemas, such as parameters or path items;
    `schemas_with_examples` the addresses of the schemas that have examples or a default.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    non_schema_references: set[str] = field(default_factory=set)
    schemas_with_examples: list[str] = field(default_factory=list)
    # By reference, the data that it was resolved in, which loading replaces, and the node.
    _resolved: dict[str, tuple[Any, Node]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of characters of all documents."""
        return sum(len(source.text) for source in self.sources.values())

    def root(self, uri: str) -> Node:
        """The whole document as a node."""
        return Node(self, uri, "", self.sources[uri].data)

    def resolve(self, reference: str) -> Node:
        """The node that an absolute reference points to. Raises Unresolved."""
        resolved = self._resolved.get(reference)
        if resolved is not None and resolved[0] is self.sources[resolved[1].uri].data:
            return resolved[1]
        uri, _, fragment = reference.partition("#")
        if uri not in self.sources:
            raise Unresolved("points to no file of the contract directory")
        data = self.sources[uri].data
        node = self._find(uri, data, fragment)
        self._resolved[reference] = data, node
        return node

    def _find(self, uri: str, data: Any, fragment: str) -> Node:
        if fragment and not fragment.startswith("/"):
            return self._find_anchor(self.root(uri), fragment)
        tokens = json_pointer.split(json_pointer.from_fragment(fragment))
        return Node(self, uri, json_pointer.join(tokens), follow(data, tokens))

    def _find_anchor(self, node: Node, name: str) -> Node:
        for candidate in _walk_schemas(node):
            if name in (candidate.value.get("$anchor"), candidate.value.get("$dynamicAnchor")):
                return candidate
        raise Unresolved(f"points nowhere: there is no anchor {quote(name)}")


def follow(value: Any, tokens: Sequence[str]) -> Any:
    """The value that unescaped tokens lead to, step by step, within the value of a file. Raises Unresolved."""
    for number, token in enumerate(tokens):
        try:
            value = json_pointer.get_member(value, token)
        except LookupError:
            holder = json_pointer.join(tokens[:number]) or "the file"
            hint = did_you_mean(token, value if isinstance(value, dict) else ())
            raise Unresolved(f"points nowhere: {holder} has no {quote(token)}.{hint}") from None
    return value


def _walk_schemas(node: Node) -> Iterator[Node]:
    """Every object at and below `node` that may be a schema, without those inside data."""
    stack = [(node, False)]
    while stack:
        place, is_map = stack.pop()
        if isinstance(place.value, list):
            stack += [(place.child(index), False) for index in range(len(place.value))]
        elif isinstance(place.value, dict):
            if not is_map:
                yield place
            for name in place.value:
                if is_map or not (name in DATA_MEMBERS or name.startswith("x-")):
                    stack.append((place.child(name), not is_map and name in MAP_MEMBERS))
                elif name == "examples" and isinstance(place.value[name], dict):
                    stack.append((place.child(name), True))
