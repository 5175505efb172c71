"""Reads overrides: a scenario's `responses` and those that are added at run time have the same form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract import formats
from mockserver.contract.model import Override
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.openapi.content import find_example, json_media_type
from mockserver.openapi.model import Operation
from mockserver.syntax.instants import parse_duration

# The server frames responses itself (RFC 9112, section 6): a wrong length would corrupt the responses that follow.
FRAMING_HEADERS = ("connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade")
# The hundreds of statuses that may be used whether declared or not.
ERROR_CLASSES = range(4, 6)


def read_override(entry: Any, operations: Mapping[str, Operation]) -> tuple[Override | None, list[Violation]]:
    """The override that an entry declares, or what is wrong with the entry."""
    violations = formats.validator("override").violations(entry, "body")
    if violations:
        return None, violations
    operation = operations.get(entry["operation"])
    if operation is None:
        message = f"there is no operation {quote(entry['operation'])}.{did_you_mean(entry['operation'], operations)}"
        return None, [Violation("body", "/operation", "operation", message)]
    min_delay, max_delay, delay_violations = _read_delay(entry.get("delay"))
    violations = [
        *_check_headers(entry),
        *_check_where(entry, operation),
        *_check_response(entry, operation),
        *delay_violations,
    ]
    if violations:
        return None, violations
    return Override(
        operation=operation.id,
        where=entry.get("where", {}),
        status=entry.get("status"),
        headers=entry.get("headers", {}),
        has_body="body" in entry,
        body=entry.get("body"),
        example=entry.get("example"),
        min_delay=min_delay,
        max_delay=max_delay,
        fault=entry.get("fault"),
        times=entry.get("times"),
        commit=entry.get("commit", False),
        violate=entry.get("violate", False),
        entry=entry,
    ), []


def _check_headers(entry: Mapping[str, Any]) -> list[Violation]:
    reason = "cannot be set: the server frames responses itself; to break that, use a fault such as malformed-chunk"
    return [
        Violation("body", f"/headers/{name}", "framing", f"{name} {reason}")
        for name in entry.get("headers", ())
        if name.lower() in FRAMING_HEADERS
    ]


def _check_where(entry: Mapping[str, Any], operation: Operation) -> list[Violation]:
    names = [parameter.name for parameter in operation.parameters if parameter.location in ("path", "query")]
    return [
        Violation(
            "body", f"/where/{name}", "parameter", f"there is no parameter {quote(name)}.{did_you_mean(name, names)}"
        )
        for name in entry.get("where", ())
        if name not in names
    ]


def _check_response(entry: Mapping[str, Any], operation: Operation) -> list[Violation]:
    """The status must be declared or be an error's; the body must match the schema, unless it is meant not to."""
    success = operation.success()
    status = entry.get("status", success[0] if success is not None else 200)
    declared = operation.response(status)
    is_named = {str(status), f"{status // 100}XX"} & set(operation.responses) or (success and success[0] == status)
    if declared is None or not is_named:
        if status // 100 not in ERROR_CLASSES and not entry.get("violate"):
            return [_undeclared_status(operation, status)]
        if declared is None:
            return []
    if "example" in entry and find_example(declared, entry["example"]) is None:
        names = [name for media_type in declared.media.values() for name in media_type.examples]
        message = f"there is no example {quote(entry['example'])}.{did_you_mean(entry['example'], names)}"
        return [Violation("body", "/example", "example", message)]
    media_type = json_media_type(declared)
    if "body" not in entry or entry.get("violate") or media_type is None or media_type.validator is None:
        return []
    return [
        Violation("body", f"/body{violation.pointer}", violation.keyword, violation.message)
        for violation in media_type.validator.violations(entry["body"], "body")
    ]


def _undeclared_status(operation: Operation, status: int) -> Violation:
    declared = ", ".join(name for name in operation.responses if name != "default")
    message = f"{operation.id} declares no response {status}, only {declared}; any 4xx or 5xx may be used too"
    return Violation("body", "/status", "responses", message)


def _read_delay(delay: Any) -> tuple[int, int, list[Violation]]:
    """The bounds of a delay in milliseconds, and what is wrong with it."""
    if delay is None:
        return 0, 0, []
    texts = [delay, delay] if isinstance(delay, str) else delay["uniform"]
    try:
        least, most = (parse_duration(text) for text in texts)
    except ValueError as error:
        return 0, 0, [Violation("body", "/delay", "duration", str(error))]
    if most < least:
        return 0, 0, [Violation("body", "/delay", "duration", "the lower bound is above the upper one")]
    return least, most, []
