"""The header `Cookie` as servers read it: what clients send according to RFC 6265, section 5.4."""

from __future__ import annotations

import re

from mockserver.syntax.http.charsets import as_utf_8

_QUOTED = re.compile(r'"(?P<text>.*)"', re.DOTALL)
# Inside of quotes, Python's `http.cookies` writes other characters as octal numbers of their bytes.
_ESCAPED = re.compile(r"\\([0-3][0-7]{2}|.)", re.DOTALL)


def split_cookies(header: str) -> list[tuple[str, str]]:
    """The names and values in a header, in its order; what has no name, or no `=`, is none.

    Browsers send a value as a script or a server has set it: with spaces, commas, quotes and braces in it, and in
    UTF-8. Only a semicolon ends it.
    """
    pairs = (piece.partition("=") for piece in header.split(";"))
    stripped = ((name.strip(" \t"), equals, value.strip(" \t")) for name, equals, value in pairs)
    return [(as_utf_8(name), _unquoted(as_utf_8(value))) for name, equals, value in stripped if name and equals]


def cookie_values(header: str) -> dict[str, str]:
    """The values in a header by their names. Of several of one name, the first counts (RFC 6265, section 5.4)."""
    return dict(reversed(split_cookies(header)))


def _unquoted(value: str) -> str:
    match = _QUOTED.fullmatch(value)
    if match is None or "\\" not in value:
        return value if match is None else match["text"]
    return as_utf_8(_ESCAPED.sub(_unescaped, match["text"]))


def _unescaped(match: re.Match[str]) -> str:
    text = match[1]
    return chr(int(text, 8)) if len(text) == 3 else text
