"""Checks schemas: against the meta-schema, their regular expressions and bounds. Invalid keywords are left out."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs

from mockserver.documents.nodes import BASE_URI, Unresolved
from mockserver.documents.source import Report
from mockserver.errors import did_you_mean, quote
from mockserver.openapi.dialects.patterns import is_compilable, translate_pattern
from mockserver.openapi.linking import Linked, TypedLocation
from mockserver.openapi.normalization import Copier
from mockserver.openapi.schema_warnings import warn_about_schemas
from mockserver.schemas import keywords
from mockserver.schemas.backtracking import is_backtracking
from mockserver.syntax import json_pointer

META_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
# How often the meta-schema is applied again, after the keywords of its latest errors have been left out.
ROUND_LIMIT = 20
MESSAGE_LIMIT = 200
BOUNDS = (
    ("string", "minLength", "maxLength"), ("array", "minItems", "maxItems"), ("number", "minimum", "maximum"),
    ("object", "minProperties", "maxProperties"), ("array", "minContains", "maxContains"),
)  # fmt: skip
BOUND_NAMES = frozenset(name for _, *names in BOUNDS for name in names)
# These make backtracking slow.
NESTED_QUANTIFIERS = re.compile(r"\([^()]*[+*][^()]*\)(?:[+*]|\{[0-9]+,)")

# As programming languages write regular expressions; JSON Schema takes the slashes for part of the text.
DELIMITED = re.compile(r"/(\^.*\$)/[a-z]*", re.DOTALL)

# Member names by the `id()` of the container.
Omitted = dict[int, set[str | int]]


def check(linked: Linked, report: Report) -> None:
    """Report each invalid keyword, and leave it out of the files' `data`."""
    _check_keywords(linked, report)
    _check_bounds(linked, report)
    _omit(linked, _find_dangling_references(linked))
    warn_about_schemas(linked, report)


def _check_bounds(linked: Linked, report: Report) -> None:
    """Warn about contradictory bounds."""
    for location in linked.schemas.values():
        if BOUND_NAMES.isdisjoint(location.value):
            continue
        for kind, lower, upper in BOUNDS:
            minimum, maximum = location.value.get(lower), location.value.get(upper)
            if isinstance(minimum, int | float) and isinstance(maximum, int | float) and minimum > maximum:
                message = f"no {kind} matches this schema: {lower} is {minimum}, but {upper} is only {maximum}"
                source = linked.documents.sources[location.uri]
                report.warn(source, f"{location.pointer}/{upper}", message, "unsatisfiable")


def _find_dangling_references(linked: Linked) -> Omitted:
    """The references to what has been left out."""
    dangling: Omitted = {}
    is_resolvable = {reference: _is_resolvable(linked, reference) for reference in linked.references}
    if all(is_resolvable.values()):
        return dangling
    data = [source.data for source in linked.documents.sources.values()]
    pending: list[Any] = [value for value in data if isinstance(value, dict | list)]
    while pending:
        value = pending.pop()
        members = value.values() if isinstance(value, dict) else value
        pending += [member for member in members if isinstance(member, dict | list)]
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith(BASE_URI):
                if reference not in is_resolvable:
                    is_resolvable[reference] = _is_resolvable(linked, reference)
                if not is_resolvable[reference]:
                    dangling[id(value)] = {"$ref"}
    return dangling


def _is_resolvable(linked: Linked, reference: str) -> bool:
    try:
        linked.documents.resolve(reference)
    except Unresolved:
        return False
    return True


def _check_keywords(linked: Linked, report: Report) -> None:
    _omit(linked, _check_patterns(linked, report))
    invalid = [location for location in linked.roots if not _is_valid_schema(linked, location)]
    for _ in range(ROUND_LIMIT):
        omitted: Omitted = {}
        for location in invalid:
            _report_errors(linked, location, omitted, report)
        if not omitted:
            return
        _omit(linked, omitted)
        invalid = [location for location in invalid if not _is_valid_schema(linked, location)]


def _omit(linked: Linked, omitted: Omitted) -> None:
    copier = Copier(omitted, {}, lambda _, copy: copy, hole=True)
    if not omitted:
        return
    for source in linked.documents.sources.values():
        source.data = copier.copy(source.data)
    linked.served = {
        key: copier.copies[id(value)] for key, value in linked.served.items() if id(value) in copier.copies
    }


def _check_patterns(linked: Linked, report: Report) -> Omitted:
    """The regular expressions that cannot be compiled, or match nothing. Those that may be slow get a warning."""
    omitted: Omitted = {}
    for location in linked.schemas.values():
        properties = location.value.get("patternProperties")
        patterns = [("pattern", location.value.get("pattern"))]
        patterns += [("patternProperties", name) for name in properties] if isinstance(properties, dict) else []
        for keyword, pattern in patterns:
            if not isinstance(pattern, str):
                continue
            source = linked.documents.sources[location.uri]
            pointer = json_pointer.append(location.pointer, keyword)
            pointer = json_pointer.append(pointer, pattern) if keyword == "patternProperties" else pointer
            delimited, translated = DELIMITED.fullmatch(pattern), translate_pattern(pattern)
            if delimited or not is_compilable(translated):
                message = f"{quote(pattern)} is not a valid ECMA-262 regular expression, or needs too much memory"
                if delimited:
                    message = f"no text matches {quote(pattern)}: write it without slashes, as {quote(delimited[1])}"
                report.add(source, pointer, message, "pattern")
                if (schema := _find_current(linked, location)) is not None:
                    holder, name = (schema, keyword) if keyword == "pattern" else (schema.get(keyword), translated)
                    omitted.setdefault(id(holder), set()).add(name)
            elif is_backtracking(pattern) and NESTED_QUANTIFIERS.search(pattern):
                message = f"{quote(pattern)} may backtrack catastrophically; a text that hits the limit does not match"
                report.warn(source, pointer, message, "slow-pattern")
    return omitted


def _find_current(linked: Linked, location: TypedLocation) -> Any:
    """What is served of an object at a location; None if that has been left out."""
    return linked.served.get(id(location.value))


@cache
def _meta_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": META_SCHEMA}, validate_formats=True, offline=True)


def _is_valid_schema(linked: Linked, location: TypedLocation) -> bool:
    schema = _find_current(linked, location)
    if not isinstance(schema, dict):
        return True
    # Validators take a file, but not what is inside a file, to be in another draft.
    if not location.pointer and isinstance(schema.get("$schema"), str) and META_SCHEMA not in schema["$schema"]:
        return True
    return _meta_validator().is_valid(schema)


def _report_errors(linked: Linked, location: TypedLocation, omitted: Omitted, report: Report) -> None:
    root = _find_current(linked, location)
    for error in _meta_validator().iter_errors(root):
        if not error.instance_path or error.instance_path[0] not in root:
            continue
        holder, name, pointer = _find_keyword(root, list(error.instance_path))
        value = holder[name]
        omitted.setdefault(id(holder), set()).add(name)
        source = linked.documents.sources[location.uri]
        message = f"is not a valid JSON Schema: {_describe(name, value, error)}"
        report.add(source, location.pointer + pointer, message, "schema")


def _describe(name: str | int, value: Any, error: jsonschema_rs.ValidationError) -> str:
    if name == "type" and isinstance(value, str):
        return f"{quote(value)} is not a valid type.{did_you_mean(value, TYPES)}"
    if name == "required" and isinstance(value, bool):
        return "it lists the names of required members, beside their properties"
    if name == "pattern" and isinstance(value, str):
        return f"{quote(value)} is not a regular expression of ECMA-262"
    if value is None:
        return "it is null"
    return error.message if len(error.message) <= MESSAGE_LIMIT else error.message[:MESSAGE_LIMIT] + "…"


def _find_keyword(root: Any, path: list[str | int]) -> tuple[Any, str | int, str]:
    """What an error at `path` is about: a keyword, or a whole subschema. Its container, its name and its pointer."""
    schema, pointer, index = root, "", 0
    while True:
        holder, name = schema, path[index]
        value = schema[name]
        pointer = json_pointer.append(pointer, name)
        index += 1
        if name in (*keywords.SCHEMA_MAP_KEYWORDS, *keywords.SCHEMA_ARRAY_KEYWORDS) and index < len(path):
            # jsonschema-rs omits empty names from paths: then only the keyword as a whole is known.
            if not _contains(value, path[index]):
                return holder, name, pointer
            holder, name = value, path[index]
            value = holder[name]
            pointer = json_pointer.append(pointer, name)
            index += 1
        elif name not in keywords.SCHEMA_KEYWORDS:
            return holder, name, pointer
        if index == len(path) or not isinstance(value, dict) or path[index] not in value:
            return holder, name, pointer
        schema = value


def _contains(value: Any, name: str | int) -> bool:
    if isinstance(value, dict):
        return name in value
    return isinstance(value, list) and isinstance(name, int) and name < len(value)
