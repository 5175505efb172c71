"""Names of header fields that mean something to whoever sends them, in lower case."""

from __future__ import annotations

import re

# What a name consists of, and other tokens (RFC 9110, section 5.6.2).
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
# Between two neighbours only (RFC 9110, section 7.6.1): the server speaks to its neighbour itself.
HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
# A trailer of these names could change how the message was understood (RFC 9110, section 6.5.1): those that say where
# it goes, who sends it, how its content is to be read, and how it is cached.
NOT_TRAILERS = HOP_BY_HOP | {
    "age", "authorization", "cache-control", "content-encoding", "content-length", "content-range", "content-type",
    "cookie", "date", "expect", "expires", "host", "location", "max-forwards", "proxy-authenticate",
    "proxy-authentication-info", "proxy-authorization", "range", "retry-after", "set-cookie", "vary",
    "www-authenticate",
}  # fmt: skip
# What frames a response (RFC 9112, section 6): a wrong length would corrupt the responses that follow.
FRAMING = HOP_BY_HOP | {"content-length"}
