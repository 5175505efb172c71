"""Instants in the order that their names promise: what was created was not updated before that."""

from __future__ import annotations

import re
from typing import Any

from mockserver.generate.constraints import Constraints
from mockserver.generate.known_values import plain

# The words that tell when; the later a group, the later the instant.
GROUPS = (
    ("birth", "born"),
    ("created", "added", "registered", "joined", "ordered", "placed", "opened", "submitted", "requested", "queued"),
    ("started", "starts", "start", "begin", "begins", "begun", "from", "since", "activated", "published", "issued"),
    ("updated", "modified", "changed", "edited", "lastseen", "lastlogin", "synced", "touched"),
    ("ended", "ends", "end", "finished", "completed", "closed", "resolved", "shipped", "delivered", "until"),
    ("deleted", "removed", "archived", "cancelled", "canceled", "expires", "expired", "expiry", "expiration"),
)  # fmt: skip
FORMATS = ("date-time", "date")
FIXED = {"example", "examples", "default", "const", "enum", "pattern"}


def in_time(demand: Constraints, made: dict[str, Any]) -> None:
    """Deal the made-up instants of an object out again, the earliest to what comes first."""
    for form in FORMATS:
        ranked = [
            (rank, name)
            for name in made
            if (rank := _rank(name)) is not None and isinstance(made[name], str) and _is_made_up(demand, name, form)
        ]
        stamps = sorted(made[name] for _, name in ranked)
        for (_, name), stamp in zip(sorted(ranked, key=lambda one: one[0]), stamps, strict=True):
            made[name] = stamp


def _rank(name: str) -> int | None:
    known = re.sub(r"(at|on|date|time|datetime|timestamp)$", "", plain(name))
    for rank, words in enumerate(GROUPS):
        if any(known.endswith(word) for word in words):
            return rank
    return None


def _is_made_up(demand: Constraints, name: str, form: str) -> bool:
    places = [node.follow().value for node in demand.member(name)]
    values = [value for value in places if isinstance(value, dict)]
    return any(one.get("format") == form for one in values) and not any(FIXED & one.keys() for one in values)
