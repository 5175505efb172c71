"""Arrays: prefix items, items, and the items that `contains` requires."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import suppress
from typing import Any

from msgspec import Struct

from mockserver.documents.nodes import Node
from mockserver.errors import CannotGenerate
from mockserver.generate.constraints import Constraints, Nodes, require_possible
from mockserver.generate.generation_state import Generation
from mockserver.schemas.equality import equality_key

ATTEMPT_LIMIT = 25
# The attempts that are made even at a schema with a constant.
CONSTANT_ATTEMPTS = 3
# Members in which each item of a list differs.
KEYS = ("id", "uuid", "_id")


def make_array(generation: Generation, constraints: Constraints, name: str, depth: int, attempt: int) -> list[Any]:
    """An array that should satisfy the constraints. Raises CannotGenerate."""
    items: list[Any] = []
    add_items(generation, constraints, items, name, depth, attempt)
    return items


def add_items(
    generation: Generation, constraints: Constraints, items: list[Any], name: str, depth: int, attempt: int
) -> None:
    """Extend an array, in place, to a length that is allowed and by what `contains` requires. Raises CannotGenerate."""
    contained = _missing_contained(generation, constraints, items)
    length = max(len(items), _prefix_length(constraints)) if contained and attempt % 2 == 0 else len(items)
    require_possible(constraints, "minItems", constraints.minimum("minItems"), len(items))
    shortest = max(constraints.minimum("minItems"), length + len(contained))
    seen, keys = {equality_key(item) for item in items}, {_key_of(item) for item in items}
    limits = _find_limits(generation, constraints, items, contained)
    is_unique = True in constraints.values("uniqueItems")
    singular = _singular(name)
    missing = _choose_length(generation, constraints, shortest, depth, attempt) - len(items)
    # What `contains` requires comes last, since the first items are the likeliest to have schemas of their own.
    for number in range(len(contained) - missing, len(contained)):
        extra = (contained[number],) if number >= 0 else ()
        schemas = (*constraints.item_schemas(len(items), contained=bool(extra)), *extra)
        try:
            distinct = _make_distinct(generation, schemas, singular, depth, attempt, seen, [] if extra else limits)
        except CannotGenerate:
            if len(items) >= constraints.minimum("minItems") and not contained:
                return
            raise
        if distinct is None and not extra and (is_unique or len(items) >= shortest):
            return
        if distinct is None:
            distinct = _make_distinct(generation, schemas, singular, depth, attempt, set(), [] if extra else limits)
        item = distinct[0] if distinct is not None else generation.make(schemas, singular, depth + 1, attempt)
        item = _with_key_of_its_own(generation, schemas, item, keys, len(items), depth)
        items.append(item)
        keys.add(_key_of(item))
        seen.add(equality_key(item))
        for limit in limits if not extra else ():
            limit.remaining -= generation.is_valid((limit.schema,), item)


def _choose_length(generation: Generation, constraints: Constraints, shortest: int, depth: int, attempt: int) -> int:
    prefix, longest = _prefix_length(constraints), constraints.maximum("maxItems")
    if longest is None or longest > shortest + 3:
        longest = max(shortest + 3, prefix)
    if attempt == 1 or generation.is_minimal(depth, attempt):
        return shortest
    return generation.rng.randint(max(shortest, min(1, longest), min(prefix, longest)), max(shortest, longest))


def _prefix_length(constraints: Constraints) -> int:
    return max((len(schemas) for schemas in constraints.values("prefixItems") if isinstance(schemas, list)), default=0)


def _missing_contained(generation: Generation, constraints: Constraints, items: list[Any]) -> list[Node]:
    """The schema of each item that `contains` and `minContains` still require."""
    schemas = list[Node]()
    for part in constraints.parts:
        if "contains" in part.value:
            schema = part.child("contains")
            count = sum(generation.is_valid((schema,), item) for item in items)
            fewest = int(part.value.get("minContains", 1))
            require_possible(constraints, "minContains", fewest, count)
            schemas += [schema] * max(0, fewest - count)
    return schemas


class _Limit(Struct):
    """How many more items may match a schema, without those that `contains` still requires."""

    schema: Node
    remaining: int


def _find_limits(
    generation: Generation, constraints: Constraints, items: list[Any], contained: list[Node]
) -> list[_Limit]:
    """The limits by `maxContains`, and by a `not` of `contains`."""
    limits = list[_Limit]()
    for part in constraints.parts:
        if "contains" in part.value and "maxContains" in part.value:
            limits.append(_Limit(part.child("contains"), int(part.value["maxContains"])))
        negated = part.value.get("not")
        if isinstance(negated, dict) and negated.keys() == {"contains"}:
            limits.append(_Limit(part.child("not", "contains"), 0))
    for limit in limits:
        limit.remaining -= sum(generation.is_valid((limit.schema,), item) for item in items)
        limit.remaining -= sum(schema.address == limit.schema.address for schema in contained)
    return limits


def _make_distinct(
    generation: Generation,
    schemas: Nodes,
    name: str,
    depth: int,
    attempt: int,
    seen: set[str],
    limits: list[_Limit],
) -> tuple[Any] | None:
    """An item within the limits whose equality key has not been seen, in a tuple; None if none was found."""
    exhausted = [limit.schema for limit in limits if limit.remaining <= 0]
    for number in range(ATTEMPT_LIMIT):
        item = generation.make(schemas, name, depth + 1, attempt if number == 0 else max(attempt, number))
        is_excessive = any(generation.is_valid((schema,), item) for schema in exhausted)
        if not is_excessive and equality_key(item) not in seen:
            return (item,)
        if number >= CONSTANT_ATTEMPTS and _is_constant(schemas):
            return None
    return None


def _key_of(item: Any) -> tuple[str, str] | None:
    """The member that holds the key of an item, and the equality key of its value."""
    name = next((name for name in KEYS if name in item), None) if isinstance(item, dict) else None
    return (name, equality_key(item[name])) if name is not None else None


def _with_key_of_its_own(
    generation: Generation, schemas: Nodes, item: Any, used_keys: Set[tuple[str, str] | None], number: int, depth: int
) -> Any:
    """The item with another key where that of its example is taken, and the schemas allow another one."""
    present = _key_of(item)
    if present is None or present not in used_keys:
        return item
    name = present[0]
    nodes = generation.nearest_constraints(schemas, item).member_schemas(name)
    for key in _other_keys(generation, nodes, name, item[name], number, depth):
        changed = {**item, name: key}
        if _key_of(changed) not in used_keys and generation.is_valid(schemas, changed):
            return changed
    return item


def _other_keys(generation: Generation, nodes: Nodes, name: str, key: Any, number: int, depth: int) -> Iterator[Any]:
    """Keys beside one that is taken: the next number, the text with a number, else generated ones."""
    if type(key) is int:
        yield key + number
    if isinstance(key, str):
        yield f"{key}-{number + 1}"
    for attempt in range(1, CONSTANT_ATTEMPTS):
        with suppress(CannotGenerate):
            yield generation.make(nodes, name, depth + 2, attempt)


def _is_constant(schemas: Nodes) -> bool:
    return any(isinstance(schema.value, dict) and "const" in schema.value for schema in schemas)


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
