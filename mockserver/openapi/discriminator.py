"""What a discriminator means, said in JSON Schema (OpenAPI 3.1, section 4.8.25).

A value's discriminator names the alternative that it is held against. JSON Schema itself ignores that, so that
alternatives which resemble each other make `oneOf` unsatisfiable; here each of them asks for its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from mockserver.syntax import json_pointer

Leads = Mapping[int, Any]
DEPTH_LIMIT = 20


def applied(made: dict[str, Any], written: dict[str, Any], leads: Leads) -> dict[str, Any]:
    """The schema with each alternative asking for the names that lead to it.

    One is left alone where its own schema says already which names it has, or has no such property.
    """
    told = written.get("discriminator")
    name = told.get("propertyName") if isinstance(told, dict) else None
    keyword = next((one for one in ("oneOf", "anyOf") if isinstance(written.get(one), list)), None)
    if not isinstance(name, str) or keyword is None:
        return made
    mapping = told.get("mapping") if isinstance(told, dict) else None
    names = mapping if isinstance(mapping, dict) else {}
    alternatives = []
    for branch, one in zip(written[keyword], made[keyword], strict=False):
        values = _names(branch, names)
        declared = property_of(branch, name, leads)
        if values and isinstance(one, dict) and "$ref" in one and declared is not None and _is_open(declared, leads):
            one = {"$ref": one["$ref"], "properties": {name: {"enum": values}}, "required": [name]}
        alternatives.append(one)
    return {**made, keyword: alternatives}


def _names(branch: Any, mapping: Mapping[str, Any]) -> list[str]:
    """The names that lead to a branch: those of the mapping, else the name of its schema, or of its file."""
    reference = branch.get("$ref") if isinstance(branch, dict) else None
    if not isinstance(reference, str):
        return []
    own = json_pointer.unescape(_last(reference))
    if reference.endswith("#"):
        own = PurePosixPath(own).stem
    explicit = [one for one, target in mapping.items() if isinstance(target, str) and _is_same(target, reference, own)]
    return explicit or [own]


def _is_same(target: str, reference: str, own: str) -> bool:
    """Whether a mapping's value, a name or a reference, means the schema."""
    return target == own or _last(target) == _last(reference)


def _last(reference: str) -> str:
    """The last part of a reference: the name of a schema, or of a file that is one."""
    return unquote(reference.removesuffix("#")).rpartition("/")[2]


def property_of(schema: Any, name: str, leads: Leads, depth: int = 0) -> Any:
    """The schema of a property, through references and what is taken over; None where there is none."""
    if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
        return None
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        return properties[name]
    parts = [leads.get(id(schema)), *(schema["allOf"] if isinstance(schema.get("allOf"), list) else ())]
    return next((one for part in parts if (one := property_of(part, name, leads, depth + 1)) is not None), None)


def _is_open(declared: Any, leads: Leads, depth: int = 0) -> bool:
    """Whether a property's schema takes any string, so that names may be asked for."""
    if not isinstance(declared, dict) or depth > DEPTH_LIMIT:
        return declared is True
    if any(one in declared for one in ("enum", "const", "pattern", "oneOf", "anyOf", "not")):
        return False
    if declared.get("type", "string") not in ("string", ["string"], ["string", "null"]):
        return False
    parts = [leads.get(id(declared), True), *(declared["allOf"] if isinstance(declared.get("allOf"), list) else ())]
    return all(_is_open(part, leads, depth + 1) for part in parts)
