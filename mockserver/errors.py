"""Every exception of this package, as data: fields first, and a message that is made from them.

    MockserverError
    ├── ContractError             the contract cannot be loaded; carries every Problem found
    ├── CannotGenerate            no value could be generated for a schema
    ├── MockError                 a call of the client failed; `client.errors` has its subclasses
    └── Refusal                   a request is rejected; `refusals` has one subclass for each code

A message quotes the bad value and says what would be valid. HTTP statuses are not known here: `http` assigns them.
"""

from __future__ import annotations

import bisect
import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

# Raised to end a program or a generator: whoever catches everything else passes these on.
ENDING = (KeyboardInterrupt, SystemExit, GeneratorExit)


class MockserverError(Exception):
    """The base of every exception of this package."""

    code: ClassVar[str] = "error"


class ContractError(MockserverError):
    """The contract cannot be loaded; `problems` are all mistakes that were found."""

    code = "invalid-contract"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class CannotGenerate(MockserverError):
    """No value could be generated for `schema`, a URI with a JSON pointer."""

    code = "cannot-generate"

    def __init__(self, schema: str, reason: str) -> None:
        self.schema, self.reason = schema, reason
        super().__init__(schema, reason)

    def __str__(self) -> str:
        return f"No value can be generated for {self.schema}: {self.reason}"


class Refusal(MockserverError):
    """A request is rejected. `detail` is a sentence for people, `members` are JSON for programs."""

    def __init__(self, detail: str, **members: Any) -> None:
        self.detail, self.members = detail, members
        super().__init__(detail)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Refusal)
            and type(other) is type(self)
            and (other.detail, other.members) == (self.detail, self.members)
        )

    def __hash__(self) -> int:
        return hash((type(self), self.detail))


class Problem(Struct, frozen=True):
    """One mistake in a contract: `file` relative to its directory, `line` from 1, `pointer` as in RFC 6901."""

    file: str
    message: str
    pointer: str = ""
    line: int | None = None
    code: str = "invalid"

    def as_dict(self) -> dict[str, str | int]:
        """The mistake as JSON; the line is left out if it is not known."""
        members: dict[str, str | int] = {"file": self.file, "pointer": self.pointer}
        if self.line is not None:
            members["line"] = self.line
        return members | {"code": self.code, "message": self.message}

    def __str__(self) -> str:
        location = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{location} {self.pointer}: {self.message}" if self.pointer else f"{location}: {self.message}"


class Violation(Struct, frozen=True):
    """A place where a request or response violates the contract.

    `location` is path, query, header, cookie, body or status; `name` that of the parameter or header, if it is one;
    `pointer` is a JSON pointer into the value; `keyword` is the JSON Schema keyword that failed, or the name of another
    rule. `missing` is the member of the value at `pointer` that is required and missing, if that is what is wrong.
    """

    location: str
    pointer: str
    keyword: str
    message: str
    name: str | None = None
    missing: str | None = None

    @property
    def description(self) -> str:
        """The message with its place in front of it."""
        place = f"{self.location} {self.name}" if self.name is not None else self.location if self.pointer else ""
        place = f"{place} {self.pointer}".strip()
        return f"{place}: {self.message}" if place else self.message

    def as_dict(self) -> dict[str, str]:
        """The violation as JSON; the name is left out if there is none."""
        members = {"location": self.location}
        if self.name is not None:
            members["name"] = self.name
        return members | {"pointer": self.pointer, "keyword": self.keyword, "message": self.message}


# What messages are made of.

QUOTE_LIMIT = 100
# Of more names, those are compared that begin most like the wanted one.
COMPARED_LIMIT = 100
_ENCODER = json.JSONEncoder(default=str)


def quote(value: object) -> str:
    """`value` as JSON, in ASCII and cut to QUOTE_LIMIT characters."""
    if isinstance(value, str):
        text = json.dumps(value[: QUOTE_LIMIT + 1])
    else:
        # Piece by piece, so that a large value is not written as a whole.
        text = ""
        for piece in _ENCODER.iterencode(value):
            text += piece
            if len(text) > QUOTE_LIMIT:
                break
    return text if len(text) <= QUOTE_LIMIT else text[:QUOTE_LIMIT] + "…"


def printable(text: str) -> str:
    """`text` on one line, with backslash escapes for characters that a terminal obeys or does not show.

    So are the surrogates that stand for bytes of a file name that are not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def count_noun(number: int, noun: str) -> str:
    """A number with its noun, in the plural if need be."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def nearest(name: object, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The names most similar to `name`, best first; none if none is similar.

    Of more than COMPARED_LIMIT names, those are compared that begin most like it.
    """
    text, candidates = str(name)[:QUOTE_LIMIT], sorted(set(names))
    if len(candidates) > COMPARED_LIMIT:
        start = max(bisect.bisect(candidates, text) - COMPARED_LIMIT // 2, 0)
        candidates = candidates[start : start + COMPARED_LIMIT]
    return tuple(difflib.get_close_matches(text, candidates, n=limit, cutoff=0.51))


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """A closing sentence with the most similar of the valid names; else with all of them if they are few; else empty.

    It begins with a space.
    """
    candidates = set(names)
    if best := nearest(name, candidates, 1):
        return f' Did you mean "{best[0]}"?'
    if 0 < len(candidates) <= 12:
        return f" Known: {', '.join(sorted(candidates))}."
    return ""


def unknown_name(kind: str, name: object, names: Iterable[str]) -> str:
    """The sentence about a name of something that does not exist, such as a resource; `names` are the valid ones."""
    return f"there is no {kind} {quote(name)}.{did_you_mean(name, names)}"


def summarize_violations(subject: str, violations: Sequence[Violation]) -> str:
    """A sentence with the first violation of `subject`, and how many more there are."""
    first = violations[0].description if violations else ""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{subject} violates the contract: {first}{more}"
