"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4) that read a request: in webhooks, and in what overrides send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from mockserver.errors import did_you_mean, quote
from mockserver.syntax import json_pointer, strict_json

_SOURCE = re.compile(r"\$request\.(?:(header|query|path)\.(.+)|body(?:#(/.*)?)?)", re.DOTALL)
# What overrides send may have these in braces. `$now` is the time of the run's clock, as in `set` of a transition.
_EMBEDDED = re.compile(r"\{(\$(?:request\b[^{}]*|method|url|now))\}")
_KNOWN = ("$request.body#/name", "$request.query.name", "$request.path.name", "$request.header.name")


class Absent(LookupError):
    """An expression leads to nothing."""


class RequestValues(Struct, frozen=True):
    """What expressions read of a request: parameters by name, `header` by a name in any case, and its body as JSON."""

    method: str
    path: Mapping[str, Any]
    query: Mapping[str, Any]
    header: Callable[[str], Any]
    body: Any
    url: str = ""
    now: str = ""


def reads_request(expression: str) -> bool:
    """Whether an expression leads to a part of a request."""
    return _SOURCE.fullmatch(expression) is not None


def parameter_of(expression: str) -> tuple[str, str] | None:
    """The location and the name of the parameter of the path or the query that an expression reads, if it reads one."""
    match = _SOURCE.fullmatch(expression)
    return (match[1], match[2]) if match is not None and match[1] in ("path", "query") else None


def body_members(expression: str) -> tuple[str, ...]:
    """The member of the request's body that an expression reads, if it reads one."""
    match = _SOURCE.fullmatch(expression)
    return (json_pointer.split(match[3])[0],) if match is not None and match[3] else ()


def request_value(expression: str, request: RequestValues) -> Any:
    """What an expression such as `$request.body#/callback_url` stands for. Raises Absent."""
    if expression in ("$method", "$url", "$now"):
        return getattr(request, expression[1:])
    match = _SOURCE.fullmatch(expression)
    assert match is not None
    location, name, pointer = match.groups()
    if location is None:
        try:
            value = json_pointer.resolve(request.body, pointer) if pointer else request.body
        except LookupError:
            raise Absent from None
    elif location == "header":
        value = request.header(name)
    else:
        value = (request.path if location == "path" else request.query).get(name)
    if value is None and not pointer:
        raise Absent
    return value


def as_text(value: Any) -> str:
    """A value as part of a text; nothing where there is none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else strict_json.dump(value).decode()


def find_embedded(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """The expressions in braces in the texts of a JSON value, each with the pointer to its text."""
    for place, text in json_pointer.find_texts(value, pointer):
        yield from ((place, expression) for expression in _EMBEDDED.findall(text))


def mistake_in(expression: str) -> str | None:
    """What is wrong with an expression in braces that has no meaning."""
    if not expression.startswith("$request") or reads_request(expression):
        return None
    return f"{quote(expression)} is not a runtime expression.{did_you_mean(expression, _KNOWN)}"


def fill(value: Any, request: RequestValues) -> Any:
    """A JSON value with the expressions in its texts replaced.

    A text that is one expression becomes the value as it is, and its member is left out where there is none. In longer
    texts, values are written as text. Raises Absent where nothing is left.
    """

    def fill_whole(text: str) -> Any:
        whole = _EMBEDDED.fullmatch(text)
        return request_value(whole[1], request) if whole is not None else fill_text(text, request)

    return replace_texts(value, fill_whole)


def fill_text(text: str, request: RequestValues, escape: Callable[[str], str] = str) -> str:
    """A text with the expressions in it replaced by values as text, escaped; by nothing where there is none."""
    return _EMBEDDED.sub(lambda match: escape(_text_of(match[1], request)), text)


def _text_of(expression: str, request: RequestValues) -> str:
    try:
        return as_text(request_value(expression, request))
    except Absent:
        return ""


def replace_texts(value: Any, replacement: Callable[[str], Any]) -> Any:
    """A JSON value with each text in it replaced; a member or an item is left out for which that raises Absent."""
    if isinstance(value, str):
        return replacement(value)
    if isinstance(value, Mapping):
        return dict(_replace_each(value.items(), replacement))
    if isinstance(value, list):
        return [item for _, item in _replace_each(enumerate(value), replacement)]
    return value


def _replace_each(values: Iterable[tuple[Any, Any]], replacement: Callable[[str], Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in values:
        try:
            yield name, replace_texts(value, replacement)
        except Absent:
            continue
