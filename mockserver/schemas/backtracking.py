"""Regular expressions with lookaround or backreferences: how often they go back in a text is bounded.

Going back takes time in proportion to the text, and a request may have a text of millions of characters or thousands of
texts. Most expressions match, or do not, after they have gone back a few times, whatever the text is.
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
# So often it may go back in every text, and more often in texts that have so many characters in all: for one value.
QUICK_LIMIT, LENGTH_LIMIT = 10, 20_000


class _Matching(threading.local):
    """The validation that a thread is at: how many characters it may still go back in more often."""

    left = LENGTH_LIMIT


_matching = _Matching()


@lru_cache(maxsize=256)
def is_backtracking(pattern: str) -> bool:
    """Whether a regular expression is matched by going back and forth in the text, and not in one pass."""
    return _BACKTRACKING.search(pattern) is not None


def begin_value() -> None:
    """Begin to validate a value."""
    _matching.left = LENGTH_LIMIT


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
        try:
            self._quick.validate(text)
        except jsonschema_rs.ValidationError as error:
            if not isinstance(error.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded):
                return False
        else:
            return True
        _matching.left -= len(text)
        return _matching.left >= 0 and self._thorough.is_valid(text)


@lru_cache(maxsize=1_000)
def _compile(pattern: str, limit: int) -> jsonschema_rs.Validator:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=limit)
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
