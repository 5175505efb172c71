"""What overrides and expectations require of a request: parameters (`where`), headers, cookies and the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from mockserver.dataclass import dataclass
from mockserver.errors import Violation
from mockserver.schemas.inline_schemas import compile_condition
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
class ParameterCondition:
    """A value that a parameter must have, or the JSON Schema that it must match.

    None is one that was not sent, and a list the whole value of a repeated one.
    """

    value: Any = None
    schema: Validator | None = None

    def holds(self, parameter: Any) -> bool:
        """Whether a parameter, or one of its values where it is repeated, is the value, as JSON or as text."""
        if self.schema is not None:
            return self.schema.is_valid(parameter)
        if parameter is None or self.value is None or isinstance(self.value, list):
            return bool(parameter == self.value)
        values = parameter if isinstance(parameter, list) else [parameter]
        return any(_is_equal(value, self.value) or _text(value) == _text(self.value) for value in values)


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


NO_CONDITIONS = Conditions()


class ConditionReader:
    """Reads the conditions in entries of the documented form; `violations` says what is wrong with their schemas."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def read_where(self, where: Mapping[str, Any], pointer: str) -> dict[str, ParameterCondition]:
        """The conditions on parameters, by their names."""
        return {
            name: ParameterCondition(schema=self._compile(value, json_pointer.append(pointer, name)))
            if isinstance(value, dict)
            else ParameterCondition(value)
            for name, value in where.items()
        }

    def read_content(self, entry: Mapping[str, Any], pointer: str) -> Conditions:
        """The conditions on headers, cookies and the body."""
        body = self._compile(entry["body"], f"{pointer}/body") if "body" in entry else None
        headers, cookies = (
            self._read_texts(entry.get(part, {}), f"{pointer}/{part}") for part in ("headers", "cookies")
        )
        return Conditions(headers, cookies, body)

    def _read_texts(self, texts: Mapping[str, Any], pointer: str) -> dict[str, TextCondition]:
        return {
            name: TextCondition(schema=self._compile(value, json_pointer.append(pointer, name)))
            if isinstance(value, dict)
            else TextCondition(None if value is None else _text(value))
            for name, value in texts.items()
        }

    def _compile(self, schema: Any, pointer: str) -> Validator | None:
        validator, errors = compile_condition(schema)
        self.violations += [Violation("body", pointer + place, "schema", message) for place, message in errors]
        return validator


def _is_equal(value: Any, other: Any) -> bool:
    # To Python, True is 1.
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
