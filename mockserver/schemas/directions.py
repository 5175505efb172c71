"""Schemas as they bind one direction: a property that is `readOnly`, or `writeOnly`, is required one way only.

OpenAPI 3.0 has it so (section 4.7.24.2). JSON Schema makes nothing of the two, but clients expect the same of 3.1.
What a client sends must also fit its `format`, where that is a width of integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mockserver.documents.tree import DATA, NAMED, Documents, Unresolved

Direction = Literal["", "request", "response"]
# The property that the other side alone has.
ONE_SIDED: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
WIDTHS = {"int32": 31, "int64": 63}
DEPTH_LIMIT = 20


def documents(linked: Documents, direction: Direction) -> dict[str, Any]:
    """The data of each document as values sent in that direction are judged; the same objects where nothing differs."""
    words = (ONE_SIDED[direction], *(WIDTHS if direction == "request" else ())) if direction else ()
    if not any(word in source.text for source in linked.sources.values() for word in words):
        return {uri: source.data for uri, source in linked.sources.items()}
    bound = _Bound(linked, direction)
    return {uri: bound.of(source.data) for uri, source in linked.sources.items()}


class _Bound:
    def __init__(self, linked: Documents, direction: Direction) -> None:
        self._linked, self._keyword, self._bounds_widths = linked, ONE_SIDED[direction], direction == "request"
        self._made: dict[tuple[int, bool], Any] = {}

    def of(self, value: Any, named: bool = False, taken_over: frozenset[str] = frozenset()) -> Any:
        """The value, with no property required that only the other side has; `taken_over` are more of these.

        In an object that is `named`, authors chose the names of the members.
        """
        if not isinstance(value, dict | list):
            return value
        key = id(value), named
        if key in self._made and not taken_over:
            return self._made[key]
        if isinstance(value, list):
            parts = [self.of(one) for one in value]
            made: Any = parts if any(one is not other for one, other in zip(parts, value, strict=True)) else value
        else:
            made = self._names_of(value) if named else self._object(value, taken_over)
        if not taken_over:
            self._made[key] = made
        return made

    def _names_of(self, value: dict[str, Any]) -> dict[str, Any]:
        made = {name: self.of(one) for name, one in value.items()}
        return made if any(made[name] is not value[name] for name in value) else value

    def _object(self, value: dict[str, Any], taken_over: frozenset[str]) -> dict[str, Any]:
        whole = value.get("allOf")
        needs_names = isinstance(value.get("required"), list) or isinstance(whole, list)
        names = taken_over | self._names(value, 0) if needs_names else taken_over
        made = {name: one if name in DATA else self.of(one, name in NAMED) for name, one in value.items()}
        if names and isinstance(whole, list):
            made["allOf"] = [self.of(one, taken_over=names) for one in whole]
        if names and isinstance(value.get("required"), list):
            made["required"] = [one for one in value["required"] if one not in names]
        if self._bounds_widths:
            made = _bounded(made)
        return made if len(made) > len(value) or any(made[name] is not value[name] for name in value) else value

    def _names(self, schema: Any, depth: int) -> frozenset[str]:
        """The properties of a schema that only the other side has, those that it takes over included."""
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            return frozenset()
        properties = schema.get("properties")
        own = properties.items() if isinstance(properties, dict) else ()
        found = frozenset(name for name, one in own if self._is_one_sided(one, 0))
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            found |= self._names(part, depth + 1)
        return found | self._names(self._target(schema), depth + 1)

    def _is_one_sided(self, schema: Any, depth: int) -> bool:
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            return False
        if schema.get(self._keyword) is True:
            return True
        parts = schema.get("allOf")
        within = [self._target(schema), *(parts if isinstance(parts, list) else ())]
        return any(self._is_one_sided(one, depth + 1) for one in within)

    def _target(self, schema: dict[str, Any]) -> Any:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return None
        try:
            return self._linked.at(reference).value
        except Unresolved:
            return None


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the bounds of integers that are said to be of a certain width."""
    width = WIDTHS.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    if width is None or schema.get("type") not in ("integer", ["integer", "null"]):
        return schema
    return {"minimum": -(1 << width), "maximum": (1 << width) - 1, **schema}
