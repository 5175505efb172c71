"""Bodies that are text: in which charset they are written, and how what is not markup is escaped in them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.http import parse_options_header

from mockserver.errors import Violation, quote
from mockserver.http.response import multipart_bodies
from mockserver.openapi import parameter_encoding
from mockserver.openapi.model import MediaType
from mockserver.openapi.xml import writing as xml
from mockserver.openapi.xml.layout import UNDECLARED
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import (
    EVENT_STREAM,
    FORM,
    JSON_LINES,
    essence,
    is_json,
    is_json_sequence,
    is_markup,
    is_multipart,
    is_xml_data,
)

EVENT_FIELDS = {"id", "event", "data", "retry"}
# What ends a line of an event; other characters that Python takes for line ends may be part of JSON.
LINE_END = re.compile(r"\r\n|\r|\n")
SCRIPTS = ("application/javascript", "application/x-javascript", "application/ecmascript")
DEFAULT_CHARSET = "utf-8"


def body_text(value: Any, media_type: str, media: MediaType | None = None) -> str | bytes:
    """A value as the text of a body in a media type other than JSON, which is declared as `media`."""
    if isinstance(value, str | bytes):
        return value
    name = essence(media_type)
    if is_xml_data(name):
        return xml_document(value, media_type, media)
    if name == FORM and isinstance(value, Mapping):
        return urlencode({name: parameter_encoding.encode_simple(member) for name, member in value.items()})
    if name == EVENT_STREAM and isinstance(value, list) and value and all(map(_is_event, value)):
        return "".join(map(_event_text, value))
    if name == EVENT_STREAM and isinstance(value, dict | list):
        return f"data: {strict_json.dump(value).decode()}\n\n"
    if name in JSON_LINES or is_json_sequence(name):
        items, separator = value if isinstance(value, list) else [value], "\x1e" if is_json_sequence(name) else ""
        return "".join(f"{separator}{strict_json.dump(item).decode()}\n" for item in items)
    return strict_json.dump(value).decode()


def xml_document(value: Any, media_type: str, media: MediaType | None = None) -> str:
    """A value as an XML document, by the schema of the `media` that declares it; a string is the text of the root."""
    layout = media.xml if media is not None and media.xml is not None else UNDECLARED
    return xml.write(value, layout, _charset(media_type).upper())


def _is_event(value: Any) -> bool:
    """Whether a value describes an event by its fields (OpenAPI 3.2, section 4.14.4)."""
    return isinstance(value, dict) and "data" in value and value.keys() <= EVENT_FIELDS


def _event_text(event: Mapping[str, Any]) -> str:
    """An event as the lines of its fields (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    lines = []
    for name, value in event.items():
        text = value if isinstance(value, str) else strict_json.dump(value).decode()
        pieces = LINE_END.split(text)
        # Only the lines of `data` are joined again; of other fields, the last one counts.
        lines += [f"{name}: {piece}\n" for piece in (pieces if name == "data" else [" ".join(pieces)])]
    return "".join(lines) + "\n"


def escape(text: str, media_type: str) -> str:
    """Plain text as it is written in a media type: escaped in HTML and XML."""
    return html.escape(text) if is_markup(media_type) else text


def with_charset(media_type: str) -> str:
    """A media type as the Content-Type of text: with a charset where clients would assume another than UTF-8."""
    name, options = parse_options_header(media_type)
    needs_charset = name.startswith("text/") or name in SCRIPTS or is_markup(name)
    if not needs_charset or "charset" in options:
        return media_type
    return f"{media_type}; charset={DEFAULT_CHARSET}"


def encode(text: str, media_type: str) -> tuple[bytes, list[Violation]]:
    """Text in the charset of its media type, and what is wrong with that.

    Characters that the charset lacks are references in HTML and XML; elsewhere they are a violation.
    """
    charset = _charset(media_type)
    try:
        return text.encode(charset, "xmlcharrefreplace" if is_markup(media_type) else "strict"), []
    except LookupError:
        message = f"the charset {quote(charset)} of the media type {quote(media_type)} is unknown"
    except UnicodeError:
        message = f"the body has characters that the charset {quote(charset)} of {quote(media_type)} lacks"
    return text.encode(), [Violation("body", "", "charset", message)]


def _charset(media_type: str) -> str:
    return parse_options_header(media_type)[1].get("charset", DEFAULT_CHARSET)


def write(value: Any, media_type: str, media: MediaType | None = None) -> tuple[bytes, str, list[Violation]]:
    """A body as bytes, its Content-Type, and what is wrong with its charset. `media` declares the media type."""
    if is_json(media_type):
        return value if isinstance(value, bytes) else strict_json.dump(value), media_type, []
    if is_multipart(media_type) and isinstance(value, list | dict):
        return *multipart_bodies.write(value, media_type, media), []
    text = body_text(value, media_type, media)
    if isinstance(text, bytes):
        return text, media_type, []
    body, violations = encode(text, media_type)
    return body, with_charset(media_type), violations
