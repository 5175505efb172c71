"""Notices for the journal on valid requests: deprecated members that are used, `readOnly` members that are sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mockserver.errors import quote
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer

# How many values of a body are inspected. A large body repeats the same members.
INSPECTION_LIMIT = 1_000
NOTICES = {"readOnly": "is readOnly and should not be sent by clients", "deprecated": "is deprecated"}


def find_notices(body: Any, shape: Shape) -> Iterator[str]:
    """A notice for each deprecated or `readOnly` member of a body; of an array, only the first item is inspected."""
    waiting: list[tuple[str, Any, Shape]] = [("", body, shape)]
    for _ in range(INSPECTION_LIMIT):
        if not waiting:
            return
        pointer, value, shape = waiting.pop()
        if isinstance(value, dict):
            for name, member in islice(value.items(), INSPECTION_LIMIT - len(waiting)):
                member_shape = shape.member(name)
                waiting.append((f"{pointer}/{json_pointer.escape(name)}", member, member_shape))
                for keyword, notice in NOTICES.items():
                    if member_shape.has_annotation(keyword):
                        yield f"{quote(waiting[-1][0])} of the body {notice}"
        elif isinstance(value, list) and value:
            waiting.append((f"{pointer}/0", value[0], shape.items))
