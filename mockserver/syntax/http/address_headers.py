"""The header fields whose values are addresses, and their values with other addresses."""

from __future__ import annotations

import re
from collections.abc import Callable

from mockserver.syntax.http.header_names import ADDRESSES

# A quoted string, or the target of a link in angle brackets (RFC 8288, section 3).
_QUOTED_OR_TARGET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|<(?P<target>[^<>"]*)>', re.DOTALL)


def replace_addresses(name: str, value: str, replace: Callable[[str], str]) -> str:
    """The value of a header with each address replaced: those of `Location`, `Content-Location` and `Link`."""
    lower = name.lower()
    if lower in ADDRESSES:
        return replace(value)
    return _QUOTED_OR_TARGET.sub(lambda match: _link(match, replace), value) if lower == "link" else value


def _link(match: re.Match[str], replace: Callable[[str], str]) -> str:
    target: str | None = match["target"]
    return match[0] if target is None else f"<{replace(target)}>"
