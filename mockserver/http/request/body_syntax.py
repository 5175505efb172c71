"""Reads the bytes of a body, or of a part of a form, as JSON, XML or text, in the charset of its media type."""

from __future__ import annotations

from typing import Any

from werkzeug.http import parse_options_header

from mockserver.errors import Violation, quote
from mockserver.openapi.xml import reading
from mockserver.openapi.xml.layout import XmlLayout
from mockserver.refusals import MalformedBody, TooManyValues, UnsupportedCharset
from mockserver.syntax import strict_json, xml_elements
from mockserver.syntax.http.charsets import CODECS, codec_name
from mockserver.syntax.http.media_types import JSON, charset_of


class ValueCount:
    """Counts the JSON values of one body, of which it may have so many."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def add(self, data: bytes) -> None:
        """Count the values of a text that is about to be parsed. Raises TooManyValues."""
        self._left -= strict_json.count_values(data, self._left)
        if self._left < 0:
            raise TooManyValues(self._limit)


def parse_json(data: bytes, values: ValueCount, content_type: str = JSON) -> Any:
    """Parse JSON in the charset of its media type, by default UTF-8 (RFC 8259), and count its values.

    Raises MalformedBody, UnsupportedCharset or TooManyValues.
    """
    try:
        if "charset" in content_type.lower() and _codec(content_type) != "utf-8":
            data = decode_text(data, content_type).encode()
        values.add(data)
        return strict_json.parse(data)
    except strict_json.MalformedJSON as error:
        raise MalformedBody(str(error)) from None


def read_xml(layout: XmlLayout, sent: str, data: bytes) -> tuple[Any, list[Violation]]:
    """The value of an XML document, and where its elements are not those of the schema.

    Raises MalformedBody or UnsupportedCharset.
    """
    try:
        return reading.read(xml_elements.decode(data, charset_of(sent)), layout)
    except xml_elements.MalformedXML as error:
        raise MalformedBody(str(error)) from None
    except xml_elements.UnknownEncoding as error:
        raise UnsupportedCharset(error.encoding, dict.fromkeys(CODECS.values())) from None


def decode_text(data: bytes, content_type: str) -> str:
    """The text of a body. Raises MalformedBody or UnsupportedCharset."""
    codec = _codec(content_type)
    try:
        return data.decode(codec)
    except ValueError as error:
        raise MalformedBody(f"it is not valid {quote(codec)}: {error}") from None


def _codec(content_type: str) -> str:
    """Python's name of the charset of a media type, by default UTF-8. Raises UnsupportedCharset."""
    charset = parse_options_header(content_type)[1].get("charset", "utf-8")
    codec = codec_name(charset)
    if codec is None:
        raise UnsupportedCharset(charset, dict.fromkeys(CODECS.values()))
    return codec
