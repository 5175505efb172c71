"""Bodies of refused requests in the media type and the form that an operation declares for the status."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from mockserver import generate
from mockserver.contract.model import Contract
from mockserver.documents.nodes import Node
from mockserver.errors import CannotGenerate, Violation
from mockserver.http.response import text_bodies
from mockserver.http.response.error_forms import ABSENT, ErrorForm, is_problem, variants
from mockserver.http.response.negotiation import negotiate
from mockserver.http.response.responses import error_members
from mockserver.openapi.content import holds_value
from mockserver.openapi.examples import is_matching
from mockserver.openapi.model import DeclaredResponse, MediaType, Operation
from mockserver.refusals import NotAcceptable
from mockserver.schemas.shapes import Shape
from mockserver.syntax.http.media_types import (
    EVENT_STREAM,
    JSON,
    JSON_LINES,
    essence,
    is_markup,
    is_text,
    is_xml,
    matches,
    may_be_json,
)

PROBLEM = "application/problem+json"
PLAIN_TEXT = "text/plain"
# A value and the media type in which it is written.
Body = tuple[Any, str]
log = logging.getLogger("mockserver")


class DeclaredError(Struct, frozen=True):
    """The body of one refusal, whose `problem` is its problem document, as `declared` for its status."""

    contract: Contract
    operation: Operation
    declared: DeclaredResponse
    problem: Mapping[str, Any]
    violations: Sequence[Violation]

    def preferred(self, example: str | None) -> Body | None:
        """The declared example of that name, as it is."""
        if example is None:
            return None
        for media in self.declared.media.values():
            if example in media.examples and is_matching(media, example):
                value = media.examples[example]
                name = _concrete(media.name, PLAIN_TEXT if isinstance(value, str) else JSON)
                if holds_value(name, media) or isinstance(value, str):
                    return value, name
        return None

    def filled(self, *, keeps_examples: bool, accept: str | None = None) -> Body | None:
        """The form that is declared, filled; None where no declared media type can hold the refusal.

        With `keeps_examples`, the declared example is sent as it is if there is one. Of JSON and XML, it is what the
        client prefers by its `accept`.
        """
        if keeps_examples:
            labels = dict.fromkeys(label for media in self.declared.media.values() for label in media.examples)
            kept = [body for label in labels if (body := self.preferred(label)) is not None]
            if kept:
                return kept[0]
        for media in self._structured_media(accept):
            if (body := self._filled_json(media)) is not None:
                return body if may_be_json(media.name) else (_as_xml(body[0], media), media.name)
        for media in self.declared.media.values():
            if _is_written_as_json(media.name) and (body := self._filled_json(media)) is not None:
                return body[0], media.name
            if not may_be_json(media.name) and (text := self._text(media)) is not None:
                return text, _concrete(media.name, PLAIN_TEXT)
        return None

    def _structured_media(self, accept: str | None) -> list[MediaType]:
        """The declared media types of JSON, a problem document first, and then of XML; the preferred one before all."""
        by_name = {
            media.name: media
            for media in self.declared.media.values()
            if may_be_json(media.name) or holds_value(media.name, media)
        }
        preferred = None
        if accept is not None and not all(map(may_be_json, by_name)):
            with suppress(NotAcceptable):
                preferred = negotiate(accept, by_name)
        ranks = {name: (name != preferred, not may_be_json(name), name != PROBLEM) for name in by_name}
        return sorted(by_name.values(), key=lambda media: ranks[media.name])

    def _filled_json(self, media: MediaType) -> Body | None:
        form = ErrorForm(self.problem, self.violations)
        body = self._fill(form, media)
        # A form that is that of the success, too, is not one for errors if it has no place for what is wrong.
        if body is ABSENT or (not form.says_why and self._is_success and body != self.problem):
            return None
        return body, _concrete(media.name, PROBLEM if body == self.problem else JSON)

    @property
    def _is_success(self) -> bool:
        success = self.operation.success()
        return success is not None and success[1] is self.declared

    def _fill(self, form: ErrorForm, media: MediaType) -> Any:
        example = next((value for label, value in media.examples.items() if is_matching(media, label)), ABSENT)
        problem = dict(self.problem)
        if media.schema is None or media.validator is None:
            return problem if example is ABSENT else form.with_problem(form.fill(Shape(), example), Shape())
        is_valid = media.validator.is_valid
        if is_problem(media.shape) and is_valid(body := form.problem(media.shape, example)):
            return body
        if example is ABSENT and media.shape.names <= problem.keys() and is_valid(problem):
            return problem
        drafts: list[Any] = []
        for variant in variants(media.schema):
            shape = Shape.from_schema(variant)
            own_example = example if example is not ABSENT else next(iter(shape.examples), ABSENT)
            draft = form.fill(shape, own_example)
            if draft is ABSENT:
                continue
            for candidate in (form.with_problem(draft, shape), draft):
                if is_valid(candidate):
                    return candidate
            drafts.append(form.with_problem(draft, shape))
        return self._repaired(media, media.schema, drafts[0] if drafts else problem)

    def _repaired(self, media: MediaType, schema: Node, draft: Any) -> Any:
        """The draft with what is missing or wrong in it generated; ABSENT if that cannot be."""
        known_values = dict(self.problem) | error_members(
            self.problem["status"], self.problem["code"], self.problem["detail"]
        )
        schemas = media.validator.schemas if media.validator is not None else self.contract.schemas
        generator = generate.Generator.seeded(
            self.contract.documents,
            schemas,
            f"{self.operation.id}/{self.declared.status}",
            known_values=known_values,
            minimal=True,
        )
        try:
            return generator.repair(schema, draft)
        except CannotGenerate as error:
            log.warning("%s", error)
            return ABSENT

    def _text(self, media: MediaType) -> str | None:
        """The detail as text of a media type; markup that is declared as an example is sent as it is."""
        example = next((value for value in media.examples.values() if isinstance(value, str)), None)
        detail = text_bodies.escape(self.problem["detail"], media.name)
        if is_markup(media.name) or not _holds_text(media.name):
            return example if example is not None or is_xml(media.name) or not _holds_text(media.name) else detail
        fits = media.validator is None or media.shape.types != {"string"} or media.validator.is_valid(detail)
        return detail if fits else example


def can_hold_refusal(declared: DeclaredResponse) -> bool:
    """Whether one of the declared media types can hold a refusal: JSON, text, or an example in its own syntax."""
    return not declared.media or any(
        may_be_json(media.name)
        or holds_value(media.name, media)
        or (_holds_text(media.name) and not is_xml(media.name))
        or any(isinstance(example, str) for example in media.examples.values())
        for media in declared.media.values()
    )


def _as_xml(value: Any, media: MediaType) -> Any:
    """A value to be written as XML; one that is a text as a document, since that would be taken for one."""
    return text_bodies.xml_document(value, media.name, media) if isinstance(value, str) else value


def _is_written_as_json(name: str) -> bool:
    """Whether JSON is a part of the syntax of a media type of text: lines of JSON, events, and YAML."""
    return essence(name) in (*JSON_LINES, EVENT_STREAM) or essence(name).endswith("yaml")


def _holds_text(name: str) -> bool:
    return is_text(name) or ("*" in name and matches(PLAIN_TEXT, name))


def _concrete(name: str, usual: str) -> str:
    """The media type to send for a declared one, which may be a range."""
    return usual if "*" in name else name


def unheld_errors(operation: Operation) -> Iterator[DeclaredResponse]:
    """The responses to refused requests that an operation declares in media types that cannot hold a refusal."""
    for status, declared in operation.responses.items():
        if (status.startswith("4") or status == "default") and not can_hold_refusal(declared):
            yield declared
