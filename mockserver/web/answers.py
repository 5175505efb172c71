"""Answers: the declared response chosen, the body written, and all of it judged before it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import Request, Response
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from mockserver.contract import jsontext
from mockserver.contract.media import is_json
from mockserver.contract.model import MediaType, Operation
from mockserver.contract.model import Response as Declared
from mockserver.contract.parameters import read_header
from mockserver.errors import Violation, quote
from mockserver.refusals import NotAcceptable
from mockserver.web.lean import LeanResponse

VARY = "Origin, Cookie, Accept, Prefer, X-Mock-Scenario, X-Mock-Sandbox"
BODILESS = (204, 304)


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


@lru_cache(maxsize=512)
def _best(accept: str, names: tuple[str, ...]) -> str | None:
    ordered = sorted(names, key=lambda name: name != _preferred(names))
    found: str | None = parse_accept_header(accept, MIMEAccept).best_match(ordered)
    return found


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
    media = declared.media.get(media_type)
    if media is None and declared.media:
        wrong = f"{quote(media_type)} is not declared for the status {status}"
        found.append(Violation("header", "", "content", wrong, "Content-Type"))
    elif media is not None and media.validator is not None and is_json(media_type):
        found += media.validator.violations(value, "body")
    return Answer(status, _write(value, media_type), media_type, own, found)


def _write(value: Any, media_type: str | None) -> bytes:
    if isinstance(value, bytes):
        return value
    if media_type is None:
        return b""
    return jsontext.dump(value) if is_json(media_type) or not isinstance(value, str) else value.encode()


def _judge_headers(declared: Declared, headers: Mapping[str, str]) -> list[Violation]:
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
