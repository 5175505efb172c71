"""Expectations about the requests of a test, as `POST /__mock/verify` takes them, and how an entry differs from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from mockserver.contract.model import Contract
from mockserver.contract.overrides import UNKNOWN_LISTED
from mockserver.contract.request_conditions import (
    NO_CONDITIONS,
    ConditionReader,
    Conditions,
    ParameterCondition,
    SentParameters,
)
from mockserver.control.journal_json import has_method, has_status
from mockserver.engine.journal import CLIENT_ERRORS, Entry
from mockserver.errors import Refusal, Violation, unknown_name
from mockserver.http.messages import JSON_VALUE_LIMIT, header_name
from mockserver.http.request.bodies import reading_bytes, sent_media_type
from mockserver.http.request.compared_content import parse_body, read_declared
from mockserver.openapi.model import Operation, unknown_operation
from mockserver.refusals import InvalidRequest
from mockserver.schemas.inline_schemas import TOO_LARGE, VALUE_LIMIT, count_values
from mockserver.schemas.reading_work import ReadingWork
from mockserver.syntax import json_pointer, strict_json
from mockserver.syntax.http.cookies import cookie_values
from mockserver.syntax.http.media_types import essence, is_json
from mockserver.syntax.redaction import redact_value

# The members of an expectation that may hold schemas.
WITH_SCHEMAS = ("where", "headers", "cookies", "body")
NO_OPERATIONS: Mapping[str, Operation] = MappingProxyType({})


class BodyNotKept(Exception):
    """The journal holds only a part of a request's body, so nothing can be said about it."""


class KeptBody(Struct, frozen=True):
    """The body of a request in the journal, with the headers that say how it is read."""

    body: bytes
    header: Callable[[str], str | None]
    value_limit: int = JSON_VALUE_LIMIT


class LoggedRequest:
    """A request in the journal, whose content is parsed once for all expectations; `work` is what they may read.

    Its body is read as one of the `operations` declares it, if it was sent to one of them.
    """

    def __init__(self, entry: Entry, work: ReadingWork, operations: Mapping[str, Operation] = NO_OPERATIONS) -> None:
        self.entry, self.work = entry, work
        self._operations = operations
        self.parameters = SentParameters(entry.parameters)

    def header(self, name: str) -> str | None:
        """The value of a header, whose name is case-insensitive; None if it was not sent."""
        return self._headers.get(header_name(name))

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None if it was not sent."""
        return self._cookies.get(name)

    @cached_property
    def body(self) -> Any:
        """The body as overrides see it: JSON as its value, a form as an object, other text as a string, none as null.

        Raises BodyNotKept where the journal holds only a part of it, and TooMuchToMatch.
        """
        message = self.entry.request
        if message.size > len(message.body):
            raise BodyNotKept(message.size)
        entry = self.entry
        operation = self._operations.get(entry.operation or "")
        # What breaks the contract, overrides see as it came, too.
        is_raw = entry.violations or entry.code in CLIENT_ERRORS
        if operation is not None and operation.body is not None and not is_raw:
            kept = KeptBody(message.body, self.header)
            kind = essence(sent_media_type(operation.body, kept))
            if message.body and not is_json(kind):
                self.work.take_bytes(reading_bytes(message.body, kind))
                with suppress(Refusal):
                    return read_declared(operation.body, kept)
        return parse_body(message.body, self.header("Content-Type") or "")

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {header_name(name): value for name, value in self.entry.request.headers}

    @cached_property
    def _cookies(self) -> Mapping[str, str]:
        return cookie_values(self.header("Cookie") or "")


class Expectation(Struct, frozen=True, eq=False, dict=True):
    """What was expected: `entry` is its JSON; it should have come `minimum` times at least, and `maximum` at most."""

    entry: Mapping[str, Any]
    minimum: int
    maximum: int | None
    where: Mapping[str, ParameterCondition] = field(default_factory=dict)
    content: Conditions = NO_CONDITIONS

    def differences(self, request: LoggedRequest) -> list[dict[str, Any]]:
        """How a request differs from the expected one, its body left aside; empty if it is one.

        Raises TooMuchToMatch.
        """
        entry = request.entry
        parts = {"operation": entry.operation, "path": entry.path}
        differences = [
            {"part": part, "expected": self.entry[part], "actual": actual}
            for part, actual in parts.items()
            if part in self.entry and self.entry[part] != actual
        ]
        if "method" in self.entry and not has_method(entry, self.entry["method"]):
            differences.append({"part": "method", "expected": self.entry["method"], "actual": entry.method})
        if "status" in self.entry and not has_status(entry, self.entry["status"]):
            differences.append({"part": "status", "expected": self.entry["status"], "actual": entry.status})
        differences += [
            {"part": "where", "name": name, "expected": self.entry["where"][name], "actual": entry.parameters.get(name)}
            for name, condition in self.where.items()
            if not condition.holds(name, request.parameters, request.work)
        ]
        sent = [
            *(("header", "headers", name, request.header(name), test) for name, test in self.content.headers.items()),
            *(("cookie", "cookies", name, request.cookie(name), test) for name, test in self.content.cookies.items()),
        ]
        differences += [
            {
                "part": part,
                "name": name,
                "expected": self.entry[member][name],
                "actual": redact_value("cookie" if part == "cookie" else name, value),
            }
            for part, member, name, value, condition in sent
            if not condition.holds(value, request.work)
        ]
        return differences

    def accepts(self, request: LoggedRequest) -> bool:
        """Whether the body of a request is an expected one. Raises BodyNotKept and TooMuchToMatch."""
        return self.content.body is None or self.content.body.matches(request.body, request.work)

    @cached_property
    def description(self) -> str:
        """The expectation in words, such as `retryJob with job_id=job-7 exactly once`."""
        parts = [str(self.entry[name]) for name in ("operation", "method", "path") if name in self.entry]
        where = ", ".join(f"{name}={_shown(value)}" for name, value in self.entry.get("where", {}).items())
        text = " ".join(parts) + (f" with {where}" if where else "")
        if parts := [part for part in ("headers", "cookies", "body") if part in self.entry]:
            text += f" with {' and '.join(parts)} as expected"
        if "status" in self.entry:
            text += f" with the status {self.entry['status']}"
        return f"{text} {self._times}"

    @property
    def _times(self) -> str:
        if self.maximum == 0:
            return "never"
        if self.maximum == self.minimum:
            return f"exactly {_count_times(self.minimum)}"
        at_least = f"at least {_count_times(self.minimum)}"
        if self.maximum is None:
            return at_least
        at_most = f"at most {_count_times(self.maximum)}"
        return at_most if not self.minimum else f"{at_least} and {at_most}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else strict_json.dump(value).decode()


def _count_times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def read_expectations(entries: Sequence[Mapping[str, Any]], contract: Contract) -> list[Expectation]:
    """The expectations in a body that has the documented form. Raises InvalidRequest with all that is wrong."""
    values = sum(count_values(entry[part]) for entry in entries for part in WITH_SCHEMAS if part in entry)
    if values > VALUE_LIMIT:
        raise InvalidRequest([Violation("body", "/expect", "schema", TOO_LARGE)])
    violations: list[Violation] = []
    expectations = []
    # Messages are sent to channels.
    operations = {**contract.operations, **{path: channel.operation for path, channel in contract.channels.items()}}
    for number, entry in enumerate(entries):
        at = f"/expect/{number}"
        violations += _check_names(entry, at, operations)
        minimum, maximum = _read_times(entry.get("times", {"at_least": 1}))
        if maximum is not None and minimum > maximum:
            message = f"at least {minimum} and at most {maximum} cannot both hold"
            violations.append(Violation("body", f"{at}/times", "times", message))
        reader = ConditionReader()
        where, content = reader.read_where(entry.get("where", {}), f"{at}/where"), reader.read_content(entry, at)
        violations += reader.violations
        expectations.append(Expectation(entry, minimum, maximum, where, content))
    if violations:
        raise InvalidRequest(violations)
    return expectations


def _check_names(entry: Mapping[str, Any], at: str, operations: Mapping[str, Operation]) -> list[Violation]:
    """What is wrong with the path, and with the names of the operation and of its parameters."""
    where = entry.get("where", {})
    if "?" in entry.get("path", ""):
        message = "a path has no query: name the operation, and its query parameters in `where`"
        return [Violation("body", f"{at}/path", "path", message)]
    if "operation" not in entry:
        message = "needs `operation`: parameters belong to an operation"
        return [Violation("body", f"{at}/where", "where", message)] if where else []
    operation = operations.get(entry["operation"])
    if operation is None:
        message = unknown_operation(entry["operation"], operations)
        return [Violation("body", f"{at}/operation", "operation", message)]
    names = operation.parameter_names()
    unnames = [name for name in where if name not in names][:UNKNOWN_LISTED]
    messages = [unknown_name("parameter", name, names) for name in unnames]
    return [
        Violation("body", json_pointer.append(f"{at}/where", name), "parameter", message)
        for name, message in zip(unnames, messages, strict=True)
    ]


def _read_times(times: Any) -> tuple[int, int | None]:
    if not isinstance(times, dict):
        return int(times), int(times)
    most = times.get("at_most")
    return int(times.get("at_least", 0)), None if most is None else int(most)
