"""Valid values: generated ones are tried until one is valid, and invalid ones are repaired in the smallest place."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from mockserver.errors import CannotGenerate
from mockserver.generate.arrays import add_items
from mockserver.generate.constraints import Constraints, Nodes, addresses
from mockserver.generate.generation_state import LEAST_ATTEMPTS, Generation
from mockserver.generate.neighbours import find_neighbour
from mockserver.generate.objects import add_missing_members
from mockserver.generate.totals import add_up
from mockserver.schemas.equality import equality_key

ATTEMPT_LIMIT = 25
# The values that were tried and are searched around.
DRAFT_LIMIT = 6
# Where realistic values are rejected, one of these may be valid.
SIMPLE_VALUES: tuple[Any, ...] = (
    "", "a", "word", "word " * 8, 0, 1, -1, 0.5, 1000, True, False, None, [], {}, [0], {"a": 0}, {"name": "a"},
)  # fmt: skip


def make_valid(generation: Generation, nodes: Nodes, name: str, depth: int = 0) -> Any:
    """A value that satisfies every schema: the known one for a member of that name, if any. Raises CannotGenerate."""
    for known_value in generation.valid_known_values(nodes, name, depth):
        return known_value
    key = addresses(nodes)
    if key in generation.failures:
        raise generation.failures[key]
    attempts = _Attempts(generation, nodes, name, depth)
    if (attempted := attempts.make(range(ATTEMPT_LIMIT))) is not None:
        return attempted[0]
    for simple in SIMPLE_VALUES:
        if generation.is_valid(nodes, simple):
            return simple
    if (neighbour := find_neighbour(generation, nodes, attempts.drafts[:DRAFT_LIMIT])) is not None:
        return neighbour[0]
    if generation.minimal:
        if not depth:
            generation.restart()
        if (attempted := attempts.make(range(LEAST_ATTEMPTS, LEAST_ATTEMPTS + ATTEMPT_LIMIT))) is not None:
            return attempted[0]
    assert attempts.error is not None
    if generation.minimal or not generation.is_minimal(depth):
        generation.failures[key] = attempts.error
    raise attempts.error


class _Attempts(Struct):
    """Attempts at a value for schemas: those that were not valid, and the error that says why."""

    generation: Generation
    nodes: Nodes
    name: str
    depth: int
    error: CannotGenerate | None = None
    drafts: list[Any] = field(default_factory=list)

    def make(self, numbers: range) -> tuple[Any] | None:
        """The first valid value, in a tuple; None if all attempts fail."""
        generation, nodes = self.generation, self.nodes
        for attempt in numbers:
            try:
                value = generation.make(nodes, self.name, self.depth, attempt)
            except CannotGenerate as caught:
                self.error = self.error or caught
                continue
            if generation.is_valid(nodes, value):
                return (value,)
            if isinstance(value, dict | list):
                try:
                    constraints = generation.nearest_constraints(nodes, value)
                    value = _repair_parts(generation, constraints, value, self.name, self.depth, attempt)
                except CannotGenerate as caught:
                    self.error = caught
                    continue
                if generation.is_valid(nodes, value):
                    return (value,)
            self.error = self.error or generation.explain_invalid(nodes, value)
            self.drafts.append(value)
        return None


def repair_value(generation: Generation, nodes: Nodes, value: Any, name: str, depth: int) -> Any:
    """The value, in which only what violates the schemas is replaced. Raises CannotGenerate."""
    if generation.is_valid(nodes, value):
        return value
    constraints = generation.nearest_constraints(nodes, value)
    if constraints.allowed is None:
        try:
            repaired = _repair_parts(generation, constraints, value, name, depth, 0)
        except CannotGenerate:
            repaired = value
        if generation.is_valid(nodes, repaired):
            return repaired
    return make_valid(generation, nodes, name, depth)


def _repair_parts(
    generation: Generation, constraints: Constraints, value: Any, name: str, depth: int, attempt: int
) -> Any:
    """The value with each of its members or items repaired, or converted to the right type."""
    if isinstance(value, dict) and "object" in constraints.types:
        return _repair_object(generation, constraints, value, depth, attempt)
    if isinstance(value, list) and "array" in constraints.types:
        return _repair_array(generation, constraints, value, name, depth, attempt)
    return _convert(constraints, value)


def _repair_object(
    generation: Generation, constraints: Constraints, value: dict[str, Any], depth: int, attempt: int
) -> dict[str, Any]:
    repaired: dict[str, Any] = {}
    name_schemas, required = constraints.name_schemas, constraints.required
    for name, member in value.items():
        schemas = constraints.member_schemas(name)
        is_forbidden = name in constraints.absent or any(schema.value is False for schema in schemas)
        if is_forbidden or not generation.is_valid(name_schemas, name):
            continue
        try:
            repaired[name] = repair_value(generation, schemas, member, name, depth + 1)
        except CannotGenerate:
            if name in required:
                raise
    for name in required:
        if name not in repaired:
            repaired[name] = make_valid(generation, constraints.member_schemas(name), name, depth + 1)
    add_missing_members(generation, constraints, repaired, depth, max(attempt, 1))
    add_up(generation, constraints, repaired, kept=value)
    most = constraints.maximum("maxProperties")
    for name in [name for name in reversed(list(repaired)) if name not in required]:
        if most is not None and len(repaired) > most:
            del repaired[name]
    return repaired


def _repair_array(
    generation: Generation, constraints: Constraints, value: list[Any], name: str, depth: int, attempt: int
) -> list[Any]:
    repaired, seen = list[Any](), set[str]()
    longest = constraints.maximum("maxItems")
    is_unique = True in constraints.values("uniqueItems")
    for original in value[:longest]:
        item = repair_value(generation, constraints.item_schemas(len(repaired)), original, name, depth + 1)
        if not is_unique or equality_key(item) not in seen:
            repaired.append(item)
            seen.add(equality_key(item))
    add_items(generation, constraints, repaired, name, depth, max(attempt, 1))
    return repaired


def _convert(constraints: Constraints, value: Any) -> Any:
    """A scalar converted to the required type if only its notation was another, such as `"7"` for 7."""
    if isinstance(value, str) and constraints.types & {"integer", "number"} and "string" not in constraints.types:
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    if isinstance(value, str) and value.lower() in ("true", "false") and constraints.types == {"boolean"}:
        return value.lower() == "true"
    if isinstance(value, int | float) and "string" in constraints.types:
        return str(value).lower() if isinstance(value, bool) else str(value)
    longest = constraints.maximum("maxLength")
    return value[:longest] if isinstance(value, str) and longest is not None else value
