"""Everything that one application serves, in one place: it hangs on `app.extensions["mockserver"]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract
from mockserver.documents.tree import Documents, Node
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.sandboxes import Sandboxes
from mockserver.errors import Problem
from mockserver.http.caches import PreparedRequests, ResponseCache
from mockserver.http.router import ControlHandler, Router
from mockserver.openapi.model import Operation
from mockserver.schemas.validators import Schemas, Validator

if TYPE_CHECKING:
    from mockserver.http.exchange import Exchange
    from mockserver.http.messages import Response

BODY_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ControlApi:
    """The control API as its own document declares it, with what each of its operations does."""

    documents: Documents
    schemas: Schemas
    document: Node
    operations: Mapping[str, Operation]
    handlers: Mapping[str, ControlHandler]
    problem: Validator


@dataclass(frozen=True, slots=True)
class Service:
    """A contract, its sandboxes, and how it is served. `hosts` may call the control API besides loopback.

    `stale` holds the mistakes in the files where they have been edited since, and cannot be served. `token_page`
    makes a page of the response that asks a browser for the token, where pages are served.
    """

    contract: Contract
    sandboxes: Sandboxes
    control: ControlApi
    router: Router
    behaviours: Behaviours
    strict: bool = True
    hosts: frozenset[str] = frozenset()
    token: str | None = None
    body_limit: int = BODY_LIMIT
    token_page: Callable[[Exchange, Response], Response] | None = None
    stale: list[Problem] = field(default_factory=list)
    responses: ResponseCache = field(default_factory=ResponseCache)
    prepared: PreparedRequests = field(default_factory=PreparedRequests)

    def behaviour_of(self, operation: Operation) -> Behaviour | None:
        """What the contract declares to implement an operation; None for the control API's operations."""
        is_control = self.control.operations.get(operation.id) is operation
        return None if is_control else self.contract.behaviours.get(operation.id)
