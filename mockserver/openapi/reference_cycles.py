"""Breaks cycles of schemas that refer to themselves for the same value: validating such a value would never end.

It also bounds how many schemas apply to the same value, directly and through each other.

Usually a parent lists its children (`oneOf`) while each child includes the parent (`allOf`). The child then includes
only the parent's own keywords, which is what the authors mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.documents.source import Report
from mockserver.openapi.linking import Linked
from mockserver.schemas.branching import COMBINING_KEYWORDS, TOO_MANY_PATHS, Step, combined_schemas, exceeding_schemas

# The keywords of a parent that select among its children.
SELECTING_KEYWORDS = ("oneOf", "anyOf", "discriminator", "if", "then", "else", "not")


def break_cycles(linked: Linked, report: Report) -> None:
    """Replace one reference of each cycle, with a warning."""
    finished: set[int] = set()
    while references := _find_cycle(linked, finished):
        # Preferably a child's inclusion of its parent, since that can be replaced by the parent's own keywords.
        reference, keyword = min(references, key=lambda step: step[1] not in ("allOf", "$ref"))
        target = linked.targets.pop(id(reference))
        excluded = (*SELECTING_KEYWORDS, "$ref", "allOf")
        own_keywords = {name: value for name, value in target.items() if name not in excluded}
        linked.replacements[id(reference)] = own_keywords if keyword == "allOf" else {}
        location = linked.schemas[id(reference)]
        message = "makes the schema refer to itself for the same value; the reference is ignored"
        source = linked.documents.sources[location.uri]
        report.warn(source, f"{location.pointer}/$ref", message, "circle")


def limit_paths(linked: Linked, report: Report) -> None:
    """Leave out what combines schemas in more ways than PATH_LIMIT, with a warning. There must be no cycles."""

    def applied(schema: Any) -> list[Any]:
        return [] if _applies_none(schema, linked) else [part for part, _ in _apply_in_place(schema, linked)]

    for schema in exceeding_schemas((start.value for start in linked.schemas.values()), applied):
        _leave_out_combinations(schema, linked, report)


def _leave_out_combinations(schema: Any, linked: Linked, report: Report) -> None:
    location = linked.schemas[id(schema)]
    source = linked.documents.sources[location.uri]
    for keyword in schema:
        if keyword in COMBINING_KEYWORDS:
            linked.omit(schema, keyword)
            message = f"{TOO_MANY_PATHS}; it is ignored"
            report.warn(source, f"{location.pointer}/{keyword}", message, "too-many-branches")


def _find_cycle(linked: Linked, finished: set[int]) -> list[Step]:
    """The schemas of one cycle that have a `$ref` to the next one; none if there is no cycle.

    A depth-first search. `finished` has the schemas from which no cycle can be reached, which stays true when others
    are broken.
    """
    for start in linked.schemas.values():
        if id(start.value) in finished or _applies_none(start.value, linked):
            continue
        path: list[tuple[Any, str, Iterator[Step]]] = [(start.value, "", _apply_in_place(start.value, linked))]
        positions = {id(start.value): 0}
        while path:
            schema, _, remaining = path[-1]
            step = next(remaining, None)
            if step is None:
                finished.add(id(schema))
                del positions[id(schema)]
                path.pop()
            elif id(step[0]) in positions:
                cycle = path[positions[id(step[0])] :]
                # The keyword by which each schema of the cycle applies the next one.
                keywords = [keyword for _, keyword, _ in cycle[1:]] + [step[1]]
                return [
                    (schema, keywords[index - 1])
                    for index, (schema, _, _) in enumerate(cycle)
                    if id(schema) in linked.targets and keywords[index] == "$ref"
                ]
            elif id(step[0]) not in finished:
                positions[id(step[0])] = len(path)
                path.append((*step, _apply_in_place(step[0], linked)))
    return []


def _applies_none(schema: Any, linked: Linked) -> bool:
    """Whether a schema applies no other to the same value, as most of a document do."""
    return COMBINING_KEYWORDS.isdisjoint(schema) and id(schema) not in linked.targets


def _apply_in_place(schema: Any, linked: Linked) -> Iterator[Step]:
    """The schemas that a schema applies to the same value as itself, each with the keyword."""
    yield from combined_schemas(schema)
    if isinstance(linked.targets.get(id(schema)), dict):
        yield linked.targets[id(schema)], "$ref"
