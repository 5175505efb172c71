"""Responses of operations without a behaviour: an example, repaired if it violates its schema, or generated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver import generate
from mockserver.contract.model import Contract
from mockserver.documents.nodes import Node
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import CannotGenerate
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import Response
from mockserver.http.response import binary_samples
from mockserver.http.response.negotiation import concrete_media_type, negotiate
from mockserver.http.response.responses import NEVER_SENT, SENT_LATER, build_response, error_members, own_value
from mockserver.http.response.text_bodies import xml_document
from mockserver.openapi import parameter_encoding
from mockserver.openapi.content import body_value, holds_value, is_valid
from mockserver.openapi.examples import is_matching
from mockserver.openapi.model import DeclaredResponse, Header, MediaType, Operation, RequestExample
from mockserver.refusals import NoExample, NotAcceptable
from mockserver.schemas.equality import equality_key
from mockserver.schemas.shapes import Shape
from mockserver.schemas.validators import Validator
from mockserver.schemas.write_only import without_write_only
from mockserver.syntax.http.media_types import (
    EVENT_STREAM,
    FORM,
    best_match,
    essence,
    is_json,
    is_multipart,
    is_sequence,
    is_text,
    is_xml_data,
)
from mockserver.syntax.http.statuses import BODILESS, FIRST_ERROR, reason_phrase

# What a schema says of a header's value, so that it need not be made up.
DECLARED_VALUES = ("const", "default", "enum", "example", "examples")
# Text types in which a value other than text cannot be written.
STRUCTURED = ("text/html", "text/csv", "application/xhtml+xml")
# How many items a generated sequence has.
ITEM_COUNT = 2
# Members of a body with these names would hold places.
NAMES_OF_VALUES = {"location": "url", "content-location": "url"}
# In bytes. A larger sample is not cached, but generated for each request.
MEMO_LIMIT = 16 * 1024


class SampleSpec(Struct, frozen=True):
    """The declared response to sample, the name of an example, and whether to ignore examples (`dynamic`)."""

    status: int
    declared: DeclaredResponse
    example: str | None = None
    dynamic: bool = False


def default_sample(operation: Operation, status: int | None) -> SampleSpec:
    """The default sample of an operation: of `status`, else of its success response. Raises NoExample."""
    chosen = operation.success(status) or operation.usual()
    if chosen is None:
        raise NoExample(operation.id, "it declares no response")
    return SampleSpec(*chosen)


def paired_sample(operation: Operation, call: OperationCall) -> SampleSpec | None:
    """The response whose example has the name of those that the request is; of several, of the most specific one."""
    matching = [example for example in operation.request_examples if _is_sent(example, call)]
    if not matching:
        return None
    chosen = max(matching, key=lambda example: len(example.parameters) + bool(example.bodies))
    return SampleSpec(operation.status_of(chosen.declared), chosen.declared, chosen.name)


def _is_sent(example: RequestExample, call: OperationCall) -> bool:
    """Whether a request has the values of an example, in all that this has values for."""
    sent = {"path": call.path, "query": call.query, "header": call.headers, "cookie": call.cookies}
    for (location, name), value in example.parameters.items():
        if name not in sent[location] or _parameter_text(sent[location][name]) != _parameter_text(value):
            return False
    return not example.bodies or equality_key(call.body) in map(equality_key, example.bodies)


def _parameter_text(value: Any) -> str:
    """A text by which the values of a parameter are compared: the number 1 is the text 1."""
    return value if isinstance(value, str) else equality_key(value)


def sample(
    contract: Contract, prepared: PreparedRequest, seed: int, spec: SampleSpec, *, strict: bool = True
) -> Response:
    """The sample for a request, in a media type that the client accepts. Raises NoExample and NotAcceptable.

    Where no value is valid, one that comes near, unless `strict`. The sample depends only on the request and the seed,
    so it is cached with the prepared request.
    """
    operation, call = prepared.route.operation, prepared.call
    assert operation is not None
    assert call is not None
    accept = prepared.request.header("Accept")
    name = _media_type(spec, accept, operation, call) if spec.status not in BODILESS else None
    media_type = concrete_media_type(accept, name, spec.declared.media[name]) if name is not None else None
    key = (seed, spec.status, spec.example, spec.dynamic)
    response = prepared.samples.get(key)
    if response is None:
        parameters = f"{sorted(call.path.items())}/{sorted(call.query.items())}"
        builder = SampleBuilder(contract, operation, call, f"{seed}/{operation.id}/{parameters}", spec, not strict)
        try:
            response = builder.response(name, media_type)
        except CannotGenerate as error:
            raise NoExample(operation.id, error.reason, media_type) from None
        if len(response.body) <= MEMO_LIMIT:
            prepared.samples[key] = response
    return replace(response, headers=list(response.headers), violations=list(response.violations))


def required_headers(
    contract: Contract,
    operation: Operation,
    call: OperationCall,
    seed: int,
    spec: SampleSpec,
    present: Iterable[str] = (),
) -> list[tuple[str, str]]:
    """The headers that a response must have, without those that are `present` by name. Raises NoExample."""
    names = {name.lower() for name in present}
    declared = [header for header in spec.declared.headers if header.required and header.name.lower() not in names]
    if not declared:
        return []
    try:
        return SampleBuilder(contract, operation, call, f"{seed}/{operation.id}", spec).headers(declared)
    except CannotGenerate as error:
        raise NoExample(operation.id, error.reason) from None


def _media_type(spec: SampleSpec, accept: str | None, operation: Operation, call: OperationCall) -> str | None:
    """The declared media type to send: of those that can be written, the one that the client prefers."""
    media = spec.declared.media
    if spec.example is not None:
        media = {name: entry for name, entry in media.items() if spec.example in entry.examples}
    if isinstance(call.body, dict) and call.body.get("stream") is True:
        # The clients of language models ask for events in this way, and for JSON in `Accept`.
        if (events := best_match(EVENT_STREAM, [name for name in media if "*" not in name])) is not None:
            return events
    if len(media) > 1:
        writable = {name: entry for name, entry in media.items() if _is_writable(spec, entry)}
        with suppress(NotAcceptable):
            return negotiate(accept, writable or media)
    try:
        return negotiate(accept, media, operation)
    except NotAcceptable:
        # `Accept` is checked against success types alone.
        if spec.status < FIRST_ERROR:
            raise
        return next((name for name in media if is_json(name)), next(iter(media)))


def _is_writable(spec: SampleSpec, media: MediaType) -> bool:
    """Whether a sample can be written in a media type: as JSON, XML, bytes, text, or an example in its own syntax."""
    example, name = _example(spec, media), essence(media.name)
    if is_xml_data(name):
        return example is not None or media.schema is not None
    if name not in STRUCTURED or (example is not None and isinstance(example[1], str | bytes)):
        return True
    return example is None and media.shape.types == {"string"}


def _example(spec: SampleSpec, media: MediaType) -> tuple[str, Any] | None:
    if spec.dynamic or not media.examples:
        return None
    name = spec.example
    return (name, media.examples[name]) if name is not None else next(iter(media.examples.items()))


class SampleBuilder(Struct, frozen=True):
    """Builds one sample."""

    contract: Contract
    operation: Operation
    call: OperationCall
    seed: str
    spec: SampleSpec
    best_effort: bool = False

    def response(self, name: str | None, kind: str | None) -> Response:
        """The response in a media type that is declared as `name`. Raises CannotGenerate and NoExample."""
        if name is None or kind is None:
            return build_response(
                self.operation, self.spec.status, None, kind, self.headers(self.spec.declared.headers)
            )
        media = self.spec.declared.media[name]
        value, headers = self._body(media, kind), self.headers(self.spec.declared.headers)
        response = build_response(self.operation, self.spec.status, value, kind, headers)
        # Clients connect again where a stream of events ends.
        response.stays_open = essence(kind) == EVENT_STREAM and _example(self.spec, media) is not None
        return response

    def _generator(self, validator: Validator | None = None) -> generate.Generator:
        known_values = {name: self.call.path[name] for name in self.operation.path_names if name in self.call.path}
        path = self.operation.path.rstrip("/")
        if path.endswith("}") and known_values:
            known_values[""] = list(known_values.values())[-1]
        is_error = self.spec.status >= FIRST_ERROR
        if is_error:
            title = reason_phrase(self.spec.status)
            known_values |= error_members(self.spec.status, title.lower().replace(" ", "-"), title)
        documents = self.contract.documents
        schemas = validator.schemas if validator is not None else self.contract.schemas
        return generate.Generator.seeded(
            documents,
            schemas,
            self.seed,
            known_values=known_values,
            from_examples=not self.spec.dynamic,
            minimal=is_error,
            best_effort=self.best_effort,
        )

    def headers(self, declared: Sequence[Header]) -> list[tuple[str, str]]:
        """These declared headers, encoded as text; not those that only the server itself can know."""
        generator, pairs = self._generator(), list[tuple[str, str]]()
        # One that is required without a schema may be any text.
        text = Node(self.contract.documents, "", "", {"type": "string"})
        for header in declared:
            is_declared = _declares_value(header) and not self.spec.dynamic
            if header.name.lower() in NEVER_SENT or (not is_declared and _is_left_to_server(header)):
                continue
            if header.examples and not self.spec.dynamic:
                value = next(iter(header.examples.values()))
                value = generator.repair(header.schema, value, header.name) if header.schema is not None else value
            elif header.schema is not None or header.required:
                value = generator.generate(header.schema or text, NAMES_OF_VALUES.get(header.name.lower(), header.name))
            else:
                continue
            # The values of `Set-Cookie` cannot be joined (RFC 9110, section 5.3).
            is_repeated = header.name.lower() == "set-cookie" and isinstance(value, list)
            for item in value if is_repeated else [value]:
                pairs.append((header.name, parameter_encoding.encode_header(header.notation, item)))
        return pairs

    def _body(self, media: MediaType, kind: str) -> Any:
        example = _example(self.spec, media)
        if holds_value(kind, media):
            value = self._value(media, {})
            is_document = not isinstance(value, str) or (example is not None and value is example[1])
            return value if is_document or is_json(kind) else xml_document(value, kind, media)
        is_textual = is_text(kind) or essence(kind) == FORM or (is_multipart(kind) and _describes_parts(media))
        if example is not None and not is_textual and not isinstance(example[1], str):
            # No JSON is a body in a binary media type.
            example = None
        if example is None and essence(kind) in binary_samples.MINIMAL_FILES:
            return binary_samples.generate_bytes(kind, self.seed)
        if example is not None or is_textual or _constrains_text(media):
            if example is None and is_xml_data(kind) and media.schema is None:
                raise NoExample(self.operation.id, "it has neither an example nor a schema", kind)
            value = self._value(media, "" if media.parts is None else [])
            if example is None and is_xml_data(kind):
                document = xml_document(value, kind)
                if not is_valid(kind, media, document):
                    raise NoExample(self.operation.id, "its schema describes the whole document as a string", kind)
                return document
            if essence(kind) in STRUCTURED and not isinstance(value, str | bytes):
                raise NoExample(self.operation.id, "its value is not text in that media type", kind)
            return value
        limits = [node.value.get("maxLength") for node in media.shape.unconditional()]
        return binary_samples.generate_bytes(kind, self.seed)[
            : min((limit for limit in limits if isinstance(limit, int)), default=None)
        ]

    def _value(self, media: MediaType, default: Any) -> Any:
        """The value in a media type, without members that are write-only if it is valid without them, too."""
        value = self._example_or_generated(media, default)
        schemas = self.contract.schemas
        if schemas.for_direction("response") is schemas:
            return value
        if media.schema is None and media.item is not None and isinstance(value, list):
            return [_shown(item, media.item.shape, media.item.validator) for item in value]
        if isinstance(value, str) and not is_json(media.name) and holds_value(media.name, media):
            # An XML document, which is written anew only where it has such members.
            document = body_value(media.name, media, value)
            if document is None or document.violations:
                return value
            shown = _shown(document.value, media.shape, media.validator)
            return value if shown is document.value else shown
        return _shown(value, media.shape, media.validator)

    def _example_or_generated(self, media: MediaType, default: Any) -> Any:
        example = _example(self.spec, media)
        if example is not None:
            generator = self._generator(media.validator)
            value = repaired_example(generator, media, *example)
            return _repair_items(generator, media, value) if is_sequence(media.name) else value
        value = self._generator(media.validator).generate(media.schema) if media.schema is not None else default
        if media.item is None or (media.schema is not None and not isinstance(value, list)):
            return value
        make = self._generator().factory(media.item.schema)
        items = [make() for _ in (range(ITEM_COUNT) if media.schema is None else value)]
        return items if media.validator is None or media.validator.is_valid(items) else value


def _repair_items(generator: generate.Generator, media: MediaType, value: Any) -> Any:
    """An example of a sequence, each item of which that violates `itemSchema` is repaired."""
    if media.item is None or not isinstance(value, list):
        return value
    is_valid, schema = media.item.validator.is_valid, media.item.schema
    return [item if is_valid(item) else generator.repair(schema, item) for item in value]


def _describes_parts(media: MediaType) -> bool:
    """Whether the parts of a multipart body are known: as the members of an object, or as items."""
    return media.parts is not None or media.shape.types - {"null"} == {"object"}


def _shown(value: Any, shape: Shape, validator: Validator | None) -> Any:
    shown = without_write_only(value, shape)
    is_valid = validator is None or shown is value or validator.is_valid(shown)
    return shown if is_valid else value


def _constrains_text(media: MediaType) -> bool:
    """Whether the schema of a media type other than text constrains its characters, so that text can be generated."""
    schemas = [node.value for node in media.shape.unconditional()]
    if media.shape.types != {"string"} or any(schema.get("format") == "binary" for schema in schemas):
        return False
    return any(keyword in schema for schema in schemas for keyword in ("const", "enum", "format", "pattern"))


def repaired_example(generator: generate.Generator, media: MediaType, name: str, example: Any) -> Any:
    """An example as declared, or, if it violates its schema, with the invalid parts generated again."""
    if media.schema is None or is_matching(media, name):
        return example
    if isinstance(example, str) and not is_json(media.name) and holds_value(media.name, media):
        body = body_value(media.name, media, example)
        if body is None or not body.is_readable:
            return generator.generate(media.schema)
        example = body.value
    return generator.repair(media.schema, example)


def _declares_value(header: Header) -> bool:
    """Whether a value of a header is declared, by an example or by its schema."""
    schema = header.schema.resolve().value if header.schema is not None else None
    return bool(header.examples) or (isinstance(schema, dict) and any(name in schema for name in DECLARED_VALUES))


def _is_left_to_server(header: Header) -> bool:
    """Whether the server's own value of a header is sent, which one that is made up would contradict."""
    return header.name.lower().startswith(SENT_LATER) or own_value(header) is not None
