"""The schema files of a contract, linked: every `$ref` absolute, checked, and kept inside the directory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from mockserver.contract.source import SUFFIXES, Report, Source, read
from mockserver.contract.yamltext import escape
from mockserver.errors import did_you_mean
from mockserver.errors import quote as show

BASE = "file:///"
REFERENCES = ("$ref", "$dynamicRef")
# Members whose content is data, not schema: a "$ref" in there is no reference.
DATA = {"example", "examples", "default", "const", "enum", "value"}
# Members whose own members are names that authors choose.
NAMED = {
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses",
    "parameters", "requestBodies", "headers", "callbacks", "links", "pathItems", "examples", "securitySchemes",
    "mapping", "variables", "paths", "content", "encoding",
}  # fmt: skip


class Unresolved(LookupError):
    """A reference that leads nowhere; the message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document: what stands there, and where that is."""

    documents: Documents
    uri: str
    pointer: str
    value: Any

    @property
    def address(self) -> str:
        """The place as a URI that a validator can be asked for."""
        return f"{self.uri}#{quote(self.pointer, safe='/~!$&()*+,;=:@')}"

    def child(self, *tokens: str | int) -> Node:
        """The place below, by member names and indexes. Raises KeyError, IndexError or TypeError."""
        node = self
        for token in tokens:
            node = Node(node.documents, node.uri, f"{node.pointer}/{escape(str(token))}", node.value[token])
        return node

    def get(self, name: str) -> Node | None:
        """The member `name`, its reference followed, or None."""
        if isinstance(self.value, dict) and name in self.value:
            return self.child(name).follow()
        return None

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of an object, each with its reference followed."""
        if isinstance(self.value, dict):
            for name in self.value:
                yield name, self.child(name).follow()

    def items(self) -> Iterator[Node]:
        """The items of an array, each with its reference followed."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.child(index).follow()

    def follow(self) -> Node:
        """What a `$ref` here leads to, or this place itself. Raises Unresolved."""
        node = self
        for _ in range(100):
            if not (isinstance(node.value, dict) and isinstance(node.value.get("$ref"), str)):
                return node
            node = node.documents.at(node.value["$ref"])
        raise Unresolved("its references run in a circle")

    @property
    def source(self) -> Source:
        """The file that this place is in."""
        return self.documents.sources[self.uri]


@dataclass(slots=True)
class Documents:
    """Every document of a contract by its URI, `file:///` standing for the contract directory."""

    sources: dict[str, Source] = field(default_factory=dict)

    def root(self, uri: str) -> Node:
        """The whole document."""
        return Node(self, uri, "", self.sources[uri].data)

    def at(self, reference: str) -> Node:
        """The place that an absolute reference names. Raises Unresolved."""
        uri, _, fragment = reference.partition("#")
        if uri not in self.sources:
            raise Unresolved("leads to no file of the contract directory")
        node = self.root(uri)
        if not fragment.startswith("/"):
            return node if not fragment else self._anchor(node, fragment)
        for raw in unquote(fragment)[1:].split("/"):
            token = raw.replace("~1", "/").replace("~0", "~")
            node = _step(node, token)
        return node

    def _anchor(self, node: Node, name: str) -> Node:
        for place in walk(node):
            if name in (place.value.get("$anchor"), place.value.get("$dynamicAnchor")):
                return place
        raise Unresolved(f"has no anchor {show(name)}")


def _step(node: Node, token: str) -> Node:
    try:
        return node.child(int(token) if isinstance(node.value, list) else token)
    except (KeyError, IndexError, ValueError, TypeError):
        names = node.value if isinstance(node.value, dict) else ()
        where = node.pointer or "/"
        raise Unresolved(f"leads nowhere: {show(token)} is not at {where}.{did_you_mean(token, names)}") from None


def walk(node: Node) -> Iterator[Node]:
    """Every object at and below `node` that may be a schema, data left out."""
    stack = [(node, False)]
    while stack:
        place, named = stack.pop()
        if isinstance(place.value, list):
            stack += [(place.child(index), False) for index in range(len(place.value))]
        elif isinstance(place.value, dict):
            if not named:
                yield place
            for name in place.value:
                if named or not (name in DATA or name.startswith("x-")):
                    stack.append((place.child(name), not named and name in NAMED))
                elif name == "examples" and isinstance(place.value[name], dict):
                    stack.append((place.child(name), True))


def load(root: Path, entries: list[Path], report: Report) -> Documents:
    """Read `entries` and every file that they refer to, within `root`; link them; note what leads nowhere."""
    documents = Documents()
    waiting = list(entries)
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        uri = uri_of(root, path)
        if uri in seen:
            continue
        seen.add(uri)
        source = read(root, path, report)
        if source is not None:
            documents.sources[uri] = source
            waiting += _link(documents.root(uri), root, report)
    for uri in documents.sources:
        _check(documents.root(uri), report)
    return documents


def uri_of(root: Path, path: Path) -> str:
    """The URI of a file below `root`."""
    return BASE + quote(path.relative_to(root).as_posix())


def _link(document: Node, root: Path, report: Report) -> list[Path]:
    """Make the document's references absolute in place; return the files that they lead to."""
    own = document.value.get("$id") if isinstance(document.value, dict) else None
    identity = document.value.pop("$id") if isinstance(own, str) and urlsplit(own).scheme else None
    found: list[Path] = []
    for place in walk(document):
        for keyword in REFERENCES:
            reference = place.value.get(keyword)
            if not isinstance(reference, str) or reference.startswith(BASE + "#"):
                continue
            target = _absolute(document.uri, identity, reference)
            if target is None:
                report.add(
                    place.source, f"{place.pointer}/{keyword}",
                    f"{show(reference)} leads out of the contract directory; nothing is fetched. "
                    "Copy what it names beside this file and refer to that.",
                    "outside",
                )  # fmt: skip
                del place.value[keyword]
                continue
            place.value[keyword] = target
            file = unquote(urlsplit(target).path.lstrip("/"))
            if file.endswith(SUFFIXES):
                found.append(root / file)
    return [path for path in found if path.is_file() or _missing(document, path, root, report)]


def _missing(document: Node, path: Path, root: Path, report: Report) -> bool:
    file = path.relative_to(root).as_posix()
    for place in walk(document):
        for keyword in REFERENCES:
            reference = place.value.get(keyword)
            if isinstance(reference, str) and unquote(reference.partition("#")[0]) == BASE + file:
                names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
                report.add(
                    place.source, f"{place.pointer}/{keyword}",
                    f"there is no file {show(file)}.{did_you_mean(path.name, names)}", "dangling",
                )  # fmt: skip
                del place.value[keyword]
    return False


def _absolute(uri: str, identity: str | None, reference: str) -> str | None:
    """The reference as a URI below `file:///`, or None where it leads out of there."""
    if identity is not None:
        joined = urljoin(identity, reference)
        if joined.partition("#")[0] == identity.partition("#")[0]:
            return f"{uri}#{joined.partition('#')[2]}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", reference):
        return reference if reference.startswith(uri) else None
    path, _, fragment = reference.partition("#")
    if not path:
        return f"{uri}#{fragment}"
    depth = list(PurePosixPath(unquote(urlsplit(uri).path.lstrip("/"))).parent.parts)
    for part in unquote(path.partition("?")[0]).split("/"):
        if part == "..":
            if not depth:
                return None
            depth.pop()
        elif part not in ("", "."):
            depth.append(part)
    return None if path.startswith("/") else f"{BASE}{quote('/'.join(depth))}#{fragment}"


def _check(document: Node, report: Report) -> None:
    for place in walk(document):
        for keyword in REFERENCES:
            reference = place.value.get(keyword)
            if not isinstance(reference, str):
                continue
            try:
                document.documents.at(reference).follow()
            except Unresolved as error:
                shown = reference.removeprefix(BASE)
                report.add(place.source, f"{place.pointer}/{keyword}", f"{show(shown)} {error}", "dangling")
                del place.value[keyword]
