"""Binds the `$dynamicRef`s of generic schemas inside a document (JSON Schema core, section 8.2.3.2; OpenAPI 3.1.1).

A schema with `$dynamicAnchor`s in its `$defs` says what the `$dynamicRef`s of those names mean in the schemas that it
refers to. Validators find no anchors inside an OpenAPI document, so such a schema gets copies of these schemas in its
`$defs`, in which the references are plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from msgspec import Struct, field

from mockserver.documents.nodes import DATA_MEMBERS, MAP_MEMBERS, Unresolved
from mockserver.documents.references import References
from mockserver.documents.source import Source
from mockserver.syntax import json_pointer

# What names a schema, which a copy of it must not.
NAMES = ("$id", "$anchor", "$dynamicAnchor")
# Generic schemas that refer to more and more of themselves are not copied any further.
COPY_LIMIT = 1_000
# The values that are copied at most, unless the document is larger.
SIZE_LIMIT = 1_000_000
# The addresses of the schemas that dynamic anchors stand for.
Bindings = Mapping[str, str]


class _TooLarge(Exception):
    """The copies would be larger than any document should be."""


def bind(references: References, uri: str, source: Source) -> None:
    """Replace the data of a document, if it has generic schemas."""
    if "$dynamicRef" not in source.text:
        return
    binder = _Binder(references, uri, max(SIZE_LIMIT, len(source.text)))
    with suppress(_TooLarge):
        source.data = source.written = binder.copy(_Place(source.data, ""), {}, None)
        references.replace(uri, source)


class _Place(Struct, frozen=True):
    """A value of the document, its pointer, whether its members have any names, and whether it is copied elsewhere."""

    value: Any
    pointer: str
    is_map: bool = False
    moved: bool = False

    def below(self, name: str | int, *, is_map: bool = False) -> _Place:
        """The place of a member or an item."""
        return _Place(self.value[name], json_pointer.append(self.pointer, name), is_map, self.moved)


class _Holder(Struct):
    """The schema that gets copies of others: its pointer, and the copies by their names in its `$defs`."""

    pointer: str
    taken_names: frozenset[str]
    copies: dict[str, Any] = field(default_factory=dict)
    # By the address of what is copied, and its bindings.
    names: dict[tuple[str, tuple[tuple[str, str], ...]], str] = field(default_factory=dict)

    def choose_name(self, pointer: str) -> str:
        """A name for the copy of the schema at a pointer."""
        preferred = json_pointer.split(pointer)[-1] if pointer else "document"
        candidates = (preferred if number == 1 else f"{preferred}_{number}" for number in count(1))
        return next(name for name in candidates if name not in self.taken_names and name not in self.names.values())


class _Binder(Struct):
    """Copies values of one document; `remaining` is how many more may be copied."""

    references: References
    uri: str
    remaining: int
    _leads: dict[tuple[str, frozenset[str]], bool] = field(default_factory=dict)

    def copy(self, place: _Place, bindings: Bindings, holder: _Holder | None) -> Any:
        """The value at a place with its dynamic references bound, which puts copies of others into the holder."""
        value = place.value
        self.remaining -= 1
        if self.remaining < 0:
            raise _TooLarge
        if isinstance(value, list):
            return [self.copy(place.below(index), bindings, holder) for index in range(len(value))]
        if not isinstance(value, dict):
            return value
        if place.is_map:
            return {name: self.copy(place.below(name), bindings, holder) for name in value}
        bindings = {**self._find_bindings(value, place.pointer), **bindings}
        is_holder = bool(bindings) and holder is None
        if is_holder:
            holder = _Holder(place.pointer, frozenset(value.get("$defs", ())))
        copied = {
            name: member
            if name in DATA_MEMBERS
            else self.copy(place.below(name, is_map=name in MAP_MEMBERS), bindings, holder)
            for name, member in value.items()
            if not (place.moved and name in NAMES)
        }
        if holder is not None:
            self._bind_references(place, copied, bindings, holder)
            if is_holder and holder.copies:
                copied["$defs"] = {**copied.get("$defs", {}), **holder.copies}
        return copied

    def _find_bindings(self, schema: dict[str, Any], pointer: str) -> Bindings:
        """The dynamic anchors of a schema, and of those in its `$defs`."""
        definitions = schema.get("$defs")
        definitions = definitions if isinstance(definitions, dict) else {}
        anchored = {json_pointer.append(f"{pointer}/$defs", name): part for name, part in definitions.items()}
        return {
            part["$dynamicAnchor"]: f"{self.uri}#{json_pointer.to_fragment(place)}"
            for place, part in {**anchored, pointer: schema}.items()
            if isinstance(part, dict) and isinstance(part.get("$dynamicAnchor"), str)
        }

    def _bind_references(self, place: _Place, copied: dict[str, Any], bindings: Bindings, holder: _Holder) -> None:
        """Replace the references of a schema, in its copy."""
        schema = place.value
        anchor = self._dynamic_anchor(schema)
        if anchor in bindings and "$ref" not in schema:
            del copied["$dynamicRef"]
            copied["$ref"] = bindings[anchor]
        elif (address := self._absolute(schema)) is not None:
            if self._leads_to(address, frozenset(bindings)):
                copied["$ref"] = self._copy_target(address, bindings, holder) or address
            elif place.moved:
                copied["$ref"] = address

    def _copy_target(self, address: str, bindings: Bindings, holder: _Holder) -> str | None:
        """The address of the copy of a schema in the `$defs` of the holder; None if there are too many."""
        key = address, tuple(sorted(bindings.items()))
        if key not in holder.names:
            if len(holder.names) >= COPY_LIMIT:
                return None
            _, pointer, target = self.references.find(address)
            holder.names[key] = name = holder.choose_name(pointer)
            holder.copies[name] = self.copy(_Place(target, pointer, moved=True), bindings, holder)
        place = json_pointer.append(f"{holder.pointer}/$defs", holder.names[key])
        return f"{self.uri}#{json_pointer.to_fragment(place)}"

    def _absolute(self, schema: dict[str, Any], keyword: str = "$ref") -> str | None:
        """The address that a reference of a schema points to in this document; None if it does not."""
        if not isinstance(reference := schema.get(keyword), str):
            return None
        try:
            address = self.references.make_absolute(self.uri, schema, reference)
            self.references.find(address)
        except Unresolved:
            return None
        return address if address.startswith(f"{self.uri}#") else None

    def _dynamic_anchor(self, schema: dict[str, Any]) -> str:
        """The name in the `$dynamicRef` of a schema; empty if it does not lead to a dynamic anchor of that name."""
        address = self._absolute(schema, "$dynamicRef")
        if address is None:
            return ""
        anchor = str(schema["$dynamicRef"]).partition("#")[2]
        target = self.references.find(address)[2]
        return anchor if isinstance(target, dict) and target.get("$dynamicAnchor") == anchor else ""

    def _leads_to(self, address: str, anchors: frozenset[str]) -> bool:
        """Whether a schema has a `$dynamicRef` of one of these names, or refers to one that has."""
        if (address, anchors) not in self._leads:
            pending, seen, leads = [self.references.find(address)[2]], set[int](), False
            while pending and not leads:
                value = pending.pop()
                if not isinstance(value, dict | list) or id(value) in seen:
                    continue
                seen.add(id(value))
                pending += value if isinstance(value, list) else value.values()
                if isinstance(value, dict):
                    leads = self._dynamic_anchor(value) in anchors
                    target = self._absolute(value)
                    pending += [self.references.find(target)[2]] if target is not None else []
            self._leads[address, anchors] = leads
        return self._leads[address, anchors]
