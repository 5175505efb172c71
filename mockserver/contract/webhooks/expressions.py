"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4) in the URL of a webhook, and references in its body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from mockserver.contract.effects import find_references
from mockserver.contract.runtime_expressions import (
    Absent,
    RequestValues,
    as_text,
    reads_request,
    replace_texts,
    request_value,
)
from mockserver.errors import did_you_mean
from mockserver.errors import quote as quoted
from mockserver.syntax import json_pointer
from mockserver.syntax.json_pointer import get_member

# What an event consists of, as `GET` of a stream has it.
EVENT_MEMBERS = ("event", "resource", "key", "at", "record", "id")
DEFAULT_BODY: Mapping[str, Any] = {"type": "$event", "timestamp": "$at", "data": "$record"}
_REQUEST = "$request."
_EMBEDDED = re.compile(r"\{([^{}]*)\}")
_EVENT = re.compile(rf"\$({'|'.join(EVENT_MEMBERS)})((?:\.[^.#]+)*|#(?:/.*)?)", re.DOTALL)
_KNOWN = ("$request.body", "$request.query", "$request.path", "$request.header", "$method", "$record", "$key", "$event")


class UrlTemplate(Struct, frozen=True):
    """A URL with runtime expressions: texts, and between them expressions, which `parts` has at odd indexes."""

    text: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> UrlTemplate:
        """Read a URL, a single expression, or a URL with expressions in braces."""
        return cls(text, ("", text, "") if text.startswith("$") else tuple(_EMBEDDED.split(text)))

    @property
    def expressions(self) -> tuple[str, ...]:
        """The expressions."""
        return self.parts[1::2]

    @property
    def of_request(self) -> tuple[str, ...]:
        """The expressions that are evaluated when a client subscribes."""
        return tuple(text for text in self.expressions if text.startswith(_REQUEST) or text == "$method")

    def mistakes(self) -> Iterator[str]:
        """What is wrong with each expression that has no meaning."""
        for text in self.expressions:
            if text == "$method" or reads_request(text) or _EVENT.fullmatch(text):
                continue
            if text.startswith(("$response", "$url", "$statusCode")):
                hint = " Name a member of the record instead, such as $record#/callback_url."
                yield f"{quoted(text)} is not supported: $request is kept with a record, nothing else is.{hint}"
            else:
                yield f"{quoted(text)} is not a runtime expression.{did_you_mean(text, _KNOWN)}"

    def evaluate(self, subscription: Mapping[str, str], event: Mapping[str, Any]) -> str | None:
        """The URL for an event; None where an expression leads to nothing."""

        def value_of(expression: str) -> str:
            if expression in self.of_request:
                return subscription.get(expression, "")
            return as_text(read_event(expression, event))

        return self.fill(value_of)

    def fill(self, value_of: Callable[[str], str]) -> str | None:
        """The URL with the value of each expression; None where one is empty, or `value_of` raises LookupError.

        A value at the beginning is a URL; others are percent-encoded.
        """
        url = self.parts[0]
        for expression, text in zip(self.parts[1::2], self.parts[2::2], strict=True):
            try:
                value = value_of(expression)
            except LookupError:
                return None
            if not value:
                return None
            url += (quote(value, safe="") if url else value) + text
        return url


def evaluate_request(expression: str, request: RequestValues) -> str | None:
    """What an expression such as `$request.body#/callback_url` stands for; None where that is nothing."""
    try:
        return as_text(request_value(expression, request)) or None
    except Absent:
        return None


def find_body_mistakes(body: Any) -> Iterator[tuple[str, str]]:
    """Each reference in a declared body that has no meaning: its pointer, and what is wrong."""
    for pointer, text in find_references(body):
        if not _EVENT.fullmatch(text):
            names = [f"${name}" for name in EVENT_MEMBERS]
            hint = did_you_mean(text.split(".")[0].split("#")[0], names)
            message = f"{quoted(text)} refers to nothing; a text that begins with $ is written with $$.{hint}"
            yield pointer, message


def write_body(body: Any, event: Mapping[str, Any]) -> Any:
    """A declared body with its references replaced, as far as they refer to something. Raises Absent."""

    def read(text: str) -> Any:
        if text.startswith("$$"):
            return text[1:]
        return read_event(text, event) if text.startswith("$") else text

    return replace_texts(body, read)


def read_event(reference: str, event: Mapping[str, Any]) -> Any:
    """What `$key`, `$record.name` or `$record#/name` stands for. Raises Absent."""
    match = _EVENT.fullmatch(reference)
    assert match is not None
    value, path = event[match[1]], match[2]
    tokens = json_pointer.split(path[1:]) if path.startswith("#") else path.split(".")[1:]
    for token in tokens:
        try:
            value = get_member(value, token)
        except LookupError:
            raise Absent from None
    return value
