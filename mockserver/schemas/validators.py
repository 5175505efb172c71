"""Validators: `jsonschema-rs` decides whether a value is valid, `jsonschema` explains why it is not.

Both ask jsonschema-rs about formats and patterns, so that they cannot disagree about these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from msgspec.structs import replace

from mockserver.documents.nodes import Documents, Node, Unresolved
from mockserver.errors import Violation, quote
from mockserver.schemas import directions
from mockserver.schemas.backtracking import BACKTRACK_LIMIT, BoundedPattern, begin_value, is_backtracking
from mockserver.schemas.directions import Direction
from mockserver.schemas.equality import are_unique
from mockserver.schemas.graph import ReachedSchemas, SchemaGraph
from mockserver.schemas.record_lists import ListedRecords, RecordListWriter, list_writer
from mockserver.syntax import json_pointer

if TYPE_CHECKING:
    from mockserver.schemas.explaining.explainer import Explainer

# Each compiled validator has its own copy of all schemas that it leads to, which may be all of a large document. Once
# those that were compiled one by one have so many objects and arrays, all are compiled together, which takes little
# longer than one of them.
SINGLE_LIMIT = 150_000
# The parts of schemas that are kept compiled for explanations.
PART_LIMIT = 1_000
_BASE64 = re.compile(r"[A-Za-z0-9+/_\r\n-]*={0,2}[\r\n]*")
# Of names, which `patternProperties` matches.
PATTERN_OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT)


def is_base64(text: str) -> bool:
    """Whether a text is Base64 (RFC 4648, sections 4 and 5), which `format: byte` means (OpenAPI 3.0, section 4.4).

    Padding may be missing, and lines may be broken, as encoders of e-mail do.
    """
    if _BASE64.fullmatch(text) is None:
        return False
    padded = re.sub(r"[\r\n]", "", text)
    return len(padded) % 4 == 0 if "=" in padded else len(padded) % 4 != 1


# The formats that OpenAPI adds to those of JSON Schema, as far as they restrict a text.
OWN_FORMATS: dict[str, Callable[[str], bool]] = {"byte": is_base64}


class Validator:
    """Validates values against the schema at one address."""

    def __init__(self, node: Node, schemas: Schemas) -> None:
        self.node, self.schemas = node, schemas

    @cached_property
    def address(self) -> str:
        """The location of the schema as a URI."""
        return self.node.address

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether a value is valid. Compiled on first use, since most schemas of a large document are never used."""
        return self.schemas.compile_for(self)

    @cached_property
    def is_bound(self) -> bool:
        """Whether what the schema means depends on what refers to it, as with `$dynamicRef`."""
        return self.schemas.is_bound(self.address)

    @property
    def is_compiled(self) -> bool:
        """Whether the schema has been compiled."""
        return "is_valid" in self.__dict__

    def use(self, is_valid: Callable[[Any], bool] | None) -> None:
        """Validate with this function from now on; without one, the next use compiles the schema again."""
        self.__dict__.pop("is_valid", None)
        if is_valid is not None:
            self.__dict__["is_valid"] = is_valid

    @cached_property
    def _list_writers(self) -> dict[str | None, RecordListWriter | None]:
        return {}

    def write_list(self, value: Any, listed: ListedRecords) -> bytes | None:
        """A value that holds these records as JSON; None if it is invalid, or the records alone do not tell."""
        writers, member = self._list_writers, listed.member
        if member not in writers:
            writers[member] = list_writer(self, member)
        writer = writers[member]
        return writer.write(value, listed) if writer is not None else None

    def count_failures(self, value: Any) -> int:
        """The number of keywords that `value` does not satisfy, as far as they are counted."""
        return 0 if self.is_valid(value) else max(1, self.schemas.explainer.count_failures(self.address, value))

    def violations(self, value: Any, location: str, name: str | None = None) -> list[Violation]:
        """The first violations in `value`, with a note if there are more; none if and only if it is valid."""
        if self.is_valid(value):
            return []
        begin_value()
        explanations = self.schemas.explainer.explain(self.address, value)
        if not explanations:  # the two disagree, as they may by a schema of another draft
            return [Violation(location, "", "schema", "it does not match its schema", name)]
        return [
            Violation(location, json_pointer.join(path), keyword, message, name, missing)
            for path, keyword, message, missing in explanations
        ]


class Schemas:
    """The validators of one contract, each compiled on first use, as its schemas apply to one direction."""

    def __init__(self, documents: Documents, direction: Direction = "") -> None:
        self.documents = documents
        self._graph = SchemaGraph(documents, direction)
        # By file and pointer.
        self._validators: dict[tuple[str, str], Validator] = {}
        self._by_direction: dict[Direction, Schemas] = {direction: self}
        self._parts: dict[tuple[str | int, str], jsonschema_rs.Validator] = {}
        # Those that refer to other schemas and were compiled one by one, and the size of all that they lead to.
        self._single: list[Validator] = []
        self._single_size = 0

    def for_direction(self, direction: Direction) -> Schemas:
        """The same schemas as they apply to requests or to responses; these if that makes no difference."""
        if direction not in self._by_direction:
            is_other = directions.changes_schemas(self.documents, direction)
            self._by_direction[direction] = Schemas(self.documents, direction) if is_other else self
        return self._by_direction[direction]

    def compile_for(self, validator: Validator) -> Callable[[Any], bool]:
        """What decides whether a value is valid by a validator, compiled alone or together with the others."""
        if self._single_size > SINGLE_LIMIT:
            referring = [other for other in self._validators.values() if self._graph.has_references(other.address)]
            self.compile_together(referring)
        if validator.is_compiled:
            return validator.is_valid
        selection = self._graph.select((validator.address,))
        is_valid = _decision(_compile_selected({"$ref": validator.address}, selection), selection)
        if self._graph.has_references(validator.address):
            self._single.append(validator)
            self._single_size += selection.size
        return is_valid

    def is_bound(self, address: str) -> bool:
        """Whether what the schema at an address means depends on what refers to it."""
        return self._graph.select((address,)).is_bound

    def compile_together(self, validators: Collection[Validator]) -> None:
        """Compile these validators of this object in one, and forget those that were compiled one by one.

        What they have in common is compiled once. If one of them cannot be compiled, each is on its own.
        """
        single, self._single, self._single_size = self._single, [], 0
        for validator in single:
            validator.use(None)
        addresses = [validator.address for validator in validators]
        schema = {"properties": {address: {"$ref": address} for address in addresses}}
        try:
            selection = self._graph.select(addresses)
            is_valid = _decision(_compile_selected(schema, selection), selection)
        except (ValueError, jsonschema_rs.ReferencingError):
            return
        for validator in validators:
            validator.use(partial(_is_valid_member, is_valid, validator.address))

    def validator(self, node: Node) -> Validator:
        """The validator of the schema at `node`, or of what it refers to if that is all that it says."""
        # A reference that leads nowhere fails when it is compiled.
        with suppress(Unresolved):
            node = node.resolve_plain_ref()
        place = node.uri, node.pointer
        validator = self._validators.get(place)
        if validator is None:
            validator = self._validators[place] = Validator(node, self)
        return validator

    def compile(self, address: str) -> jsonschema_rs.Validator:
        """Compile the schema at `address`, with formats asserted and without any retrieval.

        Raises jsonschema_rs.ValidationError or ReferencingError if it is not a valid schema.
        """
        return _compile_selected({"$ref": address}, self._graph.select((address,)))

    def _compile_part(self, schema: Any, keyword: str = "") -> jsonschema_rs.Validator:
        """Compile a schema that is in the documents, or the one that has it under `keyword`, once.

        What was compiled longest ago makes room.
        """
        key = part_key(schema), keyword
        part = self._parts.get(key)
        if part is None:
            selection = self._graph.select(self._graph.references_of(schema))
            selection = replace(selection, is_backtracking=True) if self._graph.has_backtracking(schema) else selection
            part = self._parts[key] = _compile_selected({keyword: schema} if keyword else schema, selection)
            if len(self._parts) > PART_LIMIT:
                self._parts.pop(next(iter(self._parts)), None)
        return part

    @cached_property
    def explainer(self) -> Explainer:
        """What explains violations of schemas that have been compiled."""
        # Imported here, since it is slow to import and only invalid values need it.
        from mockserver.schemas.explaining.explainer import Explainer

        return Explainer(self._graph.selected, self._compile_part)


def part_key(schema: Any) -> str | int:
    """The same for a schema at one place in the documents, and for all that only refer to one address."""
    if isinstance(schema, dict) and len(schema) == 1 and isinstance(reference := schema.get("$ref"), str):
        return reference
    return id(schema)


def compile_file(uri: str, files: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """Compile the JSON Schema that the file at `uri` is; it may refer to `files`, given by their URIs."""
    return _compile({"$ref": uri}, files)


class _UniqueItems:
    """The keyword `uniqueItems`. That of jsonschema-rs compares each item with all others where integers are large."""

    def __init__(self, _schema: Any, is_unique: Any, _path: Any) -> None:
        self._is_unique = is_unique

    def validate(self, instance: Any) -> None:
        """Raise ValueError if two items of an array are equal."""
        if self._is_unique and isinstance(instance, list) and not are_unique(instance):
            raise ValueError("two items are equal")


def _compile_selected(schema: Any, selection: ReachedSchemas) -> jsonschema_rs.Validator:
    return _compile(selection.adjust(schema), selection.documents, is_backtracking=selection.is_backtracking)


def _decision(compiled: jsonschema_rs.Validator, selection: ReachedSchemas) -> Callable[[Any], bool]:
    """What decides whether a value is valid."""
    decide: Callable[[Any], bool] = compiled.is_valid
    return _BoundedDecision(decide) if selection.is_backtracking else decide


class _BoundedDecision:
    """Decides whether a value is valid, for which its patterns may go back a bounded number of times."""

    def __init__(self, decide: Callable[[Any], bool]) -> None:
        self.decide = decide

    def __call__(self, value: Any) -> bool:
        begin_value()
        return self.decide(value)


def within_value(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """The same as a part of a validation that has begun: what its patterns have taken counts."""
    return is_valid.decide if isinstance(is_valid, _BoundedDecision) else is_valid


def _compile(schema: Any, documents: Mapping[str, Any], *, is_backtracking: bool = False) -> jsonschema_rs.Validator:
    """Compile a schema that may refer to the documents. Raises as Schemas.compile."""
    keywords: dict[str, Any] = {"uniqueItems": _UniqueItems, **({"pattern": BoundedPattern} if is_backtracking else {})}
    return jsonschema_rs.Draft202012Validator(
        schema,
        registry=jsonschema_rs.Registry(list(documents.items())) if documents else None,
        validate_formats=True,
        formats=OWN_FORMATS,
        offline=True,
        pattern_options=PATTERN_OPTIONS,
        keywords=keywords,
    )


def _is_valid_member(is_valid: Callable[[Any], bool], name: str, value: Any) -> bool:
    """Whether an object with this one member is valid."""
    return is_valid({name: value})


def find_schema_errors(schema: Any) -> list[tuple[str, str]]:
    """Pointer and message of the first mistake in a JSON Schema (2020-12, unless its `$schema` says otherwise)."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return [(json_pointer.join(error.instance_path), error.message)]
    except (ValueError, jsonschema_rs.ReferencingError):
        return [("/$schema", f"{quote(schema['$schema'])} is not a known draft of JSON Schema")]
    return []


@lru_cache(maxsize=256)
def keyword_validator(keyword: str, argument: str | float) -> jsonschema_rs.Validator:
    """A validator of one keyword alone, which says how jsonschema-rs understands it."""
    is_pattern = keyword == "pattern" and isinstance(argument, str)
    return _compile({keyword: argument}, {}, is_backtracking=is_pattern and is_backtracking(str(argument)))
