"""Reads `set:` of a transition or an operation: the fields that it writes, and their values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mockserver.contract.effects import NO_EFFECTS, NOW, Effects, find_reference_error, find_references
from mockserver.documents.source import FileReport
from mockserver.errors import quote
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Schemas
from mockserver.syntax import json_pointer

NOTHING: Mapping[str | None, str] = MappingProxyType({})


def read_effects(
    report: FileReport,
    schemas: Schemas,
    pointer: str,
    entries: Mapping[str, Any],
    shape: Shape,
    fields: Mapping[str, Any],
    occupied: Mapping[str | None, str] = NOTHING,
) -> Effects:
    """The effects that `entries` declare. Those in `occupied` are fields that they may not write, with the reason.

    `shape` is that of the record.
    """
    report.check_names(pointer, "field", entries, fields)
    seconds, dates = set(), set()
    for name, value in entries.items():
        at, member = json_pointer.append(pointer, name), shape.member(name)
        if name in occupied:
            report.add(at, f"{quote(name)} {occupied[name]}, so `set` cannot write it")
        texts = list(find_references(value))
        for place, text in texts:
            message = find_reference_error(text)
            if message is not None:
                report.add(at + place, message)
        if "string" not in member.types and member.types & {"integer", "number"}:
            seconds.add(name)
        elif any(schema.value.get("format") == "date" for schema in member.unconditional()):
            dates.add(name)
        if not texts or value == NOW:
            example = Effects({name: value}, frozenset(seconds), frozenset(dates)).apply(0, None)[name]
            for schema in member.unconditional():
                for violation in schemas.validator(schema).violations(example, "body")[:1]:
                    message = f"does not match the schema of {name}: {violation.message}"
                    report.add(at + violation.pointer, message)
    return Effects(entries, frozenset(seconds), frozenset(dates)) if entries else NO_EFFECTS
