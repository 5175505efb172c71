"""Entries of the journal as lines of text, for a store: `number at milliseconds rest`, the rest being JSON."""

from __future__ import annotations

import json

from mockserver.engine.commands import Fired
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.shared.store import EncodedEntry
from mockserver.errors import Violation

RESTS_KEPT = 2_000
# Of entries that are entered again and again, by identity; the entry is kept too, so that its id stays its own.
_rests: dict[int, tuple[Entry, str]] = {}


def line(entry: Entry) -> EncodedEntry:
    """An entry, without its number, which the store gives."""
    text = f"{'-' if entry.at is None else entry.at} {entry.milliseconds:.3f} {_rest(entry)}"
    return EncodedEntry(text, entry.operation is None, entry.invalid_status is not None)


def again(entry: Entry, at: int, milliseconds: float) -> str:
    """The text of an entry once more."""
    known = _rests.get(id(entry))
    if known is None:
        if len(_rests) >= RESTS_KEPT:
            _rests.clear()
        known = _rests[id(entry)] = entry, _rest(entry)
    return f"{at} {milliseconds:.3f} {known[1]}"


def entry(text: bytes) -> Entry:
    """The entry that a line of the store stands for."""
    number, at, milliseconds, rest = text.split(b" ", 3)
    told = json.loads(rest)
    return Entry(
        **{
            **told,
            "number": int(number),
            "at": None if at == b"-" else int(at),
            "milliseconds": float(milliseconds),
            "request": _message(*told["request"]),
            "response": _message(*told["response"]),
            "violations": [Violation(*one) for one in told["violations"]],
            "fired": tuple(Fired(*one) for one in told["fired"]),
        }
    )


def _rest(entry: Entry) -> str:
    told = entry._asdict()
    for name in ("number", "at", "milliseconds"):
        del told[name]
    for name in ("request", "response"):
        headers, body, size = told[name]
        told[name] = headers, body.decode("latin-1"), size
    told["violations"] = [(one.location, one.pointer, one.keyword, one.message, one.name) for one in entry.violations]
    told["fired"] = [(one.resource, one.key, one.transition, one.at) for one in entry.fired]
    return json.dumps(told, separators=(",", ":"))


def _message(headers: list[tuple[str, str]], body: str, size: int) -> LoggedMessage:
    return LoggedMessage(tuple((name, value) for name, value in headers), body.encode("latin-1"), size)
