"""The JSON Schemas of mockserver's own file formats; editors can use them as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from mockserver.documents.nodes import BASE_URI
from mockserver.documents.source import Report, Source
from mockserver.openapi.loading import load
from mockserver.schemas.validators import Schemas, Validator, compile_file
from mockserver.syntax import strict_json

NAMES = ("override", "resources", "scenario")


def schema_path(name: str) -> Path:
    """The schema file of a format."""
    return Path(__file__).parent / f"{name}.schema.json"


@cache
def _is_valid(name: str) -> Callable[[Any], bool]:
    """Whether a value has a format: an answer without reasons, for which the schemas need no linking."""
    schemas = {BASE_URI + path.name: strict_json.parse(path.read_bytes()) for path in map(schema_path, NAMES)}
    return compile_file(BASE_URI + schema_path(name).name, schemas).is_valid


@cache
def validator(name: str) -> Validator:
    """The validator of a format."""
    report, path = Report(), schema_path(name)
    documents = load(path.parent, [path], report)
    report.raise_errors()
    return Schemas(documents).validator(documents.root(BASE_URI + path.name))


def validate(name: str, source: Source, report: Report) -> bool:
    """Whether a file has the format `name`; violations go to `report`."""
    if _is_valid(name)(source.data):
        return True
    violations = validator(name).violations(source.data, "body")
    for violation in violations:
        report.add(source, violation.pointer, violation.message, violation.keyword)
    return not violations
