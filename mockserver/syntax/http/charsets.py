"""The charsets of HTTP, by their names, and text whose charset is not named."""

from __future__ import annotations

from collections.abc import Mapping

# Each with its usual labels (https://encoding.spec.whatwg.org/#names-and-labels), to the names of Python's codecs. The
# time that each takes is linear, which is not so for every codec that Python has.
CODECS: Mapping[str, str] = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "ascii": "us-ascii",
    "iso-8859-1": "iso-8859-1", "iso8859-1": "iso-8859-1", "latin-1": "iso-8859-1", "latin1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15", "iso8859-15": "iso-8859-15", "windows-1252": "windows-1252",
    "cp1252": "windows-1252", "utf-16": "utf-16", "utf16": "utf-16", "utf-16le": "utf-16-le", "utf-16-le": "utf-16-le",
    "utf-16be": "utf-16-be", "utf-16-be": "utf-16-be",
}  # fmt: skip


def codec_name(charset: str) -> str | None:
    """Python's name of a charset; None for one that is not read."""
    return CODECS.get(charset.strip().lower().replace("_", "-"))


def as_utf_8(text: str) -> str:
    """The text of a header that was read as Latin-1, if its bytes are UTF-8; other text as it is.

    HTTP itself knows bytes alone beyond ASCII (RFC 9110, section 5.5).
    """
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
