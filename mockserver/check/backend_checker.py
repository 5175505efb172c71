"""Checks a real backend against a contract: requests what the document declares, and validates every response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.check.backend import Backend, BackendRequest, BackendResponse, BackendUnreachable, BrokenResponse
from mockserver.check.backend_arguments import KeySource, MissingArgument, examples_of
from mockserver.check.finding import CheckFinding
from mockserver.check.request_builder import RequestBuilder
from mockserver.contract.model import Contract
from mockserver.errors import Problem, Violation
from mockserver.http.gateway.judgement import judge_response
from mockserver.openapi import parameter_encoding
from mockserver.openapi.model import Operation, template_shape
from mockserver.syntax import json_pointer, strict_json
from mockserver.syntax.media_types import EVENT_STREAM, essence, is_json

DRIFT = "drift"
READING, CREATING, CHANGING, REMOVING = ("GET", "HEAD"), ("POST",), ("PUT", "PATCH"), ("DELETE",)
DENIED = (401, 403)
NOT_FOUND = 404


class UncheckedOperation(NamedTuple):
    """An operation without a response of success, and why."""

    operation: str
    reason: str


class BackendChecker:
    """Collects `findings` about a backend, and the operations that are `unchecked`, while its `steps` are run through.

    Unless `unsafe`, only GET and HEAD are requested; else records are created, too, and those alone changed and
    deleted. `responses` is how many were validated.
    """

    def __init__(self, contract: Contract, backend: Backend, *, unsafe: bool = False) -> None:
        self.contract, self.backend = contract, backend
        self.findings: list[CheckFinding] = []
        self.unchecked: list[UncheckedOperation] = []
        self.responses = 0
        self._builder, self._keys = RequestBuilder(contract), KeySource(contract)
        self._methods = READING if not unsafe else (*CREATING, *READING, *CHANGING, *REMOVING)
        self._violations: dict[tuple[Any, ...], tuple[Operation, str]] = {}
        self._similar: Counter[tuple[Any, ...]] = Counter()
        self._has_responded = False

    def steps(self) -> Iterator[float]:
        """Request one operation after the other; yields the progress from 0 to 1. Raises BackendUnreachable."""
        operations = sorted(self._requested(), key=self._order)
        for number, operation in enumerate(operations):
            self._check(operation)
            yield (number + 1) / len(operations)
        for kind, (operation, message) in self._violations.items():
            more = f" (and {self._similar[kind] - 1:,} similar)" if self._similar[kind] > 1 else ""
            self.findings.append(CheckFinding("error", self._problem(operation, message + more)))

    def _requested(self) -> Iterator[Operation]:
        for operation in self.contract.operations.values():
            if operation.method in self._methods:
                yield operation
            else:
                hint = (
                    "only --unsafe requests it"
                    if operation.method in CREATING + CHANGING + REMOVING
                    else "not requested"
                )
                self.unchecked.append(UncheckedOperation(operation.id, f"{operation.method} {operation.path}: {hint}"))

    def _order(self, operation: Operation) -> tuple[int, int, int]:
        """What creates comes first, then what reads, changes and removes; lists before their items."""
        depth = len(operation.path_names)
        if operation.method in REMOVING:
            # The items before what they belong to.
            return 2, -depth, 0
        if operation.method in CHANGING or self._is_action(operation):
            return 1, depth, 0
        # A list below a record is created in one that was listed.
        return 0, depth, 0 if operation.method in READING else 1

    def _is_action(self, operation: Operation) -> bool:
        """Whether a POST changes a record, such as `/jobs/{id}/retry`, and does not create one in a list."""
        if operation.method not in CREATING or not operation.path_names:
            return False
        shape = f"{template_shape(operation.route.rstrip('/'))}/{{}}"
        return all(template_shape(other.route.rstrip("/")) != shape for other in self.contract.operations.values())

    def _check(self, operation: Operation) -> None:
        """Request an operation for each of its records that are known."""
        success = operation.success()
        if success is not None and EVENT_STREAM in map(essence, success[1].media):
            self._leave_out(operation, "its response is a stream of events, which has no end")
            return
        is_change = operation.method in CHANGING + REMOVING or self._is_action(operation)
        if is_change and not operation.path_names:
            self._leave_out(operation, "it would change what the check has not created")
            return
        try:
            combinations = self._keys.arguments(operation, only_created=is_change)
            requests = [self._request(operation, values) for values in combinations[: 1 if is_change else None]]
        except MissingArgument as missing:
            self._leave_out(operation, str(missing))
            return
        outcomes = [self._send(operation, request) for request in requests]
        if not any(outcome is None for outcome in outcomes):
            self._leave_out(operation, next(outcome for outcome in outcomes if outcome is not None))

    def _request(self, operation: Operation, values: Mapping[str, Any]) -> BackendRequest:
        builder, path = self._builder, self._builder.path(operation, values)
        query, cookies, headers = list[str](), list[str](), {"Accept": "*/*"}
        for parameter in operation.parameters:
            if not parameter.required or parameter.location == "path":
                continue
            examples = examples_of(self.contract, operation, parameter)
            value = examples[0] if examples else builder.generate(parameter, operation)
            if parameter.location == "query":
                query.append(parameter_encoding.encode_query(parameter.notation, value))
            elif parameter.location == "header":
                headers[parameter.name] = parameter_encoding.encode_header(parameter.notation, value)
            else:
                cookies.append(f"{parameter.name}={parameter_encoding.encode_cookie(parameter.notation, value)}")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        body = builder.body(operation) if operation.method not in READING else None
        if body is not None:
            headers["Content-Type"] = body[1]
        prefix = operation.prefixes[0] if operation.prefixes and not self.backend.has_path else ""
        text = "&".join(filter(None, query))
        target = f"{path}{'&' if '?' in path else '?'}{text}" if text else path
        return BackendRequest(operation.method, target, headers, body[0] if body is not None else None, prefix)

    def _send(self, operation: Operation, request: BackendRequest) -> str | None:
        """Send a request and validate its response; why it was no success, or None if it was one."""
        try:
            response = self.backend.send(request)
        except BackendUnreachable as error:
            if not self._has_responded:
                raise
            self._add(operation, request, Violation("status", "", "responses", f"the backend is gone: {error}"), None)
            return f"{request}: the backend is gone"
        except BrokenResponse as error:
            self._add(operation, request, Violation("status", "", "responses", str(error)), None)
            return f"{request}: {error}"
        self._has_responded = True
        status = response.status
        is_declared = operation.response(status) is not None
        if status in DENIED and not is_declared:
            return f"{request} was answered {status}; --header 'Authorization: …' sends credentials"
        if status == NOT_FOUND and not is_declared and operation.path_names:
            return f"{request} was answered {status}, which is not declared; the key may be none of the backend's"
        self.responses += 1
        for violation in judge_response(operation, request.method, status, response.headers, response.body):
            self._add(operation, request, violation, status)
        if 200 <= status < 400:
            self._learn_keys(request, response)
            return None
        return f"{request} was answered {status}"

    def _learn_keys(self, request: BackendRequest, response: BackendResponse) -> None:
        value = None
        if response.body and is_json(response.header("Content-Type") or ""):
            try:
                value = strict_json.parse(response.body)
            except ValueError:
                return
        if request.method == "GET":
            self._keys.add_list(request.target, value)
        elif request.method == "POST":
            self._keys.add_created(request.target, value, response.header("Location"))

    def _add(self, operation: Operation, request: BackendRequest, violation: Violation, status: int | None) -> None:
        kind = (
            operation.id,
            status,
            violation.location,
            violation.name,
            _any_index(violation.pointer),
            violation.keyword,
        )
        self._similar[kind] += 1
        subject = f"{request} ({operation.id})" if status is None else f"{request} ({operation.id}) responded {status}"
        self._violations.setdefault(kind, (operation, f"{subject}: {violation.description}"))

    def _leave_out(self, operation: Operation, reason: str) -> None:
        self.unchecked.append(UncheckedOperation(operation.id, f"{operation.method} {operation.path}: {reason}"))

    def _problem(self, operation: Operation, message: str) -> Problem:
        pointer = f"/paths/{json_pointer.escape(operation.path)}/{operation.method.lower()}"
        return self.contract.openapi.source.problem(pointer, message, DRIFT)


def _any_index(pointer: str) -> str:
    """A pointer whose indexes do not count: the same deviation in each item of a list is one."""
    return "/".join("*" if token.isdecimal() else token for token in pointer.split("/"))
