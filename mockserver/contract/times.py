"""Instants as whole milliseconds since 1970, and the one way they are written: what `toISOString` prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def parse_instant(text: str) -> int:
    """Read an RFC 3339 date-time as milliseconds since 1970; finer digits are cut off.

    Raises ValueError for anything else, a time without an offset included.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or "T" not in text.upper():
        raise ValueError(f"{text} is not an RFC 3339 date-time with an offset")
    return (instant - EPOCH) // MILLISECOND


def format_instant(milliseconds: int) -> str:
    """Write milliseconds since 1970 as `2026-01-15T09:00:00.000Z`."""
    return f"{(EPOCH + timedelta(milliseconds=milliseconds)).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
