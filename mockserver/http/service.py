"""What one application serves, in one place: it hangs on `app.extensions["mockserver"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from flask import current_app

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract
from mockserver.documents.source import Report
from mockserver.documents.tree import BASE, Documents, Node
from mockserver.engine.sandboxes import Sandboxes
from mockserver.errors import Problem
from mockserver.http.response_cache import ResponseCache
from mockserver.http.samples import Samples
from mockserver.openapi import loading
from mockserver.openapi.model import Operation
from mockserver.openapi.operations import OperationReader
from mockserver.schemas.validators import Schemas, Validator

BODY_LIMIT = 10 * 1024 * 1024
CONTROL = "control.yaml"
T = TypeVar("T")
PREFIX = "/__mock"
ASSETS = f"{PREFIX}/assets"


@dataclass(frozen=True, slots=True)
class ControlApi:
    """The control API as its own document declares it."""

    documents: Documents
    schemas: Schemas
    document: Node
    operations: Mapping[str, Operation]
    problem: Validator


@dataclass(frozen=True, slots=True)
class Service:
    """A contract, its sandboxes, and how it is served. `hosts` may call the control API besides loopback.

    `stale` holds the mistakes in the files where they have been edited since, and cannot be served.
    """

    contract: Contract
    sandboxes: Sandboxes
    control: ControlApi
    strict: bool
    hosts: frozenset[str]
    token: str | None
    body_limit: int
    stale: list[Problem] = field(default_factory=list)
    kept: ResponseCache = field(default_factory=ResponseCache)
    samples: Samples = field(default_factory=Samples)

    def is_control(self, operation: Operation | None) -> bool:
        """Whether the operation is the server's own, not the contract's."""
        return operation is not None and self.control.operations.get(operation.id) is operation

    def behaviour_of(self, operation: Operation) -> Behaviour | None:
        """What the contract declares to implement an operation; None for the control API's operations."""
        return None if self.is_control(operation) else self.contract.behaviours.get(operation.id)


def itself(proxy: T) -> T:
    """What one of Flask's proxies stands for: each use of a proxy looks that up again, and a request has many."""
    found: T = proxy._get_current_object()  # type: ignore[attr-defined]
    return found


def current() -> Service:
    """What the current application serves."""
    mock: Service = current_app.extensions["mockserver"]
    return mock


@cache
def control() -> ControlApi:
    """The control API's document, read once for the process; it is frozen."""
    report, root = Report(), Path(__file__).parent.parent / "control"
    documents = loading.load(root, [root / CONTROL], report)
    schemas = Schemas(documents)
    document = documents.root(BASE + CONTROL)
    operations = OperationReader(schemas, report).operations(document)
    report.close()
    problem = schemas.at(document.child("components", "schemas", "Problem"))
    return ControlApi(documents, schemas, document, operations, problem)
