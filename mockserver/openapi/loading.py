"""From files to documents that can be served, in the steps that this takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from mockserver.documents.references import References
from mockserver.documents.source import Report, Source
from mockserver.documents.tree import BASE, Documents, Unresolved
from mockserver.openapi import normalization, schema_checks
from mockserver.openapi.linking import Linked, Linker, TypedLocation
from mockserver.syntax import json_pointer


def load(root: Path, entries: Iterable[Path], report: Report, document: Source | None = None) -> Documents:
    """Read `entries` and every file within `root` that they refer to, after the OpenAPI document if it has been read.

    What is wrong is noted, and left out of what is served.
    """
    references = References(root, report)
    uris = [uri_of(root, path) for path in entries]
    if document is not None:
        uris.insert(0, BASE + quote(document.file))
        references.add(uris[0], document)
    found = Linker(references, report).link(uris)
    normalization.translate(found, report)
    schema_checks.check(found, report)
    for place in found.schemas.values():
        found.documents.exemplified += _exemplified(found, place)
    return found.documents


def _exemplified(found: Linked, place: TypedLocation) -> Iterator[str]:
    """The address of a schema that has examples, where it was not left out."""
    if not place.value.keys().isdisjoint(("example", "examples")):
        address = f"{place.uri}#{json_pointer.to_fragment(place.pointer)}"
        try:
            if isinstance(found.documents.at(address).value, dict):
                yield address
        except Unresolved:
            return


def uri_of(root: Path, path: Path) -> str:
    """The URI of a file below `root`."""
    return BASE + quote(path.relative_to(root).as_posix())
