"""Responses of operations without a behaviour: an example, repaired if it violates its schema, or generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from mockserver import generate
from mockserver.contract.model import Contract
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.errors import CannotGenerate
from mockserver.http.exchange import PreparedRequest
from mockserver.http.messages import BODILESS, Response
from mockserver.http.response import binary_samples
from mockserver.http.response.negotiation import concrete_media_type, negotiate
from mockserver.http.response.responses import build_response, error_members, title_of
from mockserver.openapi import parameter_encoding
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.refusals import NoExample, NotAcceptable
from mockserver.schemas.validators import Validator
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import FORM, JSON_LINES, essence, is_json, is_text

# The server sets these itself.
SERVER_HEADERS = {"connection", "content-encoding", "content-length", "date", "keep-alive", "trailer",
                  "transfer-encoding", "upgrade"}  # fmt: skip
REFUSALS_FROM = 400
EVENTS = "text/event-stream"
# In bytes. A larger sample is not cached, but generated for each request.
MEMO_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """The declared response to sample, the name of an example, and whether to ignore examples (`dynamic`)."""

    status: int
    declared: DeclaredResponse
    example: str | None = None
    dynamic: bool = False


def default_sample(operation: Operation, status: int | None = None) -> SampleSpec:
    """The default sample of an operation: of `status`, else of its success response. Raises NoExample."""
    chosen = operation.success(status) or operation.lowest()
    if chosen is None:
        raise NoExample(operation.id, "it declares no response")
    return SampleSpec(*chosen)


def sample(contract: Contract, prepared: PreparedRequest, seed: int, spec: SampleSpec) -> Response:
    """The sample for a request, in a media type that the client accepts. Raises NoExample and NotAcceptable.

    It depends only on the request and the seed, so it is cached with the prepared request.
    """
    operation, call = prepared.route.operation, prepared.call
    assert operation is not None
    assert call is not None
    accept = prepared.request.header("Accept")
    name = _media_type(spec, accept) if spec.status not in BODILESS else None
    media_type = concrete_media_type(accept, name, spec.declared.media[name]) if name is not None else None
    key = (seed, spec.status, spec.example, spec.dynamic)
    response = prepared.samples.get(key)
    if response is None:
        parameters = f"{sorted(call.path.items())}/{sorted(call.query.items())}"
        builder = SampleBuilder(contract, operation, call, f"{seed}/{operation.id}/{parameters}", spec)
        try:
            response = builder.response(name, media_type)
        except CannotGenerate as error:
            raise NoExample(operation.id, error.reason, media_type) from None
        if len(response.body) <= MEMO_LIMIT:
            prepared.samples[key] = response
    return replace(response, headers=list(response.headers), violations=list(response.violations))


def sample_headers(
    contract: Contract, operation: Operation, call: OperationCall, seed: int, spec: SampleSpec
) -> dict[str, str]:
    """The headers of a sample. Raises NoExample."""
    try:
        return SampleBuilder(contract, operation, call, f"{seed}/{operation.id}", spec).headers()
    except CannotGenerate as error:
        raise NoExample(operation.id, error.reason) from None


def _media_type(spec: SampleSpec, accept: str | None) -> str | None:
    media = spec.declared.media
    if spec.example is not None:
        media = {name: entry for name, entry in media.items() if spec.example in entry.examples}
    try:
        return negotiate(accept, media)
    except NotAcceptable:
        # `Accept` is checked against success types alone.
        if spec.status < REFUSALS_FROM:
            raise
        return next((name for name in media if is_json(name)), next(iter(media)))


@dataclass(frozen=True, slots=True)
class SampleBuilder:
    """Builds one sample."""

    contract: Contract
    operation: Operation
    call: OperationCall
    seed: str
    spec: SampleSpec

    def response(self, name: str | None, kind: str | None) -> Response:
        """The response in a media type that is declared as `name`. Raises CannotGenerate and NoExample."""
        value: Any = None
        if name is not None and kind is not None:
            value = self._body(self.spec.declared.media[name], kind)
        return build_response(self.operation, self.spec.status, value, kind, self.headers())

    def _generator(self, validator: Validator | None = None) -> generate.Generator:
        known_values = {name: self.call.path[name] for name in self.operation.path_names if name in self.call.path}
        path = self.operation.path.rstrip("/")
        if path.endswith("}") and known_values:
            known_values[""] = list(known_values.values())[-1]
        is_error = self.spec.status >= REFUSALS_FROM
        if is_error:
            title = title_of(self.spec.status)
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
        )

    def headers(self) -> dict[str, str]:
        """The declared headers, encoded as text."""
        generator, headers = self._generator(), dict[str, str]()
        for header in self.spec.declared.headers:
            if header.name.lower() in SERVER_HEADERS:
                continue
            if header.examples and not self.spec.dynamic:
                value = next(iter(header.examples.values()))
                value = generator.repair(header.schema, value, header.name) if header.schema is not None else value
            elif header.schema is None:
                continue
            else:
                value = generator.generate(header.schema, header.name)
            headers[header.name] = parameter_encoding.encode_header(header.notation, value)
        return headers

    def _body(self, media: MediaType, kind: str) -> Any:
        if is_json(kind):
            return self._value(media, None)
        example = self._example(media)
        if example is not None:
            return body_text(example[1], kind)
        if binary_samples.is_xml(kind):
            raise NoExample(self.operation.id, "only JSON, text and binary bodies can be generated", kind)
        if essence(kind) in binary_samples.MINIMAL_FILES:
            return binary_samples.generate_bytes(kind, self.seed)
        if is_text(kind) or essence(kind) == FORM or _constrains_text(media):
            return body_text(self._value(media, ""), kind)
        limits = [node.value.get("maxLength") for node in media.shape.unconditional()]
        return binary_samples.generate_bytes(kind, self.seed)[
            : min((limit for limit in limits if isinstance(limit, int)), default=None)
        ]

    def _example(self, media: MediaType) -> tuple[str, Any] | None:
        name = self.spec.example
        if self.spec.dynamic or not media.examples:
            return None
        return (name, media.examples[name]) if name is not None else next(iter(media.examples.items()))

    def _value(self, media: MediaType, default: Any) -> Any:
        example = self._example(media)
        if example is not None:
            return repaired_example(self._generator(media.validator), media, *example)
        return self._generator(media.validator).generate(media.schema) if media.schema is not None else default


def _constrains_text(media: MediaType) -> bool:
    """Whether the schema of a media type other than text constrains its characters, so that text can be generated."""
    schemas = [node.value for node in media.shape.unconditional()]
    if media.shape.types != {"string"} or any(schema.get("format") == "binary" for schema in schemas):
        return False
    return any(keyword in schema for schema in schemas for keyword in ("const", "enum", "format", "pattern"))


def repaired_example(generator: generate.Generator, media: MediaType, name: str, example: Any) -> Any:
    """An example as declared, or, if it violates its schema, with the invalid parts generated again."""
    if name not in media.broken or media.schema is None:
        return example
    return generator.repair(media.schema, example)


def body_text(value: Any, kind: str) -> str | bytes:
    """A value as the text of a body in a media type other than JSON."""
    if isinstance(value, str | bytes):
        return value
    if essence(kind) == FORM and isinstance(value, Mapping):
        return urlencode({name: parameter_encoding.encode_simple(member) for name, member in value.items()})
    if essence(kind) == EVENTS and isinstance(value, dict | list):
        return f"data: {strict_json.dump(value).decode()}\n\n"
    if essence(kind) in JSON_LINES:
        items = value if isinstance(value, list) else [value]
        return "".join(f"{strict_json.dump(item).decode()}\n" for item in items)
    return strict_json.dump(value).decode()
