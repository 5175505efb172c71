"""Forms: split into their fields, URL-encoded or multipart, and decoded field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from mockserver.errors import Violation, quote
from mockserver.handlers.declarations import Upload
from mockserver.http.request.body_syntax import ValueCount, decode_text, parse_json, read_xml
from mockserver.openapi import parameter_decoding
from mockserver.openapi.model import Encoding, MediaType, ParameterStyle, PartEncodings
from mockserver.openapi.nested_names import Unreadable, assemble, split_brackets
from mockserver.openapi.xml.layout import XmlLayout
from mockserver.refusals import MalformedBody, TooManyParts, UnsupportedCharset
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer
from mockserver.syntax.http.charsets import as_utf_8
from mockserver.syntax.http.media_types import FORM, JSON, OCTETS, essence, is_json, is_text, is_xml_data, matches

PART_LIMIT = 1_000
# The bytes of the headers of all parts.
HEADS_LIMIT = 512 * 1024
HEAD_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_CONTINUATION = re.compile(rb"(?:\r\n|\r|\n)[ \t]")
NOTHING, NO_HEADERS = Encoding(), Headers()


class Part(Struct, frozen=True):
    """One field of a form: its text as sent (URL-encoded), or its bytes and headers (multipart: `is_part`)."""

    text: str
    data: bytes = b""
    headers: Headers = field(default_factory=lambda: NO_HEADERS)
    is_file: bool = False
    is_part: bool = False
    filename: str = ""


def describe_uploads(value: Any) -> Any:
    """A value with an object for each Upload: the name of the file, its media type, and its size in bytes."""
    if isinstance(value, Upload):
        return {"filename": value.filename, "content_type": value.content_type, "size": len(value.data)}
    if isinstance(value, dict):
        return {name: describe_uploads(member) for name, member in value.items()}
    return [describe_uploads(item) for item in value] if isinstance(value, list) else value


def read_undeclared_form(data: bytes, content_type: str) -> dict[str, Any]:
    """A multipart form whose schema is not known: the text of each field, and an Upload for each file.

    A field that is sent several times is a list. Raises MalformedBody or TooManyParts.
    """
    fields: dict[str, list[Any]] = {}
    for name, part in split_multipart(data, content_type):
        kind = part.headers.get("Content-Type", OCTETS)
        value = Upload(part.filename, kind, part.data) if part.is_file else part.data.decode(errors="replace")
        fields.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def decode_form(
    media: MediaType, parts: Sequence[tuple[str, Part]], value_limit: int, violations: list[Violation]
) -> Any:
    """The value of a form; adds its violations to `violations`. Raises TooManyValues."""
    form = Form(media, parts, value_limit)
    value = form.value()
    violations += form.violations
    if media.validator is None:
        return value
    schema_violations = media.validator.violations(value, "body")
    if schema_violations and form.is_ambiguous:
        # Text that looks like a number may be meant as text.
        value_as_text = Form(media, parts, value_limit, as_text=True).value()
        if media.validator.is_valid(value_as_text):
            return value_as_text
    violations += schema_violations
    return value


def decode_parts(
    media: MediaType, encodings: PartEncodings, parts: Sequence[Part], value_limit: int, violations: list[Violation]
) -> list[Any]:
    """The parts of a multipart body in their order; adds their own violations to `violations`. Raises TooManyValues."""
    by_name = {str(index): encodings.at(index) for index in range(len(parts))}
    form = Form(replace(media, encoding=by_name, xml=None), [], value_limit)
    shape = media.shape.items if media.item is None else media.item.shape
    items = [form.decode_item(str(index), part, shape) for index, part in enumerate(parts)]
    violations += form.violations
    return items


class Form:
    """Decodes the fields of one form. With `as_text`, a field that may be text or a number is decoded as text.

    With `with_uploads`, a file is an Upload; without, it is its bytes as text. All JSON fields together have at most
    `value_limit` values.
    """

    def __init__(
        self,
        media: MediaType,
        parts: Sequence[tuple[str, Part]],
        value_limit: int,
        *,
        as_text: bool = False,
        with_uploads: bool = False,
    ) -> None:
        self.media, self.parts, self.as_text, self.with_uploads = media, parts, as_text, with_uploads
        self.violations: list[Violation] = []
        self.is_ambiguous = False
        self._values = ValueCount(value_limit)
        self._name = ""

    def value(self) -> dict[str, Any]:
        """The form as an object; adds the violations of single fields to `violations`. Raises TooManyValues."""
        fields: dict[str, list[tuple[tuple[str, ...], Part]]] = {}
        declared = self.media.shape.names
        for name, part in self.parts:
            base, *path = split_brackets(name) if name not in declared else (name,)
            base, path = (base, path) if base in declared or not path else (name, [])
            fields.setdefault(base, []).append(((base, *path), part))
        value: dict[str, Any] = {}
        for name, entries in fields.items():
            self._name = name
            try:
                value[name] = self._decode_field(name, entries)
            except Unreadable as error:
                self._add_violation(error.keyword, str(error))
        return value

    def decode_item(self, name: str, part: Part, shape: Shape) -> Any:
        """The value of a part that has no name of its own; null, and a violation, if it cannot be read."""
        self._name = name
        try:
            return self._decode_part(part, shape)
        except Unreadable as error:
            self._add_violation(error.keyword, str(error))
            return None

    def _decode_field(self, name: str, entries: Sequence[tuple[tuple[str, ...], Part]]) -> Any:
        notation = self.media.encoding.get(name, NOTHING).notation
        has_bracketed_names = any(len(path) > 1 for path, _ in entries)
        if notation is None or has_bracketed_names or notation.style == "deepObject":
            return assemble(entries, self.media.shape, self._decode_part)[name]
        if entries[0][1].is_part:
            return self._decode_parts(notation, entries)
        texts = [part.text for _, part in entries]
        return parameter_decoding.decode_field(notation, texts, parameter_decoding.decode_form)

    def _decode_parts(self, notation: ParameterStyle, entries: Sequence[tuple[tuple[str, ...], Part]]) -> Any:
        """The value of a field that one part or several hold, as text with delimiters or else a part for each item."""
        parts = [part for _, part in entries]
        is_text_alone = all(not part.is_file and "Content-Type" not in part.headers for part in parts)
        if notation.explode or not is_text_alone:
            return assemble(entries, self.media.shape, self._decode_part)[notation.name]
        return parameter_decoding.decode_field(notation, [part.data.decode(errors="replace") for part in parts], str)

    def _decode_part(self, part: Part, shape: Shape) -> Any:
        encoding = self.media.encoding.get(self._name, NOTHING)
        is_json_declared = bool(encoding.kinds) and is_json(encoding.kinds[0])
        if not part.is_part:
            text = parameter_decoding.decode_form(part.text)
            return self._decode_value(text, shape, declared_json=is_json_declared and "string" not in shape.types)
        sent = part.headers.get("Content-Type")
        self._check_part_headers(part, encoding, sent)
        if sent is not None and is_json(sent):
            return self._parse_json(part.data, sent)
        kind = sent or next(iter(encoding.kinds), "")
        if is_xml_data(kind) and self.media.xml is not None and "string" not in shape.types:
            return self._read_xml(self.media.xml.member(self._name), kind, part.data)
        if essence(kind) == FORM and "object" in shape.types:
            return self._read_form(part.data, shape)
        if part.is_file or (sent is not None and not is_text(sent)):
            data = part.data.decode("latin-1")
            return Upload(part.filename, sent or OCTETS, part.data) if self.with_uploads and part.is_file else data
        try:
            text = decode_text(part.data, sent or "")
        except MalformedBody as error:
            raise Unreadable(error.detail, "content") from None
        return self._decode_value(text, shape, declared_json=is_json_declared)

    def _decode_value(self, text: str, shape: Shape, *, declared_json: bool) -> Any:
        """The value of a field: JSON by default where its schema declares an object (OpenAPI 3.1, section 4.8.15)."""
        if declared_json or ("object" in shape.types and "string" not in shape.types):
            return self._parse_json(text.encode(errors="replace"), JSON)
        value = parameter_decoding.decode_scalar(text, shape.types)
        if value is not text and "string" in shape.types:
            self.is_ambiguous = True
            return text if self.as_text else value
        return value

    def _parse_json(self, data: bytes, content_type: str) -> Any:
        try:
            return parse_json(data, self._values, content_type)
        except MalformedBody as error:
            raise Unreadable(error.detail, "content") from None

    def _read_xml(self, layout: XmlLayout, content_type: str, data: bytes) -> Any:
        """The value of a part that is an XML document: an item, where the field is a list."""
        try:
            value, misnamed = read_xml(layout.items if layout.is_array else layout, content_type, data)
        except (MalformedBody, UnsupportedCharset) as error:
            raise Unreadable(error.detail, "content") from None
        for violation in misnamed:
            self._add_violation(violation.keyword, violation.message)
        return value

    def _read_form(self, data: bytes, shape: Shape) -> dict[str, Any]:
        """The value of a part that is a URL-encoded form, whose JSON counts as that of this one."""
        form = Form(MediaType(FORM, None, None, {}, shape=shape), split_urlencoded(data), 0, as_text=self.as_text)
        form._values = self._values
        value = form.value()
        place = json_pointer.join([self._name])
        self.violations += [replace(violation, pointer=place + violation.pointer) for violation in form.violations]
        self.is_ambiguous = self.is_ambiguous or form.is_ambiguous
        return value

    def _check_part_headers(self, part: Part, encoding: Encoding, sent: str | None) -> None:
        if sent is not None and encoding.kinds and not any(matches(sent, kind) for kind in encoding.kinds):
            self._add_violation(
                "contentType", f"{quote(essence(sent))} was sent, but {', '.join(encoding.kinds)} is declared"
            )
        for header in encoding.headers:
            if header.name not in part.headers:
                if header.required:
                    self._add_violation("required", f"the part's header {header.name} is required and missing")
                continue
            for violation in parameter_decoding.validate_header(header, part.headers[header.name]):
                self._add_violation(violation.keyword, f"the part's header {header.name}: {violation.message}")

    def _add_violation(self, keyword: str, message: str) -> None:
        self.violations.append(Violation("body", json_pointer.join([self._name]), keyword, message))


def split_urlencoded(data: bytes) -> list[tuple[str, Part]]:
    """The fields of a URL-encoded form, in their order."""
    # Clients such as curl send what is not ASCII as it is.
    pieces = [piece for piece in as_utf_8(data.decode("latin-1")).split("&") if piece]
    if len(pieces) > PART_LIMIT:
        raise TooManyParts(PART_LIMIT)
    named = [piece.partition("=") for piece in pieces]
    return [(parameter_decoding.decode_form(name), Part(text)) for name, _, text in named]


def split_multipart(data: bytes, content_type: str, *, is_form: bool = True) -> list[tuple[str, Part]]:
    """The parts of a multipart body by name, in their order; only those of a form must have a name."""
    boundary = parse_options_header(content_type)[1].get("boundary")
    if not boundary or not boundary.isascii():
        raise MalformedBody("its Content-Type has no boundary" + (" of ASCII characters" if boundary else ""))
    try:
        parts = list(_read_parts(data, boundary.encode()))
        if is_form and any(name is None for name, _ in parts):
            raise ValueError("a part has no name")
    except ValueError as error:
        kind = "form" if is_form else "body"
        raise MalformedBody(f"it is not a valid multipart {kind}: {error}") from None
    return [(name or "", part) for name, part in parts]


def _read_parts(data: bytes, boundary: bytes) -> Iterator[tuple[str | None, Part]]:
    """The parts between the lines that begin with a boundary (RFC 2046, section 5.1). Raises ValueError."""
    # A delimiter begins a line, which is looked at last: so the text that all of them begin with is searched for.
    begin = re.escape(b"--" + boundary)
    delimiter = re.compile(begin + rb"(?<=[\r\n]" + begin + rb")(?:(--)|[^\S\r\n]*(?:\r\n|\r|\n))")
    data, remaining, start = b"\r\n" + data, HEADS_LIMIT, 0
    for number, match in enumerate(delimiter.finditer(data)):
        if number:
            # A part without headers begins with the empty line.
            head_end = HEAD_END.search(data, start - 2, min(match.start(), start + remaining + 1))
            if head_end is None and match.start() - start > remaining:
                raise ValueError(f"the headers of its parts are longer than {HEADS_LIMIT:,} bytes")
            if head_end is None:
                raise ValueError("no empty line ends the headers of a part")
            remaining -= head_end.end() - start
            end = match.start() - (2 if data[match.start() - 2 : match.start()] == b"\r\n" else 1)
            yield _read_part(data[start : head_end.start()], data[head_end.end() : end])
        if match[1]:
            return
        if number == PART_LIMIT:
            raise TooManyParts(PART_LIMIT)
        start = match.end()
    name = boundary.decode()
    raise ValueError(f"the line --{name}-- at its end is missing" if start else f"no line --{name} begins a part")


def _read_part(head: bytes, content: bytes) -> tuple[str | None, Part]:
    lines = [line.decode() for line in _CONTINUATION.sub(b" ", head).splitlines()]
    pairs = [line.partition(":") for line in lines if line.strip()]
    headers = Headers([(name.strip(" \t"), value.strip(" \t")) for name, _, value in pairs])
    options = parse_options_header(headers.get("Content-Disposition"))[1]
    filename = options.get("filename")
    return options.get("name"), Part("", content, headers, filename is not None, True, filename or "")
