"""Objects: which members there are, in the order in which they are declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.errors import CannotGenerate
from mockserver.generate import patterns
from mockserver.generate.chronology import in_time
from mockserver.generate.constraints import Constraints, members
from mockserver.generate.vocabulary import word

if TYPE_CHECKING:
    from mockserver.generate.generator import Generation

TRIES = 25
MAP_SIZE = 2
MEMBER_LIMIT = 10_000


def make_object(making: Generation, demand: Constraints, depth: int, attempt: int) -> dict[str, Any]:
    """An object of this demand. Raises CannotGenerate."""
    made: dict[str, Any] = {}
    for one in _chosen(making, demand, depth, attempt):
        add(making, demand, made, one, depth, attempt)
    fill(making, demand, made, depth, attempt)
    in_time(demand, made)
    return in_order(demand, made)


def add(making: Generation, demand: Constraints, made: dict[str, Any], name: str, depth: int, attempt: int) -> None:
    """Add one member, if it can be made. Raises CannotGenerate where it must be there and cannot."""
    nodes = demand.member(name)
    if name in demand.hints and making.is_valid(nodes, demand.hints[name]):
        made[name] = demand.hints[name]
        return
    try:
        made[name] = making.member(nodes, name, depth + 1, attempt)
    except CannotGenerate:
        if name in demand.required:
            raise


def fill(making: Generation, demand: Constraints, made: dict[str, Any], depth: int, attempt: int) -> None:
    """Add what members that are there ask for, and as many more as there must be."""
    for name in _needed(demand, made):
        if not attempt and making.hides(demand.member(name)):
            continue
        add(making, demand, made, name, depth, attempt)
    least, most = demand.least("minProperties"), demand.most("maxProperties")
    for name in demand.names:
        if len(made) < least and name not in (*made, *demand.absent) and making.is_valid(demand.labels, name):
            add(making, demand, made, name, depth, attempt)
    if not made and _is_map(demand) and attempt != 1 and not making.is_deep(depth):
        least = max(least, MAP_SIZE if most is None else min(MAP_SIZE, most))
    for number in range(TRIES + min(least, MEMBER_LIMIT)):
        if len(made) >= least:
            return
        label = _label(making, demand, number)
        if label is not None and label not in made and label not in demand.absent:
            add(making, demand, made, label, depth, attempt)


def in_order(demand: Constraints, made: dict[str, Any]) -> dict[str, Any]:
    """The members as the schema declares them, the others after."""
    names = [name for name in demand.names if name in made]
    return {name: made[name] for name in dict.fromkeys([*names, *made])}


def _chosen(making: Generation, demand: Constraints, depth: int, attempt: int) -> list[str]:
    """The members to make: those that must be there; of the others all, none, or some, as tries go on."""
    # Hidden ones are demanded of the other direction alone, most of the time; judging will tell.
    required = [one for one in demand.required if attempt or not making.hides(demand.member(one))]
    most = demand.most("maxProperties")
    found = list(required)
    deep = making.is_deep(depth)
    for name in demand.names:
        if name in found or name in demand.absent or attempt == 1:
            continue
        if deep and not (making.sparse and making.is_given(name, depth + 1)):
            continue
        if most is not None and len(_needed_by(demand, [*found, name])) > most:
            continue
        if attempt > 1 and making.chance.random() < 0.5:
            continue
        if not making.leaves_out(demand.member(name)) and making.is_valid(demand.labels, name):
            found.append(name)
    order = {name: place for place, name in enumerate(demand.names)}
    return sorted(_needed_by(demand, found), key=lambda name: order.get(name, len(order)))


def _needed_by(demand: Constraints, names: list[str]) -> list[str]:
    """The names with those that `dependentRequired` adds to them."""
    found = list(names)
    for _ in range(TRIES):
        more = [
            needed
            for part in demand.parts
            for name, needs in members(part, "dependentRequired").items()
            if name in found
            for needed in needs
            if needed not in found
        ]
        if not more:
            break
        found += dict.fromkeys(more)
    return found


def _needed(demand: Constraints, made: dict[str, Any]) -> list[str]:
    return [name for name in _needed_by(demand, [*made, *demand.required]) if name not in made]


def _is_map(demand: Constraints) -> bool:
    """Whether the object is meant for names that the schema does not know."""
    if demand.names or demand.all("propertyNames"):
        return False
    given = [one for one in demand.all("additionalProperties") if isinstance(one, dict) and one]
    return bool(given) or any(members(part, "patternProperties") for part in demand.parts)


def _label(making: Generation, demand: Constraints, number: int) -> str | None:
    """A name for one more member."""
    named = demand.labels
    known = [pattern for part in demand.parts for pattern in members(part, "patternProperties")]
    if known and number % 2 == 0:
        try:
            label = patterns.write(known[number // 2 % len(known)], making.chance, attempt=number)
        except patterns.Unsupported:
            return None
        return label if making.is_valid(named, label) else None
    if named:
        try:
            label = making.make((*named, *making.texts), "", 0, number)
        except CannotGenerate:
            return None
        return label if isinstance(label, str) else None
    return word(making.chance) if number < TRIES // 2 else f"{word(making.chance)}{number}"
