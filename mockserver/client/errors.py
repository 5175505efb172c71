"""What the client raises.

MockserverError
└── MockError                 the server rejected a call, cannot be reached, or is too old
    └── ExpectationError      an AssertionError: the requests of a test are not those that were expected
        └── VerdictFailed     the verdict at the end of a test
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.errors import MockserverError


class MockError(MockserverError):
    """A call of the control API failed; `str()` says why, for people.

    `status` is the HTTP status of the response, or None if there was none that could be used. `code` is the stable
    code of the problem document (RFC 9457), and `problem` the whole document; without one, the code is `unreachable`,
    `not-mockserver`, `too-old` or `unknown`, and the problem is empty.
    """

    code: str  # type: ignore[misc] # each error has its own, not each class

    def __init__(self, status: int | None, code: str, message: str, problem: Mapping[str, Any] | None = None) -> None:
        self.status, self.code, self.message, self.problem = status, code, message, dict(problem or {})
        # What pickle passes to the constructor, in pytest-xdist for example.
        super().__init__(status, code, message, self.problem)

    def __str__(self) -> str:
        return self.message


class ExpectationError(MockError, AssertionError):
    """The requests that the mock received are not those that were expected."""


class VerdictFailed(ExpectationError):
    """The verdict of a sandbox: violations, refused or unmatched requests, or overrides that were never used."""
