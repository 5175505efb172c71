"""The documents of a contract: places in them, and what references lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.documents.source import Source
from mockserver.errors import did_you_mean
from mockserver.errors import quote as show
from mockserver.syntax import json_pointer

BASE = "file:///"
REFERENCES = ("$ref", "$dynamicRef")
# What may stand beside a reference and changes nothing.
BESIDE_REFERENCE = {"$ref", "description", "summary", "title"}
# Members whose content is data, not schema: a "$ref" in there is no reference.
DATA = {"example", "examples", "default", "const", "enum", "value"}
# Members whose own members are names that authors choose.
NAMED = {
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses",
    "parameters", "requestBodies", "headers", "callbacks", "links", "pathItems", "examples", "securitySchemes",
    "mapping", "variables", "paths", "content", "encoding",
}  # fmt: skip


class Unresolved(LookupError):
    """A reference that leads nowhere; the message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document: what stands there, and where that is."""

    documents: Documents
    uri: str
    pointer: str
    value: Any

    @property
    def address(self) -> str:
        """The place as a URI that a validator can be asked for."""
        return f"{self.uri}#{json_pointer.to_fragment(self.pointer)}"

    def child(self, *tokens: str | int) -> Node:
        """The place below, by member names and indexes. Raises KeyError, IndexError or TypeError."""
        node = self
        for token in tokens:
            node = Node(node.documents, node.uri, json_pointer.append(node.pointer, token), node.value[token])
        return node

    def get(self, name: str) -> Node | None:
        """The member `name`, its reference followed, or None."""
        if isinstance(self.value, dict) and name in self.value:
            return self.child(name).follow()
        return None

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of an object, each with its reference followed."""
        if isinstance(self.value, dict):
            for name in self.value:
                yield name, self.child(name).follow()

    def items(self) -> Iterator[Node]:
        """The items of an array, each with its reference followed; not what was left out of it."""
        if isinstance(self.value, list):
            for index, one in enumerate(self.value):
                if one is not None:
                    yield self.child(index).follow()

    def follow(self) -> Node:
        """What a `$ref` here leads to, or this place itself. Raises Unresolved."""
        node = self
        for _ in range(100):
            if not (isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)):
                return node
            node = node.documents.at(node.value["$ref"])
        raise Unresolved("its references run in a circle")

    def settle(self) -> Node:
        """What a `$ref` here leads to, as long as it says no more than that. Raises Unresolved."""
        node = self
        while isinstance(node.value, dict) and "$ref" in node.value and node.value.keys() <= BESIDE_REFERENCE:
            node = node.documents.at(node.value["$ref"])
        return node

    @property
    def source(self) -> Source:
        """The file that this place is in."""
        return self.documents.sources[self.uri]


@dataclass(slots=True)
class Documents:
    """Every document of a contract by its URI, `file:///` standing for the contract directory.

    `no_schemas` are the references that lead to something else, such as a parameter or a path item; `exemplified` are
    the addresses of the schemas that have examples.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    no_schemas: set[str] = field(default_factory=set)
    exemplified: list[str] = field(default_factory=list)

    def root(self, uri: str) -> Node:
        """The whole document."""
        return Node(self, uri, "", self.sources[uri].data)

    def at(self, reference: str) -> Node:
        """The place that an absolute reference names. Raises Unresolved."""
        uri, _, fragment = reference.partition("#")
        if uri not in self.sources:
            raise Unresolved("leads to no file of the contract directory")
        node = self.root(uri)
        if not fragment.startswith("/"):
            return node if not fragment else self._anchor(node, fragment)
        for token in json_pointer.split(json_pointer.from_fragment(fragment)):
            step(node.value, token, node.pointer)
            node = node.child(int(token) if isinstance(node.value, list) else token)
        return node

    def _anchor(self, node: Node, name: str) -> Node:
        for place in walk(node):
            if name in (place.value.get("$anchor"), place.value.get("$dynamicAnchor")):
                return place
        raise Unresolved(f"has no anchor {show(name)}")


def step(value: Any, token: str, pointer: str) -> Any:
    """What the member `token` of the value at `pointer` holds. Raises Unresolved."""
    try:
        return json_pointer.get_member(value, token)
    except LookupError:
        names = value if isinstance(value, dict) else ()
        where = pointer or "/"
        raise Unresolved(f"leads nowhere: {show(token)} is not at {where}.{did_you_mean(token, names)}") from None


def walk(node: Node) -> Iterator[Node]:
    """Every object at and below `node` that may be a schema, data left out."""
    stack = [(node, False)]
    while stack:
        place, named = stack.pop()
        if isinstance(place.value, list):
            stack += [(place.child(index), False) for index in range(len(place.value))]
        elif isinstance(place.value, dict):
            if not named:
                yield place
            for name in place.value:
                if named or not (name in DATA or name.startswith("x-")):
                    stack.append((place.child(name), not named and name in NAMED))
                elif name == "examples" and isinstance(place.value[name], dict):
                    stack.append((place.child(name), True))
