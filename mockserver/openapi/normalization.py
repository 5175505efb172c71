"""Linked documents as they are served: what is wrong left out, and each schema in JSON Schema 2020-12.

What was written stays as it is; parts without a difference are shared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from mockserver.documents.source import Report
from mockserver.openapi import dialect_3_0, discriminator, reference_cycles
from mockserver.openapi.linking import Linked

Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def translate(found: Linked, report: Report) -> None:
    """Give each linked file its `data`."""
    reference_cycles.open_up(found, report)
    moved = {
        (place.uri, place.pointer)
        for place in found.schemas.values()
        if found.old.get(place.uri) and dialect_3_0.moves(place.value)
    }

    def change(written: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        place = found.schemas.get(id(written))
        if place is None:
            return made
        if moved and isinstance(made.get("$ref"), str):
            made = _redirected(made, moved)
        if "$id" in made:
            made = {name: value for name, value in made.items() if name != "$id"}
        if "discriminator" in made:
            made = discriminator.applied(made, written, found.leads)
        return dialect_3_0.translate(made) if found.old.get(place.uri) else made

    rebuilding = Rebuilding(found.dropped, found.replaced, change)
    for source in found.documents.sources.values():
        source.data = rebuilding.of(source.written)


class Rebuilding:
    """Copies of values, and of all that is in them, as far as they differ from what was there.

    In an array, `hole` takes the place of what is left out.
    """

    def __init__(
        self, dropped: Mapping[int, set[str | int]], replaced: Mapping[int, Any], change: Change, hole: Any = None
    ) -> None:
        self._dropped, self._replaced, self._change, self._hole = dropped, replaced, change, hole
        self._made: dict[int, Any] = {}
        # While an object is made, it is held to be itself: so a circle of replacements ends.
        self._kept: list[Any] = []

    def of(self, value: Any) -> Any:
        """The value as it is to be."""
        if not isinstance(value, dict | list):
            return value
        if id(value) not in self._made:
            self._kept.append(value)
            self._made[id(value)] = {} if isinstance(value, dict) else []
            self._made[id(value)] = self._object(value) if isinstance(value, dict) else self._array(value)
        return self._made[id(value)]

    def _array(self, value: list[Any]) -> list[Any]:
        out = self._dropped.get(id(value), ())
        # The others keep their numbers, by which they are referred to.
        made = [self._hole if index in out else self.of(one) for index, one in enumerate(value)]
        return value if all(one is other for one, other in zip(made, value, strict=True)) else made

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        out = self._dropped.get(id(value), ())
        made = {name: self.of(one) for name, one in value.items() if name not in out}
        if id(value) in self._replaced:
            instead = self.of(self._replaced[id(value)])
            own = {name: one for name, one in made.items() if name != "$ref"}
            return {**instead, **own} if isinstance(instead, dict) else instead
        if len(made) == len(value) and all(made[name] is value[name] for name in value):
            made = value
        return self._change(value, made)


def _redirected(schema: dict[str, Any], moved: set[tuple[str, str]]) -> dict[str, Any]:
    """The schema with its reference led into what has moved."""
    uri, _, fragment = schema["$ref"].partition("#")
    pointer = ""
    parts = fragment.split("/")
    for index, part in enumerate(parts[1:], 1):
        if (uri, unquote(pointer)) in moved and part not in dialect_3_0.ANNOTATIONS:
            parts[index] = f"{dialect_3_0.MOVED[1:]}/{part}"
        pointer = f"{pointer}/{part}"
    return {**schema, "$ref": f"{uri}#{'/'.join(parts)}"}
