"""What a schema lets the text of a request be read as: its JSON types, those of its items and of its members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.documents.tree import Node, Unresolved

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
COMPOUND = frozenset({"array", "object"})
DEPTH_LIMIT = 20
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


class Shape:
    """The types that one or more schemas admit for the same value.

    `every` are those that all hold for it, `some` those of which one does. What lies below is looked up when it is
    first asked for, since few members of a large document ever are.
    """

    __slots__ = ("_every", "_items", "_members", "_places", "_some", "types")

    def __init__(self, every: tuple[Node, ...] = (), some: tuple[Node, ...] = ()) -> None:
        self._every, self._some = every, some
        self._places: tuple[tuple[Node, bool], ...] | None = None
        self._items: Shape | None = None
        self._members: dict[str, Shape] = {}
        self.types = ALL_TYPES.intersection(*(types_of(one) for one in every))
        if some:
            self.types &= frozenset().union(*(types_of(one) for one in some))

    @classmethod
    def of(cls, schema: Node | None) -> Shape:
        """The shape of one schema; without one, of anything."""
        return cls((schema,)) if schema is not None else cls()

    @property
    def items(self) -> Shape:
        """What an array's items may be."""
        if self._items is None:
            every, some = self._below("items")
            for place, _ in self.places():
                if "prefixItems" in place.value:
                    some += tuple(_followed(place.child("prefixItems")))
            self._items = Shape(every, some) if not some else Shape((), every + some)
        return self._items

    @property
    def names(self) -> frozenset[str]:
        """The members that an object is declared to have."""
        found: set[str] = set()
        for place, _ in self.places():
            declared = place.value.get("properties")
            found |= declared.keys() if isinstance(declared, dict) else set()
        return frozenset(found)

    @property
    def is_open(self) -> bool:
        """Whether an object is meant to have members of any name, not merely allowed to."""
        told = [place.value.get("additionalProperties") for place, _ in self.places()]
        if any(one is False for one in told):
            return False
        return any(one is not None for one in told) or not self.names

    def member(self, name: str) -> Shape:
        """What an object's member may be."""
        found = self._members.get(name)
        if found is None:
            every, some = self._below("properties", name)
            if not every and not some:
                every, some = self._below("additionalProperties")
            found = self._members[name] = Shape(every, some)
        return found

    def certain(self) -> Iterator[Node]:
        """Every schema that speaks of this very value in any case."""
        return (place for place, is_branch in self.places() if not is_branch)

    @property
    def values(self) -> list[Any] | None:
        """The values that it is one of, where they are told in one place; None where they are not."""
        told = [place.value.get("enum") for place in self.certain()]
        return next((one for one in told if isinstance(one, list)), None)

    @property
    def examples(self) -> list[Any]:
        """The examples that are given of it."""
        found: list[Any] = []
        for place, _ in self.places():
            told = place.value.get("examples")
            found += told if isinstance(told, list) else []
            found += [place.value["example"]] if "example" in place.value else []
        return found

    def says(self, keyword: str) -> bool:
        """Whether a boolean annotation, such as `readOnly`, is set."""
        return any(place.value.get(keyword) is True for place, _ in self.places())

    def places(self) -> tuple[tuple[Node, bool], ...]:
        """Every schema that speaks of this very value, and whether it is but one of several branches."""
        if self._places is None:
            found: dict[str, tuple[Node, bool]] = {}
            for schemas, is_branch in ((self._every, False), (self._some, True)):
                for one in schemas:
                    _collect(one, is_branch, found)
            self._places = tuple(found.values())
        return self._places

    def _below(self, *tokens: str) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        every: list[Node] = []
        some: list[Node] = []
        for place, is_branch in self.places():
            try:
                node = place.child(*tokens)
            except (KeyError, TypeError, IndexError):
                continue
            if isinstance(node.value, dict):
                (some if is_branch else every).append(node)
        return tuple(every), tuple(some)


def _collect(schema: Node, is_branch: bool, found: dict[str, tuple[Node, bool]]) -> None:
    stack = [(schema, is_branch)]
    while stack:
        place, branch = stack.pop()
        if not isinstance(place.value, dict) or place.address in found:
            continue
        found[place.address] = place, branch
        if isinstance(place.value.get("$ref"), str):
            stack += [(one, branch) for one in _reached(place)]
        for keyword in ("allOf", "anyOf", "oneOf"):
            if isinstance(place.value.get(keyword), list):
                parts = _followed(place.child(keyword), follow=False)
                stack += [(one, branch or keyword != "allOf") for one in parts]
        for keyword in ("then", "else"):
            if keyword in place.value:
                stack.append((place.child(keyword), True))


def _reached(place: Node) -> Iterator[Node]:
    try:
        yield place.documents.at(place.value["$ref"])
    except Unresolved:
        return


def _followed(array: Node, *, follow: bool = True) -> Iterator[Node]:
    for index in range(len(array.value) if isinstance(array.value, list) else 0):
        one = array.child(index)
        try:
            yield one.follow() if follow else one
        except Unresolved:
            continue


def types_of(schema: Node | None, depth: int = 0) -> frozenset[str]:
    """The JSON types that a schema admits, as far as its `type`, `enum`, `const` and combinations tell."""
    if schema is None or depth > DEPTH_LIMIT or not isinstance(schema.value, dict):
        return ALL_TYPES
    place = schema.value
    found = ALL_TYPES
    if isinstance(place.get("$ref"), str):
        found = found.intersection(*(types_of(one, depth + 1) for one in _reached(schema)))
    named = place.get("type")
    if isinstance(named, str | list):
        found &= frozenset([named] if isinstance(named, str) else [one for one in named if isinstance(one, str)])
    for values in (place.get("enum"), [place["const"]] if "const" in place else None):
        if isinstance(values, list):
            found &= frozenset(type_of(value) for value in values)
    if isinstance(place.get("allOf"), list):
        found = found.intersection(*(types_of(part, depth + 1) for part in _followed(schema.child("allOf"))))
    for keyword in ("anyOf", "oneOf"):
        if isinstance(place.get(keyword), list):
            parts = _followed(schema.child(keyword))
            found &= frozenset().union(*(types_of(part, depth + 1) for part in parts))
    return found | {"integer"} if "number" in found else found


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    return "null" if value is None else KINDS[type(value)]
