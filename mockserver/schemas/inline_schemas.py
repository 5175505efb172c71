"""JSON Schemas inside other files and bodies: guards of transitions, conditions of overrides, expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from mockserver.documents.nodes import REFERENCES, Documents, Node
from mockserver.documents.source import Source
from mockserver.errors import quote
from mockserver.schemas.backtracking import QUICK_LIMIT, is_backtracking
from mockserver.schemas.branching import PATH_LIMIT, exceeding_schemas
from mockserver.schemas.keywords import UNEVALUATED, applied_schemas, find_idle_keywords, with_implied_types
from mockserver.schemas.reading_work import Reading, ReadingWork
from mockserver.schemas.validators import Schemas, Validator, find_schema_errors, within_value
from mockserver.syntax import json_pointer

URI = "file:///inline"
# The values that the schemas of one request may have, which are compiled while others wait: a second's work at most.
VALUE_LIMIT = 10_000
TOO_LARGE = f"the request's schemas have more than {VALUE_LIMIT:,} values, the most that can be compiled at once"
TOO_MANY_APPLICATIONS = f"it applies schemas in more than {PATH_LIMIT:,} ways, which would take too long"
# What is not evaluated is found by applying the schemas beside it again.
UNEVALUATED_APPLICATIONS = 3
# Matching a text takes as long as so many other keywords, and going back in it as often as that is allowed.
MATCHING_APPLICATIONS, BACKTRACKING_APPLICATIONS = 4, 4 * QUICK_LIMIT
_MATCHING: dict[str, Any] = {}
# The meta-schemas, which every schema may refer to.
_META_SCHEMAS = "https://json-schema.org/draft/"


class InlineSchema(Validator):
    """The validator of a schema that refers to nothing outside itself."""

    def __init__(self, node: Node, reading: Reading) -> None:
        super().__init__(node, Schemas(node.documents))
        self._reading = reading

    def matches(self, value: Any, work: ReadingWork) -> bool:
        """Whether a value is valid. Raises TooMuchToMatch."""
        work.take(self._reading, value)
        return self._is_valid_too(value)

    @cached_property
    def _is_valid_too(self) -> Callable[[Any], bool]:
        return within_value(self.is_valid)


def count_values(schema: Any) -> int:
    """The number of values in a schema, itself included; not all of them if they are more than VALUE_LIMIT."""
    count, pending = 0, [iter((schema,))]
    while pending and count <= VALUE_LIMIT:
        for value in pending.pop():
            count += 1
            if isinstance(value, dict | list):
                pending.append(iter(value.values() if isinstance(value, dict) else value))
    return count


def compile_condition(schema: Any) -> tuple[InlineSchema | None, list[tuple[str, str]]]:
    """As `compile_inline` does, a schema whose keywords require the types that they are about."""
    return compile_inline(schema, implies_types=True)


def compile_inline(schema: Any, *, implies_types: bool = False) -> tuple[InlineSchema | None, list[tuple[str, str]]]:
    """The validator of a schema that refers to nothing outside itself.

    None if it cannot be used, with the pointer and the message of each error.
    """
    errors = find_schema_errors(schema) or find_idle_keywords(schema)
    if errors:
        return None, errors
    if implies_types:
        schema = with_implied_types(schema)
    applications = _count_applications(schema)
    if applications is None:
        return None, [("", TOO_MANY_APPLICATIONS)]
    # Where a value is explained, parts are compiled on their own: only absolute references lead from one to another.
    has_bases = any("$id" in part for part in _objects(schema))
    documents = Documents({URI: Source("schema", "", schema if has_bases else _with_absolute_references(schema))})
    validator = InlineSchema(documents.root(URI), Reading.of_schema(schema, applications))
    try:
        validator.is_valid(None)
    except ValueError as error:
        return None, [_reference_error(schema) or ("", str(error).splitlines()[0])]
    return validator, []


def _with_absolute_references(schema: Any) -> Any:
    """The schema with the references to its own parts as they are seen from elsewhere."""
    if isinstance(schema, list):
        return [_with_absolute_references(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: URI + value
        if name in REFERENCES and isinstance(value, str) and value.startswith("#")
        else value
        if name in ("const", "enum")
        else _with_absolute_references(value)
        for name, value in schema.items()
    }


def _reference_error(schema: Any) -> tuple[str, str] | None:
    """Pointer and message of the first reference that leads out of the schema, or nowhere in it."""
    named = _named_parts(_objects(schema))
    pending: list[tuple[str, Any]] = [("", schema)]
    while pending:
        pointer, part = pending.pop()
        if isinstance(part, list):
            pending += [(f"{pointer}/{index}", item) for index, item in reversed(list(enumerate(part)))]
        if not isinstance(part, dict):
            continue
        for keyword in REFERENCES:
            reference = part.get(keyword)
            if not isinstance(reference, str) or reference.startswith(_META_SCHEMAS):
                continue
            if _find(schema, named, reference) is None:
                message = f"{quote(reference)} is not in this schema, which may refer to its own parts only"
                return json_pointer.append(pointer, keyword), message
        pending += [
            (json_pointer.append(pointer, name), value)
            for name, value in reversed(part.items())
            if name not in ("const", "enum")
        ]
    return None


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield part
        if isinstance(part, dict | list):
            pending += part.values() if isinstance(part, dict) else part


def _named_parts(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Parts of a schema by the references to their names."""
    named = dict[str, Any]()
    for part in parts:
        for keyword in ("$anchor", "$dynamicAnchor", "$id"):
            if isinstance(name := part.get(keyword), str):
                named.setdefault(name if keyword == "$id" else f"#{name}", part)
    return named


def _count_applications(schema: Any) -> Mapping[int, int] | None:
    """In how many ways each part of a schema applies others, to a value and to what is in it, by its `id()`.

    None if they are more than PATH_LIMIT.
    """
    named, counts = _named_parts(_objects(schema)), dict[int, int]()

    def applied(part: Any) -> list[Any]:
        targets = [_find(schema, named, part[keyword]) for keyword in REFERENCES if isinstance(part.get(keyword), str)]
        others = [other for other in (*applied_schemas(part), *targets) if isinstance(other, dict)]
        # A member of an object of schemas may have the name of a keyword.
        texts = [part[keyword] for keyword in ("pattern", "format") if isinstance(part.get(keyword), str)]
        texts += part.get("patternProperties", ())
        others += [_MATCHING] * sum(map(_matching_applications, texts))
        return others * UNEVALUATED_APPLICATIONS if any(keyword in part for keyword in UNEVALUATED) else others

    is_exceeded = next(exceeding_schemas(_objects(schema), applied, counts), None) is not None
    return None if is_exceeded else counts


def _matching_applications(pattern: str) -> int:
    return BACKTRACKING_APPLICATIONS if is_backtracking(pattern) else MATCHING_APPLICATIONS


def _find(schema: Any, named: Mapping[str, Any], reference: str) -> Any:
    """What a reference leads to within a schema, by the names of its parts or by a pointer; None if nothing."""
    if reference in named:
        return named[reference]
    uri, _, fragment = reference.partition("#")
    if fragment and not fragment.startswith("/"):
        return None
    try:
        return json_pointer.resolve(named[uri] if uri else schema, json_pointer.from_fragment(fragment))
    except LookupError:
        return None
