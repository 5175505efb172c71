"""What the journal says of a valid request besides: deprecated things used, `readOnly` members sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.errors import quote
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer

# How many values of a body are looked at; a large one repeats itself.
LOOK_LIMIT = 1_000
NOTICES = {"readOnly": "is readOnly, and clients do not set it", "deprecated": "is deprecated"}


def of_body(body: Any, shape: Shape) -> Iterator[str]:
    """A notice for each member of a body that is deprecated, or `readOnly`; of an array's items for the first's."""
    waiting: list[tuple[str, Any, Shape]] = [("", body, shape)]
    for _ in range(LOOK_LIMIT):
        if not waiting:
            return
        pointer, value, shape = waiting.pop()
        if isinstance(value, dict):
            for name, member in value.items():
                member_shape = shape.member(name)
                waiting.append((f"{pointer}/{json_pointer.escape(name)}", member, member_shape))
                for keyword, notice in NOTICES.items():
                    if member_shape.has_annotation(keyword):
                        yield f"{quote(waiting[-1][0])} of the body {notice}"
        elif isinstance(value, list) and value:
            waiting.append((f"{pointer}/0", value[0], shape.items))
