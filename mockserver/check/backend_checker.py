"""Checks a real backend: requests what the contract promises, and validates every response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from mockserver.check.backend_client import BODY_LIMIT, BackendClient, NoResponse, TooLarge
from mockserver.check.backend_keys import BackendKeys, Values, key_of_new
from mockserver.check.finding import CheckFinding
from mockserver.check.parameter_examples import example_of
from mockserver.check.request_builder import PATH_CHARACTERS, RequestBuilder, path_parameters
from mockserver.contract.model import Contract
from mockserver.errors import Violation, count_noun
from mockserver.http.gateway.validation import validate_response
from mockserver.http.messages import Response
from mockserver.http.response.negotiation import declared_media
from mockserver.openapi.content import body_value, holds_value
from mockserver.openapi.model import Operation, Parameter, template_shape
from mockserver.syntax import json_pointer, strict_json
from mockserver.syntax.http.media_types import EVENT_STREAM, JSON, essence, is_json

CODE = "drift"
SAFE, CHANGING = ("GET", "HEAD"), ("PATCH", "PUT")
NOT_FOUND, CREDENTIALS = 404, (401, 403)
# A body may be valid and yet refer to what does not exist, or be there already.
REFUSALS = (400, 404, 409, 422)
_INDEX = re.compile(r"/[0-9]+(?=/|$)")
UNSAFE_REASON = "it may change data; --unsafe requests what creates, and changes and deletes what it has created"


class _NoValue(Exception):
    """A request cannot be made: there is no value for something; the message says for what."""


class BackendChecker:
    """Collects `findings` about a backend; `not_requested` has the reason for each operation that could not be asked.

    `unsafe` also creates records, and changes and deletes those alone.
    """

    def __init__(self, contract: Contract, client: BackendClient, *, unsafe: bool) -> None:
        self.contract, self.client, self.unsafe = contract, client, unsafe
        self.findings: list[CheckFinding] = []
        self.not_requested: dict[str, str] = {}
        self.responses = 0
        self._requested: set[str] = set()
        self._similar: dict[tuple[Any, ...], tuple[int, int]] = {}
        self._messages: list[tuple[Operation, str]] = []
        self._created: list[tuple[str, Values]] = []
        self._keys, self._builder = BackendKeys(contract), RequestBuilder(contract, _required_value)

    def run(self) -> None:
        """Request every operation. Raises Unreachable."""
        operations = sorted(self.contract.operations.values(), key=lambda operation: len(operation.path_names))
        for operation in operations:
            if operation.method in SAFE:
                self._read(operation)
        if self.unsafe:
            self._write(operations)
        for operation in operations:
            if operation.id not in self._requested and operation.id not in self.not_requested:
                self.not_requested[operation.id] = self._reason(operation)
        self.findings = [
            self._finding(operation, message, self._similar[kind][1])
            for kind, (operation, message) in zip(self._similar, self._messages, strict=True)
        ]

    @property
    def requested(self) -> int:
        """How many operations were requested."""
        return len(self._requested)

    def _reason(self, operation: Operation) -> str:
        if not self.unsafe:
            return UNSAFE_REASON
        return "nothing was created that it could be about" if operation.path_names else "it does not create a record"

    def _read(self, operation: Operation) -> None:
        success = operation.success()
        if success is not None and any(essence(name) == EVENT_STREAM for name in success[1].media):
            self.not_requested[operation.id] = "its response is a stream of events, which has no end"
            return
        for values in self._keys.values(operation) or [()]:
            response = self._send(operation, values)
            if response is not None and 200 <= response.status < 300:
                self._keys.add_list(operation, values, _value(operation, response))

    def _write(self, operations: list[Operation]) -> None:
        """Create records, then change and read these, then delete them, the last one first."""
        for operation in operations:
            if operation.method == "POST" and self._creates(operation):
                self._create(operation)
        for methods in (CHANGING, ("GET",)):
            for operation in operations:
                if operation.method in methods:
                    for values in self._created_below(operation):
                        self._send(operation, values)
        for shape, values in reversed(self._created):
            for operation in operations:
                if operation.method == "DELETE" and template_shape(operation.route) == shape:
                    self._send(operation, values)

    def _creates(self, operation: Operation) -> bool:
        """Whether a POST creates a record: it says so, or a record can be read below its path."""
        behaviour = self.contract.behaviours.get(operation.id)
        if behaviour is not None:
            return behaviour.kind == "create"
        shape = template_shape(operation.route.rstrip("/")) + "/{}"
        return any(
            template_shape(other.route) == shape and other.method in ("GET", "DELETE")
            for other in self.contract.operations.values()
        )

    def _create(self, operation: Operation) -> None:
        parents = self._created_below(operation, parents=True)
        for values in parents[:1] or self._keys.values(operation)[:1] or [()]:
            response = self._send(operation, values)
            if response is None or not 200 <= response.status < 300:
                continue
            key = key_of_new(self.contract, operation, _value(operation, response), response.header("Location"))
            if key is not None:
                self._created.append(self._keys.address_of_new(operation, self._complete(operation, values), key))

    def _created_below(self, operation: Operation, *, parents: bool = False) -> list[Values]:
        """The values of an operation's path that lead to a record that was created here."""
        shape = template_shape(operation.route)
        if parents:
            return [values for start, values in self._created if shape.startswith(f"{start}/")]
        return [values for created, values in self._created if created == shape]

    def _complete(self, operation: Operation, values: Values) -> Values:
        """The values of all path parameters: those given, then examples."""
        return tuple(self._path_values(operation, values).values())

    def _send(self, operation: Operation, values: Values) -> Response | None:
        """Send a request with these values of its first path parameters, and validate the response."""
        try:
            path_values = self._path_values(operation, values)
            target, headers = self._target(operation, path_values), self._headers(operation)
        except _NoValue as error:
            self.not_requested.setdefault(operation.id, str(error))
            return None
        body = self._body(operation) if operation.method not in SAFE else None
        if body is not None:
            headers.append(("Content-Type", body[1]))
        line = f"{operation.method} {target}"
        try:
            response = self.client.send(operation.method, target, headers, body[0] if body is not None else None)
        except NoResponse as error:
            self._requested.add(operation.id)
            self._add(operation, line, None, Violation("body", "", "no-response", f"there is no response: {error}"))
            return None
        except TooLarge:
            self.not_requested[operation.id] = f"its response is larger than {BODY_LIMIT // 1024**2} MiB"
            return None
        self.responses += 1
        reason = _no_answer(operation, response, values, has_body=body is not None)
        if reason is None:
            self._requested.add(operation.id)
            self.not_requested.pop(operation.id, None)
        elif operation.id not in self._requested:
            self.not_requested[operation.id] = reason
        # Where the document says how a refusal looks, that counts.
        if reason is None or operation.response(response.status) is not None:
            violations = validate_response(
                operation, operation.method, response.status, response.headers, response.body
            )
            for violation in violations:
                self._add(operation, line, response.status, violation)
        return response

    def _body(self, operation: Operation) -> tuple[bytes, str] | None:
        """A body with its media type: the document's example, or a generated one that refers to known records."""
        body, behaviour = self._builder.body(operation), self.contract.behaviours.get(operation.id)
        if body is None or behaviour is None or body[1] != JSON or behaviour.body_member is not None:
            return body
        value = strict_json.parse(body[0])
        for name, target in self.contract.resources[behaviour.resource].references.items():
            key = self._known_key(target)
            if isinstance(value, dict) and name in value and key is not None:
                value[name] = key
        return strict_json.dump(value), JSON

    def _known_key(self, resource: str) -> Any:
        """The key of a record that was created, or else of one that a list has shown; None without any."""
        shapes = {
            template_shape(self.contract.operations[name].route)
            for name, behaviour in self.contract.behaviours.items()
            if (behaviour.kind, behaviour.resource) == ("read", resource)
        }
        created = [values[-1] for shape, values in reversed(self._created) if shape in shapes]
        listed = [values[-1] for shape in sorted(shapes) for values in self._keys.by_shape.get(shape, ())]
        return next(iter([*created, *listed]), None)

    def _path_values(self, operation: Operation, values: Values) -> dict[str, Any]:
        declared = path_parameters(operation)
        path: dict[str, Any] = {}
        for number, name in enumerate(operation.path_names):
            if number < len(values):
                path[name] = values[number]
                continue
            example = example_of(declared[name]) if name in declared else None
            if example is None:
                raise _NoValue(f"no list shows a key for its path parameter {name}, and it has no example")
            path[name] = example[0]
        return path

    def _target(self, operation: Operation, path_values: dict[str, Any]) -> str:
        prefix = self.client.base_path or next(iter(operation.prefixes), "")
        path = quote(prefix, safe=PATH_CHARACTERS) + self._builder.path(operation, path_values)
        query = self._builder.query(operation)
        return f"{path}{'&' if '?' in path else '?'}{query}" if query else path

    def _headers(self, operation: Operation) -> list[tuple[str, str]]:
        success = operation.success()
        types = list(success[1].media) if success is not None else []
        accept = ", ".join([*types, "*/*;q=0.1"]) if types else "*/*"
        return [("Accept", accept), *self._builder.required_headers(operation, self.client.header_names)]

    def _add(self, operation: Operation, line: str, status: int | None, violation: Violation) -> None:
        """Note a violation; those that differ only in the record or in the item of a list count as one."""
        pointer = _INDEX.sub("/*", violation.pointer)
        kind = (operation.id, status, violation.location, violation.name, pointer, violation.keyword)
        number, count = self._similar.get(kind, (len(self._messages), 0))
        self._similar[kind] = number, count + 1
        if count == 0:
            response = f", response {status}" if status is not None else ""
            self._messages.append((operation, f"{line} ({operation.id}){response}: {violation.description}"))

    def _finding(self, operation: Operation, message: str, count: int) -> CheckFinding:
        pointer = f"/paths/{json_pointer.escape(operation.path)}/{operation.method.lower()}"
        more = f" (and {count - 1:,} similar)" if count > 1 else ""
        return CheckFinding("error", self.contract.openapi.source.problem(pointer, message + more, CODE))

    def summary(self) -> Iterator[str]:
        """The operations that were not requested, those of one reason together, and the result."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.not_requested.items():
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            method, path = self.contract.operations[names[0]].method, self.contract.operations[names[0]].path
            alone = f"{method} {path} ({names[0]})"
            yield f"not requested: {', '.join(names) if len(names) > 1 else alone}: {reason}"
        total = count_noun(len(self.contract.operations), "operation")
        result = count_noun(len(self.findings), "deviation") if self.findings else "No deviations"
        yield (
            f"{self.contract.name} at {self.client.address}: {self.requested:,} of {total} requested, "
            f"{count_noun(self.responses, 'response')} validated. {result} found."
        )

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "contract": self.contract.name,
            "against": self.client.address,
            "holds": not self.findings,
            "operations": len(self.contract.operations),
            "answers": self.responses,
            "findings": [finding.as_dict() for finding in self.findings],
            "not_requested": [{"operation": name, "reason": reason} for name, reason in self.not_requested.items()],
        }


def _required_value(parameter: Parameter) -> Any:
    example = example_of(parameter)
    if example is None:
        raise _NoValue(f"its required {parameter.location} parameter {parameter.name} has no example")
    return example[0]


def _no_answer(operation: Operation, response: Response, values: Values, *, has_body: bool) -> str | None:
    """Why a response says nothing about the operation itself; None if it does."""
    if response.status in REFUSALS and has_body:
        return f"the backend refuses the body with {response.status}: give the document an example that it accepts"
    if response.status in CREDENTIALS and operation.security:
        return f"the response is {response.status}: pass credentials with --header"
    if response.status == NOT_FOUND and operation.path_names and not values:
        return "the response is 404: no record has the key of the example"
    return None


def _value(operation: Operation, response: Response) -> Any:
    """The body as JSON, or XML as the value that it stands for; None if it is something else."""
    declared, kind = operation.response(response.status), response.header("Content-Type") or ""
    media = declared_media(declared, kind) if declared is not None else None
    if media is not None and not is_json(kind) and holds_value(kind, media):
        body = body_value(kind, media, response.body)
        return body.value if body is not None else None
    try:
        return strict_json.parse(response.body)
    except strict_json.MalformedJSON:
        return None
