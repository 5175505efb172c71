"""How refusals put things."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.errors import Violation


def count(number: int, one: str, many: str) -> str:
    """So many of something; nothing where there is none."""
    return f"{number} {one if number == 1 else many}" if number else ""


def broken(what: str, violations: Sequence[Violation]) -> tuple[str]:
    """What breaks the contract: the first violation, and how many more there are."""
    first = violations[0].told if violations else ""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return (f"{what} breaks the contract: {first}{more}",)
