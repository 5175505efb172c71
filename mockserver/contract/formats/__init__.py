"""The JSON Schemas of mockserver's own file formats; editors can use them as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mockserver.documents.nodes import BASE_URI
from mockserver.documents.source import Report, Source
from mockserver.errors import Violation, quote
from mockserver.openapi.loading import load
from mockserver.schemas.validators import Schemas, Validator, compile_file
from mockserver.syntax import json_pointer, strict_json

NAMES = ("override", "resources", "scenario")
# An object with more members has hardly any that are declared; leaving out the others takes as many rounds.
MEMBER_LIMIT = 100
# The members that are durations.
DURATIONS = ("delay", "after", "step")


def schema_path(name: str) -> Path:
    """The schema file of a format."""
    return Path(__file__).parent / f"{name}.schema.json"


def violations(name: str, data: Any) -> list[Violation]:
    """How a value violates the format `name`."""
    if _is_valid(name)(data):
        return []
    return [_with_unit(violation, data) for violation in _validator(name).violations(data, "body")]


def _with_unit(violation: Violation, data: Any) -> Violation:
    """The violation of a duration that is a number, as most mock servers have it, says how durations are written."""
    if violation.pointer.rpartition("/")[2] not in DURATIONS:
        return violation
    value = json_pointer.resolve(data, violation.pointer)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return violation
    return replace(violation, message=f'{quote(value)} has no unit; write "{value}ms" or "{value}s"')


def validate(name: str, source: Source, report: Report) -> Any:
    """The part of a file that has the format `name`, None if there is none; violations go to `report`."""
    if source.data is None:
        report.add(source, "", "the file is empty", "empty")
        return None
    mistakes = violations(name, source.data)
    for violation in mistakes:
        report.add(source, violation.pointer, violation.message, violation.keyword)
    return valid_part(name, source.data, mistakes)


def valid_part(name: str, data: Any, mistakes: Sequence[Violation]) -> Any:
    """The data without the members that have these violations of a format, so that the rest can be read, too.

    An array that has a violation is left out as a whole, since others are named by their place in it. None if nothing
    is left.
    """
    while mistakes and data is not None:
        before = data
        for violation in mistakes:
            for path in _invalid_members(data, violation):
                data = _without(data, path)
        if data == before:
            return None
        mistakes = violations(name, data) if data is not None else []
    return data


def _invalid_members(data: Any, violation: Violation) -> list[list[str]]:
    """The ways to the members that a violation is about: those of undeclared names, or the value itself."""
    path = json_pointer.split(violation.pointer)
    if violation.keyword != "additionalProperties":
        return [path]
    try:
        members = json_pointer.resolve(data, violation.pointer)
    except LookupError:
        return []
    if len(members or ()) > MEMBER_LIMIT:
        return [path]
    # The message alone has the names.
    listed = violation.message.partition(" not declared ")[0]
    undeclared = [[*path, name] for name in members or () if quote(name) in listed]
    return undeclared or [path]


def _without(data: Any, path: Sequence[str]) -> Any:
    """The data without a member; without the array that the member is in, if it is in one; None without all."""
    if not path:
        return None
    name, *rest = path
    if not isinstance(data, dict) or name not in data:
        return data
    below = _without(data[name], rest) if rest and not isinstance(data[name], list) else None
    others = {other: value for other, value in data.items() if other != name}
    return others if below is None else {**others, name: below}


@cache
def _is_valid(name: str) -> Callable[[Any], bool]:
    """Whether a value has a format: an answer without reasons, for which the schemas need no linking."""
    schemas = {BASE_URI + path.name: strict_json.parse_fast(path.read_bytes()) for path in map(schema_path, NAMES)}
    return compile_file(BASE_URI + schema_path(name).name, schemas).is_valid


@cache
def _validator(name: str) -> Validator:
    """The validator of a format, which has the reasons."""
    report, path = Report(), schema_path(name)
    documents = load(path.parent, [path], report)
    report.raise_errors()
    return Schemas(documents).validator(documents.root(BASE_URI + path.name))
