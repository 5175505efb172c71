"""What a file is, where it is no OpenAPI document that can be served: told in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mockserver.documents.source import Report, Source, read
from mockserver.errors import quote

Data = Mapping[str, Any]
SERVED = "OpenAPI 3.0 and 3.1 can be served"
# What tells each kind of file, and what to say of it. The first that fits is told.
KINDS: tuple[tuple[Callable[[Data], bool], str, str], ...] = (
    (
        lambda data: "swagger" in data,
        "/swagger",
        "is a Swagger {swagger} document, and {served}. Convert it, for example with `npx swagger2openapi {file}` or "
        "at editor.swagger.io (Edit, Convert to OpenAPI 3)",
    ),
    (
        lambda data: "asyncapi" in data,
        "/asyncapi",
        "is an AsyncAPI document: that describes messages, not requests. {served}",
    ),
    (
        lambda data: "_postman_id" in _info(data) or "postman" in _schema(data),
        "/info",
        "is a Postman collection. Export it as OpenAPI, or convert it, for example with `npx postman-to-openapi`; "
        "{served}",
    ),
    (
        lambda data: isinstance(data.get("log"), dict) and "entries" in data["log"],
        "/log",
        "is a HAR file: a record of requests, not a description of an API. {served}",
    ),
    (
        lambda data: "arazzo" in data or "overlay" in data,
        "",
        "is an Arazzo or Overlay document, which goes with an OpenAPI document. Serve that one",
    ),
    (
        lambda data: "swaggerVersion" in data,
        "/swaggerVersion",
        "is a Swagger {swaggerVersion} document, and {served}. Convert it, for example with `npx swagger-converter`",
    ),
    (
        lambda data: "json-schema.org" in _schema(data) or {"type", "properties"} <= data.keys() or "$defs" in data,
        "",
        'is a JSON Schema. Serve the OpenAPI document that refers to it: one begins with "openapi: 3.1.0"',
    ),
)


def _info(data: Data) -> Data:
    return data["info"] if isinstance(data.get("info"), dict) else {}


def _schema(data: Data) -> str:
    return f"{data.get('$schema', '')} {_info(data).get('schema', '')}"


def document(root: Path, path: Path, report: Report) -> Source:
    """The OpenAPI document in a file. Raises ContractError, with what to do, where it is none that can be served."""
    source = read(root, path, report)
    report.close()
    assert source is not None
    data = source.data
    version = data.get("openapi") if isinstance(data, dict) else None
    if version is None:
        _refuse(source, report)
    elif not str(version).startswith(("3.0", "3.1", "3.2")):
        told = f"{SERVED}, and not OpenAPI {quote(str(version))}"
        report.add(source, "/openapi", told, "openapi-version")
    elif str(version).startswith("3.2"):
        report.warn(
            source, "/openapi", "is read as OpenAPI 3.1: what 3.2 adds to that is passed over", "openapi-version"
        )
    report.close()
    if not isinstance(data.get("paths", {}), dict):
        report.add(source, "/paths", "must be an object that holds a path item for each path", "type")
        report.close()
    return source


def _refuse(source: Source, report: Report) -> None:
    data = source.data
    if not isinstance(data, dict):
        what = "is empty" if data is None else "is no OpenAPI document: it holds no object"
        report.add(source, "", f'{what}. One begins with "openapi: 3.1.0"; {SERVED}', "no-openapi")
        return
    for fits, pointer, message in KINDS:
        if fits(data):
            members = {"swagger": data.get("swagger"), "swaggerVersion": data.get("swaggerVersion")}
            told = message.format(**members, file=source.file, served=SERVED)
            report.add(source, pointer, told, "openapi-version" if "agger" in message else "no-openapi")
            return
    report.add(
        source, "", f'is no OpenAPI document: it lacks "openapi", such as "openapi: 3.1.0". {SERVED}', "no-openapi"
    )
