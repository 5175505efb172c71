"""Values made valid: what is right stays, what is wrong is made anew, in the smallest place that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.errors import CannotGenerate
from mockserver.generate import arrays, objects
from mockserver.generate.constraints import Constraints, Nodes, addresses, same

if TYPE_CHECKING:
    from mockserver.generate.generator import Generation

TRIES = 25
# Where what looks like something is refused, what is next to nothing may not be.
PLAIN: tuple[Any, ...] = (
    "", "a", "word", "word " * 8, 0, 1, -1, 0.5, 1000, True, False, None, [], {}, [0], {"a": 0}, {"name": "a"},
)  # fmt: skip


def valid(making: Generation, nodes: Nodes, name: str = "", depth: int = 0) -> Any:
    """A value that meets every schema. Raises CannotGenerate."""
    key = addresses(nodes)
    if key in making.failed:
        raise making.failed[key]
    error: CannotGenerate | None = None
    for attempt in range(TRIES):
        try:
            made = making.make(nodes, name, depth, attempt)
        except CannotGenerate as caught:
            error = error or caught
            continue
        if making.is_valid(nodes, made):
            return made
        if isinstance(made, dict | list):
            try:
                made = _parts(making, making.nearest(nodes, made), made, name, depth, attempt)
            except CannotGenerate as caught:
                error = caught
                continue
            if making.is_valid(nodes, made):
                return made
        error = error or making.refusal(nodes, made)
    for plain in PLAIN:
        if making.is_valid(nodes, plain):
            return plain
    assert error is not None
    if making.sparse or not making.is_deep(depth):
        making.failed[key] = error
    raise error


def mended(making: Generation, nodes: Nodes, value: Any, name: str, depth: int) -> Any:
    """The value itself where it is valid; else with what is wrong in it made anew. Raises CannotGenerate."""
    if making.is_valid(nodes, value):
        return value
    demand = making.nearest(nodes, value)
    if demand.allowed is None:
        try:
            made = _parts(making, demand, value, name, depth, 0)
        except CannotGenerate:
            made = value
        if making.is_valid(nodes, made):
            return made
    return valid(making, nodes, name, depth)


def _parts(making: Generation, demand: Constraints, value: Any, name: str, depth: int, attempt: int) -> Any:
    """The value with each of its parts mended."""
    if isinstance(value, dict) and "object" in demand.types:
        return _object(making, demand, value, depth, attempt)
    if isinstance(value, list) and "array" in demand.types:
        return _array(making, demand, value, name, depth, attempt)
    return _converted(demand, value)


def _object(making: Generation, demand: Constraints, value: dict[str, Any], depth: int, attempt: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    named = demand.labels
    for name, one in value.items():
        nodes = demand.member(name)
        if name in demand.absent or any(node.value is False for node in nodes) or not making.is_valid(named, name):
            continue
        try:
            made[name] = mended(making, nodes, one, name, depth + 1)
        except CannotGenerate:
            if name in demand.required:
                raise
    for name in demand.required:
        if name not in made:
            made[name] = valid(making, demand.member(name), name, depth + 1)
    objects.fill(making, demand, made, depth, max(attempt, 1))
    most = demand.most("maxProperties")
    for name in [one for one in reversed(list(made)) if one not in demand.required]:
        if most is not None and len(made) > most:
            del made[name]
    return made


def _array(making: Generation, demand: Constraints, value: list[Any], name: str, depth: int, attempt: int) -> list[Any]:
    made, known = list[Any](), set[str]()
    most = demand.most("maxItems")
    unique = True in demand.all("uniqueItems")
    for one in value[:most]:
        item = mended(making, demand.item(len(made)), one, name, depth + 1)
        if not unique or same(item) not in known:
            made.append(item)
            known.add(same(item))
    arrays.fill(making, demand, made, name, depth, max(attempt, 1))
    return made


def _converted(demand: Constraints, value: Any) -> Any:
    """A scalar as the type that is asked for, where it only was written as another."""
    if isinstance(value, str) and demand.types & {"integer", "number"} and "string" not in demand.types:
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    if isinstance(value, str) and value.lower() in ("true", "false") and demand.types == {"boolean"}:
        return value.lower() == "true"
    if isinstance(value, int | float) and "string" in demand.types:
        return str(value).lower() if isinstance(value, bool) else str(value)
    most = demand.most("maxLength")
    return value[:most] if isinstance(value, str) and most is not None else value
