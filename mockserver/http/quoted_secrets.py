"""Secrets of a message that other texts quote: the message about an invalid password quotes the password."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl

from mockserver.engine.journal import LoggedMessage
from mockserver.errors import quote
from mockserver.syntax import strict_json
from mockserver.syntax.redaction import REDACTED, is_secret

NO_NAMES: frozenset[str] = frozenset()
# A message quotes no field of a longer text.
FIELD_LIMIT = 1_000
# Each is searched for in every text, and messages quote few values.
QUOTED_LIMIT = 50
QUOTED = quote(REDACTED)


def quoted_secrets(message: LoggedMessage, query: str = "", names: Set[str] = NO_NAMES) -> set[str]:
    """The texts of a message and of a query that hold secrets by their names, or by these `names`, in quotes."""

    def holds_secret(name: str) -> bool:
        return name.lower() in names or is_secret(name)

    pairs = [*_fields(query), *message.headers]
    body = message.body.decode(errors="replace")
    try:
        value = strict_json.parse(message.body) if message.body else None
    except strict_json.MalformedJSON:
        value, pairs = None, [*pairs, *_fields(body)]
    texts = [text for name, text in pairs if holds_secret(name)]
    candidates = chain(texts, _secret_texts(value, is_inside=False))
    return {quote(text) for text in islice(filter(None, candidates), QUOTED_LIMIT)}


def without_quoted(value: Any, secrets: Set[str]) -> Any:
    """A JSON value without the quoted secrets in its texts."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {name: without_quoted(member, secrets) for name, member in value.items()}
    if isinstance(value, list):
        return [without_quoted(item, secrets) for item in value]
    if isinstance(value, str) and '"' in value:
        for secret in secrets:
            # In text that is JSON itself, the quotes are escaped.
            value = value.replace(secret, QUOTED).replace(quote(secret)[1:-1], quote(QUOTED)[1:-1])
    return value


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=FIELD_LIMIT) if "=" in text else []
    except ValueError:
        return []


def _secret_texts(value: Any, *, is_inside: bool) -> Iterator[str]:
    """The texts in a JSON value that are members with names of secrets, or in such members."""
    if isinstance(value, str) and is_inside:
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _secret_texts(member, is_inside=is_inside or is_secret(name))
    elif isinstance(value, list):
        for item in value:
            yield from _secret_texts(item, is_inside=is_inside)
