"""Schemas that refer to themselves for the very same value: no value could ever be judged by them.

The usual one is a parent that lists its children (`oneOf`) while each child takes over the parent (`allOf`). There
the child takes over what the parent itself says, which is what is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.documents.source import Report
from mockserver.openapi.linking import Linked

CHOICES = ("oneOf", "anyOf", "discriminator", "if", "then", "else", "not")


def open_up(found: Linked, report: Report) -> None:
    """Break each circle at one reference, and say so."""
    done: set[int] = set()
    while circle := _circle(found, done):
        # Best at what a child takes over from its parent: what the parent leaves to its children is none of that.
        reference, via = min(circle, key=lambda one: one[1] not in ("allOf", "$ref"))
        target = found.leads.pop(id(reference))
        own = {name: one for name, one in target.items() if name not in (*CHOICES, "$ref", "allOf")}
        found.replaced[id(reference)] = own if via == "allOf" else {}
        place = found.schemas[id(reference)]
        source = found.documents.sources[place.uri]
        report.warn(
            source, f"{place.pointer}/$ref", "leads back to the schema that it stands in, for the same value", "circle"
        )


def _circle(found: Linked, done: set[int]) -> list[tuple[Any, str]]:
    """The references of one circle, each with the keyword under which it stands; none where there is no circle.

    `done` are schemas that no circle begins at, however many have been broken.
    """
    for start in found.schemas.values():
        if id(start.value) in done:
            continue
        way: list[tuple[Any, str, Iterator[tuple[Any, str]]]] = [(start.value, "", _same_value(start.value, found))]
        on_way = {id(start.value): 0}
        while way:
            value, _, rest = way[-1]
            following = next(rest, None)
            if following is None:
                done.add(id(value))
                del on_way[id(value)]
                way.pop()
            elif id(following[0]) in on_way:
                ring = way[on_way[id(following[0])] :]
                vias = [via for _, via, _ in ring[1:]] + [following[1]]
                return [
                    (one, vias[index - 1] if index else vias[-1])
                    for index, (one, _, _) in enumerate(ring)
                    if id(one) in found.leads and vias[index] == "$ref"
                ]
            elif id(following[0]) not in done:
                on_way[id(following[0])] = len(way)
                way.append((*following, _same_value(following[0], found)))
    return []


def _same_value(schema: Any, found: Linked) -> Iterator[tuple[Any, str]]:
    """The schemas that a value is held against together with this one, each with the keyword that asks for it."""
    if not isinstance(schema, dict):
        return
    for keyword in ("allOf", "oneOf", "anyOf"):
        if isinstance(schema.get(keyword), list):
            yield from ((one, keyword) for one in schema[keyword] if isinstance(one, dict))
    for keyword in ("not", "if", "then", "else"):
        if isinstance(schema.get(keyword), dict):
            yield schema[keyword], keyword
    if isinstance(schema.get("dependentSchemas"), dict):
        yield from ((one, "dependentSchemas") for one in schema["dependentSchemas"].values() if isinstance(one, dict))
    if isinstance(found.leads.get(id(schema)), dict):
        yield found.leads[id(schema)], "$ref"
