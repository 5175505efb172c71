"""Arrays: prefix items, items, and what they must contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.documents.tree import Node
from mockserver.errors import CannotGenerate
from mockserver.generate.constraints import Constraints, Nodes, same

if TYPE_CHECKING:
    from mockserver.generate.generator import Generation

TRIES = 25
ITEM_LIMIT = 10_000


def make_array(making: Generation, demand: Constraints, name: str, depth: int, attempt: int) -> list[Any]:
    """An array of this demand. Raises CannotGenerate."""
    made: list[Any] = []
    fill(making, demand, made, name, depth, attempt)
    return made


def fill(making: Generation, demand: Constraints, made: list[Any], name: str, depth: int, attempt: int) -> None:
    """Add items to an array until it has as many as it should, and contains what it must."""
    wanted = _contained(making, demand, made)
    before = max(len(made), _prefix(demand)) if wanted and attempt % 2 == 0 else len(made)
    least = max(demand.least("minItems"), before + len(wanted))
    known = {same(one) for one in made}
    unique = True in demand.all("uniqueItems")
    singular = _singular(name)
    # What must be contained comes last, where the fewest items have a schema of their own.
    left = _count(making, demand, least, depth, attempt) - len(made)
    for number in range(len(wanted) - left, len(wanted)):
        extra = (wanted[number],) if number >= 0 else ()
        nodes = (*demand.item(len(made), contained=bool(extra)), *extra)
        try:
            one = _other(making, nodes, singular, depth, attempt, known)
        except CannotGenerate:
            if len(made) >= demand.least("minItems") and not wanted:
                return
            raise
        if one is None and not extra and (unique or len(made) >= least):
            return
        made.append(one[0] if one is not None else making.make(nodes, singular, depth + 1, attempt))
        known.add(same(made[-1]))


def _count(making: Generation, demand: Constraints, least: int, depth: int, attempt: int) -> int:
    prefix, most = _prefix(demand), demand.most("maxItems")
    if most is None or most > least + 3:
        most = max(least + 3, prefix)
    if least > ITEM_LIMIT:
        return least
    if attempt == 1 or making.is_deep(depth):
        return least
    return making.chance.randint(max(least, min(1, most), min(prefix, most)), max(least, most))


def _prefix(demand: Constraints) -> int:
    return max((len(one) for one in demand.all("prefixItems") if isinstance(one, list)), default=0)


def _contained(making: Generation, demand: Constraints, made: list[Any]) -> list[Node]:
    """The schemas of the items that are still missing among those that there must be."""
    found = list[Node]()
    for part in demand.parts:
        if "contains" in part.value:
            node = part.child("contains")
            there = sum(making.is_valid((node,), one) for one in made)
            found += [node] * max(0, min(part.value.get("minContains", 1), ITEM_LIMIT) - there)
    return found


def _other(making: Generation, nodes: Nodes, name: str, depth: int, attempt: int, known: set[str]) -> tuple[Any] | None:
    """An item that is not there yet; None where each is."""
    for number in range(TRIES):
        one = making.make(nodes, name, depth + 1, attempt if number == 0 else max(attempt, number))
        if same(one) not in known:
            return (one,)
        if number > 2 and not may_vary(nodes):
            return None
    return None


def may_vary(nodes: Nodes) -> bool:
    """Whether another try may give another value: not where a constant leaves none."""
    return not any(isinstance(node.value, dict) and "const" in node.value for node in nodes)


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
