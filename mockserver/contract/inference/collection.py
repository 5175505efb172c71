"""A collection that is being inferred: the schemas of its records, and the operations on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.openapi.content_reader import ANY_TEXT
from mockserver.openapi.model import Operation, Parameter
from mockserver.schemas.shapes import Shape

# The types of a field that a path parameter may hold.
KEY_TYPES = (frozenset({"string"}), frozenset({"integer"}))


@dataclass(slots=True)
class Collection:
    """Records of one kind, and the operations on them.

    Each record must match all `schemas`, which are held by address, and have the fields `required`. `parameter_schemas`
    holds the addresses of the schemas of path parameters by the field that they name. `operations` holds the entries
    that `resources.yaml` would have, by operationId.
    """

    name: str
    path: str
    key: str
    schemas: dict[str, Node]
    parameter_schemas: dict[str, list[str]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)

    @property
    def segment(self) -> str:
        """The last segment of its path."""
        return self.path.rpartition("/")[2]

    @property
    def shape(self) -> Shape:
        """The values that all of its schemas allow."""
        return Shape(tuple(self.schemas.values()))

    def is_compatible(self, schema: Node) -> bool:
        """Whether records may match another schema too, as far as that shows without generating one."""
        return schema.address in self.schemas or _are_compatible(self.shape, Shape.from_schema(schema), self.key)

    def bind_parameter(self, name: str, operation: Operation, parameter: str, *, required: bool = True) -> None:
        """Let the field `name` hold the values of a path parameter."""
        declared = next(entry for entry in operation.parameters if _is_path_parameter(entry, parameter))
        addresses = self.parameter_schemas.setdefault(name, [])
        # A parameter without a schema says nothing about the field.
        if declared.validator is not ANY_TEXT and declared.validator.address not in addresses:
            addresses.append(declared.validator.address)
        if required and name not in self.required:
            self.required.append(name)

    def record_schema(self) -> dict[str, Any]:
        """One schema of everything that a record must match."""
        properties = {name: _all_of(addresses) for name, addresses in self.parameter_schemas.items()}
        own_schema = {"required": self.required, "properties": properties}
        return {"allOf": [own_schema, *({"$ref": address} for address in self.schemas)]}

    def entry(self) -> dict[str, Any]:
        """Its entry in `resources.yaml`, without the schema."""
        entry: dict[str, Any] = {"key": self.key}
        if self.references:
            entry |= {"references": self.references, "owned_by": list(self.references)}
        return entry

    @property
    def description(self) -> str:
        """Its path, key, owners and behaviours in one line."""
        behaviours = dict.fromkeys(next(iter(entry)) for entry in self.operations.values())
        owners = f", owned by {' and '.join(self.references.values())}" if self.references else ""
        return f"{self.name}: {self.path}, key {self.key}{owners}; {', '.join(behaviours)}"


def sort_by_reference(collections: list[Collection]) -> Iterator[Collection]:
    """The collections, each after those that it refers to."""
    waiting, finished = list(collections), set[str]()
    while waiting:
        ready = [collection for collection in waiting if finished.issuperset(collection.references.values())]
        # Collections that refer to each other have no order: begin with any of them.
        ready = ready or waiting[:1]
        yield from ready
        finished |= {collection.name for collection in ready}
        waiting = [collection for collection in waiting if collection.name not in finished]


def can_hold_parameter(shape: Shape, name: str, operation: Operation, parameter: str) -> bool:
    """Whether the field `name` can hold the values of a path parameter, which are strings or integers."""
    declared = next((entry for entry in operation.parameters if _is_path_parameter(entry, parameter)), None)
    if declared is None or not declared.notation.is_plain:
        return False
    types = declared.notation.shape.types - {"null"}
    return types in KEY_TYPES and types <= shape.member(name).types


def _all_of(addresses: list[str]) -> dict[str, Any]:
    references = [{"$ref": address} for address in addresses]
    if len(references) < 2:
        return references[0] if references else {}
    return {"allOf": references}


def _is_path_parameter(parameter: Parameter, name: str) -> bool:
    return parameter.location == "path" and parameter.name == name


def _are_compatible(shape: Shape, other: Shape, key: str) -> bool:
    """Whether a record may have both shapes: both have the key, and neither forbids members of the other."""
    if key not in other.names or "object" not in other.types:
        return False
    for closed, extended in ((shape, other), (other, shape)):
        if _is_closed(closed) and not extended.names <= closed.names:
            return False
    return all(shape.member(name).types & other.member(name).types for name in shape.names & other.names)


def _is_closed(shape: Shape) -> bool:
    keywords = ("additionalProperties", "unevaluatedProperties")
    return any(schema.value.get(keyword) is False for schema, _ in shape.schemas() for keyword in keywords)
