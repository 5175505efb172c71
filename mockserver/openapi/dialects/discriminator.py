"""Expresses a discriminator in JSON Schema (OpenAPI 3.1, section 4.8.25).

The value of the discriminating property names the alternative that applies. JSON Schema ignores `discriminator`, so
alternatives that resemble each other would make a `oneOf` unsatisfiable; here each one requires its own names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from mockserver.schemas.validators import keyword_validator
from mockserver.syntax import json_pointer
from mockserver.syntax.words import normalize

# What the `$ref` of a schema points to, by the `id()` of the schema.
Targets = Mapping[int, Any]
DEPTH_LIMIT = 20


def with_discriminator(schema: dict[str, Any], written: dict[str, Any], targets: Targets) -> dict[str, Any]:
    """The schema, each of whose alternatives requires one of the names that the discriminator has for it.

    `written` is the same schema before normalization. Of the names, those count that the property may have, where it
    has an `enum`, a `const` or a `pattern`. An alternative stays as it is if these are none, since its own schema
    tells it apart then, or if neither it nor the schema itself has the property. The `defaultMapping` of OpenAPI 3.2
    is the alternative for all other values, and for none.
    """
    declared = written.get("discriminator")
    declared = declared if isinstance(declared, dict) else {}
    name, mapping, default = (declared.get(member) for member in ("propertyName", "mapping", "defaultMapping"))
    keyword = next((keyword for keyword in ("oneOf", "anyOf") if isinstance(written.get(keyword), list)), None)
    if not isinstance(name, str) or keyword is None:
        return schema
    shared = list(_find_properties(written, name, targets))
    names = dict[int, list[str]]()
    for number, (branch, alternative) in enumerate(zip(written[keyword], schema[keyword], strict=False)):
        properties = [*_find_properties(branch, name, targets), *shared]
        if properties and isinstance(alternative, dict) and "$ref" in alternative:
            names[number] = _find_names(branch, mapping if isinstance(mapping, dict) else {}, properties, targets)
    alternatives = list(schema[keyword])
    for number, branch_names in names.items():
        restriction: dict[str, Any] = {"properties": {name: {"enum": branch_names}}, "required": [name]}
        if isinstance(default, str) and _is_target(default, written[keyword][number]["$ref"]):
            others = [value for other, values in names.items() if other != number for value in values]
            restriction = {"properties": {name: {"not": {"enum": others}}}}
        elif not branch_names:
            continue
        alternatives[number] = {"$ref": alternatives[number]["$ref"], **restriction}
    return {**schema, keyword: alternatives}


def _find_names(branch: Any, mapping: Mapping[str, Any], properties: Sequence[Any], targets: Targets) -> list[str]:
    """The names of an alternative: those that the mapping has for it, else the name of its schema or its file.

    A name that is not among the values of the property's `enum` stands for the value that differs in case alone.
    """
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(reference, str):
        return []
    implicit = _implicit_name(reference)
    explicit = [name for name, target in mapping.items() if isinstance(target, str) and _is_target(target, reference)]
    allowed = [name for name in explicit or [implicit] if _allows(properties, name, targets)]
    if allowed or explicit:
        return allowed
    listed = [value for schema in properties if isinstance(schema, dict) for value in _listed_values(schema)]
    similar = [value for value in listed if normalize(value) == normalize(implicit)]
    return [value for value in dict.fromkeys(similar) if _allows(properties, value, targets)]


def _implicit_name(reference: str) -> str:
    """The name of the schema that a reference leads to, or of its file."""
    name = json_pointer.unescape(_last_segment(reference))
    return PurePosixPath(name).stem if reference.endswith("#") else name


def _is_target(target: str, reference: str) -> bool:
    """Whether a name or address in a mapping is that of the schema that a reference leads to."""
    return target == _implicit_name(reference) or _last_segment(target) == _last_segment(reference)


def _listed_values(schema: Mapping[str, Any]) -> list[str]:
    values = schema.get("enum")
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _last_segment(reference: str) -> str:
    """The last segment of a reference: the name of a schema, or of a file that is a schema."""
    return unquote(reference.removesuffix("#")).rpartition("/")[2]


def _find_properties(schema: Any, name: str, targets: Targets, depth: int = 0) -> Iterator[Any]:
    """The schemas of a property, in the schema itself and in what its `$ref` and `allOf` add."""
    if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        yield properties[name]
    for part in [targets.get(id(schema)), *_parts_of(schema)]:
        yield from _find_properties(part, name, targets, depth + 1)


def _allows(schemas: Iterable[Any], name: str, targets: Targets, depth: int = 0) -> bool:
    """Whether schemas allow a name, as far as their types, values and patterns say."""
    for schema in schemas:
        if schema is False:
            return False
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            continue
        types, values, pattern = schema.get("type", "string"), schema.get("enum"), schema.get("pattern")
        if "string" not in (types if isinstance(types, list) else [types]):
            return False
        if (isinstance(values, list) and name not in values) or schema.get("const", name) != name:
            return False
        if isinstance(pattern, str) and not _matches(pattern, name):
            return False
        if not _allows([targets.get(id(schema), True), *_parts_of(schema)], name, targets, depth + 1):
            return False
    return True


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(keyword_validator("pattern", pattern).is_valid(text))
    except (jsonschema_rs.ValidationError, ValueError):
        return True  # reported, and left out, with the other keywords that are wrong


def _parts_of(schema: dict[str, Any]) -> list[Any]:
    return schema["allOf"] if isinstance(schema.get("allOf"), list) else []
