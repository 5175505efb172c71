"""Expresses a discriminator in JSON Schema (OpenAPI 3.1, section 4.8.25).

The value of the discriminating property names the alternative that applies. JSON Schema ignores `discriminator`, so
alternatives that resemble each other would make a `oneOf` unsatisfiable; here each one requires its own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from mockserver.syntax import json_pointer

# What the `$ref` of a schema points to, by the `id()` of the schema.
Targets = Mapping[int, Any]
DEPTH_LIMIT = 20


def with_discriminator(schema: dict[str, Any], written: dict[str, Any], targets: Targets) -> dict[str, Any]:
    """The schema, each of whose alternatives requires one of the names that the discriminator has for it.

    `written` is the same schema before normalization. An alternative stays as it is if its own schema restricts the
    names already, or does not have the property.
    """
    declared = written.get("discriminator")
    name = declared.get("propertyName") if isinstance(declared, dict) else None
    keyword = next((keyword for keyword in ("oneOf", "anyOf") if isinstance(written.get(keyword), list)), None)
    if not isinstance(name, str) or keyword is None:
        return schema
    mapping = declared.get("mapping") if isinstance(declared, dict) else None
    alternatives = []
    for branch, alternative in zip(written[keyword], schema[keyword], strict=False):
        names = _find_names(branch, mapping if isinstance(mapping, dict) else {})
        property_schema = _find_property(branch, name, targets)
        is_reference = isinstance(alternative, dict) and "$ref" in alternative
        if names and is_reference and property_schema is not None and _allows_any_string(property_schema, targets):
            restriction = {"properties": {name: {"enum": names}}, "required": [name]}
            alternatives.append({"$ref": alternative["$ref"], **restriction})
        else:
            alternatives.append(alternative)
    return {**schema, keyword: alternatives}


def _find_names(branch: Any, mapping: Mapping[str, Any]) -> list[str]:
    """The names of an alternative: those that the mapping has for it, else the name of its schema or its file."""
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(reference, str):
        return []
    implicit = json_pointer.unescape(_last_segment(reference))
    if reference.endswith("#"):
        implicit = PurePosixPath(implicit).stem
    explicit = [
        name
        for name, target in mapping.items()
        if isinstance(target, str) and (target == implicit or _last_segment(target) == _last_segment(reference))
    ]
    return explicit or [implicit]


def _last_segment(reference: str) -> str:
    """The last segment of a reference: the name of a schema, or of a file that is a schema."""
    return unquote(reference.removesuffix("#")).rpartition("/")[2]


def _find_property(schema: Any, name: str, targets: Targets, depth: int = 0) -> Any:
    """The schema of a property, in the schema itself or in what its `$ref` and `allOf` add; None if there is none."""
    if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
        return None
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        return properties[name]
    for part in [targets.get(id(schema)), *_parts_of(schema)]:
        if (property_schema := _find_property(part, name, targets, depth + 1)) is not None:
            return property_schema
    return None


def _allows_any_string(schema: Any, targets: Targets, depth: int = 0) -> bool:
    if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
        return schema is True
    if any(keyword in schema for keyword in ("enum", "const", "pattern", "oneOf", "anyOf", "not")):
        return False
    if schema.get("type", "string") not in ("string", ["string"], ["string", "null"]):
        return False
    parts = [targets.get(id(schema), True), *_parts_of(schema)]
    return all(_allows_any_string(part, targets, depth + 1) for part in parts)


def _parts_of(schema: dict[str, Any]) -> list[Any]:
    return schema["allOf"] if isinstance(schema.get("allOf"), list) else []
