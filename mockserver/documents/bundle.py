"""A linked document in one piece: what it refers to in other files moves into its components."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.documents.tree import BASE, REFERENCES, Documents, Node, step
from mockserver.syntax import json_pointer


def bundle(document: Node) -> dict[str, Any]:
    """The document as one plain JSON value, every reference within itself."""
    return _Bundle(document).run()


def _named(value: Any, name: str) -> dict[str, Any]:
    """The member of an object that is one itself; an empty one where it is not."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _at(value: Any, fragment: str) -> Any:
    for token in json_pointer.split(json_pointer.from_fragment(fragment)):
        value = step(value, token, "")
    return value


class _Bundle:
    def __init__(self, document: Node) -> None:
        self._documents: Documents = document.documents
        self._uri, self._value = document.uri, document.source.written
        self._taken = set(_named(_named(self._value, "components"), "schemas"))
        self._inside: list[str] = []
        self._names: dict[str, str] = {}
        self._parts: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        made: dict[str, Any] = self._copy(self._value)
        if self._parts:
            components = _named(made, "components")
            made["components"] = {**components, "schemas": {**_named(components, "schemas"), **self._parts}}
        return made

    def _copy(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._copy(one) for one in value]
        if not isinstance(value, dict):
            return value
        if (instead := self._inlined(value)) is not None:
            return instead
        return {
            name: self._local(one)
            if name in REFERENCES and isinstance(one, str) and one.startswith(BASE)
            else self._copy(one)
            for name, one in value.items()
        }

    def _inlined(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """What is no schema and stands in another file, in the place of the reference to it."""
        reference = value.get("$ref")
        if not isinstance(reference, str) or reference not in self._documents.no_schemas:
            return None
        uri, _, fragment = reference.partition("#")
        if uri == self._uri or reference in self._inside:
            return None
        self._inside.append(reference)
        found = self._copy(_at(self._documents.sources[uri].written, fragment))
        self._inside.pop()
        return {**found, **{name: one for name, one in value.items() if name != "$ref"}}

    def _local(self, reference: str) -> str:
        uri, _, fragment = reference.partition("#")
        if uri == self._uri:
            return f"#{fragment}"
        return f"#/components/schemas/{self._name(uri)}{fragment}"

    def _name(self, uri: str) -> str:
        if uri not in self._names:
            stem = PurePosixPath(unquote(urlsplit(uri).path)).stem
            name = base = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", stem)) or "Schema"
            number = 2
            while name in self._taken:
                name, number = f"{base}{number}", number + 1
            self._taken.add(name)
            self._names[uri] = name
            copied = self._copy(self._documents.sources[uri].written)
            self._parts[name] = (
                {k: v for k, v in copied.items() if k != "$schema"} if isinstance(copied, dict) else copied
            )
        return self._names[uri]
