"""Bundles a document that spans several files into one, moving what it refers to into its components."""

from __future__ import annotations

import re
from collections import deque
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from mockserver.documents.nodes import BASE_URI, REFERENCES, Documents, Node
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
        # In lower case: code generators write a file or a class for each.
        names = _get_object(_get_object(self._document, "components"), "schemas")
        self._used_names = {name.lower() for name in names}
        # References whose targets are being inlined, innermost last: one inside itself stays a reference.
        self._inlining: list[str] = []
        # The names of schemas of other files, by file and pointer. Those that are not copied yet are pending.
        self._names: dict[tuple[str, str], str] = {}
        self._pending = deque[tuple[str, str]]()

    def run(self) -> dict[str, Any]:
        bundled: dict[str, Any] = self._copy(self._document, self._uri)
        components = _get_object(bundled, "components")
        schemas = {name: _without(schema, "$id") for name, schema in _get_object(components, "schemas").items()}
        while self._pending:
            uri, pointer = self._pending.popleft()
            schema = self._copy(self._find(uri, pointer), uri)
            schemas[self._names[uri, pointer]] = _without(schema, "$id", "$schema")
        if schemas:
            bundled["components"] = {**components, "schemas": schemas}
        return bundled

    def _find(self, uri: str, pointer: str) -> Any:
        return json_pointer.resolve(self._documents.sources[uri].written, pointer)

    def _copy(self, value: Any, uri: str) -> Any:
        """A value of the file at `uri`, with references into the bundle."""
        if isinstance(value, list):
            return [self._copy(item, uri) for item in value]
        if not isinstance(value, dict):
            return value
        if (inlined := self._inline(value)) is not None:
            return inlined
        copied: dict[str, Any] = {
            name: self._make_local(member)
            if name in REFERENCES and isinstance(member, str) and member.startswith(BASE_URI)
            else self._copy(member, uri)
            for name, member in value.items()
        }
        if mapping := _get_object(value.get("discriminator"), "mapping"):
            local = {name: self._make_target_local(target, uri) for name, target in mapping.items()}
            copied["discriminator"] = {**copied["discriminator"], "mapping": local}
        return copied

    def _inline(self, value: dict[str, Any]) -> dict[str, Any] | None:
        """The target of a reference into another file, if it is not a schema: those have no place in components."""
        reference = value.get("$ref")
        if not isinstance(reference, str) or reference not in self._documents.non_schema_references:
            return None
        uri, _, fragment = reference.partition("#")
        if uri == self._uri or reference in self._inlining:
            return None
        self._inlining.append(reference)
        copied = self._copy(self._find(uri, json_pointer.from_fragment(fragment)), uri)
        self._inlining.pop()
        return {**copied, **{name: member for name, member in value.items() if name != "$ref"}}

    def _make_target_local(self, target: Any, uri: str) -> Any:
        """A value of a discriminator's `mapping`: a reference, or the name of a schema, which stays."""
        if not isinstance(target, str):
            return target
        address = urljoin(uri, target)
        return self._make_local(address) if address.partition("#")[0] in self._documents.sources else target

    def _make_local(self, reference: str) -> str:
        uri, _, fragment = reference.partition("#")
        if uri == self._uri:
            return f"#{fragment}"
        if fragment and not fragment.startswith("/"):
            # The anchor of a `$dynamicRef`, which the schema brings along.
            self._add_schema(uri, "")
            return f"#{fragment}"
        return f"#/components/schemas/{self._add_schema(uri, json_pointer.from_fragment(fragment))}"

    def _add_schema(self, uri: str, pointer: str) -> str:
        """The name of a schema of another file in the components: as it is named there, or as the file."""
        if (uri, pointer) not in self._names:
            stem = PurePosixPath(unquote(urlsplit(uri).path)).stem
            name = base = _as_name(json_pointer.split(pointer)[-1] if pointer else stem, is_file=not pointer)
            number = 2
            while name.lower() in self._used_names:
                name, number = f"{base}{number}", number + 1
            self._used_names.add(name.lower())
            self._names[uri, pointer] = name
            self._pending.append((uri, pointer))
        return self._names[uri, pointer]


def _as_name(text: str, *, is_file: bool) -> str:
    """A name for a component: that of a schema as it is if it may be one, that of a file in capitals."""
    if not is_file and re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]*", text):
        return text
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", text)) or "Schema"


def _without(schema: Any, *names: str) -> Any:
    """A schema without members: its references are relative to the document, not to an `$id`."""
    if not isinstance(schema, dict):
        return schema
    return {name: member for name, member in schema.items() if name not in names}
