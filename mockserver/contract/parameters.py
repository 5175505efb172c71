"""Parameter values: from the text of a request to JSON, by the declared style (OpenAPI 3.1, section 4.8.12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mockserver.contract import jsontext
from mockserver.contract.documents import Node
from mockserver.contract.model import Parameter

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
STYLES = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited"),
    "header": ("simple",),
    "cookie": ("form",),
}
DELIMITERS = {"simple": ",", "form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,400})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", re.ASCII)


def read(parameter: Parameter, texts: Sequence[str]) -> Any:
    """The value that `texts`, the parameter's occurrences in the request, stand for.

    What does not read as a declared type stays text, so that the schema refuses it. A repeated single value
    becomes an array, for the same reason.
    """
    if parameter.json:
        return _json(texts)
    if "array" in parameter.types:
        if not (parameter.style == "form" and parameter.explode):
            delimiter = DELIMITERS[parameter.style]
            texts = [part for text in texts for part in (text.split(delimiter) if text else ())]
        return [scalar(text, parameter.item_types) for text in texts]
    if len(texts) > 1:
        return list(texts)
    return scalar(texts[0], parameter.types)


def scalar(text: str, types: frozenset[str]) -> Any:
    """`text` as the most specific of `types` that it can be read as, else as it stands."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text) and abs(number := float(text)) != float("inf"):
        return int(text) if _INTEGER.fullmatch(text) else number
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and text in ("", "null") and "string" not in types:
        return None
    return text


def _json(texts: Sequence[str]) -> Any:
    try:
        return jsontext.parse(texts[0].encode())
    except (jsontext.MalformedJSON, UnicodeEncodeError):
        return texts[0]


def types_of(schema: Node | None, depth: int = 0) -> frozenset[str]:
    """The JSON types that a schema admits, as far as its `type`, `enum`, `const` and combinations tell."""
    if schema is None or depth > 20 or not isinstance(schema.value, dict):
        return ALL_TYPES
    place = schema.value
    found = ALL_TYPES
    if isinstance(place.get("$ref"), str):
        found &= types_of(schema.follow(), depth + 1)
    if "type" in place:
        named = place["type"]
        found &= frozenset([named] if isinstance(named, str) else named)
    for values in (place.get("enum"), [place["const"]] if "const" in place else None):
        if isinstance(values, list):
            found &= frozenset(_type(value) for value in values)
    for part in schema.child("allOf").items() if "allOf" in place else ():
        found &= types_of(part, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in place:
            found &= frozenset().union(*(types_of(part, depth + 1) for part in schema.child(keyword).items()))
    return found | {"integer"} if "number" in found else found


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]
