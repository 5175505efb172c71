"""Whether schemas are schemas: each is held against JSON Schema's own, and what has no meaning is left out."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs

from mockserver.documents.source import Report
from mockserver.documents.tree import BASE, Unresolved
from mockserver.errors import did_you_mean, quote
from mockserver.openapi import object_types
from mockserver.openapi.linking import Linked, TypedLocation
from mockserver.openapi.normalization import Rebuilding
from mockserver.schemas.validators import single
from mockserver.syntax import json_pointer

META = "https://json-schema.org/draft/2020-12/schema"
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
ROUNDS = 20
BOUNDS = (
    ("text", "minLength", "maxLength"), ("array", "minItems", "maxItems"), ("number", "minimum", "maximum"),
    ("object", "minProperties", "maxProperties"), ("array", "minContains", "maxContains"),
)  # fmt: skip
# What makes a matcher go back and try again, and a repetition within a repetition, which makes it do so without end.
LOOKS = re.compile(r"\(\?<?[=!]|\\[1-9]")
NESTED = re.compile(r"\([^()]*[+*][^()]*\)(?:[+*]|\{[0-9]+,)")


@cache
def _meta() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": META}, validate_formats=True, offline=True)


def check(found: Linked, report: Report) -> None:
    """Note each keyword that has no meaning, and leave it out of the files' `data`."""
    _keywords(found, report)
    _contradictions(found, report)
    _drop(found, _left_alone(found))


def _contradictions(found: Linked, report: Report) -> None:
    """Tell bounds that leave nothing between them."""
    for place in found.schemas.values():
        for what, low, high in BOUNDS:
            least, most = place.value.get(low), place.value.get(high)
            if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
                message = f"no {what} satisfies this schema: {low} is {least}, and {high} only {most}"
                source = found.documents.sources[place.uri]
                report.warn(source, f"{place.pointer}/{high}", message, "unsatisfiable")


def _left_alone(found: Linked) -> dict[int, set[str | int]]:
    """References to what has been left out."""
    dropped: dict[int, set[str | int]] = {}
    leads: dict[str, bool] = {}
    waiting: list[Any] = [source.data for source in found.documents.sources.values()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith(BASE):
                if reference not in leads:
                    leads[reference] = _leads(found, reference)
                if not leads[reference]:
                    dropped[id(value)] = {"$ref"}
    return dropped


def _leads(found: Linked, reference: str) -> bool:
    try:
        found.documents.at(reference)
    except Unresolved:
        return False
    return True


def _keywords(found: Linked, report: Report) -> None:
    _drop(found, _patterns(found, report))
    broken = [place for place in found.roots if not _is_sound(found, place)]
    for _ in range(ROUNDS):
        dropped: dict[int, set[str | int]] = {}
        for place in broken:
            _note(found, place, dropped, report)
        if not dropped:
            return
        _drop(found, dropped)
        broken = [place for place in broken if not _is_sound(found, place)]


def _drop(found: Linked, dropped: dict[int, set[str | int]]) -> None:
    rebuilding = Rebuilding(dropped, {}, lambda _, made: made, hole=True)
    for source in found.documents.sources.values() if dropped else ():
        source.data = rebuilding.of(source.data)


def _patterns(found: Linked, report: Report) -> dict[int, set[str | int]]:
    """Regular expressions that cannot be matched, to be left out; one that may take its time is only told."""
    dropped: dict[int, set[str | int]] = {}
    for place in found.schemas.values():
        named = place.value.get("patternProperties")
        patterns = {"pattern": place.value.get("pattern")}
        patterns |= (
            {f"patternProperties/{json_pointer.escape(one)}": one for one in named} if isinstance(named, dict) else {}
        )
        for pointer, pattern in patterns.items():
            if not isinstance(pattern, str):
                continue
            source = found.documents.sources[place.uri]
            if not _can_match(pattern):
                message = f"{quote(pattern)} is no regular expression of ECMA-262, or needs too much memory"
                report.add(source, f"{place.pointer}/{pointer}", message, "pattern")
                if (made := _value(found, place)) is not None:
                    keyword = pointer.partition("/")[0]
                    holder = made if keyword == "pattern" else made.get(keyword)
                    dropped.setdefault(id(holder), set()).add(keyword if keyword == "pattern" else pattern)
            elif LOOKS.search(pattern) and NESTED.search(pattern):
                message = f"{quote(pattern)} may try for long; what is not decided then counts as no match"
                report.warn(source, f"{place.pointer}/{pointer}", message, "slow-pattern")
    return dropped


@lru_cache(maxsize=4096)
def _can_match(pattern: str) -> bool:
    try:
        single("pattern", pattern)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _value(found: Linked, place: TypedLocation) -> Any:
    """What stands at the place now; None where it was left out."""
    try:
        return json_pointer.resolve(found.documents.sources[place.uri].data, place.pointer)
    except LookupError:
        return None


def _is_sound(found: Linked, place: TypedLocation) -> bool:
    value = _value(found, place)
    if not isinstance(value, dict) or (isinstance(value.get("$schema"), str) and META not in value["$schema"]):
        return True
    return _meta().is_valid(value)


def _note(found: Linked, place: TypedLocation, dropped: dict[int, set[str | int]], report: Report) -> None:
    root = _value(found, place)
    for error in _meta().iter_errors(root):
        if not error.instance_path or error.instance_path[0] not in root:
            continue
        holder, name, pointer = _keyword(root, list(error.instance_path))
        value = holder[name]
        dropped.setdefault(id(holder), set()).add(name)
        source = found.documents.sources[place.uri]
        report.add(source, place.pointer + pointer, f"is no JSON Schema: {_told(name, value, error)}", "schema")


def _told(name: str | int, value: Any, error: jsonschema_rs.ValidationError) -> str:
    if name == "type" and isinstance(value, str):
        return f"{quote(value)} is no type.{did_you_mean(value, TYPES)}"
    if value is None:
        return "it is empty"
    message = error.message
    return message if len(message) <= 200 else message[:200] + "…"


def _keyword(root: Any, path: list[str | int]) -> tuple[Any, str | int, str]:
    """The keyword, or the whole schema within one, that an error at `path` is about: holder, name and pointer."""
    schema, pointer, index = root, "", 0
    while True:
        holder, name = schema, path[index]
        value = schema[name]
        pointer = json_pointer.append(pointer, name)
        index += 1
        if name in (*object_types.SCHEMAS_IN_OBJECTS, *object_types.SCHEMAS_IN_ARRAYS) and index < len(path):
            # A path leaves out names that are empty: then the keyword as a whole is all that is known.
            if not _has(value, path[index]):
                return holder, name, pointer
            holder, name = value, path[index]
            value = holder[name]
            pointer = json_pointer.append(pointer, name)
            index += 1
        elif name not in object_types.ONE_SCHEMA:
            return holder, name, pointer
        if index == len(path) or not isinstance(value, dict) or path[index] not in value:
            return holder, name, pointer
        schema = value


def _has(value: Any, name: str | int) -> bool:
    if isinstance(value, dict):
        return name in value
    return isinstance(value, list) and isinstance(name, int) and name < len(value)
