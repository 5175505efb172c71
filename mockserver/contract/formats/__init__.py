"""The JSON Schemas of our own file formats; editors can use them as they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mockserver.documents.source import Report, Source
from mockserver.documents.tree import BASE
from mockserver.openapi.loading import load
from mockserver.schemas.validators import Schemas, Validator

NAMES = ("override", "resources", "scenario")


def path(name: str) -> Path:
    """The schema file of one format."""
    return Path(__file__).parent / f"{name}.schema.json"


@cache
def validator(name: str) -> Validator:
    """The validator of one format."""
    report = Report()
    documents = load(path(name).parent, [path(name)], report)
    report.close()
    return Schemas(documents).at(documents.root(BASE + path(name).name))


def conforms(name: str, source: Source, report: Report) -> bool:
    """Whether the file has the form `name`; what is wrong goes to `report`."""
    violations = validator(name).violations(source.data, "body")
    for violation in violations:
        report.add(source, violation.pointer, violation.message, violation.keyword)
    return not violations
