"""JSON Schemas inside other files and bodies: guards of transitions, conditions of overrides, expectations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.documents.nodes import REFERENCES, Documents
from mockserver.documents.source import Source
from mockserver.schemas.branching import TOO_MANY_PATHS, combined_schemas, exceeding_schemas
from mockserver.schemas.keywords import find_idle_keywords
from mockserver.schemas.validators import Schemas, Validator, find_schema_errors
from mockserver.syntax import json_pointer

URI = "file:///inline"


def compile_inline(schema: Any) -> tuple[Validator | None, list[tuple[str, str]]]:
    """The validator of a schema that refers to nothing outside itself.

    None if it cannot be used, with the pointer and the message of each error.
    """
    errors = find_schema_errors(schema) or find_idle_keywords(schema)
    if errors:
        return None, errors
    if _applies_too_many(schema):
        return None, [("", f"it {TOO_MANY_PATHS}")]
    documents = Documents({URI: Source("schema", "", schema)})
    validator = Schemas(documents).validator(documents.root(URI))
    try:
        validator.is_valid(None)
    except ValueError as error:  # such as a reference that leads elsewhere
        return None, [("", str(error).splitlines()[0])]
    return validator, []


def _applies_too_many(schema: Any) -> bool:
    """Whether a part of the schema applies others to the same value in more than PATH_LIMIT ways."""
    parts, named = list[Any](), dict[str, Any]()
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            parts.append(part)
            for keyword in ("$anchor", "$dynamicAnchor", "$id"):
                if isinstance(name := part.get(keyword), str):
                    named.setdefault(name if keyword == "$id" else f"#{name}", part)
        if isinstance(part, dict | list):
            pending += part.values() if isinstance(part, dict) else part

    def applied(part: Any) -> list[Any]:
        targets = [_find(schema, named, part[keyword]) for keyword in REFERENCES if isinstance(part.get(keyword), str)]
        return [other for other, _ in combined_schemas(part)] + [other for other in targets if isinstance(other, dict)]

    return next(exceeding_schemas(parts, applied), None) is not None


def _find(schema: Any, named: Mapping[str, Any], reference: str) -> Any:
    """What a reference leads to within a schema, by the names of its parts or by a pointer; None if nothing."""
    if reference in named:
        return named[reference]
    uri, _, fragment = reference.partition("#")
    try:
        return json_pointer.resolve(named[uri] if uri else schema, json_pointer.from_fragment(fragment))
    except LookupError:
        return None
