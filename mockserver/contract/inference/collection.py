"""A collection that is being inferred: the schemas of its records, and the operations on them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from mockserver.documents.nodes import Node
from mockserver.openapi.content_reader import ANY_TEXT
from mockserver.openapi.model import Operation, template_shape
from mockserver.schemas.shapes import Shape
from mockserver.syntax.words import singular_forms

# The types of a field that a path parameter may hold.
KEY_TYPES = (frozenset({"string"}), frozenset({"integer"}))
# The field that holds the key of a record which has none itself.
HIDDEN_KEY = "key"
# A text that a parameter for integers can name.
DIGITS = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,8})$", "examples": ["1"]}
# Keywords that say what a text looks like.
TEXT_KEYWORDS = {"pattern", "format", "enum", "const"}


class Collection(Struct):
    """Records of one kind, and the operations on them.

    Each record must match all `schemas`, which are held by address, and have the fields `required`. `parameter_schemas`
    holds the schemas by which path parameters limit the fields that they name. `operations` holds the entries that
    `resources.yaml` would have, by operationId. `links` are the collections that further fields refer to. `hidden` are
    the fields of owners that only the path names, and a key that the records lack. A `single` record is the only one,
    or that of its owner. `unique_within` are the fields of the owners below which the key is unique.
    """

    name: str
    path: str
    key: str
    schemas: dict[str, Node]
    parameter_schemas: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)
    single: bool = False
    unique_within: list[str] = field(default_factory=list)

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
        schema = _parameter_schema(self.shape.member(name), operation, parameter)
        schemas = self.parameter_schemas.setdefault(name, [])
        # A parameter without a schema says nothing about the field.
        if schema and schema not in schemas:
            schemas.append(schema)
        if required and name not in self.required:
            self.required.append(name)

    def record_schema(self) -> dict[str, Any]:
        """One schema of everything that a record must match."""
        properties = {name: _all_of(schemas) for name, schemas in self.parameter_schemas.items()}
        own_schema = {"required": self.required, "properties": properties}
        if self.is_set:
            return {"type": "object", **own_schema}
        return {"allOf": [own_schema, *({"$ref": address} for address in self.schemas)]}

    def entry(self) -> dict[str, Any]:
        """Its entry in `resources.yaml`, without the schema."""
        entry: dict[str, Any] = {"key": self.key}
        if self.unique_within:
            entry["unique_within"] = self.unique_within
        if self.references:
            entry |= {"references": self.references, "owned_by": list(self.references)}
        if self.links:
            entry["links"] = self.links
        if self.hidden:
            entry["hidden"] = self.hidden
        if self.single:
            entry["single"] = True
        return entry

    @property
    def is_set(self) -> bool:
        """Whether its records have nothing but references: to a record of another collection, and to their owners."""
        return not self.schemas

    @property
    def is_read_only(self) -> bool:
        """Whether its records are listed alone."""
        return all("list" in entry for entry in self.operations.values())

    @property
    def targets(self) -> frozenset[str]:
        """The names of the other collections that it refers to."""
        return frozenset({*self.references.values(), *self.links.values()}) - {self.name}

    @property
    def description(self) -> str:
        """Its path, key, owners and behaviours in one line."""
        behaviours = dict.fromkeys(next(iter(entry)) for entry in self.operations.values())
        owners = f", owned by {' and '.join(self.references.values())}" if self.references else ""
        key = ", one record" if self.single else f", key {self.key}" if self.key not in self.hidden else ""
        return f"{self.name}: {self.path}{key}{owners}; {', '.join(behaviours)}"


def sort_by_reference(collections: list[Collection]) -> Iterator[Collection]:
    """The collections, each after those that it refers to."""
    missing = {index: set(collection.targets) for index, collection in enumerate(collections)}
    referring: dict[str, list[int]] = {}
    for index, targets in missing.items():
        for name in targets:
            referring.setdefault(name, []).append(index)
    ready = [index for index, targets in missing.items() if not targets]
    while missing:
        # Collections that refer to each other have no order: begin with any of them.
        ready = ready or [next(iter(missing))]
        for index in ready:
            del missing[index]
        following: list[int] = []
        for index in ready:
            yield collections[index]
            for other in referring.get(collections[index].name, ()):
                if other in missing:
                    missing[other].discard(collections[index].name)
                    following += [other] if not missing[other] else []
        ready = sorted(following)


class DetectedCollections:
    """The collections that have been detected so far, by their paths and names."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._all: list[Collection] = []
        self._by_shape: dict[str, list[Collection]] = {}
        # By each form of their segments, with their positions.
        self._by_form: dict[str, list[tuple[int, Collection]]] = {}

    def __iter__(self) -> Iterator[Collection]:
        return iter(self._all)

    def add(self, collection: Collection) -> None:
        """Add a collection, whose name and path stay as they are."""
        self._all.append(collection)
        self.names.add(collection.name)
        self._by_shape.setdefault(template_shape(collection.path), []).append(collection)
        for form in dict.fromkeys(singular_forms(collection.segment)):
            self._by_form.setdefault(form, []).append((len(self._all), collection))

    def at(self, path: str) -> Sequence[Collection]:
        """Those at a path, whatever the names of its parameters."""
        return self._by_shape.get(template_shape(path), ())

    def named(self, segment: str) -> list[Collection]:
        """Those whose segment names the same as this one."""
        named = dict(entry for form in singular_forms(segment) for entry in self._by_form.get(form, ()))
        return [named[position] for position in sorted(named)]


def can_hold_parameter(shape: Shape, name: str, operation: Operation, parameter: str) -> bool:
    """Whether the field `name` can hold the values of a path parameter, which are strings or integers.

    A number may be a text on one side: in a path, everything is written as text.
    """
    return _parameter_schema(shape.member(name), operation, parameter) is not None


def free_name(name: str, names: Container[str]) -> str:
    """The name, with an underscore for each time that it is taken."""
    while name in names:
        name += "_"
    return name


def _parameter_schema(field_shape: Shape, operation: Operation, parameter: str) -> dict[str, Any] | None:
    """What a field must match to hold the values of a path parameter; None if it cannot."""
    in_path = (entry for entry in operation.parameters if entry.location == "path")
    declared = next((entry for entry in in_path if entry.name == parameter), None)
    if declared is None or not declared.notation.is_plain:
        return None
    types, field_types = declared.notation.shape.types - {"null"}, field_shape.types
    if declared.validator is ANY_TEXT:
        return {} if field_types & {"string", "integer"} else None
    if types == {"string"} and types <= field_types:
        return {"$ref": declared.validator.address}
    # Without the bounds of the parameter: `POST` takes what its body allows, and numbers its records without end.
    if "integer" in types & field_types:
        return {"type": "integer"}
    if "string" in types & field_types:
        return {"type": "string"}
    if "integer" in types and "string" in field_types:
        return DIGITS if not _limits_text(field_shape) else None
    is_number_as_text = "string" in types and "integer" in field_types and not _limits_text(declared.notation.shape)
    return {"type": "integer"} if is_number_as_text else None


def _limits_text(shape: Shape) -> bool:
    return any(TEXT_KEYWORDS & schema.value.keys() for schema, _ in shape.schemas())


def _all_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if len(schemas) < 2:
        return schemas[0] if schemas else {}
    return {"allOf": schemas}


def _are_compatible(shape: Shape, other: Shape, key: str) -> bool:
    """Whether a record may have both shapes: both have the key, and neither forbids members of the other.

    Where the key is hidden, they have any member in common.
    """
    common = {key} if key in shape.names else shape.names & other.names
    if not common & other.names or "object" not in other.types:
        return False
    for closed, extended in ((shape, other), (other, shape)):
        if _is_closed(closed) and not extended.names <= closed.names:
            return False
    return all(shape.member(name).types & other.member(name).types for name in shape.names & other.names)


def _is_closed(shape: Shape) -> bool:
    keywords = ("additionalProperties", "unevaluatedProperties")
    return any(schema.value.get(keyword) is False for schema, _ in shape.schemas() for keyword in keywords)
