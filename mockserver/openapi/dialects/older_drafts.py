"""Translates schemas of older drafts of JSON Schema to 2020-12, one object at a time.

A document of OpenAPI 3.1 may name the draft of its schemas (`jsonSchemaDialect`), and each schema its own (`$schema`,
JSON Schema core, section 8.1.1). Keywords that a draft does not know have no effect in it.
"""

from __future__ import annotations

import re
from typing import Any

from mockserver.openapi.dialects.dialect_3_0 import BOUNDS, translate_exclusive, translate_tuple

CURRENT = 2020
# The number by which drafts are ordered, by what their URI contains.
_DRAFTS = {
    "draft-03": 3, "draft-04": 4, "draft-06": 6, "draft-07": 7, "draft/2019-09": 2019, "draft/2020-12": CURRENT,
    "spec.openapis.org/oas/": CURRENT,
}  # fmt: skip
# In these drafts, whatever is beside a `$ref` has no effect.
LAST_WITH_BARE_REFERENCES = 7


def draft_of(uri: Any) -> int | None:
    """The draft that a `$schema` or `jsonSchemaDialect` names: 4, 6, 7, 2019 or 2020; None for another one."""
    if not isinstance(uri, str):
        return None
    return next((draft for name, draft in _DRAFTS.items() if re.search(re.escape(name), uri)), None)


def translate(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """The schema in 2020-12, given that its subschemas are translated already; itself if nothing differs."""
    if draft <= LAST_WITH_BARE_REFERENCES and isinstance(schema.get("$ref"), str):
        definitions: dict[str, Any] = {name: schema[name] for name in ("definitions", "$defs") if name in schema}
        return {"$ref": schema["$ref"], **definitions} if len(schema) > 1 else schema
    translated = schema
    if draft <= 4:
        for exclusive, bound in BOUNDS:
            if isinstance(schema.get(exclusive), bool):
                translated = translate_exclusive(translated, exclusive, bound)
    if draft < CURRENT and isinstance(schema.get("items"), list):
        translated = translate_tuple(translated)
    elif draft < CURRENT and "additionalItems" in schema:
        translated = {name: value for name, value in translated.items() if name != "additionalItems"}
    return translated


def split_dependencies(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the two keywords that took the place of `dependencies` in 2019-09."""
    if not isinstance(schema.get("dependencies"), dict):
        return schema
    translated = {name: value for name, value in schema.items() if name != "dependencies"}
    required = {name: value for name, value in schema["dependencies"].items() if isinstance(value, list)}
    schemas = {name: value for name, value in schema["dependencies"].items() if not isinstance(value, list)}
    if required:
        translated["dependentRequired"] = {**required, **translated.get("dependentRequired", {})}
    if schemas:
        translated["dependentSchemas"] = {**schemas, **translated.get("dependentSchemas", {})}
    return translated
