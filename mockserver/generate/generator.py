"""The generator: makes a value, judges it, and makes anew what is wrong with it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jsonschema_rs

from mockserver.documents.tree import Documents, Node
from mockserver.errors import CannotGenerate
from mockserver.generate import repair
from mockserver.generate.arrays import make_array
from mockserver.generate.constraints import TYPES, Choose, ConstraintCollector, Constraints, Nodes
from mockserver.generate.known_values import KnownValues
from mockserver.generate.numbers import number
from mockserver.generate.objects import make_object
from mockserver.generate.strings import NoText, text
from mockserver.schemas.validators import Schemas, Validator

DEPTH_LIMIT = 6
# Beyond this depth nothing is made that does not have to be, and beyond that there is no end to it.
FINAL_DEPTH = 60
# So many values are made before only the necessary is; and so many before it is given up.
SIZE_LIMIT = 400
STEP_LIMIT = 20_000
ENDLESS = 1_000


class Generator:
    """Makes values that the contract's schemas admit, from one source of chance.

    `given` are values by name that members should have where they may. With `from_examples` False, examples and
    defaults are passed over. `hidden` are members to leave out: `writeOnly` in answers, `readOnly` in requests. What is
    `sparse` has no more than it must and what is given.
    """

    def __init__(
        self,
        documents: Documents,
        schemas: Schemas,
        chance: random.Random,
        *,
        given: Mapping[str, Any] | None = None,
        from_examples: bool = True,
        hidden: str = "writeOnly",
        sparse: bool = False,
    ) -> None:
        self._making = Generation(documents, schemas, chance, KnownValues.of(given or {}), from_examples, hidden)
        self._making.sparse = sparse

    @classmethod
    def seeded(cls, documents: Documents, schemas: Schemas, seed: str, **how: Any) -> Generator:
        """A generator whose values follow from `seed`; `how` as the constructor takes it."""
        return cls(documents, schemas, random.Random(seed), **how)

    def value(self, node: Node, name: str = "") -> Any:
        """A value for the schema at `node`, in a property called `name`. Raises CannotGenerate."""
        return self.maker(node, name)()

    def maker(self, node: Node, name: str = "") -> Callable[[], Any]:
        """A function that makes one value after another for the schema at `node`."""
        making, nodes = self._making, (node,)
        examples = [one for one in making.examples(nodes) if making.is_valid(nodes, one)]
        if examples:
            return lambda: making.chance.choice(examples)

        def make() -> Any:
            making.begin()
            return repair.valid(making, nodes, name)

        return make

    def mended(self, node: Node, value: Any, name: str = "") -> Any:
        """The value, with all in it that breaks the schema at `node` made anew. Raises CannotGenerate."""
        self._making.begin()
        return repair.mended(self._making, (node,), value, name, 0)


class Generation:
    """One value in the making: what was spent on it so far, and the way down to where it is."""

    def __init__(
        self,
        documents: Documents,
        schemas: Schemas,
        chance: random.Random,
        given: KnownValues,
        from_examples: bool,
        hidden: str,
    ) -> None:
        self.chance, self._documents, self._schemas = chance, documents, schemas
        self._given, self._from_examples, self._hidden = given, from_examples, hidden
        self.sparse = False
        self._heights: dict[str, int] = {}
        self.failed: dict[tuple[str, ...], CannotGenerate] = {}
        self._above: Counter[str] = Counter()
        self._size = self._steps = 0
        self.texts: Nodes = (Node(documents, "", "", {"type": "string"}),)

    def begin(self) -> None:
        """Begin with another value."""
        self._size = self._steps = 0
        self._above.clear()

    def is_valid(self, nodes: Nodes, value: Any) -> bool:
        """Whether a value meets every schema."""
        return all(not node.uri or self._judge(node).is_valid(value) for node in nodes)

    def _judge(self, node: Node) -> Validator:
        judge = self._schemas.at(node)
        try:
            judge.is_valid  # noqa: B018 - compiled when it is first asked for
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise CannotGenerate(node.address, f"is no JSON Schema: {str(error).splitlines()[0]}") from None
        return judge

    def faults(self, node: Node, value: Any) -> int:
        """How many errors a value has by a schema."""
        return self._judge(node).faults(value)

    def refusal(self, nodes: Nodes, value: Any) -> CannotGenerate:
        """Why a value is none for these schemas."""
        for node in nodes:
            for wrong in self._judge(node).violations(value, "body") if node.uri else ():
                return CannotGenerate(node.address, f"{wrong.pointer or 'the value'}: {wrong.message}")
        return CannotGenerate(nodes[0].address if nodes else "", "no value was found")

    def is_deep(self, depth: int) -> bool:
        """Whether only the necessary is to be made from here."""
        return self.sparse or depth >= DEPTH_LIMIT or self._size > SIZE_LIMIT

    def is_given(self, name: str, depth: int) -> bool:
        """Whether there is a value for a member of that name."""
        return next(self._given.values(name, depth), None) is not None

    def leaves_out(self, nodes: Nodes) -> bool:
        """Whether a member that need not be there is better left out: hidden, or the same once more."""
        for node in nodes:
            value = node.value
            reference = value.get("$ref") if isinstance(value, dict) else None
            if value is False or self._above[reference or ""] > 1:
                return True
        return self.hides(nodes)

    def hides(self, nodes: Nodes) -> bool:
        """Whether a member is not for this direction."""
        places = (node.follow().value for node in nodes)
        values = (value for pair in zip(nodes, places, strict=True) for value in (pair[0].value, pair[1]))
        return any(isinstance(one, dict) and one.get(self._hidden) is True for one in values)

    def examples(self, nodes: Nodes) -> list[Any]:
        """The examples and defaults of some schemas, those of a branch not counted."""
        return self._demand(nodes, first).examples if self._from_examples else []

    def member(self, nodes: Nodes, name: str, depth: int, attempt: int) -> Any:
        """A value for a member of that name: the one that was given for it, where it may be that."""
        for value in self._given.values(name, depth):
            if self.is_valid(nodes, value):
                return value
        return self.make(nodes, name, depth, attempt)

    def make(self, nodes: Nodes, name: str, depth: int, attempt: int = 0) -> Any:
        """A value that should be valid; each attempt goes about it in another way. Raises CannotGenerate."""
        self._steps += 1
        self._size += 1
        if self._steps > STEP_LIMIT or depth > FINAL_DEPTH:
            raise CannotGenerate(nodes[0].address if nodes else "", "its values have no end")
        demand = self._demand(nodes, self._chooser(depth, attempt))
        if demand.allowed is not None:
            return self._one_of(nodes, demand, attempt)
        if depth and not attempt and self._from_examples and demand.examples:
            return self.chance.choice(demand.examples)
        self._above.update(demand.followed)
        try:
            return self._typed(nodes, demand, name, depth, attempt)
        finally:
            self._above.subtract(demand.followed)

    def _typed(self, nodes: Nodes, demand: Constraints, name: str, depth: int, attempt: int) -> Any:
        kind = self._type(nodes, demand, depth, attempt)
        if kind == "object":
            return make_object(self, demand, depth, attempt)
        if kind == "array":
            return make_array(self, demand, name, depth, attempt)
        if kind == "string":
            try:
                return text(demand, name, self.chance, attempt)
            except NoText as error:
                raise CannotGenerate(nodes[0].address if nodes else "", str(error)) from None
        if kind in ("integer", "number"):
            return self._number(nodes, demand, name, attempt, whole=kind == "integer")
        return self.chance.random() < 0.5 if kind == "boolean" else None

    def _number(self, nodes: Nodes, demand: Constraints, name: str, attempt: int, *, whole: bool) -> int | float:
        # As for texts.
        from mockserver.generate.realistic import usual

        found = number(demand, self.chance, usual(name) if not attempt else None, whole=whole)
        if found is None:
            raise CannotGenerate(nodes[0].address if nodes else "", "no number is within its bounds")
        return found

    def _type(self, nodes: Nodes, demand: Constraints, depth: int, attempt: int) -> str:
        """The type to make: any but null, where there is another; null where it has to come to an end."""
        types = [one for one in TYPES if one in demand.types]
        if not types:
            raise CannotGenerate(nodes[0].address if nodes else "", "no type is left that all of its parts admit")
        if len(types) == len(TYPES):
            types = ["string", "integer", "boolean", "null", "object", "array", "number"] if depth else list(TYPES)
        if "null" in types and (self._ends(demand, depth) or len(types) == 1):
            return "null"
        real = [one for one in types if one != "null" and not (one == "integer" and "number" in types)] or types
        return real[0] if attempt < 2 else self.chance.choice(types)

    def _ends(self, demand: Constraints, depth: int) -> bool:
        return self.is_deep(depth) or any(self._above[one] > 1 for one in demand.followed)

    def _one_of(self, nodes: Nodes, demand: Constraints, attempt: int) -> Any:
        allowed = [one for one in demand.allowed or () if kind_of(one) & demand.types]
        if attempt or len(allowed) == 1:
            allowed = [one for one in allowed if self.is_valid(nodes, one)]
        if not allowed:
            raise CannotGenerate(nodes[0].address, "none of the values that it lists is valid")
        real = [one for one in allowed if one is not None] or allowed
        return self.chance.choice(real if not attempt else allowed)

    def _demand(self, nodes: Nodes, choose: Choose) -> Constraints:
        return ConstraintCollector(self._documents, self.chance, choose).of(nodes)

    def nearest(self, nodes: Nodes, value: Any) -> Constraints:
        """The demand by the branches that come nearest to a value."""
        return self._demand(nodes, lambda branches: min(branches, key=lambda one: self.faults(one, value)))

    def _chooser(self, depth: int, attempt: int) -> Choose:
        def choose(branches: Sequence[Node]) -> Node:
            if self.is_deep(depth) or any(self._loops(one) for one in branches):
                least = min(map(self._height, branches))
                branches = [one for one in branches if self._height(one) == least]
            elif not attempt:
                branches = [one for one in branches if not is_null(one)] or branches
            return self.chance.choice(branches)

        return choose

    def _loops(self, node: Node) -> bool:
        return isinstance(node.value, dict) and self._above[node.value.get("$ref", "")] > 1

    def _height(self, node: Node) -> int:
        """How deep the smallest value of a schema is, by what it asks for itself."""
        if not isinstance(node.value, dict):
            return 0 if node.value else ENDLESS
        if node.address not in self._heights:
            self._heights[node.address] = ENDLESS
            self._heights[node.address] = min(ENDLESS, self._measured(node))
        return self._heights[node.address]

    def _measured(self, node: Node) -> int:
        value, found = node.value, [0]
        if isinstance(value.get("$ref"), str):
            found.append(self._height(self._documents.at(value["$ref"])))
        for keyword in ("allOf", "oneOf", "anyOf"):
            if isinstance(value.get(keyword), list) and value[keyword]:
                heights = [self._height(node.child(keyword, place)) for place in range(len(value[keyword]))]
                found.append(max(heights) if keyword == "allOf" else min(heights))
        if isinstance(value.get("properties"), dict):
            for name in value.get("required", ()):
                if name in value["properties"]:
                    found.append(1 + self._height(node.child("properties", name)))
        if value.get("minItems", 0) and "items" in value:
            found.append(1 + self._height(node.child("items")))
        return max(found)


def first(branches: Sequence[Node]) -> Node:
    """The first branch."""
    return branches[0]


def is_null(node: Node) -> bool:
    """Whether a schema plainly admits null alone."""
    return isinstance(node.value, dict) and (node.value.get("type") == "null" or node.value.get("enum") == [None])


def kind_of(value: Any) -> frozenset[str]:
    """The JSON types of a value; an integer is a number too."""
    if value is None or isinstance(value, bool):
        return frozenset(["null" if value is None else "boolean"])
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return frozenset(["number", "integer"] if whole else ["number"])
    return frozenset(["string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"])
