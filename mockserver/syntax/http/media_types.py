"""Media types by name: which contain JSON, text or a form, and which declared one a body's type corresponds to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
FORMS = (FORM, MULTIPART)
# Any bytes.
OCTETS = "application/octet-stream"
TEXTUAL = ("application/xml", "application/yaml", "application/x-yaml", "application/javascript", "application/graphql")

# Formats with elements of their own.
XML_FORMATS = ("application/xhtml+xml", "image/svg+xml", "application/mathml+xml")
# Server-sent events.
EVENT_STREAM = "text/event-stream"
# One JSON value per line.
JSON_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines",
              "application/x-jsonlines")  # fmt: skip

# The same, each after a record separator (RFC 7464).
JSON_SEQUENCE, JSON_SEQUENCE_SUFFIX = "application/json-seq", "+json-seq"

# A type or a range, with parameters.
MEDIA_TYPE = re.compile(r"[!#$&^_.+*\w-]+/[!#$&^_.+*\w-]+\s*(;.*)?", re.ASCII)
# What documents write in place of a type.
SHORT_NAMES = {"*": "*/*", "xml": "application/xml", "text": "text/plain", "html": "text/html", "csv": "text/csv"}


def declared_media_types(name: str) -> list[str]:
    """The media types that a name in a document stands for: itself, those of a list, or what a short name means."""
    name = name.strip().lower()
    if MEDIA_TYPE.fullmatch(name):
        return [name]
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and all(map(MEDIA_TYPE.fullmatch, parts)):
        return parts
    return [SHORT_NAMES.get(name, JSON)]


def essence(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def charset_of(media_type: str) -> str | None:
    """The parameter `charset` of a media type."""
    for parameter in media_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return None


@lru_cache(maxsize=256)
def is_json(media_type: str) -> bool:
    """Whether a media type contains JSON (RFC 6838, section 4.2.8, for the suffix)."""
    name = essence(media_type)
    return name in (JSON, "text/json") or name.endswith("+json")


def may_be_json(media_type: str) -> bool:
    """Whether a declared media type contains JSON, or is a range that covers it."""
    return is_json(media_type) or ("*" in media_type and matches(JSON, media_type))


def is_xml(media_type: str) -> bool:
    """Whether a media type is XML (RFC 7303)."""
    name = essence(media_type)
    return name in ("application/xml", "text/xml") or name.endswith("+xml")


def is_xml_data(media_type: str) -> bool:
    """Whether a media type is XML whose elements an API declares itself, and not those of pages or images."""
    return is_xml(media_type) and essence(media_type) not in XML_FORMATS


def is_markup(media_type: str) -> bool:
    """Whether a media type is HTML or XML, in which some characters of plain text have to be escaped."""
    return essence(media_type) == "text/html" or is_xml(media_type)


def is_json_sequence(media_type: str) -> bool:
    """Whether a media type contains JSON values, each after a record separator (RFC 8091 for the suffix)."""
    name = essence(media_type)
    return name == JSON_SEQUENCE or name.endswith(JSON_SEQUENCE_SUFFIX)


def is_sequence(media_type: str) -> bool:
    """Whether a media type is a sequence of JSON values or of parts."""
    return essence(media_type) in JSON_LINES or is_json_sequence(media_type) or is_multipart(media_type)


def is_multipart(media_type: str) -> bool:
    """Whether a media type consists of parts with headers of their own (RFC 2046, section 5.1)."""
    return essence(media_type).startswith("multipart/")


def is_text(media_type: str) -> bool:
    """Whether a media type contains characters rather than bytes."""
    name = essence(media_type)
    is_textual = name.startswith("text/") or name.endswith(("+xml", "+yaml", JSON_SEQUENCE_SUFFIX))
    return is_textual or name in (*TEXTUAL, *JSON_LINES, JSON_SEQUENCE)


def matches(media_type: str, declared: str) -> bool:
    """Whether a media type is the declared one, or within the declared range."""
    return covers(essence(declared), essence(media_type))


def covers(media_range: str, media_type: str) -> bool:
    """Whether a range without parameters covers a media type; `application/*+json` covers `application/json`, too."""
    if media_range in (media_type, "*/*", "*"):
        return True
    family, _, subtype = media_range.partition("/")
    if family not in ("*", media_type.partition("/")[0]):
        return False
    suffix = subtype[2:] if subtype.startswith("*+") else None
    return subtype == "*" or (suffix is not None and media_type.endswith((f"+{suffix}", f"/{suffix}")))


def best_match(media_type: str, declared: Iterable[str]) -> str | None:
    """The declared name that matches most specifically: the type itself, `text/*+xml`, `text/*`, then `*/*`.

    Of several that differ in their parameters alone, the one that has most of them in common with `media_type`.
    """
    sent = _parameters(media_type)
    candidates = [name for name in declared if matches(media_type, name)]
    return max(candidates, key=lambda name: (specificity(essence(name)), _agreement(sent, name)), default=None)


def specificity(media_range: str) -> int:
    """How much a range without parameters narrows: not at all, to a family, to a suffix in it, or to one type."""
    if "*" not in media_range:
        return 3
    return 2 if "*+" in media_range else int(not media_range.startswith("*"))


def _agreement(sent: frozenset[str], name: str) -> int:
    declared = _parameters(name)
    return len(declared & sent) - len(declared - sent)


def _parameters(media_type: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in media_type.split(";")[1:] if part.strip())
