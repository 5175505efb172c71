"""Bodies of requests: read by their media type, forms field by field, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from mockserver.errors import Violation, quote
from mockserver.http.messages import Request
from mockserver.openapi import parameter_decoding
from mockserver.openapi.model import Body, Encoding, MediaType
from mockserver.openapi.nested_names import Unreadable, assemble, split_brackets
from mockserver.refusals import MalformedBody, TooManyParts, UnsupportedMediaType
from mockserver.schemas.shapes import Shape
from mockserver.syntax import json_pointer, strict_json
from mockserver.syntax.media_types import FORM, FORMS, JSON, best_match, essence, is_json, is_text, matches

PART_LIMIT = 1_000
NOTHING = Encoding()


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form: of a URL-encoded one its text as sent, of a multipart one its bytes and headers."""

    text: str
    data: bytes = b""
    headers: Headers = field(default_factory=Headers)
    is_file: bool = False
    is_part: bool = False


def read(body: Body, request: Request, found: list[Violation]) -> tuple[Any, MediaType | None]:
    """The body's value and the declared media type that it came in; what is wrong with it goes to `found`.

    Raises UnsupportedMediaType, MalformedBody or TooManyParts.
    """
    data = request.body
    sent = request.header("Content-Type") or _assumed(body)
    if not data and (is_json(sent) or request.header("Content-Type") is None):
        if body.required:
            found.append(Violation("body", "", "required", "a body is required and missing"))
        return None, None
    if not data and not body.required:
        return None, None
    if (coding := (request.header("Content-Encoding") or "identity").lower()) != "identity":
        raise UnsupportedMediaType(coding, ["a body without Content-Encoding"], is_coding=True)
    name = best_match(sent, body.media)
    if name is None:
        raise UnsupportedMediaType(essence(sent), body.media)
    media = body.media[name]
    return _judged(media, sent, data, found), media


def parse(data: bytes, content_type: str = JSON) -> Any:
    """JSON in the charset that its media type names; UTF-8, as RFC 8259 has it, where it names none.

    Raises MalformedBody.
    """
    try:
        charset = parse_options_header(content_type)[1].get("charset", "utf-8").lower()
        return strict_json.parse(data if charset in ("utf-8", "utf8") else data.decode(charset).encode())
    except strict_json.MalformedJSON as error:
        raise MalformedBody(str(error)) from None
    except (LookupError, ValueError) as error:
        raise MalformedBody(f"it is no {quote(charset)}: {error}") from None


def _assumed(body: Body) -> str:
    """What a body without Content-Type is taken for: JSON if that is declared, else the first that is no range."""
    kinds = [name for name in body.media if "*" not in name]
    return next((name for name in kinds if is_json(name)), kinds[0] if kinds else JSON)


def _judged(media: MediaType, sent: str, data: bytes, found: list[Violation]) -> Any:
    kind = essence(sent)
    if is_json(kind):
        value = parse(data, sent)
    elif kind in FORMS:
        parts = _fields(data) if kind == FORM else _parts(data, sent)
        return _judged_form(media, parts, found)
    else:
        # Bytes are judged by the characters of the same numbers, so that lengths count bytes.
        value = _text(data, sent) if is_text(kind) else data.decode("latin-1")
        if "string" not in media.shape.types and not is_text(kind):
            return data
        if kind.startswith("text/"):
            value = parameter_decoding.decode_scalar(value, media.shape.types)
        elif "string" not in media.shape.types:
            return value  # such as XML that is described as an object
    if media.validator is not None:
        found += media.validator.violations(value, "body")
    return value


def _text(data: bytes, content_type: str) -> str:
    charset = parse_options_header(content_type)[1].get("charset", "utf-8")
    try:
        return data.decode(charset)
    except (LookupError, ValueError) as error:
        raise MalformedBody(f"it is no {quote(charset)}: {error}") from None


def _fields(data: bytes) -> list[tuple[str, Part]]:
    """The fields of a URL-encoded form, in their order."""
    pieces = [piece for piece in data.decode("latin-1").split("&") if piece]
    if len(pieces) > PART_LIMIT:
        raise TooManyParts(PART_LIMIT)
    named = [piece.partition("=") for piece in pieces]
    return [(parameter_decoding.decode_form(name), Part(text)) for name, _, text in named]


def _parts(data: bytes, content_type: str) -> list[tuple[str, Part]]:
    """The parts of a multipart form, in their order."""
    boundary = parse_options_header(content_type)[1].get("boundary")
    if not boundary:
        raise MalformedBody("its Content-Type names no boundary")
    try:
        return list(_decoded(data, boundary.encode("latin-1")))
    except RequestEntityTooLarge:
        raise TooManyParts(PART_LIMIT) from None
    except (ValueError, AttributeError) as error:
        raise MalformedBody(f"it is no multipart form: {error}") from None


def _decoded(data: bytes, boundary: bytes) -> Iterator[tuple[str, Part]]:
    decoder = MultipartDecoder(boundary, max_parts=PART_LIMIT)
    decoder.receive_data(data)
    decoder.receive_data(None)
    head: Field | File | None = None
    content = bytearray()
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            if event.name is None:
                raise ValueError("a part has no name")
            head, content = event, bytearray()
        elif isinstance(event, Data) and head is not None:
            content += event.data
            if not event.more_data:
                yield head.name, Part("", bytes(content), head.headers, isinstance(head, File), True)


def _judged_form(media: MediaType, parts: Sequence[tuple[str, Part]], found: list[Violation]) -> Any:
    form = _Form(media, parts)
    value = form.value()
    found += form.found
    if media.validator is None:
        return value
    wrong = media.validator.violations(value, "body")
    if wrong and form.is_ambiguous:
        # What could be a number may have been meant as text.
        second = _Form(media, parts, as_text=True).value()
        if media.validator.is_valid(second):
            return second
    found += wrong
    return value


class _Form:
    """The fields of one form, made out one by one."""

    def __init__(self, media: MediaType, parts: Sequence[tuple[str, Part]], *, as_text: bool = False) -> None:
        self.media, self.parts, self.as_text = media, parts, as_text
        self.found: list[Violation] = []
        self.is_ambiguous = False
        self._name = ""

    def value(self) -> dict[str, Any]:
        """The form as an object. What is wrong with single fields goes to `found`."""
        fields: dict[str, list[tuple[tuple[str, ...], Part]]] = {}
        declared = self.media.shape.names
        for name, part in self.parts:
            base, *path = split_brackets(name) if name not in declared else (name,)
            base, path = (base, path) if base in declared or not path else (name, [])
            fields.setdefault(base, []).append(((base, *path), part))
        found: dict[str, Any] = {}
        for name, entries in fields.items():
            self._name = name
            try:
                found[name] = self._field(name, entries)
            except Unreadable as error:
                self._note(error.keyword, str(error))
        return found

    def _field(self, name: str, entries: Sequence[tuple[tuple[str, ...], Part]]) -> Any:
        notation = self.media.encoding.get(name, NOTHING).notation
        whole = all(len(path) == 1 for path, _ in entries)
        if notation is None or not whole or notation.style == "deepObject" or entries[0][1].is_part:
            return assemble(entries, self.media.shape, self._read)[name]
        texts = [part.text for _, part in entries]
        return parameter_decoding.decode_field(notation, texts, parameter_decoding.decode_form)

    def _read(self, part: Part, shape: Shape) -> Any:
        if not part.is_part:
            return self._made_out(parameter_decoding.decode_form(part.text), shape, declared_json=False)
        encoding = self.media.encoding.get(self._name, NOTHING)
        sent = part.headers.get("Content-Type")
        self._judge_head(part, encoding, sent)
        if sent is not None and is_json(sent):
            return self._json(part.data, sent)
        if part.is_file or (sent is not None and not is_text(sent)):
            return part.data.decode("latin-1")
        try:
            text = _text(part.data, sent or "")
        except MalformedBody as error:
            raise Unreadable(error.detail, "content") from None
        return self._made_out(text, shape, declared_json=bool(encoding.kinds) and is_json(encoding.kinds[0]))

    def _made_out(self, text: str, shape: Shape, *, declared_json: bool) -> Any:
        """A field's text: JSON where an object is wanted, which it is by default (OpenAPI 3.1, section 4.8.15)."""
        if declared_json or ("object" in shape.types and "string" not in shape.types):
            return self._json(text.encode(errors="replace"), JSON)
        value = parameter_decoding.decode_scalar(text, shape.types)
        if value is not text and "string" in shape.types:
            self.is_ambiguous = True
            return text if self.as_text else value
        return value

    def _json(self, data: bytes, content_type: str) -> Any:
        try:
            return parse(data, content_type)
        except MalformedBody as error:
            raise Unreadable(error.detail, "content") from None

    def _judge_head(self, part: Part, encoding: Encoding, sent: str | None) -> None:
        if sent is not None and encoding.kinds and not any(matches(sent, kind) for kind in encoding.kinds):
            self._note("contentType", f"it came as {quote(essence(sent))}; {', '.join(encoding.kinds)} is declared")
        for one in encoding.headers:
            if one.name not in part.headers:
                if one.required:
                    self._note("required", f"the part's header {one.name} is required and missing")
                continue
            for violation in parameter_decoding.validate_header(one, part.headers[one.name]):
                self._note(violation.keyword, f"the part's header {one.name}: {violation.message}")

    def _note(self, keyword: str, message: str) -> None:
        self.found.append(Violation("body", json_pointer.join([self._name]), keyword, message))
