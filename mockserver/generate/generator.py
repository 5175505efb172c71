"""Generates values for schemas, and repairs values that do not satisfy them."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Mapping
from typing import Any

from mockserver.documents.nodes import Documents, Node
from mockserver.errors import CannotGenerate
from mockserver.generate import repair
from mockserver.generate.agreement import agree
from mockserver.generate.approximation import approximate
from mockserver.generate.arrays import make_array
from mockserver.generate.constraints import Constraints
from mockserver.generate.generation_state import Generation, Maker
from mockserver.generate.known_values import KnownValues
from mockserver.generate.numbers import make_number
from mockserver.generate.objects import make_object
from mockserver.generate.strings import make_string
from mockserver.generate.totals import FIXING, add_up
from mockserver.schemas.validators import Schemas
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import JSON, is_json

# The attempts at which a number is the least, or the greatest, of its range: a `not` may leave these alone.
ENDS_TRIED = {20: 0, 21: 1}


class Generator:
    """Generates values that schemas allow; the random source alone decides which.

    `known_values` are values by the names of the members that should have them if their schemas allow it. Without
    `from_examples`, the examples and defaults of schemas are ignored. Members annotated as `hidden` are left out:
    `writeOnly` ones in responses, `readOnly` ones in requests. With `minimal`, optional members whose value is not
    known are left out too. With `best_effort`, a value that comes near is generated where none is valid.
    """

    def __init__(
        self,
        documents: Documents,
        schemas: Schemas,
        rng: random.Random,
        *,
        known_values: Mapping[str, Any] | None = None,
        from_examples: bool = True,
        hidden: str = "writeOnly",
        minimal: bool = False,
        best_effort: bool = False,
    ) -> None:
        self._best_effort = best_effort
        self._generation = Generation(
            documents,
            schemas,
            rng,
            MAKERS,
            known_values=KnownValues.from_names(known_values or {}),
            from_examples=from_examples,
            hidden=hidden,
            minimal=minimal,
        )

    @classmethod
    def seeded(cls, documents: Documents, schemas: Schemas, seed: str, **options: Any) -> Generator:
        """A generator whose values depend on `seed` alone; `options` are the constructor's."""
        return cls(documents, schemas, random.Random(seed), **options)

    def generate(self, node: Node, name: str = "") -> Any:
        """A value for the schema at `node`, in a property called `name`. Raises CannotGenerate."""
        return self.factory(node, name)()

    def factory(self, node: Node, name: str = "") -> Callable[[], Any]:
        """A function that returns another value for the schema at `node` on each call. It raises CannotGenerate."""
        generation, nodes = self._generation, (node,)
        examples = [example for example in generation.examples(nodes) if generation.is_valid(nodes, example)]
        if examples:
            return lambda: generation.rng.choice(examples)

        def make() -> Any:
            generation.restart()
            try:
                return repair.make_valid(generation, nodes, name)
            except CannotGenerate:
                if not self._best_effort:
                    raise
                return approximate(generation, nodes, name)

        return make

    def repair(self, node: Node, value: Any, name: str = "") -> Any:
        """The value, in which only what violates the schema at `node` is replaced. Raises CannotGenerate."""
        self._generation.restart()
        try:
            return repair.repair_value(self._generation, (node,), value, name, 0)
        except CannotGenerate:
            if not self._best_effort:
                raise
            return value

    def add_up(self, node: Node, record: dict[str, Any], kept: Container[str]) -> None:
        """Set the counts and amounts of a record that follow from its other members, in place, except those `kept`.

        Examples and defaults of these do not count: they cannot be right for every record.
        """
        constraints = self._generation.nearest_constraints((node,), record)
        add_up(self._generation, constraints, record, kept, prescribing=FIXING)

    def agree(self, node: Node, record: dict[str, Any], kept: Container[str]) -> None:
        """Replace members of a record, in place, by what agrees with the others, except those `kept`."""
        agree(self._generation, self._generation.nearest_constraints((node,), record), record, kept)


def _make_number(
    generation: Generation, constraints: Constraints, name: str, attempt: int, *, whole: bool
) -> int | float:
    # Faker is slow to import, and most contracts bring their own examples.
    from mockserver.generate.realistic import usual_range

    end = ENDS_TRIED.get(attempt)
    number = make_number(constraints, generation.rng, usual_range(name) if not attempt else None, whole=whole, end=end)
    if number is None:
        raise CannotGenerate(constraints.address, "no number satisfies its bounds and multipleOf")
    return number


def _make_text(generation: Generation, constraints: Constraints, name: str, depth: int, attempt: int) -> str:
    content = tuple(
        part.child("contentSchema")
        for part in constraints.parts
        if "contentSchema" in part.value
        and is_json(str(part.value.get("contentMediaType", JSON)))
        and "contentEncoding" not in part.value
    )
    if content:
        return strict_json.dump(generation.make(content, name, depth + 1, attempt)).decode()
    return make_string(constraints, name, generation.rng, attempt)


MAKERS: Mapping[str, Maker] = {
    "object": make_object,
    "array": make_array,
    "string": _make_text,
    "integer": lambda generation, constraints, name, _, attempt: _make_number(
        generation, constraints, name, attempt, whole=True
    ),
    "number": lambda generation, constraints, name, _, attempt: _make_number(
        generation, constraints, name, attempt, whole=False
    ),
    "boolean": lambda generation, *_: generation.rng.random() < 0.5,
    "null": lambda *_: None,
}
