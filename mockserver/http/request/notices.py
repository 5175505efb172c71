"""What is to be said of a request that is right: deprecated things used, `readOnly` ones sent. The journal tells it."""

from __future__ import annotations

from typing import Any

from flask import g

from mockserver.errors import quote
from mockserver.schemas.shapes import Shape
from mockserver.syntax.yaml_reader import escape

# How many values of a body are looked at; a large one says the same again and again.
LOOK_LIMIT = 1_000
TOLD = {"readOnly": "is readOnly, and clients do not set it", "deprecated": "is deprecated"}


def add(text: str) -> None:
    """Put a remark into the request's journal entry, beside those that are there."""
    known = g.get("note")
    if known is None:
        g.note = text
    elif text not in known.split("; "):
        g.note = f"{known}; {text}"


def of_body(value: Any, shape: Shape) -> None:
    """Remark on each member of a body that is deprecated, or `readOnly`; of an array's items on the first's."""
    waiting: list[tuple[str, Any, Shape]] = [("", value, shape)]
    for _ in range(LOOK_LIMIT):
        if not waiting:
            return
        pointer, place, shape = waiting.pop()
        if isinstance(place, dict):
            for name, below in place.items():
                waiting.append((f"{pointer}/{escape(name)}", below, member := shape.member(name)))
                for keyword, told in TOLD.items():
                    if member.says(keyword):
                        add(f"{quote(waiting[-1][0])} of the body {told}")
        elif isinstance(place, list) and place:
            waiting.append((f"{pointer}/0", place[0], shape.items))
