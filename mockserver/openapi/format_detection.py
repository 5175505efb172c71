"""Detects what a file is if it is not a supported OpenAPI document, and says what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from mockserver.documents.source import Report, Source, read_source
from mockserver.errors import quote

Data = Mapping[str, Any]
# The number of overlays that change one document.
OVERLAY_LIMIT = 10
SUPPORTED = "OpenAPI 3.0 to 3.2 are supported, and so is Swagger 2.0"


class _Format(Struct, frozen=True):
    """A format that is not supported: how to detect it, which member shows it, and what to say about it."""

    is_detected: Callable[[Data], bool]
    pointer: str
    message: str
    code: str = "no-openapi"


# In order of precedence.
_FORMATS = (
    _Format(
        lambda data: "swagger" in data,
        "/swagger",
        "is a Swagger {swagger} document; {supported}",
        "openapi-version",
    ),
    _Format(
        lambda data: "asyncapi" in data,
        "/asyncapi",
        "is an AsyncAPI document, which describes messages, not requests. {supported}",
    ),
    _Format(
        lambda data: "_postman_id" in _info(data) or "postman" in _schema(data),
        "/info",
        "is a Postman collection. Export it as OpenAPI, or convert it, for example with `npx postman-to-openapi`; "
        "{supported}",
    ),
    _Format(
        lambda data: isinstance(data.get("log"), dict) and "entries" in data["log"],
        "/log",
        "is a HAR file: a record of requests, not a description of an API. {supported}",
    ),
    _Format(
        lambda data: "arazzo" in data,
        "",
        "is an Arazzo document, which belongs to an OpenAPI document. Serve that one",
    ),
    _Format(
        lambda data: "swaggerVersion" in data,
        "/swaggerVersion",
        "is a Swagger {swaggerVersion} document; {supported}. Convert it, for example with `npx swagger-converter`",
        "openapi-version",
    ),
    _Format(
        lambda data: "json-schema.org" in _schema(data) or {"type", "properties"} <= data.keys() or "$defs" in data,
        "",
        'is a JSON Schema. Serve the OpenAPI document that refers to it, which begins with "openapi: 3.1.0"',
    ),
)


def _info(data: Data) -> Data:
    return data["info"] if isinstance(data.get("info"), dict) else {}


def _schema(data: Data) -> str:
    return f"{data.get('$schema', '')} {_info(data).get('schema', '')}"


def is_swagger(data: Any) -> bool:
    """Whether a file is a document of Swagger 2.0."""
    return isinstance(data, dict) and "openapi" not in data and str(data.get("swagger")) in ("2.0", "2")


def read_document(root: Path, path: Path, report: Report) -> Source:
    """Read an OpenAPI document, or the one that an overlay extends, with the changes of that.

    Raises ContractError, which says what to do, if the file is not a supported one.
    """
    source = _read_extended(root, path, report)
    data = source.data
    version = data.get("openapi") if isinstance(data, dict) else None
    if is_swagger(data):
        if not isinstance(data["swagger"], str):
            report.warn(source, "/swagger", 'must be a string: write "2.0", in quotes', "type")
    elif version is None:
        _report_format(source, report)
    elif not str(version).startswith(("3.0", "3.1", "3.2")):
        message = f"OpenAPI 3.0 to 3.2 are supported, OpenAPI {quote(str(version))} is not"
        report.add(source, "/openapi", message, "openapi-version")
    report.raise_errors()
    if not isinstance(data.get("paths", {}), dict):
        report.add(source, "/paths", "must be an object with a path item for each path", "type")
        report.raise_errors()
    if "webhooks" in data and not data.get("paths"):
        message = (
            "has webhooks only: there is no path to serve. Add the API's paths, or serve the document that has them"
        )
        report.add(source, "/webhooks", message, "no-paths")
        report.raise_errors()
    return source


def _read_extended(root: Path, path: Path, report: Report, depth: int = 0) -> Source:
    source = read_source(root, path, report)
    report.raise_errors()
    assert source is not None
    if not (isinstance(source.data, dict) and "overlay" in source.data and "openapi" not in source.data):
        return source
    from mockserver.documents.overlays import OverlaidSource, apply, extended_file

    extended = extended_file(source, report)
    if extended is not None and depth == OVERLAY_LIMIT:
        message = f"more than {OVERLAY_LIMIT} overlays extend each other: extend the OpenAPI document"
        report.add(source, "/extends", message, "overlay")
    report.raise_errors()
    location = path.parent / str(extended)
    if not location.is_file() or ".." in location.relative_to(root).parts:
        message = f"{quote(str(extended))} is not a file beside or below the overlay; nothing is fetched"
        report.add(source, "/extends", message, "overlay")
        report.raise_errors()
    document = _read_extended(root, location, report, depth + 1)
    changed = apply(source, document.data, report)
    report.raise_errors()
    return OverlaidSource(document, source, changed)


def _report_format(source: Source, report: Report) -> None:
    data = source.data
    if not isinstance(data, dict):
        problem = "is empty" if data is None else "is not an OpenAPI document: it does not contain an object"
        report.add(
            source, "", f'{problem}. An OpenAPI document begins with "openapi: 3.1.0"; {SUPPORTED}', "no-openapi"
        )
        return
    for file_format in _FORMATS:
        if file_format.is_detected(data):
            versions = {"swagger": data.get("swagger"), "swaggerVersion": data.get("swaggerVersion")}
            message = file_format.message.format(**versions, file=source.file, supported=SUPPORTED)
            report.add(source, file_format.pointer, message, file_format.code)
            return
    message = f'is not an OpenAPI document: it has no "openapi", such as "openapi: 3.1.0". {SUPPORTED}'
    report.add(source, "", message, "no-openapi")
