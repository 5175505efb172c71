"""Reads the preferences of a client: `Prefer: code=404, example=name, dynamic=true` (RFC 7240) or a query."""

from __future__ import annotations

import re
from typing import TypeVar

from msgspec import Struct
from werkzeug.http import parse_list_header

from mockserver.http.messages import Request
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.refusals import UnknownPreference

APPLIED = "Preference-Applied"
NAMES = ("code", "example", "dynamic")
BOOLEANS = {"true": True, "": True, "1": True, "false": False, "0": False}
T = TypeVar("T")
# A preference with its value, as a token or in quotes, before its parameters (RFC 7240, section 2).
_PREFERENCE = re.compile(
    r'(?P<name>[^\s=;"]+)\s*(?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^;]*?)))?\s*(?:;|$)'
)
_ESCAPED = re.compile(r"\\(.)")


class Preference(Struct, frozen=True):
    """The preferred status, the name of an example, and whether to generate even if there are examples (`dynamic`)."""

    code: int | None = None
    example: str | None = None
    dynamic: bool = False
    applied: str = ""


def read(operation: Operation, request: Request) -> Preference | None:
    """The preferences of a request to an operation, if it has supported ones. Raises UnknownPreference."""
    preferences = _read_all(request)
    if not preferences:
        return None
    code, dynamic = preferences.get("code"), preferences.get("dynamic")
    if code is not None and not (code.isascii() and code.isdigit() and len(code) == 3):
        raise UnknownPreference("code", code, operation.responses)
    if dynamic is not None and dynamic.lower() not in BOOLEANS:
        raise UnknownPreference("dynamic", dynamic, ["true", "false"])
    return Preference(
        int(code) if code is not None else None,
        preferences.get("example"),
        BOOLEANS[dynamic.lower()] if dynamic is not None else False,
        ", ".join(f"{name}={_quoted(preferences[name])}" for name in NAMES if name in preferences),
    )


def peek(operation: Operation, request: Request) -> Preference | None:
    """The preferences of a request that is refused for another reason; None without valid ones."""
    try:
        return read(operation, request)
    except UnknownPreference:
        return None


def preferred_response(operation: Operation, preference: Preference) -> tuple[int, DeclaredResponse]:
    """The preferred status and the response declared for it; without a status, the first one with the example.

    Raises UnknownPreference.
    """
    if preference.code is None:
        chosen = operation.usual()
    else:
        declared = operation.response(preference.code)
        chosen = (preference.code, declared) if declared is not None and 200 <= preference.code <= 599 else None
    if chosen is None:
        raise UnknownPreference("code", str(preference.code or ""), operation.responses)
    if preference.example is None or preference.example in _example_names(chosen[1]):
        return chosen
    others = sorted(operation.responses.items()) if preference.code is None else []
    for _, declared in others:
        if preference.example in _example_names(declared):
            return operation.status_of(declared), declared
    names = [name for declared in (chosen[1], *(other for _, other in others)) for name in _example_names(declared)]
    raise UnknownPreference("example", preference.example, dict.fromkeys(names))


def _example_names(declared: DeclaredResponse) -> list[str]:
    return [name for media in declared.media.values() for name in media.examples]


def _read_all(request: Request) -> dict[str, str]:
    """The supported preferences. The header has precedence over the query, and the first of a name over later ones."""
    preferences: dict[str, str] = {}
    prefer = request.header("Prefer")
    for text in parse_list_header(prefer) if prefer is not None else ():
        match = _PREFERENCE.match(text)
        if match is not None and (lower := match["name"].lower()) in NAMES:
            value, quoted = match["value"] or "", match["quoted"]
            preferences.setdefault(lower, value if quoted is None else _ESCAPED.sub(r"\1", quoted))
    if b"__" in request.query_string:
        for name in NAMES:
            if f"__{name}" in request.args:
                preferences.setdefault(name, request.args[f"__{name}"])
    return preferences


def _quoted(value: str) -> str:
    plain = all(char.isalnum() or char in "-._~" for char in value) and value.isascii()
    if plain and value:
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"' if quoted.isascii() and quoted.isprintable() else '""'
