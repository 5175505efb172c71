"""Loads an OpenAPI document and what it refers to: linked, normalized to JSON Schema 2020-12 and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from mockserver.documents.nodes import BASE_URI, Documents, Unresolved
from mockserver.documents.references import References
from mockserver.documents.source import Report, Source
from mockserver.openapi import normalization, schema_checks
from mockserver.openapi.dialects import generics
from mockserver.openapi.format_detection import is_swagger
from mockserver.openapi.linking import Linked, Linker, TypedLocation, is_openapi_3_0
from mockserver.syntax import json_pointer


def load(root: Path, entries: Iterable[Path], report: Report, document: Source | None = None) -> Documents:
    """Load `entries` and every file within `root` that they refer to, after the OpenAPI document if it is read already.

    Mistakes are reported, and left out of the `data` that is served.
    """
    references = References(root, report)
    uris = [uri_of(root, path) for path in entries]
    if document is not None:
        uris.insert(0, BASE_URI + quote(document.file))
        references.add(uris[0], document)
        if is_swagger(document.data):
            from mockserver.openapi.swagger.document import convert

            convert(references, uris[0], report)
        elif not is_openapi_3_0(document.data):
            generics.bind(references, uris[0], document)
    linked = Linker(references, report).link(uris)
    normalization.normalize(linked, report)
    schema_checks.check(linked, report)
    for location in linked.schemas.values():
        linked.documents.schemas_with_examples += _address_if_exemplified(linked, location)
    return linked.documents


def _address_if_exemplified(linked: Linked, location: TypedLocation) -> Iterator[str]:
    """The address of a schema that has examples or a default, unless it has been left out."""
    if not location.value.keys().isdisjoint(("example", "examples", "default")):
        address = f"{location.uri}#{json_pointer.to_fragment(location.pointer)}"
        try:
            if isinstance(linked.documents.resolve(address).value, dict):
                yield address
        except Unresolved:
            return


def uri_of(root: Path, path: Path) -> str:
    """The URI of a file below `root`."""
    return BASE_URI + quote(path.relative_to(root).as_posix(), errors="surrogateescape")
