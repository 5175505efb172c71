"""What several schemas require of one value together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from mockserver.documents.nodes import Node
from mockserver.errors import CannotGenerate
from mockserver.schemas.validators import keyword_validator

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
# How many items or members a generated value may need.
COUNT_LIMIT = 10_000
Nodes = tuple[Node, ...]


class Constraints(Struct):
    """Schemas for one value, taken apart into `parts` that must all hold.

    `address` names the first of the schemas in messages. `types` are the JSON types that every part allows, `allowed`
    the values that `enum` and `const` leave (None where there is neither). `references` are the addresses of the
    references that were followed. `hints` are values of members that a discriminator prescribes, `forced` members that
    a chosen branch requires, `absent` members that it forbids. `choices` keeps what the generator may choose of
    `allowed`.
    """

    address: str = ""
    types: frozenset[str] = frozenset(TYPES)
    parts: list[Node] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    hints: dict[str, Any] = field(default_factory=dict)
    forced: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    allowed: list[Any] | None = None
    choices: dict[bool, list[Any]] = field(default_factory=dict)

    def values(self, keyword: str) -> list[Any]:
        """The keyword's value in each part that has it."""
        return [part.value[keyword] for part in self.parts if keyword in part.value]

    def minimum(self, keyword: str) -> int:
        """The strictest lower bound on a count, such as `minLength`; 0 where there is none."""
        return int(max((value for value in self.values(keyword) if isinstance(value, int | float)), default=0))

    def maximum(self, keyword: str) -> int | None:
        """The strictest upper bound on a count, such as `maxLength`; None where there is none."""
        bounds = [value for value in self.values(keyword) if isinstance(value, int | float)]
        return int(min(bounds)) if bounds else None

    @property
    def examples(self) -> list[Any]:
        """The examples of the first part that has any, else the first default."""
        for part in self.parts:
            examples = part.value.get("examples")
            if isinstance(examples, list) and examples:
                return examples
            if "example" in part.value:
                return [part.value["example"]]
        return self.values("default")[:1]

    @property
    def required(self) -> list[str]:
        """The required members, each once."""
        names = [
            name
            for names in self.values("required")
            if isinstance(names, list)
            for name in names
            if isinstance(name, str)
        ]
        return list(dict.fromkeys([*names, *self.forced]))

    @property
    def declared_members(self) -> list[str]:
        """The members that `properties` names, in their order."""
        return list(dict.fromkeys(name for part in self.parts for name in object_at(part, "properties")))

    def member_schemas(self, name: str) -> Nodes:
        """The schemas that a member of this name must satisfy."""
        schemas, is_evaluated = list[Node](), False
        for part in self.parts:
            matching = [part.child("properties", name)] if name in object_at(part, "properties") else []
            for pattern in object_at(part, "patternProperties"):
                if matches_pattern(pattern, name):
                    matching.append(part.child("patternProperties", pattern))
            if not matching and "additionalProperties" in part.value:
                matching = [part.child("additionalProperties")]
            is_evaluated = is_evaluated or bool(matching)
            schemas += matching
        return (*schemas, *([] if is_evaluated else self._children("unevaluatedProperties")))

    def item_schemas(self, index: int, *, contained: bool = False) -> Nodes:
        """The schemas that the item at an index must satisfy; one that `contains` requires counts as evaluated."""
        schemas = list[Node]()
        for part in self.parts:
            prefix = part.value.get("prefixItems")
            if isinstance(prefix, list) and index < len(prefix):
                schemas.append(part.child("prefixItems", index))
            elif "items" in part.value:
                schemas.append(part.child("items"))
        return tuple(schemas or ([] if contained else self._children("unevaluatedItems")))

    @property
    def name_schemas(self) -> Nodes:
        """The schemas that the names of members must satisfy."""
        return tuple(self._children("propertyNames"))

    def _children(self, keyword: str) -> list[Node]:
        return [part.child(keyword) for part in self.parts if keyword in part.value]


def object_at(schema: Node, keyword: str) -> Mapping[str, Any]:
    """The object under a keyword of a schema; empty where there is none."""
    value = schema.value.get(keyword)
    return value if isinstance(value, dict) else {}


def require_possible(constraints: Constraints, keyword: str, fewest: int, present: int) -> None:
    """Raise CannotGenerate where `keyword` demands more items or members than COUNT_LIMIT, and not all are present."""
    if fewest > max(COUNT_LIMIT, present):
        raise CannotGenerate(constraints.address, f"{keyword} is {fewest:,}, and the limit {COUNT_LIMIT:,}")


def matches_pattern(pattern: str, text: str) -> bool:
    """Whether a text matches, by the regex engine that validates."""
    return bool(keyword_validator("pattern", pattern).is_valid(text))


def addresses(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The addresses of some schemas."""
    return tuple(node.address for node in nodes)
