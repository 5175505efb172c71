"""Everything that can go wrong, as data.

    MockserverError
    ├── ContractError             the contract cannot be loaded; carries every Problem found
    ├── CannotGenerate            a schema for which no value could be made
    └── Refusal                   a request that is not served; `refusals` has every kind

An error carries fields; its message quotes the value and says what would be right.
HTTP statuses are the web layer's: nothing here knows them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

QUOTE_LIMIT = 100


def quote(value: object) -> str:
    """Write `value` as JSON, escaped to ASCII and cut to a length that a message can bear."""
    text = json.dumps(value, default=str)
    return text if len(text) <= QUOTE_LIMIT else text[:QUOTE_LIMIT] + "…"


def nearest(name: object, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The names most like `name`, best first; none where nothing comes near."""
    return tuple(difflib.get_close_matches(str(name)[:QUOTE_LIMIT], sorted(set(names)), n=limit, cutoff=0.5))


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """A closing sentence that offers the nearest valid name, or lists the few there are, or nothing."""
    known = sorted(set(names))
    if best := nearest(name, known, 1):
        return f' Did you mean "{best[0]}"?'
    if 0 < len(known) <= 12:
        return f" Known: {', '.join(known)}."
    return ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a contract: `file` relative to its directory, `line` from 1, `pointer` as in RFC 6901."""

    file: str
    message: str
    pointer: str = ""
    line: int | None = None
    code: str = "invalid"

    def as_dict(self) -> dict[str, str | int]:
        """The mistake as JSON, without a line where none is known."""
        found: dict[str, str | int] = {"file": self.file, "pointer": self.pointer}
        if self.line is not None:
            found["line"] = self.line
        return found | {"code": self.code, "message": self.message}

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place} {self.pointer}: {self.message}" if self.pointer else f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a request or response breaks the contract.

    `location` is path, query, header, cookie, body or status; `name` the parameter's or header's, if it is one;
    `pointer` leads into the value; `keyword` is the JSON Schema keyword that failed, or what else was asked for.
    """

    location: str
    pointer: str
    keyword: str
    message: str
    name: str | None = None

    @property
    def told(self) -> str:
        """The message, with where it applies in front of it."""
        place = f"{self.location} {self.name}" if self.name is not None else self.location if self.pointer else ""
        place = f"{place} {self.pointer}".strip()
        return f"{place}: {self.message}" if place else self.message

    def as_dict(self) -> dict[str, str]:
        """The violation as JSON, without a name where there is none."""
        found = {"location": self.location}
        if self.name is not None:
            found["name"] = self.name
        return found | {"pointer": self.pointer, "keyword": self.keyword, "message": self.message}


class MockserverError(Exception):
    """What every error of this package is."""

    code: ClassVar[str] = "error"


class ContractError(MockserverError):
    """The contract cannot be loaded: `problems` holds every mistake found, not the first alone."""

    code = "invalid-contract"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class CannotGenerate(MockserverError):
    """No value could be made for the schema at `schema` (a URI with a JSON pointer)."""

    code = "cannot-generate"

    def __init__(self, schema: str, reason: str) -> None:
        self.schema, self.reason = schema, reason
        super().__init__(schema, reason)

    def __str__(self) -> str:
        return f"No value can be generated for {self.schema}: {self.reason}"


class Refusal(MockserverError):
    """A request that is not served. `detail` is a sentence for a person, `members` are for the program."""

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
