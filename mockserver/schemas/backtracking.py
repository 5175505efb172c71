"""Regular expressions with lookaround or backreferences: how often they go back in a text is bounded.

Going back takes time in proportion to the text, and a request may have a text of millions of characters or thousands of
texts. Most expressions match, or do not, after they have gone back a few times, whatever the text is; others go back
once for each character, but not far.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import Any

import jsonschema_rs

# Lookaround and backreferences.
_BACKTRACKING = re.compile(r"\(\?<?[=!]|\\[1-9]")
# An expression that has gone back so often does not match.
BACKTRACK_LIMIT = 5_000
# So often it may go back in a text that is long, and in every text of a value for which STEP_LIMIT is reached.
QUICK_LIMIT, LONG = 4, 5_000
# A step is to go over a character once, which takes some nanoseconds. Those of texts that do not match are counted, and
# those of long ones in which an expression goes back more often than QUICK_LIMIT.
STEP_LIMIT = 100_000_000


class _Matching(threading.local):
    """The validation that a thread is at: how many steps are left."""

    left = STEP_LIMIT


_matching = _Matching()


@lru_cache(maxsize=256)
def is_backtracking(pattern: str) -> bool:
    """Whether a regular expression is matched by going back and forth in the text, and not in one pass."""
    return _BACKTRACKING.search(pattern) is not None


def begin_value() -> None:
    """Begin to validate a value."""
    _matching.left = STEP_LIMIT


class BoundedPattern:
    """The keyword `pattern`."""

    def __init__(self, _schema: Any, pattern: str, _path: Any) -> None:
        self._quick = _compile(pattern, QUICK_LIMIT if is_backtracking(pattern) else BACKTRACK_LIMIT)
        self._thorough = _compile(pattern, BACKTRACK_LIMIT)

    def validate(self, instance: Any) -> None:
        """Raise ValueError if a text does not match."""
        if isinstance(instance, str) and not self._matches(instance):
            raise ValueError("it does not match")

    def _matches(self, text: str) -> bool:
        length = len(text)
        if length > LONG or _matching.left <= 0:
            outcome = _outcome(self._quick, text)
            if outcome is not None or _matching.left <= 0:
                return outcome is True
            _matching.left -= length * BACKTRACK_LIMIT
            return _matching.left > 0 and self._thorough.is_valid(text)
        outcome = _outcome(self._thorough, text)
        if not outcome:
            _matching.left -= length * (BACKTRACK_LIMIT if outcome is None else length)
        return outcome is True


def matches_pattern(pattern: str, name: str) -> bool:
    """Whether the name of a member matches a pattern of `patternProperties`."""
    return _compile(pattern, BACKTRACK_LIMIT).is_valid(name)


def _outcome(pattern: jsonschema_rs.Validator, text: str) -> bool | None:
    """Whether a text matches; None where the expression has gone back too often to know."""
    try:
        pattern.validate(text)
    except jsonschema_rs.ValidationError as error:
        return None if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded) else False
    return True


@lru_cache(maxsize=1_000)
def _compile(pattern: str, limit: int) -> jsonschema_rs.Validator:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=limit)
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
