"""Breaks cycles of schemas that refer to themselves for the same value: validating such a value would never end.

It also bounds how many schemas apply to the same value, directly and through each other.

Usually a parent lists its children (`oneOf`) while each child includes the parent (`allOf`). The child then includes
only the parent's own keywords, which is what the authors mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.documents.source import Report
from mockserver.openapi.linking import Linked
from mockserver.schemas.branching import COMBINING_KEYWORDS, TOO_MANY_PATHS, Step, combined_schemas, exceeding_schemas

# The keywords of a parent that select among its children.
SELECTING_KEYWORDS = ("oneOf", "anyOf", "discriminator", "if", "then", "else", "not")


def bound_applications(linked: Linked, report: Report) -> None:
    """Break cycles, and leave out what applies schemas to the same value in too many ways, with warnings."""
    applications = _Applications(linked)
    _break_cycles(linked, applications, report)
    _limit_paths(linked, applications, report)


class _Applications:
    """The schemas that each schema applies to the same value as itself, each with the keyword."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        # Of those that apply any, which most of a document do not.
        self.starts = [
            location.value
            for key, location in linked.schemas.items()
            if key in linked.targets or not COMBINING_KEYWORDS.isdisjoint(location.value)
        ]
        self._steps = {id(schema): list(_apply_in_place(schema, linked)) for schema in self.starts}

    def of(self, schema: Any) -> Sequence[Step]:
        """The steps from a schema to those that it applies."""
        return self._steps.get(id(schema), ())

    def update(self, schema: Any) -> None:
        """Take note that a reference has been removed from a schema."""
        self._steps[id(schema)] = list(_apply_in_place(schema, self._linked))


def _break_cycles(linked: Linked, applications: _Applications, report: Report) -> None:
    """Replace one reference of each cycle, with a warning."""
    finished: set[int] = set()
    while references := _find_cycle(linked, applications, finished):
        # Preferably a child's inclusion of its parent, since that can be replaced by the parent's own keywords.
        reference, keyword = min(references, key=lambda step: step[1] not in ("allOf", "$ref"))
        target = linked.targets.pop(id(reference))
        applications.update(reference)
        excluded = (*SELECTING_KEYWORDS, "$ref", "allOf")
        own_keywords = {name: value for name, value in target.items() if name not in excluded}
        linked.replacements[id(reference)] = own_keywords if keyword == "allOf" else {}
        location = linked.schemas[id(reference)]
        message = "makes the schema refer to itself for the same value; the reference is ignored"
        source = linked.documents.sources[location.uri]
        report.warn(source, f"{location.pointer}/$ref", message, "circle")


def _limit_paths(linked: Linked, applications: _Applications, report: Report) -> None:
    """Leave out what combines schemas in more ways than PATH_LIMIT, with a warning. There must be no cycles."""

    def applied(schema: Any) -> list[Any]:
        return [part for part, _ in applications.of(schema)]

    for schema in exceeding_schemas(applications.starts, applied):
        _leave_out_combinations(schema, linked, report)


def _leave_out_combinations(schema: Any, linked: Linked, report: Report) -> None:
    location = linked.schemas[id(schema)]
    source = linked.documents.sources[location.uri]
    for keyword in schema:
        if keyword in COMBINING_KEYWORDS:
            linked.omit(schema, keyword)
            message = f"{TOO_MANY_PATHS}; it is ignored"
            report.warn(source, f"{location.pointer}/{keyword}", message, "too-many-branches")


def _find_cycle(linked: Linked, applications: _Applications, finished: set[int]) -> list[Step]:
    """The schemas of one cycle that have a `$ref` to the next one; none if there is no cycle.

    A depth-first search. `finished` has the schemas from which no cycle can be reached, which stays true when others
    are broken.
    """
    for start in applications.starts:
        if id(start) in finished:
            continue
        path: list[tuple[Any, str, Iterator[Step]]] = [(start, "", iter(applications.of(start)))]
        positions = {id(start): 0}
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
                path.append((*step, iter(applications.of(step[0]))))
    return []


def _apply_in_place(schema: Any, linked: Linked) -> Iterator[Step]:
    """The schemas that a schema applies to the same value as itself, each with the keyword."""
    yield from combined_schemas(schema)
    if isinstance(linked.targets.get(id(schema)), dict):
        yield linked.targets[id(schema)], "$ref"
