"""Restricts a discriminating property to the names that inheritance in Swagger 2.0 gives it.

Its value has to be the name of the definition, or that of one which inherits from it by `allOf` (section "Schema
Object", `discriminator`). OpenAPI 3.0 implies this by its mapping; JSON Schema needs an `enum`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from mockserver.documents.nodes import Unresolved
from mockserver.openapi.swagger.conversion import Conversion, component_name, is_reference
from mockserver.syntax import json_pointer
from mockserver.syntax.words import normalize

# What many generators write for a value that is not the name of the definition.
VALUE = "x-discriminator-value"
# A larger family would take too long, since each member lists all that inherit from it.
FAMILY_LIMIT = 200


def restrict_names(conversion: Conversion, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The converted definitions, those of each family with a discriminator restricted to the names they stand for."""
    children = _find_children(conversion, definitions)
    restricted = dict(definitions)
    visited: set[tuple[str, str]] = set()
    for base, heirs in children.items():
        discriminator = _declared(conversion, base).get("discriminator")
        kind = _find_property(conversion, base, discriminator) if isinstance(discriminator, str) and heirs else None
        family = _family(base, children) if kind is not None else []
        if not isinstance(discriminator, str) or kind is None or len(family) > FAMILY_LIMIT:
            continue
        restricted[base] = _with_mapping(conversion, restricted[base], family)
        listed = kind["enum"] if _lists_values(kind) else None
        for name in family:
            if (name, discriminator) in visited or _has_own_values(_declared(conversion, name), discriminator):
                continue
            visited.add((name, discriminator))
            names = _family(name, children)
            values = [value for heir in names for value in _values(conversion, heir, discriminator, listed)]
            if values:
                schema = _restrict(restricted[name], discriminator, list(dict.fromkeys(values)))
                restricted[name] = conversion.mark(schema, conversion.root.child("definitions", name))
    return restricted


def _with_mapping(conversion: Conversion, schema: dict[str, Any], family: list[str]) -> dict[str, Any]:
    """The schema with a `mapping` for the definitions that go by another name than their own."""
    targets = {str(_declared(conversion, name).get(VALUE, name)): name for name in family}
    mapping = {
        value: f"#/components/schemas/{component_name(name)}" for value, name in targets.items() if value != name
    }
    if not mapping:
        return schema
    node = conversion.root.child("definitions", family[0])
    return conversion.mark({**schema, "discriminator": {**schema["discriminator"], "mapping": mapping}}, node)


def _find_children(conversion: Conversion, definitions: Mapping[str, Any]) -> dict[str, list[str]]:
    """The definitions that inherit directly from each definition."""
    children: dict[str, list[str]] = {name: [] for name in definitions}
    for name in definitions:
        for base in _find_bases(conversion, name):
            if base in children:
                children[base].append(name)
    return children


def _find_bases(conversion: Conversion, name: str) -> Iterator[str]:
    parts = _declared(conversion, name).get("allOf")
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        if not is_reference(part):
            continue
        node = conversion.root.child("definitions", name, "allOf", index)
        try:
            target = conversion.resolve(node)
        except Unresolved:
            continue
        tokens = json_pointer.split(target.pointer)
        if target.uri == conversion.root.uri and len(tokens) == 2 and tokens[0] == "definitions":
            yield tokens[1]


def _family(name: str, children: Mapping[str, list[str]]) -> list[str]:
    """A definition and all that inherit from it."""
    family, pending = {name: None}, [name]
    for member in pending:
        new = [heir for heir in children[member] if heir not in family]
        family.update(dict.fromkeys(new))
        pending += new
        if len(family) > FAMILY_LIMIT:
            break
    return list(family)


def _declared(conversion: Conversion, name: str) -> dict[str, Any]:
    schema = conversion.root.value["definitions"][name]
    return schema if isinstance(schema, dict) else {}


def _values(conversion: Conversion, name: str, discriminator: str, listed: list[str] | None) -> list[str]:
    """What the discriminator of a definition may be, without what inherits from it.

    Of the values that the base lists, it is the one which differs from its name in notation at most.
    """
    own_values = _own_values(conversion, name, discriminator)
    if own_values is not None:
        return own_values
    value = str(_declared(conversion, name).get(VALUE, name))
    if listed is None or value in listed:
        return [value]
    return [other for other in listed if normalize(other) == normalize(value)]


def _own_values(conversion: Conversion, name: str, discriminator: str) -> list[str] | None:
    """The values that a definition itself lists for its discriminator; None if it lists none."""
    properties = _own_properties(_declared(conversion, name), discriminator)
    return next((part["enum"] for part in properties if _lists_values(part)), None)


def _find_property(conversion: Conversion, base: str, discriminator: str) -> dict[str, Any] | None:
    """The schema of the discriminating property of a base; None if it does not declare one that is a string."""
    declared = next(_own_properties(_declared(conversion, base), discriminator), None)
    if declared is None:
        return None
    try:
        kind = conversion.resolve(replace(conversion.root, value=declared)).value
    except Unresolved:
        return None
    return kind if isinstance(kind, dict) and kind.get("type", "string") == "string" else None


def _has_own_values(schema: dict[str, Any], discriminator: str) -> bool:
    return any(_lists_values(part) or is_reference(part) for part in _own_properties(schema, discriminator))


def _own_properties(schema: dict[str, Any], discriminator: str) -> Iterator[dict[str, Any]]:
    """The schemas of a property in a definition itself, and in what it adds to the definition it inherits from."""
    parts = schema.get("allOf")
    for part in (schema, *(parts if isinstance(parts, list) else ())):
        properties = part.get("properties") if isinstance(part, dict) else None
        declared = properties.get(discriminator) if isinstance(properties, dict) else None
        if isinstance(declared, dict):
            yield declared


def _lists_values(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("enum"), list) and all(isinstance(value, str) for value in schema["enum"])


def _restrict(schema: dict[str, Any], discriminator: str, values: list[str]) -> dict[str, Any]:
    declared = schema.get("properties")
    properties: dict[str, Any] = declared if isinstance(declared, dict) else {}
    declared = properties.get(discriminator)
    written: dict[str, Any] = declared if isinstance(declared, dict) else {"type": "string"}
    return {**schema, "properties": {**properties, discriminator: {**written, "enum": values}}}
