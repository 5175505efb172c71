"""What a transition writes into its record besides the state: constants, its time, and parts of the request's body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from mockserver.errors import did_you_mean, quote
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import format_instant

NOW, BODY = "$now", "$body"
DATE_LENGTH = len("2026-01-15")


class _Absent(Exception):
    """The body has no such part."""


class Effects(Struct, frozen=True):
    """The fields that a transition writes, by name, as `set` declares their values.

    In these, `$now` stands for the time of the transition, `$body` for the request's body and `$body.reason` for a
    member of it; `$$` stands for a dollar sign. Fields in `seconds` hold the time as seconds since 1970, and those in
    `dates` as a date; all others hold it as an instant.
    """

    values: Mapping[str, Any]
    seconds: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()

    @property
    def read_body(self) -> bool:
        """Whether they depend on the body."""
        return bool(self.body_paths)

    @property
    def body_paths(self) -> list[list[str]]:
        """The parts of the body that they depend on, each as the names that lead to it."""
        texts = [text for value in self.values.values() for _, text in find_references(value)]
        return [text.split(".")[1:] for text in texts if text.startswith(BODY)]

    def apply(self, at: int, body: Any) -> dict[str, Any]:
        """The fields with their values, at an instant in milliseconds since 1970.

        A field that refers to something that the body does not have is left out.
        """
        fields = {}
        for name, value in self.values.items():
            try:
                fields[name] = _evaluate(value, self._time(name, at), body)
            except _Absent:
                continue
        return fields

    def _time(self, field: str, at: int) -> Any:
        if field in self.seconds:
            return at // 1_000
        text = format_instant(at)
        return text[:DATE_LENGTH] if field in self.dates else text

    def sample_body(self, record: Mapping[str, Any]) -> Any:
        """A body from which the effects would write the values of `record`; None if they do not depend on one."""
        body: Any = None
        for name, value in self.values.items():
            if isinstance(value, str) and value.startswith(BODY) and name in record:
                path = value.split(".")[1:]
                if not path:
                    return record[name]
                body = {} if body is None else body
                place = body
                for member in path[:-1]:
                    place = place.setdefault(member, {})
                place[path[-1]] = record[name]
        return body


NO_EFFECTS = Effects({})


def find_references(value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a declared value that begins with a single dollar sign, with its pointer."""
    for pointer, text in json_pointer.find_texts(value):
        if text.startswith("$") and not text.startswith("$$"):
            yield pointer, text


def find_reference_error(text: str) -> str | None:
    """Why a text that begins with a dollar sign has no meaning; None if it has one."""
    name, *path = text.split(".")
    if text == NOW or (name == BODY and all(path)):
        return None
    hint = did_you_mean(name, [NOW, BODY])
    return f"{quote(text)} is neither $now nor $body.MEMBER; a text that begins with $ is written with $$.{hint}"


def _evaluate(value: Any, now: Any, body: Any) -> Any:
    if isinstance(value, str):
        if value == NOW:
            return now
        if value.startswith("$$"):
            return value[1:]
        return _read(body, value.split(".")[1:]) if value.startswith(BODY) else value
    if isinstance(value, Mapping):
        return {name: _evaluate(member, now, body) for name, member in value.items()}
    return [_evaluate(item, now, body) for item in value] if isinstance(value, list) else value


def _read(body: Any, path: list[str]) -> Any:
    if body is None:
        raise _Absent
    for name in path:
        if not isinstance(body, Mapping) or name not in body:
            raise _Absent
        body = body[name]
    return body
