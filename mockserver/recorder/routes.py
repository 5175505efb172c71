"""The operation that a recorded request is for, with the values of its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from mockserver.errors import Violation
from mockserver.openapi import parameter_decoding
from mockserver.openapi.model import Operation, Parameter, template_shape
from mockserver.openapi.parameter_decoding import RESERVED_PREFIX
from mockserver.recorder.exchanges import Headers, find_header
from mockserver.syntax.http.charsets import as_utf_8
from mockserver.syntax.http.cookies import cookie_values

_PARAMETER = re.compile(r"\{[^{}]*\}")
# What separates, where it is encoded.
_SEPARATOR = re.compile(r"%2f", re.IGNORECASE)


class RoutedRequest(Struct, frozen=True):
    """An operation with the parameters of a request by location and name, defaults included, and their violations.

    `sent` are the names of the query parameters that were sent, `undeclared` those of them that are not declared.
    """

    operation: Operation
    parameters: dict[str, dict[str, Any]]
    violations: list[Violation]
    sent: frozenset[str]
    undeclared: tuple[str, ...]


class _Path(Struct, frozen=True):
    pattern: re.Pattern[str]
    shape: str
    operation: Operation


class OperationPaths:
    """Finds operations by method and path. Of two paths that match, the more concrete one counts."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._paths = [
            _Path(_compile(prefix + operation.route), template_shape(prefix + operation.route), operation)
            for operation in operations
            for prefix in ("", *operation.prefixes)
        ]
        self._paths.sort(key=lambda path: ["{" in part for part in path.shape.split("/")])

    def route(self, method: str, target: str, headers: Headers) -> RoutedRequest | None:
        """The operation of a request and its parameters; None if no operation is declared for it."""
        path, _, query_text = target.partition("?")
        plain = unquote(_SEPARATOR.sub("%252F", path))
        shape: str | None = None
        for candidate in self._paths:
            if shape is not None and candidate.shape != shape:
                continue
            match = candidate.pattern.fullmatch(plain)
            if match is None:
                continue
            shape = candidate.shape
            query = read_query(query_text)
            texts = {name: [parameter_decoding.decode_form(text) for text in values] for name, values in query.items()}
            is_part = all(value in texts.get(name, ()) for name, value in candidate.operation.query)
            if candidate.operation.method == method and is_part:
                values = [_SEPARATOR.sub("/", text) for text in match.groups()]
                return _read(candidate.operation, values, query, headers)
        return None


def read_query(text: str) -> dict[str, list[str]]:
    """The query parameters by name, their values as sent."""
    values: dict[str, list[str]] = {}
    for piece in text.partition("#")[0].split("&"):
        name, _, value = piece.partition("=")
        if piece:
            values.setdefault(parameter_decoding.decode_form(name), []).append(value)
    return values


def _compile(route: str) -> re.Pattern[str]:
    literals = [re.escape(text) for text in _PARAMETER.split(route)]
    return re.compile("([^/]+)".join(literals) + "/?")


def _read(
    operation: Operation, path_values: Sequence[str], query: dict[str, list[str]], headers: Headers
) -> RoutedRequest:
    path = dict(zip(operation.path_names, path_values, strict=False))
    cookies = cookie_values(find_header(headers, "cookie") or "")
    values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    violations: list[Violation] = []
    names = {parameter.name for parameter in operation.parameters if parameter.location == "query"}
    used: set[str] = set()
    for parameter in operation.parameters:
        name, location = parameter.name, parameter.location
        texts: list[str] = []
        decode: Callable[[str], str] = str
        if location == "path" and name in path:
            texts = [path[name]]
        elif location == "query":
            texts, decode = query.get(name) or query.get(f"{name}[]", []), parameter_decoding.decode_form
            used |= {name, f"{name}[]"} & query.keys()
        elif location == "header":
            texts = [as_utf_8(text) for text in [find_header(headers, name.lower())] if text is not None]
        elif name in cookies:
            texts, decode = [cookies[name]], str if parameter.notation.style == "cookie" else unquote
        decoded = _decode(parameter, texts, decode, query, names, used)
        if decoded is not None:
            values[location][name] = decoded[0]
            violations += decoded[1]
        elif parameter.required:
            message = f"the {location} parameter is required and missing"
            violations.append(Violation(location, "", "required", message, name))
        elif parameter.default is not None:
            values[location][name] = parameter.default
    for name in path:
        values["path"].setdefault(name, path[name])
    expected = used | {name for name, _ in operation.query}
    undeclared = tuple(name for name in query if name not in expected and not name.startswith(RESERVED_PREFIX))
    return RoutedRequest(operation, values, violations, frozenset(query) & names, undeclared)


def _decode(
    parameter: Parameter,
    texts: list[str],
    decode: Any,
    query: dict[str, list[str]],
    names: set[str],
    used: set[str],
) -> tuple[Any, list[Violation]] | None:
    """The value of a parameter and its violations; None if it was not sent. Adds the query parameters it used."""
    if parameter.has_member_parameters and parameter.location == "query":
        collected = parameter_decoding.collect_members(parameter, query, names, decode)
        if collected is not None:
            used |= {name for name in query if parameter_decoding.member_path(parameter.notation, name, names)}
            return collected
    if not texts or (texts == [""] and parameter.may_be_empty):
        return None
    return parameter_decoding.decode_and_validate(parameter, texts, decode)
