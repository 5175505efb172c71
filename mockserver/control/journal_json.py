"""Journal entries as JSON, without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from mockserver.engine.commands import Fired
from mockserver.engine.journal import BODY_KEPT, REQUEST_BODY_KEPT, Entry, LoggedMessage
from mockserver.errors import Violation
from mockserver.http.quoted_secrets import quoted_secrets, without_quoted
from mockserver.http.service import Service
from mockserver.syntax import strict_json
from mockserver.syntax.http.statuses import FIRST_ERROR
from mockserver.syntax.instants import format_instant
from mockserver.syntax.redaction import REDACTED, redact_members, redact_query, redact_text, redact_value

# Longer headers are not cached.
CACHED_SIZE = 500
# In one response of the control API, bodies after so many bytes are cut to BODY_KEPT: redacting takes time.
SHOWN_BYTES = 4 * 1024 * 1024


def is_unmatched(entry: Entry) -> bool:
    """Whether the request matched no operation and was not passed on.

    An OPTIONS request to a known path succeeds without one.
    """
    return entry.operation is None and entry.status >= FIRST_ERROR and not entry.upstream


def has_method(entry: Entry, method: str) -> bool:
    """Whether the request had this method, in upper or lower case."""
    return entry.method.upper() == method.upper()


def has_status(entry: Entry, status: int | str) -> bool:
    """Whether the response had this status, or one of a class such as `4XX`."""
    return status == entry.status or status in (str(entry.status), f"{entry.status // 100}XX")


def entries_as_json(service: Service, entries: Iterable[Entry], *, brief: bool = False) -> list[dict[str, Any]]:
    """Entries as JSON, without secrets; with `brief`, without their messages too."""
    shown, remaining = list[dict[str, Any]](), SHOWN_BYTES
    for entry in entries:
        limit = REQUEST_BODY_KEPT if remaining > 0 else BODY_KEPT
        shown.append(entry_as_json(service, entry, brief=brief, body_limit=limit))
        remaining -= len(entry.request.body)
    return shown


def entry_as_json(
    service: Service, entry: Entry, *, brief: bool, body_limit: int = REQUEST_BODY_KEPT
) -> dict[str, Any]:
    """An entry as JSON, with so many bytes of a body."""
    operation = service.contract.operations.get(entry.operation or "")
    security = operation.security if operation is not None else ()
    secrets = frozenset(credential.name.lower() for alternative in security for credential in alternative)
    fields: dict[str, Any] = {
        "number": entry.number,
        "at": format_instant(entry.at) if entry.at is not None else None,
        "scenario": entry.scenario,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": redact_query(entry.query, secrets),
        "status": entry.status,
        "milliseconds": round(entry.milliseconds, 3),
        **(
            {}
            if brief
            else {
                "request": _message(entry.request, secrets, body_limit),
                "response": _message(entry.response, secrets, body_limit),
            }
        ),
        "violations": [violation.as_dict() for violation in entry.violations],
        "fired": fired(entry.fired),
    }
    if entry.status >= FIRST_ERROR or entry.violations:
        # Messages quote what is wrong.
        fields = without_quoted(fields, quoted_secrets(entry.request, entry.query, secrets))
    for name in ("override", "handler", "messages", "note", "code"):
        if getattr(entry, name) is not None:
            fields[name] = getattr(entry, name)
    if entry.upstream:
        fields["upstream"] = True
    if entry.drift:
        fields["drift"] = [violation.as_dict() for violation in entry.drift]
    if is_unmatched(entry):
        fields["nearest"] = list(service.router.nearest(entry.method, entry.path))
    return fields


def fired(transitions: Iterable[Fired]) -> list[dict[str, Any]]:
    """Transitions as JSON."""
    return [
        {
            "resource": transition.resource,
            "key": transition.key,
            "transition": transition.transition,
            "at": format_instant(transition.at),
        }
        for transition in transitions
    ]


def violation_entry(entry: Entry) -> dict[str, Any]:
    """A response that violated the contract, as JSON, with its original status even if a problem was sent instead."""
    assert entry.invalid_status is not None
    return _violations_as_json(entry, entry.invalid_status, entry.violations)


def drift_entry(entry: Entry) -> dict[str, Any]:
    """A response of the upstream that violated the contract, as JSON."""
    return _violations_as_json(entry, entry.status, entry.drift)


def _violations_as_json(entry: Entry, status: int, violations: Iterable[Violation]) -> dict[str, Any]:
    secrets = quoted_secrets(entry.request, entry.query) | quoted_secrets(entry.response)
    return {
        "number": entry.number,
        "at": format_instant(entry.at) if entry.at is not None else None,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "status": status,
        "scenario": entry.scenario,
        "violations": without_quoted([violation.as_dict() for violation in violations], secrets),
    }


def _message(message: LoggedMessage, secrets: frozenset[str], body_limit: int) -> dict[str, Any]:
    # A WSGI environ does not preserve whether a name had hyphens or underscores.
    hidden = {name.replace("_", "-") for name in secrets}
    redacted = {}
    for sent, text in message.headers:
        name, shown = _header(sent, text) if len(text) <= CACHED_SIZE else _header.__wrapped__(sent, text)
        redacted[name] = REDACTED if hidden and name.lower() in hidden else shown
    fields: dict[str, Any] = {"headers": redacted}
    if message.size:
        if message.body:
            fields["body"] = _decode_body(message, body_limit)
        else:
            fields["body_kept"] = False
        fields["size"] = message.size
    return fields


# Most headers are in every entry.
@lru_cache(maxsize=4_096)
def _header(name: str, text: str) -> tuple[str, Any]:
    """The name of a header in its usual form, and its value without secrets."""
    name, shown = _name(name), redact_value(name, text)
    # An address, such as that in `Referer`, may have secrets in its query.
    return name, redact_query(shown) if isinstance(shown, str) and "?" in shown else shown


def _name(name: str) -> str:
    """A header name in its usual form; in a WSGI environ it is in capitals."""
    name = name.removeprefix("HTTP_")
    return name if "-" in name or not name.isupper() else "-".join(part.capitalize() for part in name.split("_"))


def _decode_body(message: LoggedMessage, limit: int) -> Any:
    """The body as JSON if it is valid JSON and not truncated, else as text."""
    if len(message.body) == message.size <= limit:
        try:
            return redact_members(strict_json.parse(message.body))
        except strict_json.MalformedJSON:
            pass
    return redact_text(message.body[:limit].decode(errors="replace"))
