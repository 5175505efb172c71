"""Schemas as they bind one direction: what is `readOnly` cannot be demanded of a request, nor `writeOnly` of an answer.

OpenAPI 3.0, section 4.7.24.2, says so; in 3.1 both are annotations, and those who write `required` beside them mean it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from mockserver.contract.documents import Documents, Node, walk
from mockserver.contract.shapes import Shape

Flag = Literal["readOnly", "writeOnly"]


def relaxed(documents: Documents, flag: Flag) -> dict[str, Any] | None:
    """The data of each document, with what has the flag demanded nowhere; None where nothing changes.

    What does not change is shared with the documents.
    """
    found: dict[str, Any] = {}
    for uri, source in documents.sources.items():
        changes = dict(_demanded(documents.root(uri), flag)) if flag in source.text else {}
        found[uri] = _changed(source.data, _tree(changes)) if changes else source.data
    return found if any(found[uri] is not source.data for uri, source in documents.sources.items()) else None


def _demanded(document: Node, flag: Flag) -> Iterator[tuple[tuple[str | int, ...], list[Any]]]:
    """The `required` lists that must be shorter, each by the way to its schema."""
    for place in walk(document):
        shape = None
        for branch in (place, *_branches(place)):
            names = branch.value.get("required")
            if not isinstance(names, list) or not _may_speak(place, branch):
                continue
            shape = shape or Shape.of(place)
            kept = [name for name in names if not (isinstance(name, str) and shape.member(name).says(flag))]
            if len(kept) < len(names):
                yield _way(document, branch), kept


def _branches(place: Node) -> Iterator[Node]:
    """The parts of an `allOf` that stand here, whose demands may be on members declared beside them."""
    parts = place.value.get("allOf")
    for index in range(len(parts) if isinstance(parts, list) else 0):
        if isinstance(parts[index], dict):
            yield place.child("allOf", index)


def _may_speak(place: Node, branch: Node) -> bool:
    """Whether members are declared there at all; most lists called `required` have them beside."""
    return branch is not place or any(word in place.value for word in ("properties", "allOf", "$ref"))


def _way(document: Node, place: Node) -> tuple[str | int, ...]:
    """The members and indexes that lead to a place."""
    way: list[str | int] = []
    value = document.value
    for raw in place.pointer.split("/")[1:]:
        token: str | int = raw.replace("~1", "/").replace("~0", "~")
        token = int(token) if isinstance(value, list) else token
        way.append(token)
        value = value[token]
    return tuple(way)


def _tree(changes: dict[tuple[str | int, ...], list[Any]]) -> dict[Any, Any]:
    root: dict[Any, Any] = {}
    for way, kept in changes.items():
        place = root
        for token in (*way, "required"):
            place = place.setdefault(token, {})
        place[None] = kept
    return root


def _changed(value: Any, tree: dict[Any, Any]) -> Any:
    if None in tree:
        return tree[None]
    copied = list(value) if isinstance(value, list) else dict(value)
    for token, below in tree.items():
        copied[token] = _changed(copied[token], below)
    return copied
