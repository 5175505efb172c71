"""Leaves secrets out of what is recorded: by the names of members, by their shapes, and wherever they appear again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from mockserver.openapi.model import Operation
from mockserver.syntax import words
from mockserver.syntax.redaction import REDACTED, is_secret, redact_query, redact_text

# A text that a member with a secret name had is a secret elsewhere, too; shorter ones are words as well.
KNOWN_LENGTH = 8
KNOWN_LIMIT = 500
# How many names are remembered with whether they are secret.
REMEMBERED_NAMES = 10_000
# Words, numbers, dates and times.
_IS_PLAIN = re.compile(r"[A-Za-z]?[a-z]+|[A-Z]+|[0-9TZ:.+ -]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# A cookie with a shorter value is not a session.
SESSION_LENGTH = 16


class Redactor:
    """Knows which names hold secrets, learns their values, and writes values without both.

    `names` are further names of members, in any spelling. `counts` is how often something was left out, by the name of
    its member, or by `a text` where its shape or its value showed it.
    """

    def __init__(self, names: Iterable[str], operations: Iterable[Operation]) -> None:
        credentials = {
            credential.name
            for operation in operations
            for alternative in operation.security
            for credential in alternative
            if credential.name
        }
        self._names = frozenset(words.normalize(name) for name in (*names, *credentials))
        self._written_names = frozenset(name.lower() for name in (*names, *credentials))
        self._secret_names: dict[str, bool] = {}
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.counts: Counter[str] = Counter()

    def is_secret(self, name: str) -> bool:
        """Whether a member, header or parameter of this name holds a secret."""
        holds_secret = self._secret_names.get(name)
        if holds_secret is None:
            holds_secret = is_secret(name) or words.normalize(name) in self._names
            if len(self._secret_names) < REMEMBERED_NAMES:
                self._secret_names[name] = holds_secret
        return holds_secret

    def learn(self, value: Any, name: str = "") -> None:
        """Remember the secrets in a value, to find them elsewhere."""
        if isinstance(value, dict):
            for member, inner in value.items():
                self.learn(inner, name if name and self.is_secret(name) else str(member))
        elif isinstance(value, list):
            for item in value:
                self.learn(item, name)
        elif isinstance(value, str) and name and self.is_secret(name):
            self.learn_text(value)

    def learn_text(self, text: str) -> None:
        """Remember a secret, unless it is a word."""
        text = text.strip()
        if len(text) >= KNOWN_LENGTH and not _IS_PLAIN.fullmatch(text) and len(self._known) < KNOWN_LIMIT:
            self._known.add(text)
            self._pattern = None

    def text(self, text: str) -> str:
        """Text without secrets."""
        clean = redact_text(text)
        if self._written_names:
            clean = redact_query(clean, self._written_names)
        if self._known:
            if self._pattern is None:
                longest_first = sorted(self._known, key=lambda secret: (-len(secret), secret))
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            clean = self._pattern.sub(REDACTED, clean)
        if clean != text:
            self.counts["a text"] += 1
        return clean

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value of the same form without secrets; under a secret name, numbers are 0."""
        if isinstance(value, dict):
            inherited = name if name and self.is_secret(name) else ""
            return {self.text(member): self.value(inner, inherited or member) for member, inner in value.items()}
        if isinstance(value, list):
            return [self.value(item, name) for item in value]
        if name and self.is_secret(name) and not isinstance(value, bool) and value not in (None, ""):
            self.counts[name] += 1
            return REDACTED if isinstance(value, str) else 0
        return self.text(value) if isinstance(value, str) else value

    def matching_schema(self, value: Any) -> Any:
        """A JSON Schema that this request body matches, in which no secret appears; True if all is secret."""
        clean = self.value(value)
        return {"const": value} if clean == value else _partial_schema(value, clean)


def _partial_schema(value: Any, clean: Any) -> Any:
    """The schema of the members that are the same in both."""
    if not isinstance(value, dict) or not isinstance(clean, dict):
        return {"const": value} if value == clean else True
    members = {
        name: schema
        for name, inner in value.items()
        if name in clean and (schema := _partial_schema(inner, clean[name])) is not True
    }
    return {"required": list(members), "properties": members} if members else True


def header_secrets(headers: Collection[tuple[str, str]], redactor: Redactor) -> Iterable[str]:
    """The secrets in headers: credentials without their scheme, and the values of cookies."""
    for name, value in headers:
        if "cookie" in name.lower():
            pairs = value.split(";")
            for pair in pairs[:1] if name.lower().startswith("set-") else pairs:
                value = pair.partition("=")[2].strip().strip('"')
                if len(value) >= SESSION_LENGTH and not _UUID.fullmatch(value):
                    yield value
        elif redactor.is_secret(name):
            yield value
            yield value.rpartition(" ")[2]
