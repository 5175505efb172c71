"""The keywords of JSON Schema, of every draft that is read: those with schemas in them, and those that describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from mockserver.errors import quote
from mockserver.syntax import json_pointer

SCHEMA_MAP_KEYWORDS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMA_ARRAY_KEYWORDS = ("allOf", "anyOf", "oneOf", "prefixItems")
UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
SCHEMA_KEYWORDS = (
    "not", "if", "then", "else", "items", "additionalProperties", "additionalItems", "contains", "propertyNames",
    *UNEVALUATED, "contentSchema",
)  # fmt: skip
# No value violates these.
DESCRIBING = frozenset({
    "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment", "$defs",
    "definitions", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "example", "examples",
    "contentEncoding", "contentMediaType", "contentSchema", "externalDocs", "xml",
})  # fmt: skip
_KEYWORDS = DESCRIBING | {
    *SCHEMA_MAP_KEYWORDS, *SCHEMA_ARRAY_KEYWORDS, *SCHEMA_KEYWORDS, "$ref", "$dynamicRef", "$recursiveRef", "type",
    "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "format", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
    "maxProperties", "minProperties", "required", "dependentRequired", "dependencies", "discriminator",
}  # fmt: skip

_ABOUT_OBJECTS = (
    "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "required",
    "dependentRequired", "dependentSchemas", "minProperties", "maxProperties",
)  # fmt: skip
_ABOUT_ARRAYS = (
    "items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "minContains", "maxContains", "minItems",
    "maxItems", "uniqueItems",
)  # fmt: skip
# The type of the values that a keyword is about; it accepts every other value.
_TYPE_OF_KEYWORD = {
    **dict.fromkeys(_ABOUT_OBJECTS, "object"),
    **dict.fromkeys(_ABOUT_ARRAYS, "array"),
    **dict.fromkeys(("pattern", "minLength", "maxLength"), "string"),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"), "number"),
}


def with_implied_types(schema: Any) -> Any:
    """The schema as a condition: where it has no `type`, its keywords require the types that they are about.

    By JSON Schema alone, `pattern` accepts whatever is no text, and so a header that was not sent.
    """
    schema = deepcopy(schema)
    for _, part in _schemas(schema, ""):
        if types := {_TYPE_OF_KEYWORD[name]: None for name in part if name in _TYPE_OF_KEYWORD}:
            part.setdefault("type", list(types))
    return schema


def find_idle_keywords(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of each name in a schema that has no meaning, or of a schema that only describes.

    Such a schema accepts every value, which is not what somebody meant who wrote the value itself as the schema.
    """
    errors = [
        (json_pointer.append(pointer, name), f"{quote(name)} is not a keyword of JSON Schema{_as_member(name, value)}")
        for pointer, part in _schemas(schema, "")
        for name, value in part.items()
        if name not in _KEYWORDS and not name.startswith("x-")
    ]
    if not errors and isinstance(schema, dict) and schema and DESCRIBING.issuperset(schema):
        name = next(iter(schema))
        written = _as_member(name, schema[name])
        errors = [("", f"every value matches a schema that only describes, by {quote(name)}{written}")]
    return errors


def _as_member(name: str, value: Any) -> str:
    member = f'"properties": {{{quote(name)}: {{"const": {quote(value)}}}}}, "required": [{quote(name)}]'
    return f"; a member of that name and value is required by {{{member}}}"


def _schemas(schema: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and those inside it, each with its pointer."""
    pending = [(pointer, schema)]
    while pending:
        pointer, part = pending.pop()
        if not isinstance(part, dict):
            continue
        yield pointer, part
        for keyword, value in part.items():
            at = json_pointer.append(pointer, keyword)
            for token, inner in _inner_schemas(keyword, value):
                pending.append((at if token is None else json_pointer.append(at, token), inner))


def applied_schemas(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas inside a schema that it applies, to a value or to parts of it; not those inside these."""
    for keyword, value in schema.items():
        if keyword not in DESCRIBING:
            yield from (inner for _, inner in _inner_schemas(keyword, value))


def _inner_schemas(keyword: str, value: Any) -> Iterator[tuple[str | None, Any]]:
    """The schemas that the value of a keyword is or holds, each with its name or number there."""
    if keyword in SCHEMA_KEYWORDS:
        yield None, value
    if isinstance(value, list):
        if keyword in (*SCHEMA_ARRAY_KEYWORDS, "items"):
            yield from ((str(number), item) for number, item in enumerate(value))
    elif keyword in (*SCHEMA_MAP_KEYWORDS, "dependencies"):
        yield from value.items()
