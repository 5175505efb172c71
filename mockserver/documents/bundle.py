"""Bundles a document that spans several files into one, moving what it refers to into its components."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.documents.nodes import BASE_URI, REFERENCES, Documents, Node, get_member
from mockserver.syntax import json_pointer


def bundle(document: Node) -> dict[str, Any]:
    """The document as one plain JSON value whose references all point into itself."""
    return _Bundler(document).run()


def _get_object(value: Any, name: str) -> dict[str, Any]:
    """A member that is an object; an empty object if there is none."""
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


class _Bundler:
    def __init__(self, document: Node) -> None:
        self._documents: Documents = document.documents
        self._uri, self._document = document.uri, document.source.written
        self._used_names = set(_get_object(_get_object(self._document, "components"), "schemas"))
        # References whose targets are being inlined, innermost last: one inside itself stays a reference.
        self._inlining: list[str] = []
        self._names_by_uri: dict[str, str] = {}
        self._added_schemas: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        bundled: dict[str, Any] = self._copy(self._document)
        if self._added_schemas:
            components = _get_object(bundled, "components")
            schemas = {**_get_object(components, "schemas"), **self._added_schemas}
            bundled["components"] = {**components, "schemas": schemas}
        return bundled

    def _copy(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._copy(item) for item in value]
        if not isinstance(value, dict):
            return value
        if (inlined := self._inline(value)) is not None:
            return inlined
        return {
            name: self._make_local(member)
            if name in REFERENCES and isinstance(member, str) and member.startswith(BASE_URI)
            else self._copy(member)
            for name, member in value.items()
        }

    def _inline(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """The target of a reference into another file, if it is not a schema: those have no place in components."""
        reference = value.get("$ref")
        if not isinstance(reference, str) or reference not in self._documents.non_schema_references:
            return None
        uri, _, fragment = reference.partition("#")
        if uri == self._uri or reference in self._inlining:
            return None
        target = self._documents.sources[uri].written
        for token in json_pointer.split(json_pointer.from_fragment(fragment)):
            target = get_member(target, token, "")
        self._inlining.append(reference)
        copied = self._copy(target)
        self._inlining.pop()
        return {**copied, **{name: member for name, member in value.items() if name != "$ref"}}

    def _make_local(self, reference: str) -> str:
        uri, _, fragment = reference.partition("#")
        if uri == self._uri:
            return f"#{fragment}"
        return f"#/components/schemas/{self._add_schema(uri)}{fragment}"

    def _add_schema(self, uri: str) -> str:
        """The name under which the components contain the file at `uri`, which is copied there on first use."""
        if uri not in self._names_by_uri:
            stem = PurePosixPath(unquote(urlsplit(uri).path)).stem
            name = base = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", stem)) or "Schema"
            number = 2
            while name in self._used_names:
                name, number = f"{base}{number}", number + 1
            self._used_names.add(name)
            self._names_by_uri[uri] = name
            schema = self._copy(self._documents.sources[uri].written)
            if isinstance(schema, dict):
                schema = {keyword: member for keyword, member in schema.items() if keyword != "$schema"}
            self._added_schemas[name] = schema
        return self._names_by_uri[uri]
