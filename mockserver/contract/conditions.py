"""What an override asks of a request besides its parameters: headers, cookies and the body (`match`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from mockserver.dataclass import dataclass
from mockserver.errors import Violation
from mockserver.schemas.inline_schemas import compile_inline
from mockserver.schemas.validators import Validator
from mockserver.syntax import json_pointer


class RequestContent(Protocol):
    """The parts of a request that conditions are about."""

    def header(self, name: str) -> str | None:
        """The value of a header, whose name is case-insensitive; None if it was not sent."""

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; None if it was not sent."""

    @property
    def body(self) -> Any:
        """The body as JSON: text is a string, a form an object, and no body null."""


@dataclass(frozen=True, slots=True)
class TextCondition:
    """A text that a header or cookie must be, or the JSON Schema that it must match, where null is one not sent."""

    text: str | None = None
    schema: Validator | None = None

    def holds(self, value: str | None) -> bool:
        """Whether a value meets the condition."""
        return value == self.text if self.schema is None else self.schema.is_valid(value)


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of these must hold."""

    headers: Mapping[str, TextCondition] = field(default_factory=dict)
    cookies: Mapping[str, TextCondition] = field(default_factory=dict)
    body: Validator | None = None

    def hold(self, request: RequestContent) -> bool:
        """Whether a request meets them."""
        return (
            all(condition.holds(request.header(name)) for name, condition in self.headers.items())
            and all(condition.holds(request.cookie(name)) for name, condition in self.cookies.items())
            and (self.body is None or self.body.is_valid(request.body))
        )


def read_conditions(entry: Mapping[str, Any]) -> tuple[Conditions, list[Violation]]:
    """The conditions in a `match` that has the documented form, and what is wrong with its schemas."""
    violations: list[Violation] = []

    def compile_at(schema: Any, pointer: str) -> Validator | None:
        validator, errors = compile_inline(schema)
        violations.extend(Violation("body", pointer + place, "schema", message) for place, message in errors)
        return validator

    def read_texts(part: str) -> dict[str, TextCondition]:
        texts = {}
        for name, value in entry.get(part, {}).items():
            if isinstance(value, dict):
                texts[name] = TextCondition(schema=compile_at(value, json_pointer.join(("match", part, name))))
            else:
                texts[name] = TextCondition(str(value).lower() if isinstance(value, bool) else str(value))
        return texts

    body = compile_at(entry["body"], "/match/body") if "body" in entry else None
    return Conditions(read_texts("headers"), read_texts("cookies"), body), violations
