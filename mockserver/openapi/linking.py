"""From files to linked documents: each place known for what it is, each `$ref` absolute, checked, kept inside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mockserver.documents.references import NotFetched, References
from mockserver.documents.source import Report
from mockserver.documents.tree import BASE, Documents, Unresolved
from mockserver.errors import did_you_mean
from mockserver.errors import quote as show
from mockserver.openapi import object_types
from mockserver.syntax import json_pointer

# Where OpenAPI has a Reference Object. Elsewhere one is followed too, since other tools do.
REFERABLE = frozenset({
    "schema", "part", "parameter", "header", "requestBody", "response", "example", "link", "callback",
    "securityScheme", "pathItem", "mediaType",
})  # fmt: skip
JSON_TYPES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number",
              float: "a number", type(None): "empty"}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class TypedLocation:
    """A value that is to be a `kind`, and the container and name under which it is held.

    Kinds are those of the grammar; a `part` is a schema that stands in another.
    """

    kind: str
    value: Any
    uri: str
    pointer: str
    holder: Any = None
    name: str | int = ""

    def below(self, kind: str, name: str | int) -> TypedLocation:
        """The place of a member."""
        return TypedLocation(
            kind, self.value[name], self.uri, json_pointer.append(self.pointer, name), self.value, name
        )


@dataclass(slots=True)
class Linked:
    """What was found while linking. Objects are known by their identity: with YAML aliases, places share them.

    `schemas` holds every schema, `roots` those that stand in no other, `leads` what references in them lead to.
    `dropped` is what is left out of an object, `replaced` what takes an object's place, with its own members on top.
    `old` tells which files are of OpenAPI 3.0.
    """

    documents: Documents
    schemas: dict[int, TypedLocation] = field(default_factory=dict)
    roots: list[TypedLocation] = field(default_factory=list)
    leads: dict[int, Any] = field(default_factory=dict)
    dropped: dict[int, set[str | int]] = field(default_factory=dict)
    replaced: dict[int, Any] = field(default_factory=dict)
    old: dict[str, bool] = field(default_factory=dict)

    def drop(self, holder: Any, name: str | int) -> None:
        """Leave a member out."""
        self.dropped.setdefault(id(holder), set()).add(name)


class Linker:
    """Links files, and those that they refer to."""

    def __init__(self, references: References, report: Report) -> None:
        self._report, self._references = report, references
        self.found = Linked(references.documents)
        self._waiting: list[TypedLocation] = []
        self._seen: set[tuple[int, str]] = set()

    def link(self, entries: list[str]) -> Linked:
        """Link these files, the document first, and all that they refer to. What is no document is a JSON Schema."""
        is_old = False
        for uri in entries:
            if (source := self._references.read(uri)) is None:
                continue
            if isinstance(source.data, dict) and "openapi" in source.data:
                is_old = is_old_dialect(source.data)
                self._enter("document", uri, source.data, is_old)
            else:
                self._enter("schema", uri, source.data, is_old and "$schema" not in source.data)
        while self._waiting:
            self._take(self._waiting.pop())
        return self.found

    def _enter(self, kind: str, uri: str, data: Any, is_old: bool) -> None:
        self.found.old.setdefault(uri, is_old)
        self._waiting.append(TypedLocation(kind, data, uri, ""))

    def _take(self, place: TypedLocation) -> None:
        """Look at one place, and line up what it holds and what it refers to."""
        value, kind = place.value, place.kind
        if isinstance(value, dict | list):
            if (id(value), kind) in self._seen:
                return
            self._seen.add((id(value), kind))
        if kind in ("schema", "part"):
            self._schema(place)
        elif isinstance(value, dict) and isinstance(value.get("$ref"), str):
            self._refer(place)
        elif kind[0] in "[{":
            self._many(place)
        elif not isinstance(value, dict):
            self._refuse(place, f"must be an object, and is {JSON_TYPES[type(value)]}", "type")
        elif kind in object_types.NAMED:
            self._named(place, *object_types.NAMED[kind])
        elif kind in object_types.KINDS:
            self._object(place)

    def _refer(self, place: TypedLocation) -> None:
        """Follow the `$ref` of a place that is no schema."""
        found = self._lead(place, "$ref")
        if found is None:
            if place.holder is not None:
                self.found.drop(place.holder, place.name)
            return
        beside = place.kind == "pathItem" and any(name in object_types.KINDS["pathItem"] for name in place.value)
        if place.kind not in REFERABLE or beside:
            self.found.replaced[id(place.value)] = found
            for name in place.value if beside else ():
                if name in object_types.KINDS["pathItem"]:
                    self._member(place, object_types.KINDS["pathItem"][name], name)

    def _lead(self, place: TypedLocation, keyword: str) -> Any:
        """What a reference leads to, which is lined up; it is made absolute. None where it leads nowhere."""
        reference = place.value[keyword]
        kind = "schema" if place.kind == "part" else place.kind
        shown = reference
        try:
            address = self._references.absolute(place.uri, place.value, reference)
            shown = address.removeprefix(BASE)
            uri, pointer, value = self._references.find(address)
            if (
                not isinstance(value, dict)
                and not (isinstance(value, bool) and kind == "schema")
                and kind[0] not in "[{"
            ):
                raise Unresolved(f"leads to what is no {'schema' if kind == 'schema' else 'object'}")
        except Unresolved as error:
            code = "outside" if isinstance(error, NotFetched) else "dangling"
            message = str(error) if str(error).startswith("there is") else f"{show(shown)} {error}"
            self._note(place, f"/{keyword}", message, code)
            return None
        source = self._references.documents.sources[uri]
        is_document = isinstance(source.data, dict) and "openapi" in source.data
        anchor = value.get("$dynamicAnchor") if isinstance(value, dict) else None
        if keyword == "$dynamicRef" and anchor is not None and not is_document:
            # Validators look for anchors where JSON Schema has schemas, and that is not in an OpenAPI document.
            place.value[keyword] = f"{uri}#{anchor}"
        else:
            place.value[keyword] = f"{uri}#{json_pointer.to_fragment(pointer)}"
        if kind != "schema":
            self.found.documents.no_schemas.add(place.value[keyword])
        self.found.old.setdefault(uri, is_old_dialect(source.data) if is_document else self.found.old[place.uri])
        self._waiting.append(TypedLocation(kind, value, uri, pointer))
        return value

    def _many(self, place: TypedLocation) -> None:
        """An array or a map of places of one kind."""
        inner, wanted = place.kind[1:-1], list if place.kind[0] == "[" else dict
        if not isinstance(place.value, wanted):
            self._refuse(place, f"must be {JSON_TYPES[wanted]}, and is {JSON_TYPES[type(place.value)]}", "type")
            return
        for name in place.value if wanted is dict else range(len(place.value)):
            self._member(place, inner, name)

    def _named(self, place: TypedLocation, inner: str, names: str) -> None:
        for name in place.value:
            if re.fullmatch(names, name):
                self._member(place, inner, name)
            elif not name.startswith("x-"):
                self._refuse(place.below("any", name), object_types.MISNAMED[place.kind], "name")

    def _object(self, place: TypedLocation) -> None:
        known = object_types.KINDS[place.kind]
        for name in object_types.REQUIRED.get(place.kind, ()):
            if name not in place.value:
                self._refuse(place, f"{show(name)} is required and missing", "required")
                return
        for name in object_types.EXPECTED.get(place.kind, ()):
            if name not in place.value:
                self._warn(place, f"{object_types.called(place.kind)} should have {show(name)}", "expected")
        for name in place.value:
            if name in known:
                self._member(place, known[name], name)
            elif not name.startswith("x-"):
                hint = did_you_mean(name, known)
                message = (
                    f"{show(name)} is no member of {object_types.called(place.kind)}.{hint if 'Did' in hint else ''}"
                )
                self._warn(place.below("any", name), message, "unknown")

    def _member(self, place: TypedLocation, kind: str, name: str | int) -> None:
        below = place.below(kind, name)
        if kind == "text" and not isinstance(below.value, str):
            hint = "; write it in quotes" if isinstance(below.value, int | float) else ""
            self._refuse(below, f"must be a string, and is {JSON_TYPES[type(below.value)]}{hint}", "type")
        elif kind == "flag" and not isinstance(below.value, bool):
            self._refuse(below, f"must be true or false, and is {show(below.value)}", "type")
        elif kind not in ("any", "text", "flag"):
            self._waiting.append(below)

    def _schema(self, place: TypedLocation) -> None:
        value = place.value
        if place.kind == "schema":
            self.found.roots.append(place)
            if not isinstance(value, dict | bool):
                self._refuse(place, f"is no JSON Schema: it is {JSON_TYPES[type(value)]}", "schema")
        if not isinstance(value, dict) or id(value) in self.found.schemas:
            return
        self.found.schemas[id(value)] = place
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(value.get(keyword), str):
                found = self._lead(place, keyword)
                if found is None:
                    self.found.drop(value, keyword)
                elif keyword == "$ref":
                    self.found.leads[id(value)] = found
        for name, one in value.items():
            self._parts(place, name, one)

    def _parts(self, place: TypedLocation, name: str, value: Any) -> None:
        """The schemas that a keyword holds; what it should not hold is told by the meta-schema."""
        if name in object_types.ONE_SCHEMA and isinstance(value, dict):
            self._waiting.append(place.below("part", name))
        elif isinstance(value, list) and name in (*object_types.SCHEMAS_IN_ARRAYS, "items"):
            holder = place.below("any", name)
            self._waiting += [holder.below("part", index) for index in range(len(value))]
        elif isinstance(value, dict) and name in object_types.SCHEMAS_IN_OBJECTS:
            holder = place.below("any", name)
            self._waiting += [holder.below("part", one) for one in value]

    def _refuse(self, place: TypedLocation, message: str, code: str) -> None:
        """Note a mistake, and leave out what has it."""
        self._note(place, "", message, code)
        if place.holder is not None:
            self.found.drop(place.holder, place.name)

    def _note(self, place: TypedLocation, below: str, message: str, code: str) -> None:
        self._report.add(self.found.documents.sources[place.uri], place.pointer + below, message, code)

    def _warn(self, place: TypedLocation, message: str, code: str) -> None:
        self._report.warn(self.found.documents.sources[place.uri], place.pointer, message, code)


def is_old_dialect(data: Any) -> bool:
    """Whether a document is of OpenAPI 3.0, whose schemas are a dialect of their own."""
    return isinstance(data, dict) and str(data.get("openapi")).startswith("3.0")
