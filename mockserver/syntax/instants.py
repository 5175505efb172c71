"""Instants as whole milliseconds since 1970, durations as milliseconds; both read from and written as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
EARLIEST = -62_135_596_800_000  # 0001-01-01T00:00:00.000Z
LATEST = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
_SHORT = re.compile("".join(f"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in ("d", "h", "m", "s", "ms")), re.ASCII)
_ISO = re.compile(
    rf"P(?:(?P<w>{_NUMBER})W)?(?:(?P<d>{_NUMBER})D)?"
    rf"(?:T(?:(?P<h>{_NUMBER})H)?(?:(?P<m>{_NUMBER})M)?(?:(?P<s>{_NUMBER})S)?)?",
    re.ASCII,
)


def parse_instant(text: str) -> int:
    """Read an RFC 3339 date-time as milliseconds since 1970, truncating finer digits.

    A leap second is the one after it, as for POSIX. Raises ValueError for anything else, including a time without an
    offset, or outside the years 1 to 9999 in UTC.
    """
    upper = text.upper()
    is_leap = upper[16:19] == ":60"
    instant = datetime.fromisoformat(f"{upper[:16]}:59{upper[19:]}" if is_leap else upper)
    if instant.tzinfo is None or "T" not in upper:
        raise ValueError(f"{text} is not an RFC 3339 date-time with an offset")
    milliseconds = (instant - EPOCH) // MILLISECOND + 1_000 * is_leap
    if not EARLIEST <= milliseconds <= LATEST:
        raise ValueError(f"{text} is outside the years 1 to 9999 in UTC")
    return milliseconds


def format_instant(milliseconds: int) -> str:
    """Write milliseconds since 1970 as `2026-01-15T09:00:00.000Z`, the format of JavaScript's `toISOString`."""
    seconds, fraction = divmod(milliseconds, 1_000)
    return f"{_format_second(seconds)}.{fraction:03}Z"


@lru_cache(maxsize=256)
def _format_second(seconds: int) -> str:
    # Cached, since a clock that does not advance is formatted many times.
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()


def parse_duration(text: str) -> int:
    """Read `30s`, `1h30m`, `250ms` or ISO 8601 (`PT30S`, without years and months) as milliseconds.

    Raises ValueError for anything else, and for durations that end after the year 9999.
    """
    match = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    parts = {unit: part for unit, part in match.groupdict().items() if part is not None} if match else {}
    if not parts or text.endswith("T"):
        raise ValueError(f"{text[:40]!r} is not a valid duration; write 30s, 1h30m or PT30S")
    total = round(sum(float(part) * _UNITS[unit] for unit, part in parts.items()))
    if total > LATEST:
        raise ValueError(f"{text[:40]!r} is longer than the clock's range, which ends with the year 9999")
    return total
