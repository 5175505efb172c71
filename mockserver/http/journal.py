"""What the journal keeps of a request, how it is shown without secrets, and the verdict over all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import starmap
from typing import Any
from urllib.parse import unquote

from flask import Request, Response
from werkzeug.exceptions import HTTPException

from mockserver.contract.model import Operation
from mockserver.engine.clock import monotonic
from mockserver.engine.commands import Fired
from mockserver.engine.journal import Entry, Headers, LoggedMessage
from mockserver.engine.sandboxes import Sandbox
from mockserver.http import nearest
from mockserver.http.addressing import parameter
from mockserver.http.service import Service
from mockserver.refusals import VerdictFailed
from mockserver.syntax import strict_json
from mockserver.syntax.instants import format_instant

REDACTED = "[redacted]"
SECRET = re.compile(r"(authorization|cookie2?|passw(or)?d|passphrase|secret|token|api[-_]?key|credentials?)$", re.I)
# What browsers ask for on their own says nothing about the client under test.
UNASKED = ("/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png")
UNMATCHED_FROM = 400
# Where a server of ours puts the headers of a request, as a list that many requests share.
HEADERS = "mockserver.headers"


def record(operation: Operation | None, request: Request, own: Any, response: Response) -> Entry:
    """Enter a request and its answer. `own` is what is known of the request besides: Flask's `g`, itself."""
    sandbox: Sandbox = own.sandbox
    selection, override = own.get("selection"), own.get("override")
    run = sandbox.begun_run(selection.scenario) if selection is not None else None
    broken = own.get("broken")
    violations = broken[1] if broken is not None else own.get("violations", ())
    method, headers = request.method, tuple(starmap(_shared, response.headers))
    entry = Entry(
        number=sandbox.journal.count + 1,
        at=sandbox.now(selection.scenario) if selection is not None else None,
        scenario=selection.scenario if selection is not None else None,
        operation=operation.id if operation is not None else None,
        method=method,
        path=parameter(request.path),
        query=request.query_string.decode("latin-1"),
        status=response.status_code,
        milliseconds=(monotonic() - own.began) * 1_000,
        request=LoggedMessage.of(_sent(request), _body(request)),
        response=LoggedMessage.of(headers, b"" if method == "HEAD" else response.get_data()),
        violations=violations,
        invalid_status=broken[0] if broken is not None else None,
        fired=run.drain_fired() if run is not None else (),
        override=override.id if override is not None else None,
        note=own.get("note") or (run.pop_notice() if run is not None else None),
    )
    sandbox.journal.add(entry)
    return entry


def _sent(request: Request) -> Headers:
    environ = request.environ
    known: Headers | None = environ.get(HEADERS)
    if known is not None:
        return known
    return tuple((name, value) for name, value in environ.items() if name[:5] == "HTTP_" or name == "CONTENT_TYPE")


@lru_cache(maxsize=4096)
def _shared(name: str, value: str) -> tuple[str, str]:
    """A header; the same one in a thousand entries of ten thousand sandboxes is there once."""
    return name, value


def _body(request: Request) -> bytes:
    length = request.environ.get("CONTENT_LENGTH")
    if length in (None, "", "0") and (length or "wsgi.input_terminated" not in request.environ):
        return b""
    try:
        return request.get_data()
    except HTTPException:
        return b""  # refused for its size


def is_unmatched(entry: Entry) -> bool:
    """Whether no operation answered. OPTIONS is answered for every path that there is."""
    return entry.operation is None and entry.status >= UNMATCHED_FROM


def shown(mock: Service, entry: Entry, *, brief: bool = False) -> dict[str, Any]:
    """An entry as JSON, without secrets; with `brief`, without the two messages too."""
    operation = mock.contract.operations.get(entry.operation or "")
    secrets = frozenset(one.name.lower() for way in operation.security for one in way) if operation else frozenset()
    told: dict[str, Any] = {
        "number": entry.number,
        "at": format_instant(entry.at) if entry.at is not None else None,
        "scenario": entry.scenario,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": _query(entry.query, secrets),
        "status": entry.status,
        "milliseconds": round(entry.milliseconds, 3),
        **(
            {}
            if brief
            else {"request": _message(entry.request, secrets), "response": _message(entry.response, secrets)}
        ),
        "violations": [one.as_dict() for one in entry.violations],
        "fired": fired(entry.fired),
    }
    for name in ("override", "note"):
        if getattr(entry, name) is not None:
            told[name] = getattr(entry, name)
    if is_unmatched(entry):
        told["nearest"] = nearest.nearest(mock.contract.operations.values(), entry.method, entry.path)
    return told


def fired(transitions: Iterable[Fired]) -> list[dict[str, Any]]:
    """Transitions as JSON."""
    return [
        {"resource": one.resource, "key": one.key, "transition": one.transition, "at": format_instant(one.at)}
        for one in transitions
    ]


def breach(entry: Entry) -> dict[str, Any]:
    """An answer that broke the contract, as JSON; its status is the one that it had, whatever was sent instead."""
    return {
        "number": entry.number,
        "at": format_instant(entry.at) if entry.at is not None else None,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "status": entry.invalid_status,
        "scenario": entry.scenario,
        "violations": [one.as_dict() for one in entry.violations],
    }


def verdict(mock: Service, sandbox: Sandbox) -> dict[str, Any]:
    """What a passed verdict says. Raises VerdictFailed with whatever speaks against it."""
    unmatched = [
        entry
        for entry in sandbox.journal.unmatched
        if is_unmatched(entry) and entry.method != "OPTIONS" and entry.path not in UNASKED
    ]
    unused = [
        {"scenario": name, "id": one.id, **one.override.entry}
        for name, run in sorted(sandbox.runs.items())
        for one in reversed(run.unused_overrides)
    ]
    broken = [breach(entry) for entry in sandbox.journal.invalid_responses]
    if broken or unmatched or unused:
        raise VerdictFailed(broken, [shown(mock, entry) for entry in unmatched], unused)
    return {"verdict": "passed", "requests": sandbox.journal.count}


def _message(message: LoggedMessage, secrets: frozenset[str]) -> dict[str, Any]:
    named = [(_name(name), text) for name, text in message.headers]
    # An environ has lost whether a name was written with hyphens or underscores.
    hidden = {name.replace("_", "-") for name in secrets}
    shielded = {name: REDACTED if name.lower() in hidden else _shielded(name, text) for name, text in named}
    told: dict[str, Any] = {"headers": shielded}
    if message.size:
        told["body"] = _readable(message)
        told["size"] = message.size
    return told


def _name(name: str) -> str:
    """A header's name as it is usually written; an environ has it in capitals."""
    name = name.removeprefix("HTTP_")
    return name if "-" in name or not name.isupper() else "-".join(part.capitalize() for part in name.split("_"))


def _readable(message: LoggedMessage) -> Any:
    """The body as JSON where it is that and whole, else as text."""
    if len(message.body) == message.size:
        try:
            return _without_secrets(strict_json.parse(message.body))
        except strict_json.MalformedJSON:
            pass
    return _shielded_text(message.body.decode(errors="replace"))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shielded(name, one) for name, one in value.items()}
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


def _shielded(name: str, value: Any) -> Any:
    return REDACTED if SECRET.search(name) and value not in (None, "") else _without_secrets(value)


_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\]\s]+)')
_PAIR = re.compile(r"([^&=?\s]+)=([^&\s]*)")


def _shielded_text(text: str) -> str:
    """Text that may be half of a JSON document, or a form."""

    def member(found: re.Match[str]) -> str:
        return f'{found[1]}{found[2]}"{REDACTED}"' if SECRET.search(found[1].strip('"')) else found[0]

    return _query(_MEMBER.sub(member, text))


def _query(text: str, secrets: frozenset[str] = frozenset()) -> str:
    def pair(found: re.Match[str]) -> str:
        name = unquote(found[1])
        return f"{found[1]}={REDACTED}" if name.lower() in secrets or SECRET.search(name) else found[0]

    return _PAIR.sub(pair, text)
