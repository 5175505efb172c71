"""Loads the OpenAPI document of the control API, with the handler of each operation."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mockserver.control.handlers import HANDLERS
from mockserver.documents.nodes import BASE_URI
from mockserver.documents.source import Report
from mockserver.http.service import ControlApi
from mockserver.openapi import loading
from mockserver.openapi.operations import OperationReader
from mockserver.schemas.validators import Schemas

FILE = "control.yaml"


@cache
def load_control_api() -> ControlApi:
    """The control API. It is immutable and loaded once per process."""
    report, root = Report(), Path(__file__).parent
    documents = loading.load(root, [root / FILE], report)
    schemas = Schemas(documents)
    document = documents.root(BASE_URI + FILE)
    operations = OperationReader(schemas, report).read(document)
    report.raise_errors()
    problem = schemas.validator(document.child("components", "schemas", "Problem"))
    return ControlApi(documents, schemas, document, operations, HANDLERS, problem)
