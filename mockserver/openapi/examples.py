"""The examples of media types: which of them match their schemas."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from mockserver.documents.nodes import Node
from mockserver.documents.source import Source
from mockserver.errors import Problem, quote
from mockserver.openapi.content import is_valid, validate_body
from mockserver.openapi.model import MediaType
from mockserver.schemas.validators import Schemas, Validator
from mockserver.syntax import strict_json

JSON_AS_TEXT = "it is JSON in quotes: write the value itself, without the quotes"
log = logging.getLogger("mockserver")


class DeclaredExample(Struct, frozen=True, eq=False):
    """An example that a media type has under a name, and where it is declared."""

    node: Node
    media: MediaType
    name: str


class BrokenExample(Struct, frozen=True, eq=False):
    """An example that does not match its schema. The details take a while, so they are found when they are shown."""

    example: DeclaredExample
    is_repaired: bool = False
    code: str = "example"

    @property
    def source(self) -> Source:
        """The file that contains the example."""
        return self.example.node.source

    def problems(self) -> Iterator[Problem]:
        """Each mistake in it, with its line."""
        node, media = self.example.node, self.example.media
        suffix = "; the invalid parts are regenerated" if self.is_repaired else ""
        suffix = f"; {JSON_AS_TEXT}{suffix}" if is_json_text(node.value) else suffix
        for violation in validate_body(media.name, media, node.value):
            position = f" at {violation.pointer}" if violation.pointer else ""
            message = f"the example does not match its schema{position}: {violation.message}{suffix}"
            yield self.source.problem(node.pointer, message, self.code)


def is_matching(media: MediaType, name: str) -> bool:
    """Whether an example matches its schema, validated on first use; a warning is logged then if it does not."""
    if name not in media.matching:
        media.matching[name] = is_valid(media.name, media, media.examples[name])
        if not media.matching[name] and media.node is not None:
            place = f"{media.node.source.file}{media.node.pointer}"
            message = "the example %s at %s does not match its schema; the invalid parts are regenerated"
            log.warning(message, quote(name), place)
    return media.matching[name]


def find_broken(examples: Collection[DeclaredExample], *, is_repaired: bool) -> list[BrokenExample]:
    """The examples that do not match their schemas, of which new ones are compiled together."""
    pending: dict[Schemas, dict[str, Validator]] = {}
    for example in examples:
        media, validator = example.media, example.media.validator
        if validator is not None and example.name not in media.matching and not validator.is_compiled:
            pending.setdefault(validator.schemas, {})[validator.address] = validator
    for schemas, validators in pending.items():
        schemas.compile_together(list(validators.values()))
    for example in examples:
        media = example.media
        if example.name not in media.matching:
            media.matching[example.name] = is_valid(media.name, media, example.node.value)
    return [BrokenExample(example, is_repaired) for example in examples if not example.media.matching[example.name]]


def is_json_text(value: Any) -> bool:
    """Whether a value is a text that is a JSON object or array."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(strict_json.parse(value.encode()), dict | list)
    except (strict_json.MalformedJSON, UnicodeEncodeError):
        return False
