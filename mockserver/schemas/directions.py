"""`readOnly` and `writeOnly`: schemas as they apply to requests or to responses.

A `readOnly` property need not be in a request although `required` names it, a `writeOnly` one need not be in a
response (OpenAPI 3.0, section 4.7.24.2). JSON Schema gives the two no such meaning, but clients expect it of 3.1 too.
Integers of a request must also be in the range of their `format`, such as `int32`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from mockserver.documents.nodes import DATA_MEMBERS, MAP_MEMBERS, Documents

Direction = Literal["", "request", "response"]
# The annotation of properties that a message in this direction does not contain.
ANNOTATIONS: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
# The least and the greatest integer of a format.
INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    **{f"int{bits}": (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)},
}
DEPTH_LIMIT = 20


def changes_schemas(documents: Documents, direction: Direction) -> bool:
    """Whether a schema may be another one in this direction than in none."""
    keywords = (ANNOTATIONS[direction], *(INTEGER_RANGES if direction == "request" else ())) if direction else ()
    return any(keyword in source.text for source in documents.sources.values() for keyword in keywords)


def transformation(documents: Documents, direction: Direction) -> Callable[[Any], Any]:
    """A function from a part of the documents to the same as it applies to one direction.

    Unchanged parts are the same objects. The parts must not be inside of other schemas, whose annotations count.
    """
    if not changes_schemas(documents, direction):
        return lambda value: value
    return _Transformation(documents, direction).apply


class _Transformation:
    """Copies schemas without the requirements that do not apply to one direction."""

    def __init__(self, documents: Documents, direction: Direction) -> None:
        self._documents, self._annotation = documents, ANNOTATIONS[direction]
        self._limits_integers = direction == "request"
        self._results: dict[tuple[int, bool], Any] = {}
        # By the `id()` of the schema, so that each is searched once, however many lead to it.
        self._annotated_names: dict[int, frozenset[str]] = {}
        self._is_annotated_schema: dict[int, bool] = {}

    def apply(self, value: Any, is_map: bool = False, inherited: frozenset[str] = frozenset()) -> Any:
        """The value as it applies to this direction.

        `is_map` if the names of its members are chosen by authors. `inherited` are properties that are not required
        because a schema around it says so.
        """
        if not isinstance(value, dict | list):
            return value
        key = id(value), is_map
        if key in self._results and not inherited:
            return self._results[key]
        if isinstance(value, list):
            items = [self.apply(item) for item in value]
            result: Any = items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        else:
            result = self._apply_to_map(value) if is_map else self._apply_to_object(value, inherited)
        if not inherited:
            self._results[key] = result
        return result

    def _apply_to_map(self, value: dict[str, Any]) -> dict[str, Any]:
        result = {name: self.apply(member) for name, member in value.items()}
        return result if any(result[name] is not value[name] for name in value) else value

    def _apply_to_object(self, schema: dict[str, Any], inherited: frozenset[str]) -> dict[str, Any]:
        parts = schema.get("allOf")
        can_require = isinstance(schema.get("required"), list) or isinstance(parts, list)
        optional = inherited | self._find_annotated(schema, 0) if can_require else inherited
        result = {
            name: member if name in DATA_MEMBERS else self.apply(member, name in MAP_MEMBERS)
            for name, member in schema.items()
        }
        if optional and isinstance(parts, list):
            result["allOf"] = [self.apply(part, inherited=optional) for part in parts]
        if optional and isinstance(schema.get("required"), list):
            result["required"] = [
                name for name in schema["required"] if not (isinstance(name, str) and name in optional)
            ]
        if self._limits_integers:
            result = _limit_integer(result)
        is_same = len(result) == len(schema) and all(result[name] is schema[name] for name in schema)
        return schema if is_same else result

    def _find_annotated(self, schema: Any, depth: int) -> frozenset[str]:
        """The properties that have the annotation, in the schema itself or in what its `$ref` and `allOf` add."""
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            return frozenset()
        if id(schema) not in self._annotated_names:
            # A schema that includes itself adds nothing.
            self._annotated_names[id(schema)] = frozenset()
            self._annotated_names[id(schema)] = self._search_annotated(schema, depth)
        return self._annotated_names[id(schema)]

    def _search_annotated(self, schema: dict[str, Any], depth: int) -> frozenset[str]:
        properties = schema.get("properties")
        declared = properties.items() if isinstance(properties, dict) else ()
        names = frozenset(name for name, property_schema in declared if self._is_annotated(property_schema, 0))
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            names |= self._find_annotated(part, depth + 1)
        return names | self._find_annotated(self._resolve_ref(schema), depth + 1)

    def _is_annotated(self, schema: Any, depth: int) -> bool:
        if not isinstance(schema, dict) or depth > DEPTH_LIMIT:
            return False
        if schema.get(self._annotation) is True:
            return True
        if id(schema) not in self._is_annotated_schema:
            self._is_annotated_schema[id(schema)] = False
            self._is_annotated_schema[id(schema)] = self._includes_annotated(schema, depth)
        return self._is_annotated_schema[id(schema)]

    def _includes_annotated(self, schema: dict[str, Any], depth: int) -> bool:
        parts = schema.get("allOf")
        included = [self._resolve_ref(schema), *(parts if isinstance(parts, list) else ())]
        return any(self._is_annotated(part, depth + 1) for part in included)

    def _resolve_ref(self, schema: dict[str, Any]) -> Any:
        reference = schema.get("$ref")
        return self._documents.resolve(reference).value if isinstance(reference, str) else None


def _limit_integer(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the bounds of its integer `format`; bounds of its own stay."""
    limits = INTEGER_RANGES.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    if limits is None or schema.get("type") not in ("integer", ["integer", "null"], ["null", "integer"]):
        return schema
    return {"minimum": limits[0], "maximum": limits[1], **schema}
