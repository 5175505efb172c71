"""Links the files of a contract: checks the type of each value, and makes each `$ref` absolute."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec import Struct, field

from mockserver.documents.nodes import BASE_URI, REFERENCES, Documents, Unresolved
from mockserver.documents.references import OutsideContract, References
from mockserver.documents.source import Report
from mockserver.errors import did_you_mean, quote
from mockserver.openapi import object_types
from mockserver.openapi.servers import HOST
from mockserver.schemas import keywords
from mockserver.syntax import json_pointer

# Where OpenAPI allows a Reference Object. A `$ref` elsewhere is followed too, since other tools do so.
REFERABLE = frozenset({
    "schema", "part", "parameter", "header", "requestBody", "response", "example", "link", "callback",
    "securityScheme", "pathItem", "mediaType",
})  # fmt: skip
# Of these, the kinds whose members count for nothing beside a `$ref`, and which are not schemas.
BARE_REFERABLE = REFERABLE - {"schema", "part", "pathItem"}
# Maps of names that authors choose, one of which may be "$ref", to values that are not objects.
UNREFERABLE = frozenset({"{string}", "{any}", "securityRequirement"})
# The keywords that contain schemas, or what OpenAPI defines.
STRUCTURAL_KEYWORDS = frozenset({
    *keywords.SCHEMA_KEYWORDS, *keywords.SCHEMA_ARRAY_KEYWORDS, *keywords.SCHEMA_MAP_KEYWORDS,
    *object_types.SCHEMA_EXTENSIONS_3_0, "dependencies",
})  # fmt: skip
ARRAY_KEYWORDS = frozenset({*keywords.SCHEMA_ARRAY_KEYWORDS, "items"})
MAP_KEYWORDS = frozenset({*keywords.SCHEMA_MAP_KEYWORDS, "dependencies"})
# A tuple, which is checked faster than a union.
CONTAINERS = (dict, list)
JSON_TYPES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number",
              float: "a number", type(None): "null"}  # fmt: skip
# The member of an object that is an example.
EXAMPLES = {"mediaType": "example", "example": "value"}
REFERENCE_AS_EXAMPLE = (
    "an example is a value, not a reference: write examples: {NAME: {$ref: …}} with the reference, or the value itself"
)


class TypedLocation(NamedTuple):
    """A value, the type that it should have (see `object_types`), and where it is: `name` of the container `holder`."""

    kind: str
    value: Any
    uri: str
    pointer: str
    holder: Any = None
    name: str | int = ""

    def below(self, kind: str, name: str | int) -> TypedLocation:
        """The location of a member or item, which should have the type `kind`."""
        _, value, uri, pointer, _, _ = self
        token = name if isinstance(name, int) else json_pointer.escape(name)
        return TypedLocation(kind, value[name], uri, f"{pointer}/{token}", value, name)


class Linked(Struct):
    """The result of linking. Objects are identified by `id()`, since YAML aliases may put one in several locations.

    `schemas` has every schema, `roots` those that are not inside another one and more than a reference, `targets` what
    the `$ref` of a schema points to, `references` every address that is referred to. `omitted` has the members of an
    object that are not served because of a mistake, `replacements` what is served in place of an object, its own
    members added. `is_3_0` says of each file whether it is in the dialect of OpenAPI 3.0. `served`, which normalization
    sets, has what is served of each object and array that is written; nothing of those that are left out.
    """

    documents: Documents
    schemas: dict[int, TypedLocation] = field(default_factory=dict)
    roots: list[TypedLocation] = field(default_factory=list)
    targets: dict[int, Any] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    omitted: dict[int, set[str | int]] = field(default_factory=dict)
    replacements: dict[int, Any] = field(default_factory=dict)
    is_3_0: dict[str, bool] = field(default_factory=dict)
    served: Mapping[int, Any] = field(default_factory=dict)

    def omit(self, holder: Any, name: str | int) -> None:
        """Leave out a member of `holder`."""
        self.omitted.setdefault(id(holder), set()).add(name)


class Linker:
    """Links files, and the files that they refer to."""

    def __init__(self, references: References, report: Report) -> None:
        self._report, self._references = report, references
        self._linked = Linked(references.documents)
        self._pending: list[TypedLocation] = []
        self._is_3_2 = False
        # By kind, the `id()`s of the values that have been visited.
        self._visited: defaultdict[str, set[int]] = defaultdict(set)
        # What is referred to in a file as a kind, by the text of the reference: its absolute form, and the value.
        self._followed: dict[tuple[str, str, str, str], tuple[str, Any]] = {}

    def link(self, entries: list[str]) -> Linked:
        """Link the files at these URIs, the OpenAPI document first; the others are JSON Schemas."""
        is_3_0 = False
        for uri in entries:
            if (source := self._references.read(uri)) is None:
                continue
            if isinstance(source.data, dict) and "openapi" in source.data:
                is_3_0, self._is_3_2 = is_openapi_3_0(source.data), str(source.data["openapi"]).startswith("3.2")
                self._enter("document", uri, source.data, is_3_0)
            else:
                self._enter("schema", uri, source.data, is_3_0 and not _names_draft(source.data))
        while self._pending:
            self._visit(self._pending.pop())
        return self._linked

    def _enter(self, kind: str, uri: str, data: Any, is_3_0: bool) -> None:
        self._linked.is_3_0.setdefault(uri, is_3_0)
        self._pending.append(TypedLocation(kind, data, uri, ""))

    def _visit(self, location: TypedLocation) -> None:
        """Check one value, and schedule what it contains and refers to."""
        value, kind = location.value, location.kind
        if isinstance(value, CONTAINERS):
            visited = self._visited[kind]
            if id(value) in visited:
                return
            visited.add(id(value))
        if kind in ("schema", "part"):
            self._visit_schema(location)
        elif isinstance(value, dict) and isinstance(value.get("$ref"), str) and kind not in UNREFERABLE:
            self._visit_reference(location)
        elif kind[0] in "[{":
            self._visit_collection(location)
        elif not isinstance(value, dict):
            self._reject(location, f"must be an object, but is {JSON_TYPES[type(value)]}", "type")
        elif kind in object_types.MAPS:
            self._visit_map(location, *object_types.MAPS[kind])
        elif kind in object_types.MEMBERS:
            self._visit_object(location)

    def _visit_reference(self, location: TypedLocation) -> None:
        """Follow the `$ref` of an object that is not a schema."""
        target = self._follow(location, "$ref")
        if target is None:
            if location.holder is not None:
                self._linked.omit(location.holder, location.name)
            return
        members = object_types.MEMBERS["pathItem"] if location.kind == "pathItem" else {}
        siblings = [name for name in location.value if name in members]
        if location.kind not in REFERABLE or siblings:
            self._linked.replacements[id(location.value)] = target
        for name in siblings:
            self._visit_member(location, members[name], name)

    def _follow(self, location: TypedLocation, keyword: str) -> Any:
        """Make a reference absolute and schedule its target, which is returned; None if there is none."""
        reference = location.value[keyword]
        kind = "schema" if location.kind == "part" else location.kind
        if followed := self._find_followed(location.uri, reference, kind, keyword):
            location.value[keyword], target = followed
            return target
        shown = reference
        try:
            address = self._references.make_absolute(location.uri, location.value, reference)
            shown = address.removeprefix(BASE_URI).removesuffix("#")
            uri, pointer, target = self._references.find(address)
            if not (isinstance(target, dict) or (isinstance(target, bool) and kind == "schema") or kind[0] in "[{"):
                raise Unresolved(f"points to a value that is not {'a schema' if kind == 'schema' else 'an object'}")
        except Unresolved as error:
            code = "outside" if isinstance(error, OutsideContract) else "dangling"
            self._add_error(location, f"/{keyword}", f"{quote(shown)} {error}", code)
            return None
        source = self._references.documents.sources[uri]
        is_document = isinstance(source.data, dict) and "openapi" in source.data
        anchor = target.get("$dynamicAnchor") if isinstance(target, dict) else None
        if keyword == "$dynamicRef" and anchor is not None and not is_document:
            absolute = f"{uri}#{anchor}"
        else:
            # Validators find anchors only where JSON Schema has subschemas, so not inside an OpenAPI document.
            absolute = f"{uri}#{json_pointer.to_fragment(pointer)}"
        location.value[keyword] = absolute
        self._linked.references.add(absolute)
        if kind != "schema":
            self._linked.documents.non_schema_references.add(absolute)
        is_3_0 = is_openapi_3_0(source.data) if is_document else self._linked.is_3_0[location.uri]
        self._linked.is_3_0.setdefault(uri, is_3_0 and not _names_draft(source.data))
        self._pending.append(TypedLocation(kind, target, uri, pointer))
        self._followed[location.uri, reference, kind, keyword] = absolute, target
        return target

    def _visit_collection(self, location: TypedLocation) -> None:
        """Visit an array or a map whose values all have one type."""
        inner, container = location.kind[1:-1], list if location.kind[0] == "[" else dict
        value = location.value
        if not isinstance(value, container):
            message = f"must be {JSON_TYPES[container]}, but is {JSON_TYPES[type(value)]}"
            self._reject(location, message, "type")
            return
        for name in value if isinstance(value, dict) else range(len(value)):
            self._visit_member(location, inner, name)

    def _visit_map(self, location: TypedLocation, inner: str, pattern: str) -> None:
        for name in location.value:
            if re.fullmatch(pattern, name):
                self._visit_member(location, inner, name)
            elif not name.startswith("x-"):
                self._reject(location.below("any", name), object_types.NAME_RULES[location.kind], "name")

    def _visit_object(self, location: TypedLocation) -> None:
        members = object_types.MEMBERS[location.kind]
        for name in object_types.REQUIRED.get(location.kind, ()):
            if name not in location.value:
                self._reject(location, f"{quote(name)} is required and missing", "required")
                return
        if location.kind == "server":
            self._check_server(location)
        if location.kind == "example" and isinstance(location.value.get("externalValue"), str):
            self._read_external_value(location)
        member = EXAMPLES.get(location.kind)
        if member is not None and member in location.value:
            self._read_referenced_example(location.below("any", member))
        for name in object_types.EXPECTED.get(location.kind, ()):
            # Since 3.2, a response need not have a description.
            if name not in location.value and not (self._is_3_2 and location.kind == "response"):
                message = f"{object_types.describe(location.kind)} should have {quote(name)}"
                self._warn(location, message, "expected")
        for name, value in location.value.items():
            if kind := members.get(name):
                # Most members are texts.
                if kind != "string" or not isinstance(value, str):
                    self._visit_member(location, kind, name)
            elif name == "$ref":
                self._visit_member(location, "string", name)
            elif not name.startswith("x-"):
                self._warn_of_unknown(location, name)

    def _warn_of_unknown(self, location: TypedLocation, name: str) -> None:
        """Warn about a member that objects of this kind do not have."""
        hint = did_you_mean(name, object_types.MEMBERS[location.kind])
        if place := object_types.PLACES.get(location.kind, {}).get(name):
            hint = f" Did you mean {place.format(name=name)}?"
        elif location.kind == "example" and "Did" not in hint and "value" not in location.value:
            hint = f" Did you mean value: {{{name}: …}}?"
        description = object_types.describe(location.kind)
        message = f"{quote(name)} is not a member of {description}.{hint if 'Did' in hint else ''}"
        self._warn(location.below("any", name), message, "unknown")

    def _read_external_value(self, location: TypedLocation) -> None:
        """Put the value of the file that `externalValue` names into an example that has none."""
        if "value" in location.value:
            return
        reference = location.value["externalValue"]
        try:
            value = self._references.read_value(location.uri, reference)
        except Unresolved as error:
            message = f"{quote(reference)} {error}; the example is ignored"
            self._warn(location.below("any", "externalValue"), message, "external-value")
        else:
            self._linked.replacements[id(location.value)] = {"value": value}

    def _read_referenced_example(self, location: TypedLocation) -> None:
        """Put the value of a file in place of an example that is a reference to it, which it should not be."""
        value = location.value
        reference = value.get("$ref") if isinstance(value, dict) and value.keys() == {"$ref"} else None
        if not isinstance(reference, str) or "#" in reference:
            return
        with suppress(Unresolved):
            self._linked.replacements[id(value)] = self._references.read_value(location.uri, reference)
            self._warn(location, REFERENCE_AS_EXAMPLE, "example-notation")

    def _check_server(self, location: TypedLocation) -> None:
        """Warn about variables of a server's URL that are not declared, and about a host without a scheme."""
        url, variables = location.value.get("url"), location.value.get("variables")
        if isinstance(url, str) and HOST.match(url):
            message = f"{quote(url)} has no scheme; it is read as {quote('https://' + url)}"
            self._warn(location.below("any", "url"), message, "server")
        for name in dict.fromkeys(re.findall(r"\{([^{}]*)\}", url)) if isinstance(url, str) else ():
            if not isinstance(variables, dict) or name not in variables:
                hint = did_you_mean(name, variables if isinstance(variables, dict) else ())
                message = f"the variable {{{name}}} is not declared in variables, so it has no value.{hint}"
                self._warn(location.below("any", "url"), message, "undeclared")

    def _visit_member(self, location: TypedLocation, kind: str, name: str | int) -> None:
        value = location.value[name]
        if kind == "string":
            if not isinstance(value, str):
                hint = "; write it in quotes" if isinstance(value, int | float) else ""
                message = f"must be a string, but is {JSON_TYPES[type(value)]}{hint}"
                self._reject(location.below(kind, name), message, "type")
        elif kind == "boolean":
            if not isinstance(value, bool):
                message = f"must be true or false, but is {quote(value)}"
                self._reject(location.below(kind, name), message, "type")
        elif kind != "any" and not (kind in BARE_REFERABLE and self._follow_again(location.uri, kind, value)):
            self._pending.append(location.below(kind, name))

    def _follow_again(self, uri: str, kind: str, value: Any) -> bool:
        """Make the `$ref` of an object absolute that refers to what has been followed already; whether it does.

        Of a large document, that is true for most parameters and responses.
        """
        reference = value.get("$ref") if isinstance(value, dict) else None
        followed = self._find_followed(uri, reference, kind, "$ref") if isinstance(reference, str) else None
        if followed is not None:
            value["$ref"] = followed[0]
        return followed is not None

    def _find_followed(self, uri: str, reference: str, kind: str, keyword: str) -> tuple[str, Any] | None:
        """The absolute form of a reference that has been followed already, and the value that it points to."""
        is_same = not self._references.has_base_uris
        return self._followed.get((uri, reference, kind, keyword)) if is_same else None

    def _visit_schema(self, location: TypedLocation) -> None:
        schema = location.value
        if location.kind == "schema":
            if not _is_reference_alone(schema):
                self._linked.roots.append(location)
            if not isinstance(schema, dict | bool):
                self._reject(location, f"is not a valid JSON Schema: it is {JSON_TYPES[type(schema)]}", "schema")
        if not isinstance(schema, dict) or id(schema) in self._linked.schemas:
            return
        self._linked.schemas[id(schema)] = location
        for keyword in REFERENCES:
            if isinstance(schema.get(keyword), str):
                target = self._follow(location, keyword)
                if target is None:
                    self._linked.omit(schema, keyword)
                elif keyword == "$ref":
                    self._linked.targets[id(schema)] = target
        if STRUCTURAL_KEYWORDS.isdisjoint(schema):
            return
        for name, value in schema.items():
            if name in STRUCTURAL_KEYWORDS:
                self._visit_keyword(location, name, value)

    def _visit_keyword(self, location: TypedLocation, name: str, value: Any) -> None:
        """Schedule what a keyword contains. The keywords of JSON Schema itself are checked by `schema_checks`."""
        if name in keywords.SCHEMA_KEYWORDS and isinstance(value, dict):
            self._pending.append(location.below("part", name))
        elif isinstance(value, list) and name in ARRAY_KEYWORDS:
            keyword = location.below("any", name)
            self._pending += [keyword.below("part", index) for index in range(len(value))]
        elif isinstance(value, dict) and name in MAP_KEYWORDS:
            keyword = location.below("any", name)
            self._pending += [
                keyword.below("part", subschema_name)
                for subschema_name, subschema in value.items()
                if name != "dependencies" or not isinstance(subschema, list)
            ]
        else:
            is_3_0 = self._linked.is_3_0[location.uri]
            extensions = object_types.SCHEMA_EXTENSIONS_3_0 if is_3_0 else object_types.SCHEMA_EXTENSIONS
            if name in extensions:
                self._visit_member(location, extensions[name], name)

    def _reject(self, location: TypedLocation, message: str, code: str) -> None:
        """Report an error, and leave out the value that has it."""
        self._add_error(location, "", message, code)
        if location.holder is not None:
            self._linked.omit(location.holder, location.name)

    def _add_error(self, location: TypedLocation, below: str, message: str, code: str) -> None:
        self._report.add(self._linked.documents.sources[location.uri], location.pointer + below, message, code)

    def _warn(self, location: TypedLocation, message: str, code: str) -> None:
        self._report.warn(self._linked.documents.sources[location.uri], location.pointer, message, code)


def _is_reference_alone(schema: Any) -> bool:
    return isinstance(schema, dict) and len(schema) == 1 and isinstance(schema.get("$ref"), str)


def _names_draft(data: Any) -> bool:
    """Whether a file is a schema that says itself which draft it is in."""
    return isinstance(data, dict) and "$schema" in data


def is_openapi_3_0(data: Any) -> bool:
    """Whether a document is OpenAPI 3.0, whose schemas are in a dialect of its own."""
    return isinstance(data, dict) and str(data.get("openapi")).startswith("3.0")
