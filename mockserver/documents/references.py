"""Resolves `$ref`s to a file and a value in it. Files are read when something refers to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct

from mockserver.documents.nodes import BASE_URI, DATA_MEMBERS, Documents, Unresolved, follow
from mockserver.documents.source import SUFFIXES, Report, Source, name_of, read_source
from mockserver.errors import did_you_mean, quote
from mockserver.syntax import json_pointer

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_OUTSIDE = (
    "points outside the contract directory; nothing is fetched. Copy the file beside this one and refer to the copy."
)
# Only a file with one of these keywords is searched for them, the second of draft 04. Two expressions that begin with
# constant texts are searched for ten times as fast as one of both.
_IDENTIFIER, _NAME_AS_ID = re.compile(r"\$(?:id|anchor|dynamicAnchor)\b"), re.compile(r"id\W+#")


# Of how many files beside a document with `$self` so many bytes are searched for the URIs of these.
SEARCH_LIMIT, SEARCHED_BYTES = 200, 64 * 1024
SEARCHED_DEPTHS = ("", "*/", "*/*/")


class OutsideContract(Unresolved):
    """A reference to a location outside the contract directory."""


class _BaseURI(Struct, frozen=True):
    """The base URI that an `$id` gives to the references below it, and the location of the schema that has it."""

    identifier: str
    uri: str
    pointer: str


class References:
    """The files below `root`, each read once, and the targets of the references between them."""

    def __init__(self, root: Path, report: Report) -> None:
        self.root, self.report = root, report
        self.documents = Documents()
        self._unreadable: dict[str, Unresolved] = {}
        self._targets: dict[str, tuple[str, str, Any] | Unresolved] = {}
        # File and pointer by `$id`, and by file with anchor.
        self._identified: dict[str, tuple[str, str]] = {}
        self._base_uris: dict[int, _BaseURI] = {}
        # The URI that a document gives itself by `$self`, by its file.
        self._own_uris: dict[str, str] = {}
        self._searched: set[Path] = set()

    def read(self, uri: str) -> Source | None:
        """The file at a URI; None, and an error in the report, if it cannot be read."""
        if uri not in self.documents.sources and uri not in self._unreadable:
            source = read_source(self.root, self.root / _path_of(uri), self.report)
            if source is None:
                self._unreadable[uri] = Unresolved("points to a file that cannot be read")
            else:
                self.add(uri, source)
        return self.documents.sources.get(uri)

    def add(self, uri: str, source: Source) -> None:
        """Add a file that has been read already."""
        self.documents.sources[uri] = source
        own_uri = source.data.get("$self") if isinstance(source.data, dict) and "openapi" in source.data else None
        if isinstance(own_uri, str):
            self._own_uris[uri] = _join_uri(uri, own_uri).partition("#")[0]
            self._identified.setdefault(self._own_uris[uri], (uri, ""))
        if _IDENTIFIER.search(source.text) or _NAME_AS_ID.search(source.text):
            self._add_identifiers(uri, source.data)

    def replace(self, uri: str, source: Source) -> None:
        """Put a file, converted, in the place of one that has been read."""
        self._targets.clear()
        self.add(uri, source)

    @property
    def has_base_uris(self) -> bool:
        """Whether an `$id` of a file that has been read gives references another base than their file."""
        return bool(self._base_uris)

    def make_absolute(self, uri: str, holder: Any, reference: str) -> str:
        """The absolute form of a reference that the object `holder` of the file at `uri` contains. Raises Unresolved.

        An `$id` or anchor in it is replaced by the file and the JSON pointer.
        """
        base = self._base_uris.get(id(holder))
        if base is not None and (address := self._find_identified(_join_uri(base.identifier, reference))) is not None:
            # Authors often mean the document, and not the schema with the `$id`.
            is_meant = not reference.startswith("#/") or self._leads_somewhere(address)
            return address if is_meant or not self._leads_somewhere(uri + reference) else uri + reference
        if uri in self._own_uris and not reference.startswith("#"):
            absolute = _join_uri(self._own_uris[uri], reference)
            # What is beside the document by its own URI is expected beside its file.
            folder = self._own_uris[uri].rpartition("/")[0] + "/"
            beside = absolute.removeprefix(folder) if absolute.startswith(folder) else reference
            if not self._is_file(uri, beside):
                self._read_documents_beside(uri)
            if (address := self._find_identified(absolute)) is not None:
                return address
            reference = beside
        if _ABSOLUTE.match(reference):
            if (address := self._find_identified(reference)) is not None:
                return address
            if reference.startswith(uri):
                return reference
            raise OutsideContract(_OUTSIDE)
        path, _, fragment = reference.partition("#")
        return self._locate(_join_path(uri, path) if path else uri, "", fragment)

    def _is_file(self, uri: str, reference: str) -> bool:
        """Whether a relative reference in the file at `uri` leads to a file."""
        try:
            self._check_exists(_join_path(uri, reference.partition("#")[0]))
        except Unresolved:
            return False
        return True

    def _read_documents_beside(self, uri: str) -> None:
        """Read the files beside and below a document that identify themselves, so that references find them."""
        folder = (self.root / _path_of(uri)).parent
        if folder in self._searched:
            return
        self._searched.add(folder)
        paths = (path for depth in SEARCHED_DEPTHS for suffix in SUFFIXES for path in folder.glob(f"{depth}*{suffix}"))
        for path in sorted(islice(paths, SEARCH_LIMIT)):
            address = BASE_URI + percent_encode(path.relative_to(self.root).as_posix(), errors="surrogateescape")
            if address not in self.documents.sources and _identifies_itself(path):
                # What is wrong with a file that nothing may refer to is not reported.
                source = read_source(self.root, path, Report())
                if source is not None:
                    self.add(address, source)

    def _leads_somewhere(self, address: str) -> bool:
        try:
            self.find(address)
        except Unresolved:
            return False
        return True

    def _find_identified(self, absolute: str) -> str | None:
        """The address of what an absolute URI identifies by an `$id`; None if there is no such `$id`."""
        identifier, _, fragment = absolute.partition("#")
        anchored = self._identified.get(f"{identifier}#{unquote(fragment)}")
        if anchored is not None:
            return f"{anchored[0]}#{json_pointer.to_fragment(anchored[1])}"
        return self._locate(*self._identified[identifier], fragment) if identifier in self._identified else None

    def _locate(self, uri: str, pointer: str, fragment: str) -> str:
        """The address of `fragment`, a pointer or an anchor, within the schema at `pointer`."""
        if fragment and not fragment.startswith("/"):
            self.read(uri)
            anchored = self._identified.get(f"{uri}#{unquote(fragment)}")
            if anchored is not None:
                return f"{uri}#{json_pointer.to_fragment(anchored[1])}"
        return f"{uri}#{json_pointer.to_fragment(pointer)}{fragment}"

    def find(self, address: str) -> tuple[str, str, Any]:
        """The URI of the file, the pointer and the value that an absolute reference points to. Raises Unresolved."""
        if address not in self._targets:
            try:
                self._targets[address] = self._find(address)
            except Unresolved as error:
                self._targets[address] = error
        target = self._targets[address]
        if isinstance(target, Unresolved):
            raise target
        return target

    def read_value(self, uri: str, reference: str) -> Any:
        """The value of a file that `externalValue` in the file at `uri` names: JSON or YAML by its suffix, else text.

        Raises Unresolved.
        """
        if _ABSOLUTE.match(reference):
            raise OutsideContract(_OUTSIDE)
        address = _join_path(uri, reference.partition("#")[0])
        self._check_exists(address)
        path, report = self.root / _path_of(address), Report()
        is_data = path.suffix in SUFFIXES
        source = read_source(self.root, path, report, as_text=not is_data)
        if source is None:
            raise Unresolved(str(report.problems[0].message))
        return source.data

    def _find(self, address: str) -> tuple[str, str, Any]:
        uri, _, fragment = address.partition("#")
        self._check_exists(uri)
        source = self.read(uri)
        if source is None:
            raise self._unreadable[uri]
        if fragment and not fragment.startswith("/"):
            raise Unresolved(f"points nowhere: there is no anchor {quote(unquote(fragment))}")
        pointer = json_pointer.from_fragment(fragment)
        if source.original is source:
            return uri, pointer, follow(source.data, json_pointer.split(pointer))
        return uri, *_find_converted(source, pointer)

    def _check_exists(self, uri: str) -> None:
        if uri in self.documents.sources:
            return
        file = _path_of(uri)
        path = self.root / file
        try:
            if path.is_file():
                return
            siblings = [name_of(path.parent, sibling) for sibling in path.parent.iterdir() if sibling.is_file()]
        except (FileNotFoundError, NotADirectoryError, ValueError):
            siblings = []
        except OSError as error:
            raise Unresolved(f"points to a file that cannot be read: {error.strerror}") from None
        raise Unresolved(f"points nowhere: there is no file {quote(file)}.{did_you_mean(path.name, siblings)}")

    def _add_identifiers(self, uri: str, data: Any) -> None:
        """Record the location of each `$id` and anchor of a file, and the base URIs that the `$id`s set."""
        for value, pointer, base in _walk_with_base_uri(uri, self._own_uris.get(uri, uri), data):
            if base is not None:
                self._base_uris[id(value)] = base
                self._identified.setdefault(base.identifier, (base.uri, base.pointer))
            for anchor in _anchors(value):
                self._identified.setdefault(f"{uri}#{anchor}", (uri, pointer))
                if base is not None:
                    self._identified.setdefault(f"{base.identifier}#{anchor}", (uri, pointer))


def _path_of(uri: str) -> str:
    """The path of a file below the contract directory; bytes that are not UTF-8 are as Python has them in paths."""
    return unquote(uri.removeprefix(BASE_URI), errors="surrogateescape")


def _identifies_itself(path: Path) -> bool:
    """Whether a file may declare its own URI, by `$self` or `$id` near its beginning."""
    try:
        if not path.is_file():  # a FIFO would wait for its writer
            return False
        with path.open("rb") as file:
            beginning = file.read(SEARCHED_BYTES)
    except (OSError, ValueError):
        return False
    return b"$self" in beginning or b"$id" in beginning


def _find_converted(source: Source, pointer: str) -> tuple[str, Any]:
    """The pointer and the value in a converted file of what is written at `pointer`. Raises Unresolved."""
    try:
        follow(source.original.data, json_pointer.split(pointer))
    except Unresolved:
        # A reference that has been followed already points to the converted content.
        try:
            return pointer, json_pointer.resolve(source.data, pointer)
        except LookupError:
            pass
        raise
    converted = source.locate(pointer)
    if converted is None:
        raise Unresolved("points to what OpenAPI 3.0 has no place for")
    return converted, json_pointer.resolve(source.data, converted)


def _join_uri(base: str, reference: str) -> str:
    """The absolute form of a reference; the reference itself, if it is not a valid one."""
    if reference.startswith("#"):  # `urljoin` would lose the base where it is a URN
        return base.partition("#")[0] + reference
    try:
        return urljoin(base, reference)
    except ValueError:  # of a host in brackets, for example
        return reference


def _join_path(uri: str, path: str) -> str:
    """The URI of the file at a path relative to the file at `uri`. Raises OutsideContract."""
    parts = list(PurePosixPath(unquote(urlsplit(uri).path.lstrip("/"))).parent.parts)
    for part in unquote(path.partition("?")[0]).split("/"):
        if part == "..":
            if not parts:
                raise OutsideContract(_OUTSIDE)
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if path.startswith("/"):
        raise OutsideContract(_OUTSIDE)
    return f"{BASE_URI}{percent_encode('/'.join(parts))}"


def _anchors(schema: dict[str, Any]) -> Iterator[str]:
    """The names that a schema gives itself within its file; before 2019-09, that was an `$id` with a fragment alone."""
    for keyword in ("$anchor", "$dynamicAnchor"):
        if isinstance(schema.get(keyword), str):
            yield schema[keyword]
    for keyword in ("$id", "id"):
        if isinstance(name := schema.get(keyword), str) and name.startswith("#") and len(name) > 1:
            yield name[1:]


def _walk_with_base_uri(uri: str, own_uri: str, data: Any) -> Iterator[tuple[dict[str, Any], str, _BaseURI | None]]:
    """Each object that may be a schema, its pointer, and the base URI that it has by the nearest `$id`."""
    stack: list[tuple[Any, str, _BaseURI | None]] = [(data, "", None)]
    while stack:
        value, pointer, base = stack.pop()
        if isinstance(value, list):
            stack += [(item, json_pointer.append(pointer, index), base) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            identifier = value.get("$id")
            if isinstance(identifier, str) and not identifier.startswith("#"):
                absolute = _join_uri(base.identifier if base is not None else own_uri, identifier).partition("#")[0]
                base = _BaseURI(absolute, uri, pointer)
            yield value, pointer, base
            for name, member in value.items():
                if name not in DATA_MEMBERS:
                    stack.append((member, json_pointer.append(pointer, name), base))
