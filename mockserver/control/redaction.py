"""Removes secrets from what the journal shows. Every step takes time in proportion to the text: clients choose it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

REDACTED = "[redacted]"
SECRET = re.compile(r"(authorization|cookie2?|passw(or)?d|passphrase|secret|token|api[-_]?key|credentials?)$", re.I)
# A longer name is judged by its end.
NAME_KEPT = 200
# Text without any of these has no quoted name that `SECRET` matches.
_HINT = re.compile(SECRET.pattern.removesuffix("$"), re.I)

# A string of JSON, at the end of truncated text perhaps without its end; a bracket or a separator; any other value.
# Possessive quantifiers: what was read once is never read again.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]|\s++|[^"\[\]{},:\s]++', re.DOTALL)
# A pair of a query or form. A name begins where none could have begun before it.
_PAIR = re.compile(r"(?<![^&=?\s])([^&=?\s]++)=([^&\s]*+)")


def is_secret(name: str) -> bool:
    """Whether a member, header or parameter of this name holds a secret."""
    return SECRET.search(name[-NAME_KEPT:]) is not None


def redact_value(name: str, value: Any) -> Any:
    """The JSON value of a member, or a header's text, without secrets."""
    return REDACTED if is_secret(name) and value not in (None, "") else redact_members(value)


def redact_members(value: Any) -> Any:
    """A JSON value without secrets."""
    if isinstance(value, dict):
        return {name: redact_value(name, member) for name, member in value.items()}
    return [redact_members(item) for item in value] if isinstance(value, list) else value


def redact_text(text: str) -> str:
    """Text without secrets: it may be a truncated JSON document or a form."""
    return redact_query("".join(_without_secret_members(text)) if _HINT.search(text) else text)


def redact_query(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """A query or form without secrets; `secrets` are further names, in lower case, that hold one."""

    def pair(match: re.Match[str]) -> str:
        name = unquote(match[1])
        return f"{match[1]}={REDACTED}" if name.lower() in secrets or is_secret(name) else match[0]

    return _PAIR.sub(pair, text) if "=" in text else text


def _without_secret_members(text: str) -> Iterator[str]:
    """The tokens of JSON text; the value of a member that holds a secret is replaced, with all that it contains."""
    name = ""
    # How many brackets are open in the value that is being left out; None outside of one.
    depth: int | None = None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if depth == 0 and token in ",]}":
            depth = None
        if depth is not None:
            depth += (token in "[{") - (token in "]}")
            continue
        yield token
        if token == ":" and is_secret(name):
            yield f'"{REDACTED}"'
            depth = 0
        elif not token.isspace():
            name = token.strip('"') if token[0] == '"' else ""
