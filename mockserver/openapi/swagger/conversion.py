"""What the conversion of a document has in common: the origins of values, the references between files, the report."""

from __future__ import annotations

import posixpath
import re
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, field

from mockserver.documents.nodes import CHAIN_LIMIT, Node, Unresolved
from mockserver.documents.references import References
from mockserver.documents.source import Report
from mockserver.errors import quote
from mockserver.syntax import json_pointer
from mockserver.syntax.http.media_types import JSON

# Whatever the references below these members of the document point to is converted with them.
CONVERTED_MEMBERS = ("definitions", "parameters", "responses", "paths", "securityDefinitions")
# Members of OpenAPI 3.0, by the kind of the Swagger 2.0 object in which they are often found.
LATER_MEMBERS = {
    "document": ("servers", "components"),
    "operation": ("requestBody", "callbacks", "servers"),
    "response": ("content", "links"),
    "parameter": ("schema", "content", "style", "explode", "deprecated"),
    "schema": ("oneOf", "anyOf", "not", "nullable", "writeOnly", "deprecated"),
}


_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")

Value = TypeVar("Value", bound="dict[str, Any] | list[Any]")


class ReferencedObject(NamedTuple):
    """An object, of the kind `kind`, that a reference points to and that has to be converted where it is."""

    kind: str
    node: Node


class Conversion(Struct):
    """The state of one conversion. Nodes are those of the files as they are written.

    `origins` has where values were written (see `ConvertedSource`), `schemas` the converted schemas by the `id()` of
    the written ones, `targets` what remains to be converted, and `losses` what OpenAPI 3.0 cannot express, by file and
    pointer.
    """

    references: References
    report: Report
    root: Node
    origins: dict[int, tuple[Any, str]] = field(default_factory=dict)
    schemas: dict[int, Any] = field(default_factory=dict)
    targets: list[ReferencedObject] = field(default_factory=list)
    losses: dict[tuple[str, str], str] = field(default_factory=dict)

    def mark(self, value: Value, node: Node) -> Value:
        """The value itself, an object or array, after noting that it was made from `node`."""
        self.origins[id(value)] = (value, node.pointer)
        return value

    def resolve(self, node: Node) -> Node:
        """The node itself, or what its chain of references points to. Raises Unresolved."""
        for _ in range(CHAIN_LIMIT):
            if not is_reference(node.value):
                return node
            node = self._target(node)
        raise Unresolved("its references form a cycle")

    def follow(self, kind: str, node: Node) -> None:
        """Have the target of a reference converted, if nothing else does so."""
        try:
            self.add_target(kind, self._target(node))
        except Unresolved:
            return  # reported with the other references

    def add_target(self, kind: str, target: Node) -> None:
        """Have an object that something refers to converted, if nothing else does so."""
        member = target.pointer.split("/")[1:2]
        is_converted = target.uri == self.root.uri and (not member or member[0] in CONVERTED_MEMBERS)
        document = target.source.data
        is_object = isinstance(target.value, dict)
        if is_object and not is_converted and not (isinstance(document, dict) and "openapi" in document):
            self.targets.append(ReferencedObject(kind, target))

    def shared_schema(self, owner: Node, uri: str) -> dict[str, str] | None:
        """A reference, in the file at `uri`, to the schema of a body or a response; None if it has none."""
        if "schema" not in owner.value:
            return None
        schema = owner.child("schema")
        try:
            target = self._target(schema) if is_reference(schema.value) else schema
        except Unresolved:
            target = schema
        self.add_target("schema", target)
        return reference_to(target, uri)

    def _target(self, node: Node) -> Node:
        address = self.references.make_absolute(node.uri, node.value, node.value["$ref"])
        uri, pointer, value = self.references.find(address)
        return Node(self.references.documents, uri, pointer, value)

    def has_default_media_types(self, name: str, media_types: list[str], node: Node) -> bool:
        """Whether these media types of an operation are what the document of `node` has for all."""
        return (media_types or [JSON]) == (self.default_media_types(name, node) or [JSON])

    def media_types(self, name: str, node: Node) -> list[str]:
        """The media types that `consumes` or `produces` has for an operation, or else for its document.

        An empty list in an operation takes effect too.
        """
        if isinstance(node.value, dict) and name in node.value:
            return self._read_media_types(node.child(name))
        return self.default_media_types(name, node)

    def default_media_types(self, name: str, node: Node) -> list[str]:
        """The media types that the document of `node` has for all operations; a part of one has those of the root."""
        document = self.references.documents.root(node.uri)
        if not (isinstance(document.value, dict) and "swagger" in document.value):
            document = self.root
        return self._read_media_types(document.child(name)) if name in document.value else []

    def _read_media_types(self, node: Node) -> list[str]:
        listed = node.value if isinstance(node.value, list) else [node.value]
        names = [name for name in listed if isinstance(name, str)]
        if not isinstance(node.value, list) or len(names) < len(listed):
            self.warn(node, "must be an array of media types", "type")
        return list(dict.fromkeys(names))

    def warn_about_later_members(self, kind: str, node: Node) -> None:
        """Warn about members that only OpenAPI 3.0 has. They are read as there."""
        for name in LATER_MEMBERS[kind]:
            if name in node.value:
                message = f"{quote(name)} belongs to OpenAPI 3.0, Swagger 2.0 does not have it; it is read as in 3.0"
                self.warn(node.child(name), message, "later-version")

    def lose(self, node: Node, what: str) -> None:
        """Note that OpenAPI 3.0 has no form for what is at `node`."""
        self.losses.setdefault((node.source.file, node.pointer), what)

    def warn(self, node: Node, message: str, code: str) -> None:
        """Report something that is probably not intended."""
        self.report.warn(node.source, node.pointer, message, code)

    def add_error(self, node: Node, message: str, code: str) -> None:
        """Report a mistake, whose place is left out."""
        self.report.add(node.source, node.pointer, message, code)


def is_reference(value: Any) -> bool:
    """Whether a value is a Reference Object."""
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)


def component_name(name: str) -> str:
    """The name with what a component of OpenAPI 3.0 may have in its name (3.0.3, section 4.7.7.1)."""
    return _FORBIDDEN.sub("_", name) or "_"


def reference_to(node: Node, uri: str) -> dict[str, str]:
    """A Reference Object for the file at `uri` that points to a node as it is written."""
    folder = posixpath.dirname(uri)
    file = "" if node.uri == uri else posixpath.relpath(node.uri, folder)
    return {"$ref": f"{file}#{json_pointer.to_fragment(node.pointer)}"}


def extensions(value: dict[str, Any]) -> dict[str, Any]:
    """The vendor extensions among the members of an object."""
    return {name: member for name, member in value.items() if name.startswith("x-")}
