"""What a client prefers for one answer: `Prefer: code=404, example=name, dynamic=true` (RFC 7240), or the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from flask import Request
from werkzeug.http import parse_list_header

from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.refusals import UnknownPreference

APPLIED = "Preference-Applied"
NAMES = ("code", "example", "dynamic")
TRUTH = {"true": True, "": True, "1": True, "false": False, "0": False}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Preference:
    """One answer, asked for by status, by the name of an example, or generated whatever examples there are."""

    code: int | None = None
    example: str | None = None
    dynamic: bool = False
    applied: str = ""


def read(operation: Operation, request: Request) -> Preference | None:
    """What a request to an operation prefers; None where it says nothing of the kind. Raises UnknownPreference."""
    asked = _asked(request)
    if not asked:
        return None
    code, dynamic = asked.get("code"), asked.get("dynamic")
    if code is not None and not (code.isascii() and code.isdigit() and len(code) == 3):
        raise UnknownPreference("code", code, operation.responses)
    if dynamic is not None and dynamic.lower() not in TRUTH:
        raise UnknownPreference("dynamic", dynamic, ["true", "false"])
    return Preference(
        int(code) if code is not None else None,
        asked.get("example"),
        TRUTH[dynamic.lower()] if dynamic is not None else False,
        ", ".join(f"{name}={_written(asked[name])}" for name in NAMES if name in asked),
    )


def response(operation: Operation, preference: Preference) -> tuple[int, DeclaredResponse]:
    """The status and the response that are preferred. Raises UnknownPreference."""
    if preference.code is None:
        chosen = operation.success() or operation.lowest()
    else:
        declared = operation.response(preference.code)
        chosen = (preference.code, declared) if declared is not None and 200 <= preference.code <= 599 else None
    if chosen is None:
        raise UnknownPreference("code", str(preference.code or ""), operation.responses)
    if preference.example is not None:
        named = {name for media in chosen[1].media.values() for name in media.examples}
        if preference.example not in named:
            raise UnknownPreference("example", preference.example, named)
    return chosen


def _asked(request: Request) -> dict[str, str]:
    """The preferences that we know, the header before the query, the first of a name before others."""
    found: dict[str, str] = {}
    for text in parse_list_header(request.environ.get("HTTP_PREFER", "")) if "HTTP_PREFER" in request.environ else ():
        name, _, value = text.partition(";")[0].partition("=")
        if (known := name.strip().lower()) in NAMES:
            found.setdefault(known, value.strip().strip('"'))
    if b"__" in request.query_string:
        for name in NAMES:
            if f"__{name}" in request.args:
                found.setdefault(name, request.args[f"__{name}"])
    return found


def _written(value: str) -> str:
    plain = all(char.isalnum() or char in "-._~" for char in value) and value.isascii()
    if plain and value:
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"' if quoted.isascii() and quoted.isprintable() else '""'
