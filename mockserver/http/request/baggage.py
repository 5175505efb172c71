"""The W3C header `baggage`, which instrumented servers pass on: it selects what a server's own requests belong to.

https://www.w3.org/TR/baggage/#header-content
"""

from __future__ import annotations

import re
from urllib.parse import unquote

# A key is a token of HTTP; a value is percent-encoded ASCII, without white space, `"`, `,`, `;` and backslashes.
_KEY, _VALUE = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", r"[!#-+\--:<-\[\]-~]*"
_MEMBER = re.compile(rf"[ \t]*({_KEY})[ \t]*=[ \t]*({_VALUE})[ \t]*(?:;.*)?", re.ASCII | re.DOTALL)


def find_baggage_member(header: str, name: str) -> str | None:
    """The value of the first well-formed member with this key, decoded; None if there is none.

    Members that are not well-formed are ignored, and so are the properties of a member.
    """
    if name not in header:
        return None
    for text in header.split(","):
        member = _MEMBER.fullmatch(text)
        if member is not None and member[1] == name:
            return unquote(member[2])
    return None
