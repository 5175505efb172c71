"""Where a `$ref` leads: to which file, and to what in there. Files are read as they are referred to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from mockserver.documents.source import Report, Source, read
from mockserver.documents.tree import BASE, DATA, Documents, Unresolved, step
from mockserver.errors import did_you_mean
from mockserver.errors import quote as show
from mockserver.syntax import json_pointer

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
OUTSIDE = (
    "leads out of the contract directory; nothing is fetched. Copy what it names beside this file and refer to that."
)
# Keywords that name a schema, or a place in one.
NAMES = re.compile(r"\$(?:id|anchor|dynamicAnchor)\b")


class NotFetched(Unresolved):
    """A reference out of the contract directory."""


class References:
    """The files below `root`, read once each, and what references between them lead to."""

    def __init__(self, root: Path, report: Report) -> None:
        self.root, self.report = root, report
        self.documents = Documents()
        self._unread: dict[str, Unresolved] = {}
        self._found: dict[str, tuple[str, str, Any] | Unresolved] = {}
        self._named: dict[str, tuple[str, str]] = {}
        self._bases: dict[int, tuple[str, str, str]] = {}

    def read(self, uri: str) -> Source | None:
        """The file, once; None where it cannot be read, which is noted."""
        if uri not in self.documents.sources and uri not in self._unread:
            source = read(self.root, self.root / unquote(uri.removeprefix(BASE)), self.report)
            if source is None:
                self._unread[uri] = Unresolved("leads to a file that cannot be read")
            else:
                self.add(uri, source)
        return self.documents.sources.get(uri)

    def add(self, uri: str, source: Source) -> None:
        """Take in a file that has been read."""
        self.documents.sources[uri] = source
        if NAMES.search(source.text):
            self._identify(uri, source.data)

    def absolute(self, uri: str, holder: Any, reference: str) -> str:
        """The reference, written in the object `holder` of a file, as a URI below `file:///`. Raises Unresolved."""
        base = self._bases.get(id(holder))
        if base is not None:
            joined = urljoin(base[0], reference)
            address, _, fragment = joined.partition("#")
            if address in self._named:
                return self._within(*self._named[address], fragment)
        if URL.match(reference):
            address, _, fragment = reference.partition("#")
            if address in self._named:
                return self._within(*self._named[address], fragment)
            if reference.startswith(uri):
                return reference
            raise NotFetched(OUTSIDE)
        path, _, fragment = reference.partition("#")
        if path:
            uri = _beside(uri, path)
        return self._within(uri, "", fragment)

    def _within(self, uri: str, pointer: str, fragment: str) -> str:
        """The address of what `fragment` names in the schema at `pointer`: a place below it, or an anchor."""
        if fragment and not fragment.startswith("/"):
            self.read(uri)
            anchored = self._named.get(f"{uri}#{unquote(fragment)}")
            if anchored is not None:
                return f"{uri}#{json_pointer.to_fragment(anchored[1])}"
        return f"{uri}#{json_pointer.to_fragment(pointer)}{fragment}"

    def find(self, address: str) -> tuple[str, str, Any]:
        """The file, the pointer, and what stands there. Raises Unresolved."""
        found = self._found.get(address)
        if found is None:
            try:
                found = self._find(address)
            except Unresolved as error:
                found = error
            self._found[address] = found
        if isinstance(found, Unresolved):
            raise found
        return found

    def _find(self, address: str) -> tuple[str, str, Any]:
        uri, _, fragment = address.partition("#")
        self._exists(uri)
        source = self.read(uri)
        if source is None:
            raise self._unread[uri]
        if fragment and not fragment.startswith("/"):
            raise Unresolved(f"has no anchor {show(unquote(fragment))}")
        value, pointer = source.data, ""
        for token in json_pointer.split(json_pointer.from_fragment(fragment)):
            value = step(value, token, pointer)
            pointer = json_pointer.append(pointer, token)
        return uri, pointer, value

    def _exists(self, uri: str) -> None:
        file = unquote(uri.removeprefix(BASE))
        path = self.root / file
        if uri not in self.documents.sources and not path.is_file():
            names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
            raise Unresolved(f"there is no file {show(file)}.{did_you_mean(path.name, names)}")

    def _identify(self, uri: str, data: Any) -> None:
        """Note what each `$id` and anchor of a file names, and the base that references below an `$id` have."""
        for value, pointer, base in _schemas_with_base(uri, data):
            if base is not None:
                self._bases[id(value)] = base
                self._named.setdefault(base[0], (uri, base[2]))
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(value.get(keyword), str):
                    self._named.setdefault(f"{uri}#{value[keyword]}", (uri, pointer))


def _beside(uri: str, path: str) -> str:
    """The URI of the file that a relative path names, seen from another. Raises NotFetched."""
    depth = list(PurePosixPath(unquote(urlsplit(uri).path.lstrip("/"))).parent.parts)
    for part in unquote(path.partition("?")[0]).split("/"):
        if part == "..":
            if not depth:
                raise NotFetched(OUTSIDE)
            depth.pop()
        elif part not in ("", "."):
            depth.append(part)
    if path.startswith("/"):
        raise NotFetched(OUTSIDE)
    return f"{BASE}{quote('/'.join(depth))}"


def _schemas_with_base(uri: str, data: Any) -> Iterator[tuple[dict[str, Any], str, tuple[str, str, str] | None]]:
    """Each object that may be a schema, its pointer, and the nearest `$id` above: address, file and pointer."""
    stack: list[tuple[Any, str, tuple[str, str, str] | None]] = [(data, "", None)]
    while stack:
        value, pointer, base = stack.pop()
        if isinstance(value, list):
            stack += [(one, f"{pointer}/{index}", base) for index, one in enumerate(value)]
        elif isinstance(value, dict):
            own = value.get("$id")
            if isinstance(own, str) and not own.startswith("#"):
                address = urljoin(base[0] if base is not None else uri, own).partition("#")[0]
                base = (address, uri, pointer)
            yield value, pointer, base
            for name, one in value.items():
                if name not in DATA:
                    stack.append((one, json_pointer.append(pointer, name), base))
