"""Normalizes linked documents to what is served: without mistakes, each schema in JSON Schema 2020-12.

`Source.written` is not changed; `Source.data` shares with it every part that does not differ.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.openapi import reference_cycles
from mockserver.openapi.dialects import dialect_3_0, discriminator, older_drafts, patterns
from mockserver.openapi.dialects.heirs import Heirs
from mockserver.openapi.linking import Linked, TypedLocation

# A tuple, which is checked faster than a union.
CONTAINERS = (dict, list)
# Takes an object as written and a copy whose members are transformed already; returns what takes its place.
Transform = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
# By file and pointer of a schema, the new names of its keywords.
Renamed = dict[tuple[str, str], dict[str, str]]
RENAMED_KEYWORDS = (*dialect_3_0.TUPLE_KEYWORDS, "dependencies")


def normalize(linked: Linked, report: Report) -> None:
    """Set the `data` of each file."""
    reference_cycles.bound_applications(linked, report)
    relocated = {
        (location.uri, location.pointer)
        for location in linked.schemas.values()
        if linked.is_3_0.get(location.uri) and dialect_3_0.relocates(location.value)
    }

    drafts, heirs = _Drafts(linked, report), Heirs(linked)
    renamed = _find_renamed(linked, drafts)

    def transform(written: dict[str, Any], copy: dict[str, Any]) -> dict[str, Any]:
        location = linked.schemas.get(id(written))
        if location is None:
            return copy
        if (relocated or renamed) and isinstance(copy.get("$ref"), str):
            copy = _redirect_reference(copy, relocated, renamed)
        if "$id" in copy:
            copy = {name: value for name, value in copy.items() if name != "$id"}
        if "discriminator" in copy:
            copy = discriminator.with_discriminator(copy, written, linked.targets)
            copy = heirs.with_mapping(copy, written)
        if "dependencies" in copy:
            # Validators apply them in every draft.
            copy = older_drafts.split_dependencies(copy)
        if "pattern" in copy or "patternProperties" in copy:
            copy = patterns.translate(copy)
        if linked.is_3_0.get(location.uri):
            return dialect_3_0.translate(copy, written)
        return drafts.translate(location, copy)

    copier = Copier(linked.omitted, linked.replacements, transform)
    for source in linked.documents.sources.values():
        source.data = copier.copy(source.written)
    linked.served = copier.copies


class _Drafts:
    """The drafts of JSON Schema that the schemas of documents are in, unless it is the current one."""

    def __init__(self, linked: Linked, report: Report) -> None:
        self._by_document: dict[str, int] = {}
        # By file, the pointers of the schemas that name a draft.
        self._by_pointer: dict[str, dict[str, int]] = {}
        for uri, source in linked.documents.sources.items():
            if isinstance(source.written, dict) and "jsonSchemaDialect" in source.written:
                self._by_document[uri] = self._read(linked, report, uri, "", "jsonSchemaDialect", source.written)
        for location in linked.schemas.values():
            if "$schema" in location.value and not _is_left_to_validators(linked, location):
                draft = self._read(linked, report, location.uri, location.pointer, "$schema", location.value)
                self._by_pointer.setdefault(location.uri, {})[location.pointer] = draft

    def _read(self, linked: Linked, report: Report, uri: str, pointer: str, name: str, holder: dict[str, Any]) -> int:
        draft = older_drafts.draft_of(holder[name])
        if draft is None:
            message = f"{quote(holder[name])} is not a known draft of JSON Schema; the schemas are read as 2020-12"
            report.warn(linked.documents.sources[uri], f"{pointer}/{name}", message, "dialect")
        return draft if draft is not None else older_drafts.CURRENT

    def translate(self, location: TypedLocation, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema in the current draft."""
        pointers = self._by_pointer.get(location.uri)
        if not pointers and location.uri not in self._by_document:
            return schema
        if "$schema" in schema and pointers and location.pointer in pointers:
            schema = {name: value for name, value in schema.items() if name != "$schema"}
        draft = self.draft_of(location)
        return older_drafts.translate(schema, draft) if draft < older_drafts.CURRENT else schema

    def draft_of(self, location: TypedLocation) -> int:
        """The draft that a schema is in: the one that it, or the nearest schema around it, names."""
        pointers, pointer = self._by_pointer.get(location.uri), location.pointer
        while pointers:
            if pointer in pointers:
                return pointers[pointer]
            if not pointer:
                break
            pointer = pointer.rpartition("/")[0]
        return self._by_document.get(location.uri, older_drafts.CURRENT)


def _is_left_to_validators(linked: Linked, location: TypedLocation) -> bool:
    """Whether validators read the draft of a schema themselves.

    It is a file in the current draft, in one that is not known, or with a recursive reference, which has no equivalent.
    """
    if location.pointer:
        return False
    draft = older_drafts.draft_of(location.value["$schema"])
    text = linked.documents.sources[location.uri].text
    return draft is None or draft == older_drafts.CURRENT or "$recursiveRef" in text


class Copier:
    """Copies values deeply, transforming each object; what does not differ is not copied.

    `omitted` has the members to leave out by the `id()` of their container, `replacements` the objects to put in place
    of others. In an array, `hole` takes the place of an omitted item.
    """

    def __init__(
        self,
        omitted: Mapping[int, set[str | int]],
        replacements: Mapping[int, Any],
        transform: Transform,
        hole: Any = None,
    ) -> None:
        self._omitted, self._replacements, self._transform, self._hole = omitted, replacements, transform, hole
        # By the `id()` of each object and array that has been copied.
        self.copies: dict[int, Any] = {}
        # Keeps the originals alive, since their `id()`s are keys.
        self._originals: list[Any] = []

    def copy(self, value: Any) -> Any:
        """The transformed value; the value itself if nothing in it differs."""
        self._originals.append(value)
        return self._copy(value) if isinstance(value, CONTAINERS) else value

    def _copy(self, value: Any) -> Any:
        """The transformed object or array."""
        copy = self.copies.get(id(value))
        if copy is None:
            is_object = isinstance(value, dict)
            if self._replacements:
                # A cycle of replacements ends at this empty container.
                self.copies[id(value)] = {} if is_object else []
            copy = self.copies[id(value)] = self._copy_object(value) if is_object else self._copy_array(value)
        return copy

    def _copy_array(self, value: list[Any]) -> list[Any]:
        omitted = self._omitted.get(id(value), ())
        if not omitted and not any(isinstance(item, CONTAINERS) for item in value):
            return value
        # An omitted item leaves a hole, so that references by index to the others still hold.
        items = [
            self._hole if index in omitted else self._copy(item) if isinstance(item, CONTAINERS) else item
            for index, item in enumerate(value)
        ]
        return value if all(map(operator.is_, items, value)) else items

    def _copy_object(self, value: dict[str, Any]) -> Any:
        omitted = self._omitted.get(id(value))
        copy = value if not omitted else {name: member for name, member in value.items() if name not in omitted}
        for name, member in copy.items():
            if isinstance(member, CONTAINERS):
                member_copy = self._copy(member)
                if member_copy is not member:
                    copy = dict(copy) if copy is value else copy
                    copy[name] = member_copy
        if id(value) in self._replacements:
            replacement = self._replacements[id(value)]
            replacement = self._copy(replacement) if isinstance(replacement, CONTAINERS) else replacement
            siblings = {name: member for name, member in copy.items() if name != "$ref"}
            return {**replacement, **siblings} if isinstance(replacement, dict) else replacement
        return self._transform(value, copy)


def _find_renamed(linked: Linked, drafts: _Drafts) -> Renamed:
    """The keywords that get other names in translation, as far as references lead through some."""
    renamed: Renamed = {}
    if not any(f"/{keyword}" in reference for reference in linked.references for keyword in RENAMED_KEYWORDS):
        return renamed
    for location in linked.schemas.values():
        names: dict[str, str] = {}
        if isinstance(location.value.get("items"), list):
            is_older = linked.is_3_0.get(location.uri) or drafts.draft_of(location) < older_drafts.CURRENT
            names |= dialect_3_0.TUPLE_KEYWORDS if is_older else {}
        if isinstance(location.value.get("dependencies"), dict):
            names["dependencies"] = "dependentSchemas"
        if names:
            renamed[location.uri, location.pointer] = names
    return renamed


def _redirect_reference(schema: dict[str, Any], relocated: set[tuple[str, str]], renamed: Renamed) -> dict[str, Any]:
    """The schema with its reference adjusted to the new location of keywords that translation moves."""
    uri, _, fragment = schema["$ref"].partition("#")
    pointer = ""
    tokens = fragment.split("/")
    for index, token in enumerate(tokens[1:], 1):
        place = uri, unquote(pointer)
        if place in renamed:
            tokens[index] = renamed[place].get(token, token)
        if place in relocated and token not in dialect_3_0.ANNOTATIONS:
            tokens[index] = f"{dialect_3_0.RELOCATED_TO[1:]}/{tokens[index]}"
        pointer = f"{pointer}/{token}"
    return {**schema, "$ref": f"{uri}#{'/'.join(tokens)}"}
