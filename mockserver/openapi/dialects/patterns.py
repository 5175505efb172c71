r"""Regular expressions that ECMA-262 allows only without its flag `u` (Annex B.1.2), as validators take them.

JSON Schema recommends the flag, but many patterns are written without it in mind, such as `[\w-.]`. So are those with
`(?i)` at the start and `(?P<name>…)`, which other languages have and ECMA-262 gives no other meaning.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonschema_rs

from mockserver.schemas.validators import keyword_validator

QUANTIFIER = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
# A character class, or the escape sequence of one character with braces.
SET_ESCAPE = re.compile(r"\\(?:[dDwWsS]|[pP]\{[^}]*\})")
ESCAPE = re.compile(r"\\(?:[pPu]\{[^}]*\}|.)", re.DOTALL)
NAMED_GROUP = re.compile(r"\(\?P?<([^=!>][^>]*)>")
NAMED_REFERENCE = re.compile(r"\\k<([^>]+)>")
# These may be what validators do not take.
CANDIDATE = re.compile(r"[]{}-]|\\k<|\(\?(?:i\)|P<)")
IGNORE_CASE = "(?i)"
# What no character matches, and what each does.
NOTHING, ANYTHING = "(?!)", r"[\s\S]"


def translate(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its regular expressions as validators take them; itself if nothing differs."""
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (translated := translate_pattern(pattern)) != pattern:
        schema = {**schema, "pattern": translated}
    properties = schema.get("patternProperties")
    if isinstance(properties, dict) and any(translate_pattern(name) != name for name in properties):
        schema = {**schema, "patternProperties": {translate_pattern(name): part for name, part in properties.items()}}
    return schema


@lru_cache(maxsize=4096)
def translate_pattern(pattern: str) -> str:
    """A regular expression as validators take it; itself if they do, or if it is wrong in any case."""
    if CANDIDATE.search(pattern) is None or is_compilable(pattern):
        return pattern
    translated = _Translation(pattern).translate()
    return translated if is_compilable(translated) else pattern


@lru_cache(maxsize=4096)
def is_compilable(pattern: str) -> bool:
    """Whether validators take a regular expression."""
    try:
        keyword_validator("pattern", pattern)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    # The engine takes more than ECMA-262, and the check of schemas does not.
    return bool(keyword_validator("format", "regex").is_valid(pattern))


class _Translation:
    """Reads a pattern from the left to the right; `position` is the index of the next character."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._position = pattern, 0
        self._numbers = _number_groups(pattern)

    def translate(self) -> str:
        """The pattern with braces and hyphens escaped that stand for themselves."""
        parts: list[str] = []
        ignores_case = self._pattern.startswith(IGNORE_CASE)
        self._position = len(IGNORE_CASE) if ignores_case else 0
        while self._position < len(self._pattern):
            parts.append(self._next_part())
        return f"(?i:{''.join(parts)})" if ignores_case else "".join(parts)

    def _next_part(self) -> str:
        if reference := self._take(NAMED_REFERENCE):
            number = self._numbers.get(reference[3:-1])
            return f"(?:\\{number})" if number is not None else reference
        if taken := self._take(ESCAPE) or self._take(QUANTIFIER):
            return taken
        if self._pattern.startswith("[", self._position):
            return self._class()
        if self._pattern.startswith("(?P<", self._position):
            self._position += len("(?P<")
            return "(?<"
        self._position += 1
        character = self._pattern[self._position - 1]
        return rf"\{character}" if character in "]{}" else character

    def _class(self) -> str:
        for empty, equivalent in (("[]", NOTHING), ("[^]", ANYTHING)):
            if self._pattern.startswith(empty, self._position):
                self._position += len(empty)
                return equivalent
        parts = [self._pattern[self._position]]
        self._position += 1
        is_after_set = False
        while self._position < len(self._pattern):
            if self._pattern[self._position] == "]":
                self._position += 1
                return "".join([*parts, "]"])
            if escape := self._take(SET_ESCAPE):
                parts.append(escape)
                is_after_set = True
                continue
            is_hyphen = self._pattern.startswith("-", self._position)
            is_before_set = SET_ESCAPE.match(self._pattern, self._position + 1) is not None
            part = self._take(ESCAPE) or self._pattern[self._position]
            self._position += not part.startswith("\\")
            parts.append(r"\-" if is_hyphen and (is_after_set or is_before_set) else part)
            is_after_set = False
        return "".join(parts)

    def _take(self, expression: re.Pattern[str]) -> str:
        """What matches next; empty if nothing does."""
        match = expression.match(self._pattern, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match[0]


def _number_groups(pattern: str) -> dict[str, int]:
    """The numbers of the groups that have names."""
    numbers: dict[str, int] = {}
    count, is_in_class, position = 0, False, 0
    while position < len(pattern):
        if escape := ESCAPE.match(pattern, position):
            position = escape.end()
            continue
        character = pattern[position]
        is_in_class = character == "[" or (is_in_class and character != "]")
        if character == "(" and not is_in_class:
            named = NAMED_GROUP.match(pattern, position)
            count += named is not None or not pattern.startswith("(?", position)
            if named is not None:
                numbers[named[1]] = count
        position += 1
    return numbers
