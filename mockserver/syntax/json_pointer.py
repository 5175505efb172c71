"""JSON pointers (RFC 6901): written from tokens, read into tokens, and as the fragment of a URI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

# What a fragment has as it is, and braces, which every path with a parameter has. Quoting is slow.
_UNENCODED = re.compile(r"[A-Za-z0-9_.~/!$&()*+,;=:@{}-]*", re.ASCII)
# The index of an item (RFC 6901, section 4): no sign and no leading zeros; no array has one with more digits.
INDEX = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def escape(token: str) -> str:
    """Write one member name as a token of a pointer."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def unescape(token: str) -> str:
    """Read one token of a pointer as a member name."""
    return token.replace("~1", "/").replace("~0", "~")


def append(pointer: str, *tokens: str | int) -> str:
    """The pointer to what lies below `pointer`, by member names and indexes."""
    for token in tokens:
        pointer = f"{pointer}/{token if isinstance(token, int) else escape(token)}"
    return pointer


def find_texts(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, with its pointer, which begins with that of the value."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from find_texts(member, append(pointer, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from find_texts(item, f"{pointer}/{number}")


def join(tokens: Iterable[str | int]) -> str:
    """The pointer that consists of these member names and indexes."""
    return append("", *tokens)


def split(pointer: str) -> list[str]:
    """The member names and indexes that a pointer consists of, all as strings."""
    return [unescape(token) for token in pointer.split("/")[1:]]


def get_member(value: Any, token: str) -> Any:
    """What an object or array holds under one unescaped token. Raises LookupError."""
    if isinstance(value, dict):
        return value[token]
    if isinstance(value, list) and INDEX.fullmatch(token):
        return value[int(token)]
    raise LookupError(token)


def resolve(value: Any, pointer: str) -> Any:
    """What `pointer` leads to within `value`. Raises LookupError."""
    return follow(value, split(pointer))


def follow(value: Any, tokens: Iterable[str]) -> Any:
    """What unescaped tokens lead to within `value`, one after the other. Raises LookupError."""
    for token in tokens:
        value = get_member(value, token)
    return value


def to_fragment(pointer: str) -> str:
    """Percent-encode a pointer for the fragment of a URI, without the `#` (section 6)."""
    if _UNENCODED.fullmatch(pointer):
        return pointer.replace("{", "%7B").replace("}", "%7D") if "{" in pointer or "}" in pointer else pointer
    return quote(pointer, safe="/~!$&()*+,;=:@")


def from_fragment(fragment: str) -> str:
    """Read the fragment of a URI, without the `#`, as a pointer."""
    return unquote(fragment)
