"""Values for JSON Schemas: from examples, constants and defaults where there are any, else made up, seeded.

A value is judged after it is made; what cannot be met in a few tries is an error that names the schema.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.contract.documents import Documents, Node
from mockserver.contract.schemas import Schemas
from mockserver.engine.words import word
from mockserver.errors import CannotGenerate

DEPTH_LIMIT = 6
TRIES = 25
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
# Keywords that tell the type of a schema which does not.
TELLING = {
    "properties": "object", "required": "object", "additionalProperties": "object", "patternProperties": "object",
    "items": "array", "prefixItems": "array", "minItems": "array", "maxItems": "array",
    "pattern": "string", "format": "string", "minLength": "string", "maxLength": "string",
    "minimum": "number", "maximum": "number", "exclusiveMinimum": "number", "multipleOf": "number",
}  # fmt: skip
LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


class Generator:
    """Makes values that the contract's schemas admit, from one source of chance."""

    def __init__(self, documents: Documents, schemas: Schemas, chance: random.Random) -> None:
        self._documents, self._schemas, self._random = documents, schemas, chance

    @classmethod
    def seeded(cls, documents: Documents, schemas: Schemas, seed: str) -> Generator:
        """A generator whose values follow from `seed`."""
        return cls(documents, schemas, random.Random(seed))

    def value(self, node: Node, name: str = "") -> Any:
        """A value for the schema at `node`, in a property called `name`. Raises CannotGenerate."""
        return self.maker(node, name)()

    def maker(self, node: Node, name: str = "") -> Callable[[], Any]:
        """A function that makes one value after another for the schema at `node`."""
        validator = self._schemas.at(node)
        examples = [one for one in self._examples(node.value) if validator.is_valid(one)]
        if examples:
            return lambda: self._random.choice(examples)

        def make() -> Any:
            for _ in range(TRIES):
                made = self._make(node.value, name, 0)
                if validator.is_valid(made):
                    return made
            wrong = validator.violations(made, "body")[0]
            raise CannotGenerate(node.address, f"{wrong.pointer or 'the value'}: {wrong.message}")

        return make

    def _examples(self, schema: Any, depth: int = 0) -> list[Any]:
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            return []
        if isinstance(schema.get("examples"), list) and schema["examples"]:
            return list(schema["examples"])
        for name in ("example", "default"):
            if name in schema:
                return [schema[name]]
        if isinstance(schema.get("$ref"), str):
            return self._examples(self._documents.at(schema["$ref"]).value, depth + 1)
        return []

    def _make(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._flat(schema, 0)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._random.choice(schema["enum"])
        if depth and (examples := self._examples(schema)):
            return self._random.choice(examples)
        return getattr(self, f"_{self._type(schema)}")(schema, name, depth)

    def _flat(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema with its references and combinations merged in, one branch of each choice taken."""
        if not isinstance(schema, dict) or depth > 20:
            return {}
        merged = {name: value for name, value in schema.items() if name not in ("$ref", "allOf", "oneOf", "anyOf")}
        parts = [self._documents.at(schema["$ref"]).value] if isinstance(schema.get("$ref"), str) else []
        parts += schema.get("allOf", [])
        parts += [self._random.choice(schema[name]) for name in ("oneOf", "anyOf") if schema.get(name)]
        for part in parts:
            merged = _merge(merged, self._flat(part, depth + 1))
        return merged

    def _type(self, schema: Mapping[str, Any]) -> str:
        named = schema.get("type")
        if isinstance(named, list):
            wanted = [one for one in TYPES if one in named and one != "null"]
            return wanted[0] if wanted else "null"
        if isinstance(named, str):
            return named
        return next((TELLING[keyword] for keyword in schema if keyword in TELLING), "object")

    def _object(self, schema: Mapping[str, Any], name: str, depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        made = {
            one: self._make(place, one, depth + 1)
            for one, place in properties.items()
            if place is not False and (one in required or depth < DEPTH_LIMIT)
        }
        extra = schema.get("additionalProperties", True)
        for one in required:
            if one not in made:
                made[one] = self._make(extra, one, depth + 1)
        while len(made) < schema.get("minProperties", 0):
            label = f"{word(self._random)}{len(made)}"
            made[label] = self._make(extra, label, depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", least + 3), least + 3)
        count = least if depth >= DEPTH_LIMIT else self._random.randint(max(least, min(1, most)), max(least, most))
        made = [self._make(one, name, depth + 1) for one in schema.get("prefixItems", [])]
        items = schema.get("items", True)
        for _ in range(TRIES * (count + 1)):
            if len(made) >= count or items is False:
                break
            one = self._make(items, name.rstrip("s"), depth + 1)
            if not schema.get("uniqueItems") or one not in made:
                made.append(one)
        return made

    def _string(self, schema: Mapping[str, Any], name: str, depth: int) -> str:
        # Faker is slow to import, and most contracts bring their own examples.
        from mockserver.engine.believable import text

        made = text(name, schema.get("format"), self._random)
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        while len(made) < least:
            made += f" {word(self._random)}" if made else word(self._random)
        return made if most is None else made[:most]

    def _number(self, schema: Mapping[str, Any], name: str, depth: int) -> float | int:
        low, high = _bounds(schema, 0.01)
        step = schema.get("multipleOf")
        if step:
            first = -(-low // step)
            return first * step + self._random.randint(0, max(0, int((high - first * step) // step))) * step  # type: ignore[no-any-return]
        return round(self._random.uniform(low, high), 2)

    def _integer(self, schema: Mapping[str, Any], name: str, depth: int) -> int:
        low, high = _bounds(schema, 1)
        step = int(schema.get("multipleOf", 1)) or 1
        first, final = -int(-low // step), int(high // step)
        return self._random.randint(first, max(first, final)) * step

    def _boolean(self, schema: Mapping[str, Any], name: str, depth: int) -> bool:
        return self._random.random() < 0.5

    def _null(self, schema: Mapping[str, Any], name: str, depth: int) -> None:
        return None


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both schemas at once, as far as that can be said with one."""
    merged = dict(first)
    for name, value in second.items():
        if name not in merged:
            merged[name] = value
        elif name == "properties":
            merged[name] = {**merged[name], **value}
        elif name == "required":
            merged[name] = list(dict.fromkeys([*merged[name], *value]))
        elif name in LOWER:
            merged[name] = max(merged[name], value)
        elif name in UPPER:
            merged[name] = min(merged[name], value)
        elif name == "enum":
            merged[name] = [one for one in merged[name] if one in value]
    return merged


def _bounds(schema: Mapping[str, Any], gap: float) -> tuple[float, float]:
    low = schema.get("minimum", schema["exclusiveMinimum"] + gap if "exclusiveMinimum" in schema else None)
    high = schema.get("maximum", schema["exclusiveMaximum"] - gap if "exclusiveMaximum" in schema else None)
    if low is None:
        low = 0 if high is None or high >= 0 else high - 1000
    return low, low + 1000 if high is None else high
