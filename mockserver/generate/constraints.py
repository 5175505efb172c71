"""What several schemas ask of one value at once: references followed, one branch of each choice taken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mockserver.documents.tree import Documents, Node, Unresolved
from mockserver.schemas.shapes import types_of
from mockserver.schemas.validators import single

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
# Keywords that tell the type of a schema which does not.
TELLING = {
    "properties": "object", "required": "object", "additionalProperties": "object", "patternProperties": "object",
    "minProperties": "object", "maxProperties": "object", "propertyNames": "object", "dependentRequired": "object",
    "dependentSchemas": "object", "unevaluatedProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array", "maxItems": "array", "uniqueItems": "array",
    "contains": "array", "unevaluatedItems": "array",
    "pattern": "string", "format": "string", "minLength": "string", "maxLength": "string",
    "contentEncoding": "string", "contentMediaType": "string",
    "minimum": "number", "maximum": "number", "exclusiveMinimum": "number", "exclusiveMaximum": "number",
    "multipleOf": "number",
}  # fmt: skip
CHOICES = ("oneOf", "anyOf")
# Where schemas have names of their own.
NAMED = re.compile(r"/(?:components/schemas|\$defs)/[^/]+$")
Nodes = tuple[Node, ...]
Choose = Callable[[Sequence[Node]], Node]


@dataclass(slots=True)
class Constraints:
    """Schemas for one value, as plain `parts` that all hold.

    `types` are those that all parts admit; `branches` the schemas that were chosen among several; `hints` what a
    discriminator says of members; `forced` and `absent` are members that a choice asks for or rules out; `followed`
    are the addresses of references on the way.
    """

    types: frozenset[str] = frozenset(TYPES)
    parts: list[Node] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    hints: dict[str, Any] = field(default_factory=dict)
    forced: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    allowed: list[Any] | None = None
    chose: bool = False

    def all(self, keyword: str) -> list[Any]:
        """What each part says under a keyword."""
        return [part.value[keyword] for part in self.parts if keyword in part.value]

    def first(self, keyword: str, default: Any = None) -> Any:
        """What the first part that has the keyword says."""
        return next(iter(self.all(keyword)), default)

    def least(self, keyword: str) -> int:
        """The strictest lower bound on a count."""
        return int(max((one for one in self.all(keyword) if isinstance(one, int | float)), default=0))

    def most(self, keyword: str) -> int | None:
        """The strictest upper bound on a count, None where there is none."""
        found = [one for one in self.all(keyword) if isinstance(one, int | float)]
        return int(min(found)) if found else None

    @property
    def examples(self) -> list[Any]:
        """The examples of the first part that has any, else a default."""
        for part in self.parts:
            several = part.value.get("examples")
            if isinstance(several, list) and several:
                return several
            if "example" in part.value:
                return [part.value["example"]]
        return self.all("default")[:1]

    @property
    def required(self) -> list[str]:
        """The members that must be there, each once."""
        named = [name for names in self.all("required") if isinstance(names, list) for name in names]
        return list(dict.fromkeys([*named, *self.forced]))

    @property
    def names(self) -> list[str]:
        """The members that are named, in their order."""
        return list(dict.fromkeys(name for part in self.parts for name in members(part, "properties")))

    def member(self, name: str) -> Nodes:
        """The schemas that a member of this name must meet."""
        found, known = list[Node](), False
        for part in self.parts:
            here = [part.child("properties", name)] if name in members(part, "properties") else []
            for pattern in members(part, "patternProperties"):
                if matches(pattern, name):
                    here.append(part.child("patternProperties", pattern))
            if not here and "additionalProperties" in part.value:
                here = [part.child("additionalProperties")]
            known = known or bool(here)
            found += here
        return (*found, *([] if known else self._children("unevaluatedProperties")))

    def item(self, index: int, *, contained: bool = False) -> Nodes:
        """The schemas that the item at an index must meet; one that is `contained` counts as evaluated."""
        found = list[Node]()
        for part in self.parts:
            prefix = part.value.get("prefixItems")
            if isinstance(prefix, list) and index < len(prefix):
                found.append(part.child("prefixItems", index))
            elif "items" in part.value:
                found.append(part.child("items"))
        return tuple(found or ([] if contained else self._children("unevaluatedItems")))

    @property
    def labels(self) -> Nodes:
        """The schemas that the names of members must meet."""
        return tuple(self._children("propertyNames"))

    def _children(self, keyword: str) -> list[Node]:
        return [part.child(keyword) for part in self.parts if keyword in part.value]


def members(part: Node, keyword: str) -> Mapping[str, Any]:
    """The object that stands under a keyword, empty where none does."""
    found = part.value.get(keyword)
    return found if isinstance(found, dict) else {}


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches, as the validators see it."""
    return bool(single("pattern", pattern).is_valid(text))


def same(value: Any) -> str:
    """A text that is the same for values that JSON Schema calls equal."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(map(same, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{name!r}:{same(value[name])}' for name in sorted(value))}}}"
    return str(Fraction(value))


@dataclass(slots=True)
class ConstraintCollector:
    """One way through the choices of some schemas."""

    documents: Documents
    chance: random.Random
    choose: Choose
    demand: Constraints = field(default_factory=Constraints)
    _seen: set[str] = field(default_factory=set)

    def of(self, nodes: Nodes) -> Constraints:
        """The demand that values of all `nodes` have."""
        for node in nodes:
            self._add(node, (node.address,) if NAMED.search(node.pointer) else ())
        self._settle_type()
        return self.demand

    def _add(self, node: Node, way: tuple[str, ...]) -> None:
        if node.address in self._seen:
            return
        self._seen.add(node.address)
        if node.value is False:
            self.demand.types = frozenset()
        if not isinstance(node.value, dict):
            return
        self.demand.parts.append(node)
        self._types(node.value)
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(node.value.get(keyword), str):
                self._follow(node.value[keyword], way)
        for part in _list(node, "allOf"):
            self._add(part, way)
        self._choices(node, way)
        self._conditions(node, way)
        ruled_out = node.value.get("not")
        if isinstance(ruled_out, dict) and ruled_out.keys() == {"not"}:
            self._add(node.child("not", "not"), way)
        self._rule_out(ruled_out)

    def _follow(self, reference: str, way: tuple[str, ...]) -> None:
        try:
            target = self.documents.at(reference)
        except Unresolved:
            return
        self.demand.followed.append(target.address)
        self._add(target, (*way, target.address))

    def _types(self, value: Mapping[str, Any]) -> None:
        named = value.get("type")
        if isinstance(named, str | list):
            types = frozenset([named] if isinstance(named, str) else named)
            self.demand.types &= types | {"integer"} if "number" in types else types
        for values in (value.get("enum"), [value["const"]] if "const" in value else None):
            if isinstance(values, list):
                known = self.demand.allowed
                here = {same(one) for one in values}
                self.demand.allowed = values if known is None else [one for one in known if same(one) in here]

    def _choices(self, node: Node, way: tuple[str, ...]) -> None:
        discriminator = node.value.get("discriminator")
        names = discriminator if isinstance(discriminator, dict) and "propertyName" in discriminator else None
        chosen = None
        for keyword in CHOICES:
            if branches := self._open(node, keyword):
                chosen = self.choose(branches)
                self.demand.chose = True
                self._add(chosen, way)
        if names is not None:
            target = chosen.value.get("$ref") if chosen is not None and isinstance(chosen.value, dict) else None
            self._discriminate(names, way, target)

    def _open(self, node: Node, keyword: str) -> list[Node]:
        """The branches that do not go against the types so far; all of them, where none is left."""
        branches = [one for one in _list(node, keyword) if one.value is not False]
        return [one for one in branches if self._types_of(one) & self.demand.types] or branches

    def _types_of(self, node: Node) -> frozenset[str]:
        try:
            return types_of(node)
        except Unresolved:
            return frozenset(TYPES)

    def _discriminate(self, names: Mapping[str, Any], way: tuple[str, ...], target: str | None) -> None:
        """Remember what the discriminator says of the schema that was chosen, or that brought us here."""
        mapping = names.get("mapping") if isinstance(names.get("mapping"), dict) else {}
        by_name = {str(value).removesuffix("#").rpartition("/")[2]: key for key, value in (mapping or {}).items()}
        candidates = [target] if target is not None else [*reversed(way[:-1]), *way[-1:]]
        ends = [one.removesuffix("#").rpartition("/")[2] for one in candidates]
        told = next((by_name[end] for end in ends if end in by_name), None)
        if told is None and target is None:
            told = next(iter(by_name.values()), None)
        if told is None and ends:
            told = ends[0]
        if told is not None:
            self.demand.hints.setdefault(names["propertyName"], told)

    def _conditions(self, node: Node, way: tuple[str, ...]) -> None:
        value = node.value
        if "if" in value and ("then" in value or "else" in value):
            ways = ("then", "else") if self.chance.random() < 0.5 else ("else", "then")
            taken = next((one for one in ways if value.get(one, True) is not False), ways[0])
            if taken == "then":
                self._add(node.child("if"), way)
            if taken in value:
                self._add(node.child(taken), way)
        for name in members(node, "dependentSchemas"):
            if name in self.demand.required or self.chance.random() < 0.5:
                self.demand.forced.append(name)
                self._add(node.child("dependentSchemas", name), way)
            else:
                self.demand.absent.add(name)

    def _rule_out(self, schema: Any) -> None:
        """What a `not` plainly rules out; the rest is a matter of trying."""
        if not isinstance(schema, dict) or len(schema) != 1:
            return
        if "type" in schema:
            types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            self.demand.types -= frozenset([*types, "integer"] if "number" in types else types)
        elif isinstance(schema.get("required"), list) and len(schema["required"]) == 1:
            self.demand.absent.add(schema["required"][0])

    def _settle_type(self) -> None:
        """Narrow the types to those that the keywords tell of, where nothing else says."""
        demand = self.demand
        if demand.types == frozenset(TYPES) and demand.allowed is None:
            told = {TELLING[keyword] for part in demand.parts for keyword in part.value if keyword in TELLING}
            demand.types = frozenset(told) or demand.types


def _list(node: Node, keyword: str) -> Iterator[Node]:
    found = node.value.get(keyword)
    return (node.child(keyword, index) for index in range(len(found))) if isinstance(found, list) else iter(())


def addresses(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The addresses of some schemas."""
    return tuple(node.address for node in nodes)
