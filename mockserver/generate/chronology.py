"""Generated instants in the order that their names imply: `created_at` is not later than `updated_at`."""

from __future__ import annotations

import re
from collections.abc import Container, Set
from functools import lru_cache
from typing import Any

from mockserver.generate.constraints import Constraints
from mockserver.syntax.words import normalize

# Words for events of a record's life, from its first to its last.
EVENT_WORDS = (
    ("birth", "born", "birthday", "dob"),
    ("created", "added", "registered", "joined", "ordered", "placed", "opened", "submitted", "requested", "queued"),
    ("started", "starts", "start", "begin", "begins", "begun", "from", "since", "activated", "published", "issued",
     "paid", "approved", "accepted", "confirmed", "processed", "sent", "authorized", "scheduled",
     "checkin", "departure", "departs", "pickup"),
    ("updated", "modified", "changed", "edited", "lastseen", "lastlogin", "synced", "touched"),
    ("ended", "ends", "end", "finished", "completed", "closed", "resolved", "shipped", "delivered", "until",
     "due", "deadline", "read", "seen", "through", "checkout", "arrival", "arrives", "return", "dropoff",
     "to"),
    ("deleted", "removed", "archived", "cancelled", "canceled", "expires", "expired", "expiry", "expiration"),
)  # fmt: skip
FORMATS = ("date-time", "date")
TIME_SUFFIX = re.compile(r"(at|on|date|time|datetime|timestamp)$")
# Keywords that may have given a value, which then is not to be replaced.
PRESCRIBING = {"example", "examples", "default", "const", "enum", "pattern"}


def sort_instants(constraints: Constraints, record: dict[str, Any], kept: Container[str]) -> None:
    """Redistribute the generated instants of an object among its members, in place, by the order of their names.

    The members in `kept` stay.
    """
    for form in FORMATS:
        ranked = [
            (rank, name)
            for name in record
            if (rank := _rank(name)) is not None
            and name not in kept
            and isinstance(record[name], str)
            and _is_generated(constraints, name, form)
        ]
        instants = sorted(record[name] for _, name in ranked)
        for (_, name), instant in zip(sorted(ranked, key=lambda entry: entry[0]), instants, strict=True):
            record[name] = instant


# The same names come again and again, most of which are of no instant.
@lru_cache(maxsize=4_096)
def _rank(name: str) -> int | None:
    event = TIME_SUFFIX.sub("", normalize(name))
    return next((rank for rank, words in enumerate(EVENT_WORDS) if event.endswith(words)), None)


def is_birth(name: str) -> bool:
    """Whether a member holds when somebody was born."""
    return _rank(name) == 0


def _is_generated(constraints: Constraints, name: str, form: str) -> bool:
    schemas = _member_schemas(constraints, name)
    return any(schema.get("format") == form for schema in schemas) and not is_prescribed(constraints, name)


def is_prescribed(constraints: Constraints, name: str, prescribing: Set[str] = PRESCRIBING) -> bool:
    """Whether one of these keywords of its schemas may have given a member's value, which is not replaced then."""
    return any(prescribing & schema.keys() for schema in _member_schemas(constraints, name))


def _member_schemas(constraints: Constraints, name: str) -> list[dict[str, Any]]:
    schemas = [node.resolve().value for node in constraints.member_schemas(name)]
    return [schema for schema in schemas if isinstance(schema, dict)]
