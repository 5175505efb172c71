"""Selects one of the declared media types by the `Accept` header of a request (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from werkzeug.http import parse_list_header

from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.refusals import NotAcceptable
from mockserver.syntax.http.media_types import OCTETS, best_match, covers, essence, is_json, specificity

# The media type to send if a range is declared.
USUAL = {"*": "application/json", "application": "application/json", "text": "text/plain", "image": "image/png",
         "audio": "audio/mpeg", "video": "video/mp4", "font": "font/woff2"}  # fmt: skip
XML_OF_PAGES = ("application/xml", "application/xhtml+xml")
# A media range, its quality (0 to 1), and its parameters.
Range = tuple[str, float, frozenset[str]]


def negotiate(accept: str | None, media: Mapping[str, MediaType], operation: Operation | None = None) -> str | None:
    """The declared media type that the client prefers; JSON if it has no preference. Raises NotAcceptable.

    Generated clients name one media type of all that an operation responds with, JSON if there is any. If only an error
    of `operation` has it, `Accept` is disregarded, as RFC 9110 (section 12.5.1) allows.
    """
    if not media:
        return None
    if not accept or accept == "*/*":
        return _preferred(tuple(media))
    best = _best(accept, tuple(media))
    if best is not None:
        return best
    if operation is not None and _names_error(accept, operation, media):
        return _preferred(tuple(media))
    raise NotAcceptable(accept, media)


def concrete_media_type(accept: str | None, name: str, media: MediaType) -> str:
    """The media type to send; for a declared range such as `*/*`, a usual one if accepted, else an accepted one."""
    if "*" not in name:
        return name
    ranges = _ranges(accept or "*/*")
    schema = media.schema.resolve().value if media.schema is not None else None
    is_binary = isinstance(schema, dict) and schema.get("format") == "binary"
    family = name.partition("/")[0]
    usual = OCTETS if is_binary and family in ("*", "application") else USUAL.get(family, USUAL["*"])
    if _quality(usual, ranges, frozenset()) > 0:
        return usual
    accepted = [
        media_range
        for media_range, quality, _ in ranges
        if "*" not in media_range and quality > 0 and covers(name, media_range)
    ]
    return accepted[0] if accepted else usual


def declared_media(declared: DeclaredResponse, media_type: str) -> MediaType | None:
    """The entry that declares a media type: the one of its name, else the most specific one that matches it."""
    media = declared.media.get(media_type)
    return media if media is not None else declared.media.get(best_match(media_type, declared.media) or "")


@lru_cache(maxsize=512)
def _best(accept: str, names: tuple[str, ...]) -> str | None:
    """The name of the highest quality, by the most specific range that covers it."""
    ranges = _ranges(accept)
    used = frozenset(parameter.partition("=")[0] for name in names for parameter in _parameters(name))
    ordered = sorted(names, key=lambda name: name != _preferred(names))
    # The address bar of a browser asks for pages, XHTML and other XML; of data, a person wants to read the JSON.
    pages = tuple(media_range for media_range in ranges if media_range[0] not in XML_OF_PAGES or not media_range[1])
    for accepted in (pages, ranges) if any(media_range[0] == "text/html" for media_range in ranges) else (ranges,):
        best = max(ordered, key=lambda name: _quality(name, accepted, used))
        if _quality(best, accepted, used) > 0:
            return best
    return None


def _names_error(accept: str, operation: Operation, media: Iterable[str]) -> bool:
    """Whether `Accept` names a media type that only errors of an operation have, other than by a range."""
    errors = [declared for status, declared in operation.responses.items() if status[0] in "45d"]
    names = {essence(name) for declared in errors for name in declared.media} - {essence(name) for name in media}
    return any(media_range in names and quality > 0 for media_range, quality, _ in _ranges(accept))


def _ranges(accept: str) -> tuple[Range, ...]:
    """The ranges of an `Accept` header, each with its quality and its parameters."""
    ranges = []
    for part in parse_list_header(accept.replace('"', "")):
        name, *parameters = [text.strip().lower() for text in part.split(";")]
        quality = 1.0
        for text in parameters:
            if text.startswith("q="):
                # Java's HttpURLConnection sends .2, which RFC 9110 (section 12.4.2) does not allow.
                quality = float(text[2:]) if re.fullmatch(r"[01](\.[0-9]*)?|\.[0-9]+", text[2:]) else 0.0
        others = frozenset(text for text in parameters if not text.startswith(("q=", "charset=")))
        ranges.append((name if "/" in name else "*/*" if name == "*" else "", quality, others))
    return tuple(ranges)


def _parameters(name: str) -> frozenset[str]:
    return frozenset(text.strip().lower() for text in name.split(";")[1:])


def _quality(name: str, ranges: tuple[Range, ...], used: frozenset[str]) -> float:
    """The quality of a media type; `used` are the names of the parameters that tell the declared ones apart."""
    media_type, declared = name.partition(";")[0].strip().lower(), _parameters(name)
    best_specificity, best_quality = -1, 0.0
    for accepted, quality, all_parameters in ranges:
        parameters = {parameter for parameter in all_parameters if parameter.partition("=")[0] in used}
        if not (covers(accepted, media_type) or covers(media_type, accepted)):
            continue
        if not parameters <= declared:
            continue
        specific = specificity(accepted) + 4 * len(parameters)
        if specific > best_specificity or (specific == best_specificity and quality > best_quality):
            best_specificity, best_quality = specific, quality
    return best_quality


@lru_cache(maxsize=512)
def _preferred(names: tuple[str, ...]) -> str:
    return next((name for name in names if is_json(name)), names[0])
