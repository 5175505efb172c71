"""The state of generating one value, and what the makers of each JSON type share."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

from mockserver.documents.nodes import Documents, Node
from mockserver.errors import CannotGenerate
from mockserver.generate.constraint_collector import ChooseBranch, ConstraintCollector
from mockserver.generate.constraints import TYPES, Constraints, Nodes
from mockserver.generate.known_values import KnownValues
from mockserver.generate.minimum_depth import MinimumDepth
from mockserver.schemas.shapes import types_of_value
from mockserver.schemas.validators import Schemas, Validator
from mockserver.syntax.amounts import CURRENCIES
from mockserver.syntax.words import normalize

# From this depth, or after this many values, only what is required is generated.
DEPTH_LIMIT = 6
VALUE_LIMIT = 400
# The attempts in which a value for a schema with a discriminator has to be one of a schema that inherits from it.
HEIR_ATTEMPTS = 3
# From this attempt on, optional members are generated as well where the least value was none that is valid.
LEAST_ATTEMPTS = 25
# Beyond these the value has no end.
FINAL_DEPTH = 60
FINAL_VALUE_LIMIT = 20_000
# The characters of a text that count as one value.
VALUE_LENGTH = 1_000
# Inside a value any type will do, and the simplest come first.
SIMPLEST_TYPES = ("string", "integer", "boolean", "null", "object", "array", "number")
# Makes a value of one JSON type from constraints, the property's name, the depth and the number of the attempt.
Maker = Callable[["Generation", Constraints, str, int, int], Any]


class Generation:
    """Generates one value after another from one random source.

    `makers` holds the function for each JSON type. `hidden` is the annotation of members to leave out, `writeOnly` or
    `readOnly`. With `minimal`, optional members are left out unless their value is known. `failures` are the errors of
    schemas, by their addresses, for which no value was found.
    """

    def __init__(
        self,
        documents: Documents,
        schemas: Schemas,
        rng: random.Random,
        makers: Mapping[str, Maker],
        *,
        known_values: KnownValues,
        from_examples: bool,
        hidden: str,
        minimal: bool,
    ) -> None:
        self.rng, self.minimal = rng, minimal
        self.failures: dict[tuple[str, ...], CannotGenerate] = {}
        self.string_schema = Node(documents, "", "", {"type": "string"})
        self._documents, self._schemas, self._makers = documents, schemas, makers
        self._known_values, self._from_examples, self._hidden = known_values, from_examples, hidden
        self._minimum_depth = MinimumDepth(documents)
        # How often each reference is being followed at the present place.
        self._open_references: Counter[str] = Counter()
        self._value_count = 0
        # The constraints of schemas that leave nothing to choose, by the places of the schemas.
        self._fixed_constraints: dict[tuple[tuple[str, str], ...], Constraints] = {}

    def restart(self) -> None:
        """Forget the value so far."""
        self._value_count = 0
        self._open_references.clear()

    def is_valid(self, nodes: Nodes, value: Any) -> bool:
        """Whether a value satisfies every schema."""
        return all(not node.uri or self._validator(node).is_valid(value) for node in nodes)

    def _validator(self, node: Node) -> Validator:
        validator = self._schemas.validator(node)
        try:
            validator.is_valid  # noqa: B018 - compiled on first access
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            reason = f"it is not a valid JSON Schema: {str(error).splitlines()[0]}"
            raise CannotGenerate(node.address, reason) from None
        return validator

    def explain_invalid(self, nodes: Nodes, value: Any) -> CannotGenerate:
        """The error that says why a value does not satisfy the schemas."""
        for node in nodes:
            for violation in self._validator(node).violations(value, "body") if node.uri else ():
                return CannotGenerate(node.address, f"{violation.pointer or 'the value'}: {violation.message}")
        return CannotGenerate(nodes[0].address if nodes else "", "no valid value was found")

    def is_minimal(self, depth: int, attempt: int = 0) -> bool:
        """Whether to generate only what is required from this depth on."""
        is_wanted = self.minimal and attempt < LEAST_ATTEMPTS
        return is_wanted or depth >= DEPTH_LIMIT or self._value_count > VALUE_LIMIT

    def has_known_value(self, name: str, depth: int) -> bool:
        """Whether a value for a member of that name is known."""
        return next(self._known_values.candidates(name, depth), None) is not None

    def should_omit(self, nodes: Nodes) -> bool:
        """Whether an optional member is better left out: it is hidden, forbidden, or repeats its own schema."""
        for node in nodes:
            schema = node.value
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if schema is False or self._open_references[reference or ""] > 1:
                return True
        return self.is_hidden(nodes)

    def is_hidden(self, nodes: Nodes) -> bool:
        """Whether a member is marked as one to leave out."""
        schemas = (schema for node in nodes for schema in (node.value, node.resolve().value))
        return any(isinstance(schema, dict) and schema.get(self._hidden) is True for schema in schemas)

    def examples(self, nodes: Nodes) -> list[Any]:
        """The examples and defaults of schemas, without those of branches but the first."""
        return self._constraints(nodes, _first).examples if self._from_examples else []

    def make_member(self, nodes: Nodes, name: str, depth: int, attempt: int, meaning: str) -> Any:
        """A value for a member of that name: the known one if the schemas allow it. Raises CannotGenerate.

        Otherwise it is made as for a member whose name is its `meaning`.
        """
        for value in self.valid_known_values(nodes, name, depth):
            return value
        return self.make(nodes, meaning or name, depth, attempt)

    def valid_known_values(self, nodes: Nodes, name: str, depth: int) -> Iterator[Any]:
        """The known values for a member of that name that the schemas allow."""
        return (value for value in self._known_values.candidates(name, depth) if self.is_valid(nodes, value))

    def make(self, nodes: Nodes, name: str, depth: int, attempt: int = 0) -> Any:
        """A value that should satisfy the schemas; each attempt tries another way. Raises CannotGenerate."""
        self._value_count += 1
        if self._value_count > FINAL_VALUE_LIMIT or depth > FINAL_DEPTH:
            raise CannotGenerate(
                nodes[0].address if nodes else "", f"it requires values without end, or more than {FINAL_VALUE_LIMIT:,}"
            )
        inherits = attempt < HEIR_ATTEMPTS and depth < DEPTH_LIMIT and not self.minimal
        constraints = self._constraints(nodes, self._branch_chooser(depth, attempt), inherits=inherits)
        if constraints.allowed is not None:
            return self._choose_value(nodes, constraints, name, attempt)
        if depth and not attempt and self._from_examples and constraints.examples:
            return self.rng.choice(constraints.examples)
        self._open_references.update(constraints.references)
        try:
            json_type = self._choose_type(constraints, depth, attempt)
            value = self._makers[json_type](self, constraints, name, depth, attempt)
            if isinstance(value, str):
                self._value_count += len(value) // VALUE_LENGTH
            return value
        finally:
            self._open_references.subtract(constraints.references)

    def _choose_type(self, constraints: Constraints, depth: int, attempt: int) -> str:
        """The type to generate: null only if nothing else is allowed, or below the value itself, to end recursion."""
        types = [json_type for json_type in TYPES if json_type in constraints.types]
        if not types:
            raise CannotGenerate(constraints.address, "its parts allow no type in common")
        if len(types) == len(TYPES):
            types = list(SIMPLEST_TYPES if depth else TYPES)
        if "null" in types and ((depth and self._must_end(constraints, depth, attempt)) or len(types) == 1):
            return "null"
        preferred = [
            json_type
            for json_type in types
            if json_type != "null" and not (json_type == "integer" and "number" in types)
        ] or types
        return preferred[0] if attempt < 2 else self.rng.choice(types)

    def _must_end(self, constraints: Constraints, depth: int, attempt: int) -> bool:
        is_repeated = any(self._open_references[address] > 1 for address in constraints.references)
        return is_repeated or self.is_minimal(depth, attempt)

    def _choose_value(self, nodes: Nodes, constraints: Constraints, name: str, attempt: int) -> Any:
        """One of the values of `enum` or `const`; null only if there is no other. The first currency is that of all."""
        is_later = attempt > 0
        if is_later not in constraints.choices:
            allowed = [value for value in constraints.allowed or () if types_of_value(value) & constraints.types]
            if is_later or len(allowed) == 1:
                allowed = [value for value in allowed if self.is_valid(nodes, value)]
            preferred = [value for value in allowed if value is not None] or allowed
            constraints.choices[is_later] = allowed if is_later else preferred
        if not (choices := constraints.choices[is_later]):
            raise CannotGenerate(constraints.address, "none of the values that it lists is valid")
        return choices[0] if not is_later and normalize(name) in CURRENCIES else self.rng.choice(choices)

    def _constraints(self, nodes: Nodes, choose: ChooseBranch, *, inherits: bool = False) -> Constraints:
        places = tuple((node.uri, node.pointer) for node in nodes)
        if (fixed := self._fixed_constraints.get(places)) is not None:
            return fixed
        collector = ConstraintCollector(self._documents, self.rng, choose, inherits)
        try:
            constraints = collector.collect(nodes)
        except RecursionError:
            raise CannotGenerate(nodes[0].address, "too many schemas apply, each by way of the one before") from None
        # A schema that is in no document has no place.
        if not collector.has_chosen and all(node.uri for node in nodes):
            self._fixed_constraints[places] = constraints
        return constraints

    def nearest_constraints(self, nodes: Nodes, value: Any) -> Constraints:
        """The constraints along the branches by which a value has the fewest errors."""
        return self._constraints(
            nodes, lambda branches: min(branches, key=lambda branch: self._validator(branch).count_failures(value))
        )

    def _branch_chooser(self, depth: int, attempt: int) -> ChooseBranch:
        def choose(branches: Sequence[Node]) -> Node:
            if not depth and not attempt:
                branches = [branch for branch in branches if not _is_null(branch)] or branches
            if self.is_minimal(depth, attempt) or any(self._is_recursive(branch) for branch in branches):
                least = min(map(self._minimum_depth.of, branches))
                branches = [branch for branch in branches if self._minimum_depth.of(branch) == least]
            elif not attempt:
                branches = [branch for branch in branches if not _is_null(branch)] or branches
            return self.rng.choice(branches)

        return choose

    def _is_recursive(self, node: Node) -> bool:
        return isinstance(node.value, dict) and self._open_references[node.value.get("$ref", "")] > 1


def _first(branches: Sequence[Node]) -> Node:
    return branches[0]


def _is_null(node: Node) -> bool:
    """Whether a schema plainly allows null alone."""
    return isinstance(node.value, dict) and (node.value.get("type") == "null" or node.value.get("enum") == [None])
