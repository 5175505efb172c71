"""Answers: the declared response chosen, the body written, and all of it judged before it leaves."""

from __future__ import annotations

import hashlib
import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import Request, Response
from werkzeug.http import parse_list_header

from mockserver.errors import Violation, quote
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.openapi.parameter_decoding import read_header
from mockserver.refusals import NotAcceptable
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import is_json
from mockserver.web.lean import LeanResponse

VARY = "Origin, Cookie, Accept, Prefer, X-Mock-Scenario, X-Mock-Sandbox"
BODILESS = (204, 304)
# What is sent where a range is declared.
BINARY = "application/octet-stream"
USUAL = {"*": "application/json", "application": "application/json", "text": "text/plain", "image": "image/png",
         "audio": "audio/mpeg", "video": "video/mp4", "font": "font/woff2"}  # fmt: skip
Range = tuple[str, float, frozenset[str]]


# As RFC 9110 has them; Python's own phrases changed with 3.13, and answers must not.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
# What documents call the sentence that says what is wrong.
DETAILS = ("detail", "message", "msg", "reason", "description", "error_description", "error_message")


def title_of(status: int) -> str:
    """The phrase of a status."""
    return TITLES.get(status) or http.client.responses.get(status, "Refused")


def error_members(status: int, code: str, detail: str) -> dict[str, Any]:
    """What the members of an error are, by the names that they go by in the forms that documents declare."""
    title = title_of(status)
    words = {"title": title, "error": (title, code), "errors": (detail, [detail]), **dict.fromkeys(DETAILS, detail)}
    return {"status": status, "statusCode": status, "code": (code, status), **words}


@dataclass(slots=True)
class Answer:
    """A response on its way out: `body` as bytes, `violations` what is wrong with it."""

    status: int
    body: bytes
    media_type: str | None
    headers: dict[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)


def negotiate(request: Request, media: Mapping[str, MediaType]) -> str | None:
    """The media type that the client likes best; JSON first where it does not mind. Raises NotAcceptable."""
    if not media:
        return None
    accept = request.environ.get("HTTP_ACCEPT")
    if not accept or accept == "*/*":
        return _preferred(tuple(media))
    found = _best(accept, tuple(media))
    if found is None:
        raise NotAcceptable(accept, media)
    return found


def concrete(request: Request, name: str, media: MediaType) -> str:
    """The media type to send where a range such as `*/*` may be declared: JSON if that is taken, else what is."""
    if "*" not in name:
        return name
    accept = request.environ.get("HTTP_ACCEPT") or "*/*"
    place = media.schema.follow().value if media.schema is not None else None
    binary = isinstance(place, dict) and place.get("format") == "binary"
    family = name.partition("/")[0]
    usual = BINARY if binary and family in ("*", "application") else USUAL.get(family, USUAL["*"])
    if _quality(usual, _ranges(accept)) > 0:
        return usual
    taken = [one for one, quality, _ in _ranges(accept) if "*" not in one and quality > 0 and _covers(name, one)]
    return taken[0] if taken else usual


@lru_cache(maxsize=512)
def _best(accept: str, names: tuple[str, ...]) -> str | None:
    """The name of the highest quality, by the most specific range that covers it (RFC 9110, section 12.5.1)."""
    ranges = _ranges(accept)
    ordered = sorted(names, key=lambda name: name != _preferred(names))
    best = max(ordered, key=lambda name: _quality(name, ranges))
    return best if _quality(best, ranges) > 0 else None


@lru_cache(maxsize=512)
def _ranges(accept: str) -> tuple[Range, ...]:
    """The ranges of an `Accept` header, each with its quality and its parameters."""
    found = []
    for part in parse_list_header(accept.replace('"', "")):
        name, *parameters = [one.strip().lower() for one in part.split(";")]
        quality = 1.0
        for one in parameters:
            if one.startswith("q="):
                quality = float(one[2:]) if re.fullmatch(r"[01](\.[0-9]*)?", one[2:]) else 0.0
        rest = frozenset(one for one in parameters if not one.startswith(("q=", "charset=")))
        found.append((name if "/" in name else "*/*" if name == "*" else "", quality, rest))
    return tuple(found)


def _quality(name: str, ranges: tuple[Range, ...]) -> float:
    plain, *own = [one.strip().lower() for one in name.split(";")]
    best, found = -1, 0.0
    for accepted, quality, parameters in ranges:
        if not (_covers(accepted, plain) or _covers(plain, accepted)) or (parameters and not parameters <= set(own)):
            continue
        specific = 2 * (accepted.count("*") == 0) + (accepted != "*/*") + 4 * len(parameters)
        if specific > best or (specific == best and quality > found):
            best, found = specific, quality
    return found


def _covers(accepted: str, name: str) -> bool:
    kind, _, sub = accepted.partition("/")
    return kind in ("*", name.partition("/")[0]) and sub in ("*", name.partition("/")[2])


@lru_cache(maxsize=512)
def _preferred(names: tuple[str, ...]) -> str:
    return next((name for name in names if is_json(name)), names[0])


def answer(
    operation: Operation, status: int, value: Any, media_type: str | None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Write and judge an answer of `operation`. `value` is JSON, or text or bytes for other media types."""
    declared = operation.response(status)
    own = dict(headers or {})
    if declared is None:
        wrong = f"{operation.id} declares no response for the status {status}"
        return Answer(status, _write(value, media_type), media_type, own, [Violation("status", "", "responses", wrong)])
    found = _judge_headers(declared, own)
    if status in BODILESS:
        return Answer(status, b"", None, own, found)
    if media_type is None:
        return Answer(status, b"" if value is None else _write(value, "application/json"), media_type, own, found)
    media = declared_media(declared, media_type)
    if media is None and declared.media:
        wrong = f"{quote(media_type)} is not declared for the status {status}"
        found.append(Violation("header", "", "content", wrong, "Content-Type"))
    elif media is not None and media.validator is not None:
        if is_json(media_type) or (isinstance(value, str) and media.shape.types == {"string"}):
            found += media.validator.violations(value, "body")
    return Answer(status, _write(value, media_type), media_type, own, found)


def declared_media(declared: DeclaredResponse, kind: str) -> MediaType | None:
    """The entry that declares a media type: by its name, else by the narrowest range that covers it."""
    if kind in declared.media:
        return declared.media[kind]
    covering = [one for name, one in declared.media.items() if "*" in name and _covers(name, kind)]
    return min(covering, key=lambda one: one.name.count("*"), default=None)


def _write(value: Any, media_type: str | None) -> bytes:
    if isinstance(value, bytes):
        return value
    if media_type is None:
        return b""
    return strict_json.dump(value) if is_json(media_type) or not isinstance(value, str) else value.encode()


def _judge_headers(declared: DeclaredResponse, headers: Mapping[str, str]) -> list[Violation]:
    found = []
    for one in declared.headers:
        text = next((value for name, value in headers.items() if name.lower() == one.name.lower()), None)
        if text is None:
            if one.required:
                message = f"the header {one.name} is required and missing"
                found.append(Violation("header", "", "required", message, one.name))
        elif one.validator is not None:
            found += read_header(one, text)
    return found


def respond(answered: Answer, request: Request) -> Response:
    """The answer as Flask sends it: with its ETag if it was a successful GET, or 304 if the client has it."""
    headers = list(answered.headers.items())
    kind = answered.media_type if answered.status not in BODILESS else None
    if request.method in ("GET", "HEAD"):
        headers.append(("Cache-Control", "no-cache"))
    response = LeanResponse(answered.body, answered.status, headers, content_type=kind)
    if kind is None and not answered.body:
        response.headers.pop("Content-Type", None)
    if request.method in ("GET", "HEAD"):
        if 200 <= answered.status < 300:
            tag = hashlib.blake2b(answered.body, digest_size=16).hexdigest()
            response.headers.add("ETag", f'"{tag}"')
            if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(tag):
                response.status_code = 304
                response.set_data(b"")
                for name in ("Content-Type", "Content-Length"):
                    response.headers.pop(name, None)
    return response
