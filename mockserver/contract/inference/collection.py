"""A collection in the making: what its records must be, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.documents.tree import Node
from mockserver.openapi.model import Operation, Parameter
from mockserver.schemas.shapes import Shape

KEY_TYPES = (frozenset({"string"}), frozenset({"integer"}))


@dataclass(slots=True)
class Collection:
    """Records of one kind, and the operations on them.

    `schemas` are those that each record must meet, by address; `pins` the schemas of the path parameters by the field
    that they hold, `needed` the fields that a record must have. `operations` holds entries as `resources.yaml` does.
    """

    name: str
    path: str
    key: str
    schemas: dict[str, Node]
    pins: dict[str, list[str]] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)

    @property
    def segment(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def shape(self) -> Shape:
        """What all of its schemas admit together."""
        return Shape(tuple(self.schemas.values()))

    def admits(self, schema: Node) -> bool:
        """Whether records may meet another schema too, as far as can be told without making one."""
        return schema.address in self.schemas or agree(self.shape, Shape.of(schema), self.key)

    def pin(self, field_name: str, operation: Operation, parameter: str, *, needed: bool = True) -> None:
        """Have a field hold what a path parameter does."""
        address = next(one.validator.address for one in operation.parameters if is_path(one, parameter))
        found = self.pins.setdefault(field_name, [])
        found += [address] if address not in found else []
        if needed and field_name not in self.needed:
            self.needed.append(field_name)

    def schema(self) -> dict[str, Any]:
        """One schema of all that a record must meet."""
        pinned = {
            name: {"$ref": found[0]} if len(found) == 1 else {"allOf": [{"$ref": one} for one in found]}
            for name, found in self.pins.items()
        }
        return {"allOf": [{"required": self.needed, "properties": pinned}, *({"$ref": one} for one in self.schemas)]}

    def entry(self) -> dict[str, Any]:
        """What `resources.yaml` says of it, save its schema."""
        found: dict[str, Any] = {"key": self.key}
        if self.references:
            found |= {"references": self.references, "owned_by": list(self.references)}
        return found

    def told(self) -> str:
        """It in one line."""
        kinds = [next(iter(one)) for one in self.operations.values()]
        owners = f", owned by {' and '.join(self.references.values())}" if self.references else ""
        return f"{self.name}: {self.path}, key {self.key}{owners}; {', '.join(dict.fromkeys(kinds))}"


def in_order(collections: list[Collection]) -> Iterator[Collection]:
    """The collections, each after those that it refers to."""
    waiting, done = list(collections), set[str]()
    while waiting:
        ready = [one for one in waiting if done.issuperset(one.references.values())] or waiting[:1]
        yield from ready
        done |= {one.name for one in ready}
        waiting = [one for one in waiting if one.name not in done]


def holds(shape: Shape, name: str, operation: Operation, parameter: str) -> bool:
    """Whether a field can hold what a path parameter does: a string, or an integer."""
    found = next((one for one in operation.parameters if is_path(one, parameter)), None)
    types = found.notation.shape.types - {"null"} if found is not None and found.notation.is_plain else frozenset()
    return types in KEY_TYPES and types <= shape.member(name).types


def is_path(parameter: Parameter, name: str) -> bool:
    """Whether a parameter is the path's of that name."""
    return parameter.location == "path" and parameter.name == name


def agree(one: Shape, other: Shape, key: str) -> bool:
    """Whether a record may meet both: it has the key in both, and neither refuses what the other has."""
    if key not in other.names or "object" not in other.types:
        return False
    for closed, open_ in ((one, other), (other, one)):
        if _is_closed(closed) and not open_.names <= closed.names:
            return False
    return all(one.member(name).types & other.member(name).types for name in one.names & other.names)


def _is_closed(shape: Shape) -> bool:
    keywords = ("additionalProperties", "unevaluatedProperties")
    return any(place.value.get(keyword) is False for place, _ in shape.places() for keyword in keywords)
