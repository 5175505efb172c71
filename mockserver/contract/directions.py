"""Schemas as they bind one direction: what is `readOnly` cannot be demanded of a request, nor `writeOnly` of an answer.

OpenAPI 3.0, section 4.7.24.2, says so; in 3.1 both are annotations, and those who write `required` beside them mean it
of answers. What a client sends must also fit its `format`, where that is a width of integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from mockserver.contract.documents import Documents, Node, walk
from mockserver.contract.shapes import Shape

Direction = Literal["request", "answer"]
FLAGS = {"request": "readOnly", "answer": "writeOnly"}
WIDTHS = {"int32": 31, "int64": 63}

Way = tuple[str | int, ...]


def adapted(documents: Documents, direction: Direction) -> dict[str, Any] | None:
    """The data of each document as it binds one direction; None where nothing changes.

    What does not change is shared with the documents.
    """
    found: dict[str, Any] = {}
    flag, widths = FLAGS[direction], WIDTHS if direction == "request" else {}
    for uri, source in documents.sources.items():
        changes: dict[Way, Any] = {}
        if flag in source.text:
            changes.update(_demanded(documents.root(uri), flag))
        if any(name in source.text for name in widths):
            changes.update(_bounded(documents.root(uri)))
        found[uri] = _changed(source.data, _tree(changes)) if changes else source.data
    return found if any(found[uri] is not source.data for uri, source in documents.sources.items()) else None


def _bounded(document: Node) -> Iterator[tuple[Way, Any]]:
    """The bounds of integers of a certain width, each by the way to its keyword."""
    for place in walk(document):
        width = WIDTHS.get(place.value.get("format")) if isinstance(place.value.get("format"), str) else None
        if width is None or place.value.get("type") not in ("integer", ["integer", "null"]):
            continue
        for keyword, bound in (("minimum", -(1 << width)), ("maximum", (1 << width) - 1)):
            if keyword not in place.value:
                yield (*_way(document, place), keyword), bound


def _demanded(document: Node, flag: str) -> Iterator[tuple[Way, Any]]:
    """The `required` lists that must be shorter, each by the way to it."""
    for place in walk(document):
        shape = None
        for branch in (place, *_branches(place)):
            names = branch.value.get("required")
            if not isinstance(names, list) or not _may_speak(place, branch):
                continue
            shape = shape or Shape.of(place)
            kept = [name for name in names if not (isinstance(name, str) and shape.member(name).says(flag))]
            if len(kept) < len(names):
                yield (*_way(document, branch), "required"), kept


def _branches(place: Node) -> Iterator[Node]:
    """The parts of an `allOf` that stand here, whose demands may be on members declared beside them."""
    parts = place.value.get("allOf")
    for index in range(len(parts) if isinstance(parts, list) else 0):
        if isinstance(parts[index], dict):
            yield place.child("allOf", index)


def _may_speak(place: Node, branch: Node) -> bool:
    """Whether members are declared there at all; most lists called `required` have them beside."""
    return branch is not place or any(word in place.value for word in ("properties", "allOf", "$ref"))


def _way(document: Node, place: Node) -> Way:
    """The members and indexes that lead to a place."""
    way: list[str | int] = []
    value = document.value
    for raw in place.pointer.split("/")[1:]:
        token: str | int = raw.replace("~1", "/").replace("~0", "~")
        token = int(token) if isinstance(value, list) else token
        way.append(token)
        value = value[token]
    return tuple(way)


def _tree(changes: dict[Way, Any]) -> dict[Any, Any]:
    root: dict[Any, Any] = {}
    for way, value in changes.items():
        place = root
        for token in way:
            place = place.setdefault(token, {})
        place[None] = value
    return root


def _changed(value: Any, tree: dict[Any, Any]) -> Any:
    copied = list(value) if isinstance(value, list) else dict(value)
    for token, below in tree.items():
        copied[token] = below[None] if None in below else _changed(copied[token], below)
    return copied
