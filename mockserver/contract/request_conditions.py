"""What overrides and expectations require of a request: parameters (`where`), headers, cookies and the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from mockserver.errors import Violation
from mockserver.schemas.equality import equality_key
from mockserver.schemas.inline_schemas import InlineSchema, compile_condition
from mockserver.schemas.reading_work import ReadingWork
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

    @property
    def work(self) -> ReadingWork:
        """How much of the request may still be read."""


class ParameterCondition(Struct, frozen=True):
    """A value that a parameter must have, or the JSON Schema that it must match.

    None is one that was not sent, and a list the whole value of a repeated one.
    """

    value: Any = None
    schema: InlineSchema | None = None

    def holds(self, name: str, sent: SentParameters, work: ReadingWork) -> bool:
        """Whether a parameter meets the condition. Raises TooMuchToMatch."""
        if self.schema is not None:
            return self.schema.matches(sent.value_of(name), work)
        return sent.has(name, self.value)


class TextCondition(Struct, frozen=True):
    """A text that a header or cookie must be, or the JSON Schema that it must match, where null is one not sent."""

    text: str | None = None
    schema: InlineSchema | None = None

    def holds(self, value: str | None, work: ReadingWork) -> bool:
        """Whether a value meets the condition. Raises TooMuchToMatch."""
        return value == self.text if self.schema is None else self.schema.matches(value, work)


class Conditions(Struct, frozen=True):
    """All of these must hold."""

    headers: Mapping[str, TextCondition] = field(default_factory=dict)
    cookies: Mapping[str, TextCondition] = field(default_factory=dict)
    body: InlineSchema | None = None

    def hold(self, request: RequestContent) -> bool:
        """Whether a request meets them. Raises TooMuchToMatch."""
        work = request.work
        return (
            all(condition.holds(request.header(name), work) for name, condition in self.headers.items())
            and all(condition.holds(request.cookie(name), work) for name, condition in self.cookies.items())
            and (self.body is None or self.body.matches(request.body, work))
        )


NO_CONDITIONS = Conditions()


class SentParameters:
    """The parameters of a request, as they are compared with many that are expected."""

    __slots__ = ("_keys", "_parameters")

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters
        # Of repeated ones, all values as text, and by what makes them equal.
        self._keys: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def value_of(self, name: str) -> Any:
        """The value of a parameter; None if it was not sent."""
        return self._parameters.get(name)

    def has(self, name: str, value: Any) -> bool:
        """Whether a parameter, or one of its values where it is repeated, is `value`, as JSON or as text.

        None is a parameter that was not sent, and a list the whole value of a repeated one.
        """
        parameter = self._parameters.get(name)
        if parameter is None or value is None or isinstance(value, list):
            return bool(parameter == value)
        if not isinstance(parameter, list):
            return _is_equal(parameter, value) or _text(parameter) == _text(value)
        if name not in self._keys:
            keys = (equality_key(item) for item in parameter if not isinstance(item, str))
            self._keys[name] = frozenset(map(_text, parameter)), frozenset(keys)
        texts, equal = self._keys[name]
        return _text(value) in texts or (bool(equal) and equality_key(value) in equal)


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

    def _compile(self, schema: Any, pointer: str) -> InlineSchema | None:
        validator, errors = compile_condition(schema)
        self.violations += [Violation("body", pointer + place, "schema", message) for place, message in errors]
        return validator


def _is_equal(value: Any, other: Any) -> bool:
    # To Python, True is 1.
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
