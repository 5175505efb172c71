"""A linked document in one piece: what it refers to in other files moves into its components."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.contract.documents import BASE, REFERENCES, Documents, Node


def bundle(document: Node) -> dict[str, Any]:
    """The document as one plain JSON value, every reference within itself."""
    return _Bundle(document).run()


class _Bundle:
    def __init__(self, document: Node) -> None:
        self._documents: Documents = document.documents
        self._uri, self._value = document.uri, document.value
        self._taken = set(self._value.get("components", {}).get("schemas", {}))
        self._names: dict[str, str] = {}
        self._parts: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        made: dict[str, Any] = self._copy(self._value)
        if self._parts:
            components = made.setdefault("components", {})
            components["schemas"] = {**components.get("schemas", {}), **self._parts}
        return made

    def _copy(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._copy(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self._local(one)
            if name in REFERENCES and isinstance(one, str) and one.startswith(BASE)
            else self._copy(one)
            for name, one in value.items()
        }

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
            copied = self._copy(self._documents.sources[uri].data)
            self._parts[name] = (
                {k: v for k, v in copied.items() if k != "$schema"} if isinstance(copied, dict) else copied
            )
        return self._names[uri]
