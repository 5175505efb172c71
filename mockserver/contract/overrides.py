"""Overrides: one form for a scenario's `responses` and for those that are added at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract import formats
from mockserver.contract.model import Override
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.openapi.model import Body, DeclaredResponse, MediaType, Operation
from mockserver.syntax.instants import parse_duration

# How an answer is framed is the server's own business (RFC 9112, section 6); a wrong length would spoil what follows.
FRAMING = ("connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade")
PROBLEM_STATUSES = range(4, 6)  # hundreds: these may be used whether declared or not


def read(entry: Any, operations: Mapping[str, Operation]) -> tuple[Override | None, list[Violation]]:
    """The override that an entry declares, or what is wrong with it."""
    found = formats.validator("override").violations(entry, "body")
    if found:
        return None, found
    operation = operations.get(entry["operation"])
    if operation is None:
        message = f"there is no operation {quote(entry['operation'])}.{did_you_mean(entry['operation'], operations)}"
        return None, [Violation("body", "/operation", "operation", message)]
    found += _judge_headers(entry)
    found += _judge_where(entry, operation)
    found += _judge_answer(entry, operation)
    least, most, wrong = _delay(entry.get("delay"))
    found += wrong
    if found:
        return None, found
    return Override(
        operation=operation.id,
        where=entry.get("where", {}),
        status=entry.get("status"),
        headers=entry.get("headers", {}),
        has_body="body" in entry,
        body=entry.get("body"),
        example=entry.get("example"),
        least=least,
        most=most,
        fault=entry.get("fault"),
        times=entry.get("times"),
        commit=entry.get("commit", False),
        violate=entry.get("violate", False),
        entry=entry,
    ), []


def _judge_headers(entry: Mapping[str, Any]) -> list[Violation]:
    told = "frames the answer, which the server does itself; a fault such as malformed-chunk can spoil that"
    return [
        Violation("body", f"/headers/{name}", "framing", f"{name} {told}")
        for name in entry.get("headers", ())
        if name.lower() in FRAMING
    ]


def _judge_where(entry: Mapping[str, Any], operation: Operation) -> list[Violation]:
    known = [one.name for one in operation.parameters if one.location in ("path", "query")]
    return [
        Violation(
            "body", f"/where/{name}", "parameter", f"there is no parameter {quote(name)}.{did_you_mean(name, known)}"
        )
        for name in entry.get("where", ())
        if name not in known
    ]


def _judge_answer(entry: Mapping[str, Any], operation: Operation) -> list[Violation]:
    """The status must be declared, or a refusal's; the body must fit it, unless it is meant not to."""
    chosen = operation.success()
    status = entry.get("status", chosen[0] if chosen is not None else 200)
    declared = operation.response(status)
    named_so = {str(status), f"{status // 100}XX"} & set(operation.responses) or (chosen and chosen[0] == status)
    if declared is None or not named_so:
        if status // 100 not in PROBLEM_STATUSES and not entry.get("violate"):
            return [_undeclared(operation, status)]
        if declared is None:
            return []
    if "example" in entry and named(declared, entry["example"]) is None:
        known_names = [name for media in declared.media.values() for name in media.examples]
        message = f"there is no example {quote(entry['example'])}.{did_you_mean(entry['example'], known_names)}"
        return [Violation("body", "/example", "example", message)]
    media = json_media(declared)
    if "body" not in entry or entry.get("violate") or media is None or media.validator is None:
        return []
    return [
        Violation("body", f"/body{one.pointer}", one.keyword, one.message)
        for one in media.validator.violations(entry["body"], "body")
    ]


def _undeclared(operation: Operation, status: int) -> Violation:
    known = ", ".join(name for name in operation.responses if name != "default")
    message = f"{operation.id} declares no response {status}, only {known}; any 4xx and 5xx may be used besides"
    return Violation("body", "/status", "responses", message)


def named(declared: DeclaredResponse, example: str) -> tuple[MediaType, Any] | None:
    """A declared example by its name, and the media type that it is of."""
    for media in declared.media.values():
        if example in media.examples:
            return media, media.examples[example]
    return None


def json_media(declared: DeclaredResponse | Body) -> MediaType | None:
    """The declared media type that holds JSON, problems last."""
    media = [one for one in declared.media.values() if one.name.endswith("json")]
    return min(media, key=lambda one: "problem" in one.name, default=None)


def _delay(delay: Any) -> tuple[int, int, list[Violation]]:
    if delay is None:
        return 0, 0, []
    texts = [delay, delay] if isinstance(delay, str) else delay["uniform"]
    try:
        least, most = (parse_duration(text) for text in texts)
    except ValueError as error:
        return 0, 0, [Violation("body", "/delay", "duration", str(error))]
    if most < least:
        return 0, 0, [Violation("body", "/delay", "duration", "the first bound is above the second")]
    return least, most, []
