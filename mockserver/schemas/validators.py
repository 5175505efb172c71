"""Validators: `jsonschema-rs` decides whether a value is valid, `jsonschema` explains why it is not.

Both ask jsonschema-rs about formats and patterns, so that they cannot disagree about these.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mockserver.documents.nodes import Documents, Node
from mockserver.errors import Violation
from mockserver.schemas import directions
from mockserver.schemas.directions import Direction
from mockserver.syntax import json_pointer

if TYPE_CHECKING:
    from mockserver.schemas.messages import Explainer

# Compiled validators of a large document take gigabytes together, and can be compiled again. So only as many are kept
# as this number of characters allows, each one counted as the size of all documents, but never fewer than the minimum.
TEXT_LIMIT = 200_000_000
MINIMUM_KEPT = 64
_BASE64 = re.compile(r"[A-Za-z0-9+/_\r\n-]*={0,2}[\r\n]*")
# Lookaround and backreferences.
_BACKTRACKING = re.compile(r"\(\?<?[=!]|\\[1-9]")
# A regular expression with lookaround or backreferences that has gone back so often does not match: in less than a
# millisecond, since there may be thousands of texts to match.
PATTERN_OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=5_000)


def is_base64(text: str) -> bool:
    """Whether a text is Base64 (RFC 4648, sections 4 and 5), which `format: byte` means (OpenAPI 3.0, section 4.4).

    Padding may be missing, and lines may be broken, as encoders of e-mail do.
    """
    return _BASE64.fullmatch(text) is not None and len(re.sub(r"[\r\n=]", "", text)) % 4 != 1


# The formats that OpenAPI adds to those of JSON Schema, as far as they restrict a text.
OWN_FORMATS: dict[str, Callable[[str], bool]] = {"byte": is_base64}


class Validator:
    """Validates values against the schema at one address."""

    def __init__(self, address: str, schemas: Schemas) -> None:
        self.address, self.schemas = address, schemas

    @cached_property
    def _compiled(self) -> jsonschema_rs.Validator:
        self.schemas.evict_for(self)
        return self.schemas.compile(self.address)

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether a value is valid. Compiled on first use, since most schemas of a large document are never used."""
        return self._compiled.is_valid

    def discard(self) -> None:
        """Free the compiled schema; the next use compiles it again."""
        for name in ("_compiled", "is_valid"):
            self.__dict__.pop(name, None)

    def count_failures(self, value: Any) -> int:
        """The number of keywords that `value` does not satisfy, as far as they are counted."""
        return 0 if self.is_valid(value) else max(1, self.schemas.explainer.count_failures(self.address, value))

    def violations(self, value: Any, location: str, name: str | None = None) -> list[Violation]:
        """The first violations in `value`, with a note if there are more; none if and only if it is valid."""
        if self.is_valid(value):
            return []
        explanations = self.schemas.explainer.explain(self.address, value)
        if not explanations:  # the two disagree, as they may by a schema of another draft
            return [Violation(location, "", "schema", "it does not match its schema", name)]
        return [
            Violation(location, json_pointer.join(path), keyword, message, name, missing)
            for path, keyword, message, missing in explanations
        ]


class Schemas:
    """The validators of one contract, each compiled on first use.

    With a `direction`, the schemas are those of `undirected` as they apply to requests or to responses.
    """

    def __init__(self, documents: Documents, direction: Direction = "", undirected: Schemas | None = None) -> None:
        self.documents, self._direction, self._undirected = documents, direction, undirected
        self._validators: dict[str, Validator] = {}
        self._by_direction: dict[Direction, Schemas] = {}
        # Oldest first; shared by all directions.
        self._kept: deque[Validator] = undirected._kept if undirected is not None else deque()
        size = sum(len(source.text) for source in documents.sources.values())
        self._kept_limit = max(MINIMUM_KEPT, TEXT_LIMIT // max(size, 1))

    def for_direction(self, direction: Direction) -> Schemas:
        """The same schemas as they apply to requests or to responses."""
        if direction not in self._by_direction:
            self._by_direction[direction] = Schemas(self.documents, direction, self) if direction else self
        return self._by_direction[direction]

    def evict_for(self, validator: Validator) -> None:
        """Make room for a validator that is about to be compiled, by discarding the one compiled first."""
        self._kept.append(validator)
        if len(self._kept) > self._kept_limit:
            self._kept.popleft().discard()

    def validator(self, node: Node) -> Validator:
        """The validator of the schema at `node`."""
        validator = self._validators.get(node.address)
        if validator is None:
            validator = self._validators[node.address] = Validator(node.address, self)
        return validator

    def compile(self, address: str) -> jsonschema_rs.Validator:
        """Compile the schema at `address`, with formats asserted and without any retrieval.

        Raises jsonschema_rs.ValidationError or ReferencingError if it is not a valid schema.
        """
        return self._compiled_documents.compile({"$ref": address})

    @property
    def explainer(self) -> Explainer:
        """What explains violations of these schemas."""
        return self._compiled_documents.explainer

    @cached_property
    def _compiled_documents(self) -> _CompiledDocuments:
        data = directions.apply_direction(self.documents, self._direction)
        sources = self.documents.sources
        if self._undirected is not None and all(data[uri] is sources[uri].data for uri in data):
            return self._undirected._compiled_documents
        return _CompiledDocuments(data)


class _CompiledDocuments:
    """The documents as they apply to one direction, registered with both libraries."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self._registry = jsonschema_rs.Registry(list(documents.items()))
        self._parts: dict[tuple[int, str], jsonschema_rs.Validator] = {}

    def compile(self, schema: Any) -> jsonschema_rs.Validator:
        """Compile a schema whose references are absolute. Raises as Schemas.compile."""
        return _compile(schema, self._registry)

    def compile_part(self, schema: Any, keyword: str = "") -> jsonschema_rs.Validator:
        """Compile a schema that is in the documents, or the one that has it under `keyword`, once."""
        key = id(schema), keyword
        if key not in self._parts:
            self._parts[key] = self.compile({keyword: schema} if keyword else schema)
        return self._parts[key]

    @cached_property
    def explainer(self) -> Explainer:
        """What explains violations."""
        # Imported here, since it is slow to import and only invalid values need it.
        from mockserver.schemas.messages import Explainer

        return Explainer(self._documents, self.compile_part)


def compile_file(uri: str, files: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """Compile the JSON Schema that the file at `uri` is; it may refer to `files`, given by their URIs."""
    return _compile({"$ref": uri}, jsonschema_rs.Registry(list(files.items())))


def _compile(schema: Any, registry: jsonschema_rs.Registry | None = None) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        schema,
        registry=registry,
        validate_formats=True,
        formats=OWN_FORMATS,
        offline=True,
        pattern_options=PATTERN_OPTIONS,
    )


def find_schema_errors(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of the first mistake in a JSON Schema (2020-12, unless its `$schema` says otherwise)."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return [(json_pointer.join(error.instance_path), error.message)]
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return [("/$schema", str(error).splitlines()[0])]
    return []


@lru_cache(maxsize=256)
def keyword_validator(keyword: str, argument: str | float) -> jsonschema_rs.Validator:
    """A validator of one keyword alone, which says how jsonschema-rs understands it."""
    return _compile({keyword: argument})


@lru_cache(maxsize=256)
def is_backtracking(pattern: str) -> bool:
    """Whether a regular expression is matched by going back and forth in the text, and not in one pass."""
    return _BACKTRACKING.search(pattern) is not None
