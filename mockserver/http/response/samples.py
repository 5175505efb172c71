"""Answers of operations that nothing stands behind: an example, mended where it breaks its schema, or made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import Request

from mockserver.contract.model import Contract
from mockserver.engine.behaviours.behaviours import OperationCall
from mockserver.errors import CannotGenerate
from mockserver.generate.generator import Generator
from mockserver.http import binary_samples
from mockserver.http.responses import BODILESS, Answer, answer, concrete, error_members, negotiate, title_of
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation, ParameterStyle
from mockserver.refusals import NoExample, NotAcceptable
from mockserver.schemas.validators import Validator
from mockserver.syntax import strict_json
from mockserver.syntax.media_types import FORM, LINES, essence, is_json, is_text

KEPT_LIMIT = 1_000
# A larger answer is made again each time.
SIZE_LIMIT = 64 * 1024
# What the server says itself.
OWN_HEADERS = {"connection", "content-encoding", "content-length", "date", "keep-alive", "trailer", "transfer-encoding",
               "upgrade"}  # fmt: skip
REFUSALS_FROM = 400
EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """Which sample: the response, and the name of an example, or one generated whatever examples there are."""

    status: int
    declared: DeclaredResponse
    example: str | None = None
    dynamic: bool = False


@dataclass(slots=True)
class Samples:
    """Samples that were made before: they follow from their request, so they stay the same. The oldest make room."""

    _kept: dict[tuple[Any, ...], Answer] = field(default_factory=dict)

    def find(self, key: tuple[Any, ...]) -> Answer | None:
        """A copy of the answer that was kept under a key."""
        kept = self._kept.get(key)
        return replace(kept, headers=dict(kept.headers), violations=list(kept.violations)) if kept is not None else None

    def keep(self, key: tuple[Any, ...], answered: Answer) -> None:
        """Keep a copy of an answer, unless it is a large one."""
        if len(answered.body) > SIZE_LIMIT:
            return
        while len(self._kept) >= KEPT_LIMIT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = replace(answered, headers=dict(answered.headers), violations=list(answered.violations))


def default_sample(operation: Operation, status: int | None = None) -> SampleSpec:
    """The sample that an operation answers with by itself: of a status, else of its success. Raises NoExample."""
    chosen = operation.success(status) or operation.lowest()
    if chosen is None:
        raise NoExample(operation.id, "it declares no response")
    return SampleSpec(*chosen)


def sample(
    contract: Contract,
    samples: Samples,
    operation: Operation,
    call: OperationCall,
    seed: int,
    wished: SampleSpec,
    request: Request,
) -> Answer:
    """The sample that is wished for, in a media type that the client takes. Raises NoExample and NotAcceptable."""
    name = _media_type(wished, request) if wished.status not in BODILESS else None
    kind = concrete(request, name, wished.declared.media[name]) if name is not None else None
    parameters = f"{sorted(call.path.items())}/{sorted(call.query.items())}"
    key = (operation.id, seed, wished.status, wished.example, wished.dynamic, kind, parameters)
    answered = samples.find(key)
    if answered is None:
        making = SampleBuilder(contract, operation, call, f"{seed}/{operation.id}/{parameters}", wished)
        try:
            answered = making.answer(name, kind)
        except CannotGenerate as error:
            raise NoExample(operation.id, error.reason, kind) from None
        samples.keep(key, answered)
    return answered


def sample_headers(
    contract: Contract, operation: Operation, call: OperationCall, seed: int, wished: SampleSpec
) -> dict[str, str]:
    """The headers of a sample. Raises NoExample."""
    try:
        return SampleBuilder(contract, operation, call, f"{seed}/{operation.id}", wished).headers()
    except CannotGenerate as error:
        raise NoExample(operation.id, error.reason) from None


def _media_type(wished: SampleSpec, request: Request) -> str | None:
    media = wished.declared.media
    if wished.example is not None:
        media = {name: one for name, one in media.items() if wished.example in one.examples}
    try:
        return negotiate(request, media)
    except NotAcceptable:
        # `Accept` is judged against success types alone.
        if wished.status < REFUSALS_FROM:
            raise
        return next((name for name in media if is_json(name)), next(iter(media)))


@dataclass(frozen=True, slots=True)
class SampleBuilder:
    """A sample in the making."""

    contract: Contract
    operation: Operation
    call: OperationCall
    seed: str
    wished: SampleSpec

    def answer(self, name: str | None, kind: str | None) -> Answer:
        """The answer in a media type that is declared as `name`. Raises CannotGenerate and NoExample."""
        value: Any = None
        if name is not None and kind is not None:
            value = self._body(self.wished.declared.media[name], kind)
        return answer(self.operation, self.wished.status, value, kind, self.headers())

    def _generator(self, validator: Validator | None = None) -> Generator:
        given = {name: self.call.path[name] for name in self.operation.path_names if name in self.call.path}
        path = self.operation.path.rstrip("/")
        if path.endswith("}") and given:
            given[""] = list(given.values())[-1]
        is_error = self.wished.status >= REFUSALS_FROM
        if is_error:
            title = title_of(self.wished.status)
            given |= error_members(self.wished.status, title.lower().replace(" ", "-"), title)
        documents = self.contract.documents
        schemas = validator.schemas if validator is not None else self.contract.schemas
        return Generator.seeded(
            documents,
            schemas,
            self.seed,
            given=given,
            from_examples=not self.wished.dynamic,
            sparse=is_error,
        )

    def headers(self) -> dict[str, str]:
        """The headers that are declared, as text."""
        generator, found = self._generator(), dict[str, str]()
        for one in self.wished.declared.headers:
            if one.name.lower() in OWN_HEADERS:
                continue
            if one.examples and not self.wished.dynamic:
                value = next(iter(one.examples.values()))
                value = generator.mended(one.schema, value, one.name) if one.schema is not None else value
            elif one.schema is None:
                continue
            else:
                value = generator.value(one.schema, one.name)
            found[one.name] = noted(one.notation, value)
        return found

    def _body(self, media: MediaType, kind: str) -> Any:
        if is_json(kind):
            return self._value(media, None)
        example = self._example(media)
        if example is not None:
            return written(example[1], kind)
        if binary_samples.is_xml(kind):
            raise NoExample(self.operation.id, "only JSON, text and binary bodies can be made up", kind)
        if essence(kind) in binary_samples.SMALLEST:
            return binary_samples.blob(kind, self.seed)
        if is_text(kind) or essence(kind) == FORM or _is_worded(media):
            return written(self._value(media, ""), kind)
        limits = [one.value.get("maxLength") for one in media.shape.certain()]
        return binary_samples.blob(kind, self.seed)[
            : min((one for one in limits if isinstance(one, int)), default=None)
        ]

    def _example(self, media: MediaType) -> tuple[str, Any] | None:
        name = self.wished.example
        if self.wished.dynamic or not media.examples:
            return None
        return (name, media.examples[name]) if name is not None else next(iter(media.examples.items()))

    def _value(self, media: MediaType, default: Any) -> Any:
        example = self._example(media)
        if example is not None:
            return mended(self._generator(media.validator), media, *example)
        return self._generator(media.validator).value(media.schema) if media.schema is not None else default


def _is_worded(media: MediaType) -> bool:
    """Whether the schema of what is no text says which characters it holds all the same."""
    said = [one.value for one in media.shape.certain()]
    if media.shape.types != {"string"} or any(one.get("format") == "binary" for one in said):
        return False
    return any(name in one for one in said for name in ("const", "enum", "format", "pattern"))


def mended(generator: Generator, media: MediaType, name: str, example: Any) -> Any:
    """An example as it is served: as it stands, or, where it breaks its schema, with that made anew."""
    if name not in media.broken or media.schema is None:
        return example
    return generator.mended(media.schema, example)


def written(value: Any, kind: str) -> str | bytes:
    """A value as the text of a body that is no JSON. Raises NoExample."""
    if isinstance(value, str | bytes):
        return value
    if essence(kind) == FORM and isinstance(value, Mapping):
        return urlencode({name: header_text(one) for name, one in value.items()})
    if essence(kind) == EVENTS and isinstance(value, dict | list):
        return f"data: {strict_json.dump(value).decode()}\n\n"
    if essence(kind) in LINES:
        return "".join(f"{strict_json.dump(one).decode()}\n" for one in (value if isinstance(value, list) else [value]))
    return strict_json.dump(value).decode()


def noted(notation: ParameterStyle, value: Any) -> str:
    """A value as a header is declared to have it: as JSON in ASCII, which is what headers can say, or by its style."""
    if notation.media is not None and is_json(notation.media):
        return json.dumps(value, separators=(",", ":"))
    return header_text(value, explode=notation.explode)


def header_text(value: Any, *, explode: bool = False) -> str:
    """A value as a header has it (OpenAPI's style `simple`): one line of what Latin-1 can say."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        pairs = [(name, header_text(one)) for name, one in value.items()]
        value = [f"{name}={one}" for name, one in pairs] if explode else [part for pair in pairs for part in pair]
    text = ",".join(map(header_text, value)) if isinstance(value, list) else str(value)
    return " ".join(text.encode("latin-1", "replace").decode("latin-1").split())
