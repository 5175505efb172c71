"""Objects: which members they get, in the order in which the schema declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.errors import CannotGenerate
from mockserver.generate.agreement import agree
from mockserver.generate.chronology import sort_instants
from mockserver.generate.constraints import Constraints, matches_pattern, object_at, require_possible
from mockserver.generate.generation_state import Generation
from mockserver.generate.people import whose_country, whose_name
from mockserver.generate.regex.parser import UnsupportedPattern
from mockserver.generate.regex.writer import write_match
from mockserver.generate.totals import add_up
from mockserver.generate.vocabulary import pick_word
from mockserver.syntax.words import normalize

ATTEMPT_LIMIT = 25
# The members of an object that is a map from any name.
MAP_SIZE = 2


def make_object(
    generation: Generation, constraints: Constraints, own_name: str, depth: int, attempt: int
) -> dict[str, Any]:
    """An object that should satisfy the constraints, in a property called `own_name`. Raises CannotGenerate."""
    members: dict[str, Any] = {}
    for name in _choose_members(generation, constraints, depth, attempt):
        add_member(generation, constraints, members, name, depth, attempt, own_name)
    add_missing_members(generation, constraints, members, depth, attempt)
    known_members = [name for name in members if generation.has_known_value(name, depth + 1)]
    sort_instants(constraints, members, known_members)
    add_up(generation, constraints, members, known_members)
    # What agrees need not satisfy the schema of the whole object.
    if attempt % 2 == 0:
        agree(generation, constraints, members, known_members)
    return _in_declared_order(constraints, members)


def add_member(
    generation: Generation,
    constraints: Constraints,
    members: dict[str, Any],
    name: str,
    depth: int,
    attempt: int,
    own_name: str = "",
) -> None:
    """Add one member if a value for it can be generated. Raises CannotGenerate if a required one cannot."""
    schemas = constraints.member_schemas(name)
    if name in constraints.hints and generation.is_valid(schemas, constraints.hints[name]):
        members[name] = constraints.hints[name]
        return
    try:
        meaning = _meaning(constraints, name, own_name)
        members[name] = generation.make_member(schemas, name, depth + 1, attempt, meaning)
    except CannotGenerate:
        if name in constraints.required:
            raise


def _meaning(constraints: Constraints, name: str, own_name: str) -> str:
    """What a member would be called that says more than its name: people have names, and so have products."""
    if name == "name":
        return whose_name(filter(None, (own_name, *constraints.references)), constraints.declared_members)
    if normalize(name) in ("country", "countrycode"):
        return whose_country(name, constraints.declared_members)
    return name


def add_missing_members(
    generation: Generation, constraints: Constraints, members: dict[str, Any], depth: int, attempt: int
) -> None:
    """Add the members that are required, also by those that are present, and as many as `minProperties` demands."""
    for name in _with_dependents(constraints, [*members, *constraints.required]):
        if name in members or (not attempt and generation.is_hidden(constraints.member_schemas(name))):
            continue
        add_member(generation, constraints, members, name, depth, attempt)
    fewest, most = constraints.minimum("minProperties"), constraints.maximum("maxProperties")
    require_possible(constraints, "minProperties", fewest, len(members))
    name_schemas = constraints.name_schemas
    for name in constraints.declared_members:
        is_possible = name not in members and name not in constraints.absent
        if len(members) < fewest and is_possible and generation.is_valid(name_schemas, name):
            add_member(generation, constraints, members, name, depth, attempt)
    if not members and _is_map(constraints) and attempt != 1 and not generation.is_minimal(depth, attempt):
        fewest = max(fewest, MAP_SIZE if most is None else min(MAP_SIZE, most))
    for number in range(ATTEMPT_LIMIT + fewest):
        if len(members) >= fewest:
            return
        extra = _make_name(generation, constraints, members, number)
        if extra is not None and extra not in members and extra not in constraints.absent:
            add_member(generation, constraints, members, extra, depth, attempt)


def _in_declared_order(constraints: Constraints, members: dict[str, Any]) -> dict[str, Any]:
    declared = [name for name in constraints.declared_members if name in members]
    return {name: members[name] for name in dict.fromkeys([*declared, *members])}


def _choose_members(generation: Generation, constraints: Constraints, depth: int, attempt: int) -> list[str]:
    """The required members, and of the optional ones all on the first attempt, none on the second, some on later ones.

    A hidden member is usually required in the other direction only, so the first attempt leaves it out.
    """
    declared, most = constraints.declared_members, constraints.maximum("maxProperties")
    chosen = {
        name: None
        for name in constraints.required
        if attempt or not generation.is_hidden(constraints.member_schemas(name))
    }  # fmt: skip
    is_minimal = generation.is_minimal(depth, attempt)
    for name in declared:
        if name in chosen or name in constraints.absent or attempt == 1:
            continue
        if is_minimal and not (generation.minimal and generation.has_known_value(name, depth + 1)):
            continue
        if most is not None and len(_with_dependents(constraints, [*chosen, name])) > most:
            continue
        if attempt > 1 and generation.rng.random() < 0.5:
            continue
        is_allowed = not generation.should_omit(constraints.member_schemas(name))
        if is_allowed and generation.is_valid(constraints.name_schemas, name):
            chosen[name] = None
    order = {name: position for position, name in enumerate(declared)}
    return sorted(_with_dependents(constraints, chosen), key=lambda name: order.get(name, len(order)))


def _with_dependents(constraints: Constraints, chosen: Iterable[str]) -> list[str]:
    """The names and those that `dependentRequired` adds to them, each once."""
    names = dict.fromkeys(chosen)
    for _ in range(ATTEMPT_LIMIT):
        dependents = [
            dependent
            for part in constraints.parts
            for name, dependents in object_at(part, "dependentRequired").items()
            if name in names
            for dependent in dependents
            if dependent not in names
        ]
        if not dependents:
            break
        names |= dict.fromkeys(dependents)
    return list(names)


def _is_map(constraints: Constraints) -> bool:
    """Whether the object is meant for names that the schema does not declare."""
    if constraints.declared_members or constraints.values("propertyNames"):
        return False
    schemas = [schema for schema in constraints.values("additionalProperties") if isinstance(schema, dict) and schema]
    return bool(schemas) or any(object_at(part, "patternProperties") for part in constraints.parts)


def _make_name(generation: Generation, constraints: Constraints, members: Mapping[str, Any], number: int) -> str | None:
    """A name for one more member; None if this attempt found none."""
    name_schemas = constraints.name_schemas
    patterns = [pattern for part in constraints.parts for pattern in object_at(part, "patternProperties")]
    if patterns and number % 2 == 0:
        try:
            pattern = patterns[number // 2 % len(patterns)]
            name = write_match(pattern, generation.rng, attempt=number)
        except UnsupportedPattern:
            return None
        # A pattern that leaves the end open would match the same text each time.
        longer = name + pick_word(generation.rng)
        names = [text for text in (longer, name) if matches_pattern(pattern, text)]
        return next((text for text in names if generation.is_valid(name_schemas, text)), None)
    if name_schemas:
        try:
            value = generation.make((*name_schemas, generation.string_schema), "", 0, number)
        except CannotGenerate:
            return None
        if isinstance(value, str) and value in members:
            # A pattern that leaves the end open, as above.
            longer = value + pick_word(generation.rng)
            return longer if generation.is_valid(name_schemas, longer) else None
        return value if isinstance(value, str) else None
    word = pick_word(generation.rng)
    return word if number < ATTEMPT_LIMIT // 2 else f"{word}{number}"
