"""The JSON Schemas of mockserver's own file formats; editors can use them as they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from mockserver.documents.nodes import BASE_URI
from mockserver.documents.source import Report, Source
from mockserver.errors import Violation
from mockserver.openapi.loading import load
from mockserver.schemas.validators import Schemas, Validator, compile_file
from mockserver.syntax import strict_json

NAMES = ("override", "resources", "scenario")


def schema_path(name: str) -> Path:
    """The schema file of a format."""
    return Path(__file__).parent / f"{name}.schema.json"


def violations(name: str, data: Any) -> list[Violation]:
    """How a value violates the format `name`."""
    return [] if _is_valid(name)(data) else _validator(name).violations(data, "body")


def validate(name: str, source: Source, report: Report) -> bool:
    """Whether a file has the format `name`; violations go to `report`."""
    mistakes = violations(name, source.data)
    for violation in mistakes:
        report.add(source, violation.pointer, violation.message, violation.keyword)
    return not mistakes


@cache
def _is_valid(name: str) -> Callable[[Any], bool]:
    """Whether a value has a format: an answer without reasons, for which the schemas need no linking."""
    schemas = {BASE_URI + path.name: strict_json.parse_fast(path.read_bytes()) for path in map(schema_path, NAMES)}
    return compile_file(BASE_URI + schema_path(name).name, schemas).is_valid


@cache
def _validator(name: str) -> Validator:
    """The validator of a format, which has the reasons."""
    report, path = Report(), schema_path(name)
    documents = load(path.parent, [path], report)
    report.raise_errors()
    return Schemas(documents).validator(documents.root(BASE_URI + path.name))
