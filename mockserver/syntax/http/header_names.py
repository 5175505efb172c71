"""What names and values of header fields consist of, and names that mean something to the sender, in lower case."""

from __future__ import annotations

import re

# What a name consists of, and other tokens (RFC 9110, section 5.6.2).
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
# What a value consists of that every recipient reads alike (RFC 9110, section 5.5).
TEXT = re.compile(r"[\t\x20-\x7e]*")
# Their whole value is an address (RFC 9110, sections 10.2.2 and 8.7).
ADDRESSES = ("location", "content-location")
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
