"""What the status of a response says: whether it is an error, whether there is content, and its reason phrase."""

from __future__ import annotations

import http.client

# The lowest status of an error.
FIRST_ERROR = 400
# Statuses without Content-Length (RFC 9110, section 8.6), and those without content (sections 6.4.1 and 15.3.6).
LENGTHLESS = frozenset((*range(100, 200), 204, 304))
BODILESS = LENGTHLESS | {205}
# Python's own phrases changed with 3.13; these are those of RFC 9110.
_PHRASES = {
    413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content",
}  # fmt: skip


def reason_phrase(status: int) -> str:
    """The reason phrase of a status (RFC 9110, section 15); "Refused" for one that has none."""
    return _PHRASES.get(status) or http.client.responses.get(status, "Refused")
