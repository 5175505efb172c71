"""Generated members that agree with each other: nothing is in stock with a `stock` of 0, or paid before it is.

What a member should be is judged by its name. It is replaced only where its schema allows that.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mockserver.generate.chronology import PRESCRIBING, TIME_SUFFIX, is_prescribed
from mockserver.generate.constraints import Constraints
from mockserver.generate.generation_state import Generation
from mockserver.generate.people import person_values
from mockserver.syntax.words import names_state, normalize

STOCKS = ("stock", "quantityinstock", "stockquantity", "stocklevel", "stockcount", "inventory", "inventoryquantity")
IN_STOCK = ("instock", "available", "inventoryavailable")
OUT_OF_STOCK = ("outofstock", "soldout")
# A parent that does not exist would hide a thing in a tree.
PARENTS = ("parentid", "parentkey", "parentuuid")
# Prices of one thing, from the lowest to the highest.
PRICES = (
    ("cost", "costprice", "purchaseprice"),
    ("saleprice", "discountedprice", "specialprice", "discountprice", "promotionalprice"),
    ("price", "currentprice"),
    ("originalprice", "compareatprice", "listprice", "oldprice", "regularprice", "retailprice", "msrp", "baseprice"),
)
# What the names of the bounds of a range begin or end with.
BOUNDS = (("min", "max"), ("minimum", "maximum"), ("lowest", "highest"), ("from", "to"), ("lower", "upper"))
SAME_STATES = {"canceled": "cancelled", "complete": "completed", "done": "completed", "finished": "completed"}
# States that end a thing before its time: others do not follow from them, and they follow from no others.
ENDS = frozenset({
    "cancelled", "rejected", "declined", "failed", "refunded", "expired", "archived", "deleted", "removed", "trashed",
    "banned", "blocked", "suspended", "revoked", "disabled",
})  # fmt: skip
# Those that nothing that is returned is in, and those that hardly anything is in.
GONE = frozenset({"deleted", "removed", "trashed"})
UNLIKELY = GONE | {"archived", "banned", "blocked", "revoked", "suspended"}
# What has not come in some states although these are later.
EXCLUDED = {"overdue": "paid", "unpaid": "paid"}
IRREGULAR_PARTICIPLES = frozenset({"paid", "sent", "won", "lost", "sold", "read", "done"})


def agree(generation: Generation, constraints: Constraints, members: dict[str, Any], kept: Container[str] = ()) -> None:
    """Replace generated members of an object, in place, by what agrees with its other members; those in `kept` stay."""

    def replace(name: str, value: Any) -> None:
        is_given = name in kept or name in constraints.hints or members[name] == value
        if is_given or is_prescribed(constraints, name, PRESCRIBING):
            return
        if generation.is_valid(constraints.member_schemas(name), value):
            members[name] = value
        elif value is None and name not in constraints.required and _event(name) in GONE:
            # It cannot say that it has not come, but need not be there.
            del members[name]

    names = {normalize(name): name for name in members}
    for name, value in stock_values(members):
        replace(name, value)
    for name, value in list(_state_values(constraints, members)):
        replace(name, value)
    for name, value in person_values(members):
        replace(name, value)
    for name, value in members.items():
        key = names.get(f"{normalize(name)}id") if isinstance(value, dict) and "id" in value else None
        if key is not None:
            replace(key, value["id"])
    for name, spelling in names.items():
        if name.endswith(PARENTS) and not isinstance(members[spelling], dict | list):
            replace(spelling, None)
    for ascending in _ascending(names):
        _sort_numbers(generation, constraints, members, [name for name in ascending if name not in kept])


def stock_values(members: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the members that say whether something is in stock, by how many there are."""
    names = {normalize(name): name for name in members}
    stock = next((members[names[name]] for name in STOCKS if name in names), None)
    if not isinstance(stock, int | float) or isinstance(stock, bool):
        return
    for candidates, value in ((IN_STOCK, stock > 0), (OUT_OF_STOCK, stock <= 0)):
        for name in candidates:
            for spelling in (name, f"is{name}"):
                if spelling in names and isinstance(members[names[spelling]], bool):
                    yield names[spelling], value


def _state_values(constraints: Constraints, members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield booleans such as `paid`, then times such as `paid_at`, by the state: a time that has not come is null."""
    state, states = _find_state(constraints, members)
    switched: dict[str, bool] = {}
    for name, value in members.items():
        if isinstance(value, bool):
            event = _same(re.sub(r"^(is|has)", "", normalize(name)))
            switched[event] = _has_come(event, state, states, value and event not in GONE)
            yield name, switched[event]
    for name, value in members.items():
        event = _event(name) if isinstance(value, str) else ""
        if not event:
            continue
        is_known = event in switched or event in states
        has_come = switched[event] if event in switched else _has_come(event, state, states, event not in UNLIKELY)
        if not has_come and (is_known or event in UNLIKELY):
            yield name, None


def _find_state(constraints: Constraints, members: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """The state that the members are in, and all states in the order in which the schema lists them."""
    name = next((name for name in members if names_state(name) and isinstance(members[name], str)), None)
    for node in constraints.member_schemas(name) if name is not None else ():
        schema = node.resolve().value
        listed = schema.get("enum") if isinstance(schema, dict) else None
        if name is not None and isinstance(listed, list) and members[name] in listed:
            return _same(normalize(members[name])), [_same(normalize(str(value))) for value in listed]
    return "", ()


def _has_come(event: str, state: str, states: Sequence[str], otherwise: bool) -> bool:
    """Whether an event has come in a state; `otherwise` where the states do not say."""
    if event not in states:
        return otherwise
    if EXCLUDED.get(state) == event:
        return False
    is_participle = event.endswith("ed") or event in IRREGULAR_PARTICIPLES
    if event == state or states.index(state) < states.index(event) or event in ENDS or not is_participle:
        return event == state
    return otherwise if state in ENDS else True


@lru_cache(maxsize=4_096)
def _event(name: str) -> str:
    """What a time is the time of: `paid` for `paid_at`; empty where a name is not that of such a time."""
    event, count = TIME_SUFFIX.subn("", normalize(name))
    return _same(event) if count else ""


def _same(state: str) -> str:
    return SAME_STATES.get(state, state)


def _ascending(names: Mapping[str, str]) -> Iterator[list[str]]:
    """The members whose numbers ascend: prices of one thing, and the bounds of a range."""
    yield [names[name] for candidates in PRICES for name in candidates if name in names]
    for name in names:
        for low, high in BOUNDS:
            others = [high + name.removeprefix(low)] if name.startswith(low) else []
            others += [name.removesuffix(low) + high] if name.endswith(low) else []
            yield from ([names[name], names[other]] for other in others if other in names)


def _sort_numbers(
    generation: Generation, constraints: Constraints, members: dict[str, Any], ascending: Sequence[str]
) -> None:
    """Sort the generated numbers of these members, in place, if their schemas allow it."""
    ascending = [
        name
        for name in ascending
        if type(members[name]) in (int, float) and not is_prescribed(constraints, name, PRESCRIBING)
    ]
    numbers = sorted(members[name] for name in ascending)
    changed = dict(zip(ascending, numbers, strict=True))
    if all(generation.is_valid(constraints.member_schemas(name), number) for name, number in changed.items()):
        members.update(changed)
