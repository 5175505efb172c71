"""The operation that a recorded request is for, with the values of its parameters, both as a server finds them."""

from __future__ import annotations

from string import printable
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from mockserver.contract.model import Contract
from mockserver.errors import Violation
from mockserver.http.messages import Request, join_headers
from mockserver.http.request.addressing import build_request
from mockserver.http.request.parameters import read_parameters, read_query
from mockserver.http.router import ControlRules, Router
from mockserver.openapi.model import Operation
from mockserver.recorder.exchanges import RecordedExchange


class RoutedRequest(Struct, frozen=True):
    """An operation with the parameters of a request by location and name, defaults included, and their violations.

    `sent` are the names of the declared query parameters that were sent.
    """

    operation: Operation
    parameters: dict[str, dict[str, Any]]
    violations: list[Violation]
    sent: frozenset[str]


class RequestRouter:
    """Finds the operations of a contract that requests are for."""

    def __init__(self, contract: Contract) -> None:
        self._behaviours = contract.behaviours
        self._router = Router(contract.operations.values(), lambda _: ControlRules({}, serves_document=False))

    def route(self, request: Request) -> RoutedRequest | None:
        """The operation of a request and its parameters; None if no operation is declared for it."""
        route = self._router.match(request)
        operation = route.operation
        if operation is None or operation.method != request.method:
            return None
        # An operation with a behaviour refuses what it does not know.
        is_strict = operation.id in self._behaviours
        parameters, violations = read_parameters(operation, request, route.arguments, refuses_undeclared=is_strict)
        declared = {parameter.name for parameter in operation.parameters if parameter.location == "query"}
        return RoutedRequest(operation, parameters, violations, frozenset(declared.intersection(read_query(request))))


def request_of(exchange: RecordedExchange) -> Request:
    """The request of an exchange as a server has it, without its body. Some programs record URLs as they show them."""
    target = quote(exchange.target, safe=printable, errors="replace")
    return build_request(exchange.method.upper(), target, join_headers(exchange.request_headers))
