"""Decodes request bodies by their media type, and validates them."""

from __future__ import annotations

from typing import Any, Protocol

from mockserver.errors import Violation
from mockserver.http.messages import Request
from mockserver.http.request.body_syntax import ValueCount, decode_text, parse_json, read_xml
from mockserver.http.request.forms import Form, decode_form, decode_parts, split_multipart, split_urlencoded
from mockserver.openapi import parameter_decoding
from mockserver.openapi.content import item_violations
from mockserver.openapi.model import Body, MediaType
from mockserver.refusals import BodyTooLarge, MalformedBody, TooManyValues, UnsupportedMediaType
from mockserver.schemas.shapes import ALL_TYPES
from mockserver.syntax import strict_json
from mockserver.syntax.http.content_codings import CODINGS, Undecodable, decode_content, find_unknown
from mockserver.syntax.http.media_types import (
    FORM,
    FORMS,
    JSON,
    JSON_LINES,
    OCTETS,
    best_match,
    essence,
    is_json,
    is_json_sequence,
    is_multipart,
    is_text,
    is_xml_data,
)

# The items that a sequence may have.
ITEM_LIMIT = 100_000
# What a schema allows of a body that is text rather than a sequence: text alone, or whatever there is.
TEXTS = ({"string"}, ALL_TYPES - {"null"})


class ReceivedBody(Protocol):
    """A request, or what is kept of it."""

    @property
    def body(self) -> bytes:
        """The bytes of the body."""

    @property
    def value_limit(self) -> int:
        """How many JSON values the body may have."""

    def header(self, name: str, /) -> str | None:
        """The value of a header; its name is case-insensitive."""


def decode(request: Request, limit: int) -> Request:
    """The request with its body as it was before it was compressed (RFC 9110, section 8.4).

    Raises UnsupportedMediaType, MalformedBody or BodyTooLarge.
    """
    coding = request.header("Content-Encoding")
    if coding is None or not request.body or request.too_large:
        return request
    if (unknown := find_unknown(coding)) is not None:
        raise UnsupportedMediaType(unknown, CODINGS, is_coding=True)
    try:
        return request.with_decoded_body(decode_content(request.sent_body, coding, limit))
    except Undecodable as error:
        raise MalformedBody(str(error)) if error.is_malformed else BodyTooLarge(limit) from None


def read(body: Body, request: ReceivedBody, violations: list[Violation]) -> tuple[Any, MediaType | None]:
    """The body's value and the declared media type that matches it; adds its violations to `violations`.

    Raises UnsupportedMediaType, UnsupportedCharset, MalformedBody, TooManyParts or TooManyValues.
    """
    data = request.body
    sent = sent_media_type(body, request)
    if not data and (is_json(sent) or is_xml_data(sent) or request.header("Content-Type") is None):
        if body.required:
            violations.append(Violation("body", "", "required", "a body is required and missing"))
        return None, None
    if not data and not body.required:
        return None, None
    name = best_match(sent, body.media)
    if name is None:
        raise UnsupportedMediaType(essence(sent), body.media)
    media = body.media[name]
    return _decode(media, sent, data, request.value_limit, violations), media


def read_uploads(body: Body, request: ReceivedBody, value: Any) -> Any:
    """`value`, which `read` has returned, with an Upload for each file of a multipart form."""
    sent = request.header("Content-Type") or ""
    name = best_match(sent, body.media) if essence(sent) in FORMS and essence(sent) != FORM else None
    if name is None or body.media[name].parts is not None or b"filename" not in request.body.lower():
        return value
    media, parts = body.media[name], split_multipart(request.body, sent)
    limit = request.value_limit
    as_text = Form(media, parts, limit).value() != value
    return Form(media, parts, limit, as_text=as_text, with_uploads=True).value()


def reading_bytes(data: bytes, kind: str) -> int:
    """How many bytes of JSON are read in about the time that a body takes, by its fields or elements."""
    mark, each = (b"&", 1_500) if kind == FORM else (b"\n--", 5_000) if kind in FORMS else (b"<", 2_000)
    return each * data.count(mark) if kind in FORMS or is_xml_data(kind) else 0


def sent_media_type(body: Body, request: ReceivedBody) -> str:
    """The Content-Type of a request; without one, JSON if declared, else the first declared type that is not a range.

    Of ranges alone, what the bytes look like (RFC 9110, section 8.3): JSON, or bytes where the schema allows these.
    """
    sent = request.header("Content-Type")
    if sent:
        return sent
    names = [name for name in body.media if "*" not in name]
    if names:
        return next((name for name in names if is_json(name)), names[0])
    media = body.media.get(best_match(OCTETS, body.media) or "")
    may_be_bytes = media is not None and "string" in media.shape.types
    return OCTETS if may_be_bytes and not _is_json(request) else JSON


def _is_json(request: ReceivedBody) -> bool:
    try:
        parse_json(request.body, ValueCount(request.value_limit))
    except (MalformedBody, TooManyValues):
        return False
    return True


def _decode(media: MediaType, sent: str, data: bytes, value_limit: int, violations: list[Violation]) -> Any:
    """The value of a body that was sent with the Content-Type `sent`; adds its violations to `violations`."""
    kind = essence(sent)
    if is_json(kind):
        value = parse_json(data, ValueCount(value_limit), sent)
    elif media.parts is not None and is_multipart(kind):
        parts = [part for _, part in split_multipart(data, sent, is_form=False)]
        items = decode_parts(media, media.parts, parts, value_limit, violations)
        violations += item_violations(media, items)
        return items
    elif kind not in FORMS and is_multipart(kind) and media.shape.types - {"null"} == {"object"}:
        fields = split_multipart(data, sent, is_form=False)
        # The members of an object are the names of its parts; what parts without a name are is not declared.
        return decode_form(media, fields, value_limit, violations) if all(name for name, _ in fields) else data
    elif (kind in JSON_LINES or is_json_sequence(kind)) and (
        media.item is not None or media.shape.types - {"null"} not in TEXTS
    ):
        ValueCount(value_limit).add(data)
        return _decode_sequence(media, kind, data, violations)
    elif kind in FORMS:
        fields = split_urlencoded(data) if kind == FORM else split_multipart(data, sent)
        return decode_form(media, fields, value_limit, violations)
    elif media.xml is not None and is_xml_data(kind):
        value, misnamed = read_xml(media.xml, sent, data)
        violations += misnamed
    else:
        # Each byte becomes the character of the same number, so that lengths in the schema count bytes.
        value = decode_text(data, sent) if is_text(kind) else data.decode("latin-1")
        if "string" not in media.shape.types and not is_text(kind):
            return data
        if kind.startswith("text/"):
            value = parameter_decoding.decode_scalar(value, media.shape.types)
        elif "string" not in media.shape.types:
            return value  # such as YAML that is described as an object
    if media.validator is not None:
        violations += media.validator.violations(value, "body")
    return value


def _decode_sequence(media: MediaType, kind: str, data: bytes, violations: list[Violation]) -> list[Any]:
    """The items of a body, of which each line holds one; a schema that allows arrays describes all of them.

    Raises MalformedBody.
    """
    texts = data.split(b"\x1e" if is_json_sequence(kind) else b"\n", ITEM_LIMIT + 1)
    if len(texts) > ITEM_LIMIT:
        raise MalformedBody(f"it has more than {ITEM_LIMIT:,} items")
    items = list[Any]()
    for number, text in enumerate(filter(None, map(bytes.strip, texts)), 1):
        try:
            items.append(strict_json.parse(text))
        except strict_json.MalformedJSON as error:
            raise MalformedBody(f"item {number} of the sequence is not JSON: {error}") from None
    violations += item_violations(media, items)
    return items
