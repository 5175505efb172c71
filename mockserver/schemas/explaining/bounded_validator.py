"""Finds where a value violates its schema, with jsonschema and in bounded work.

Jsonschema-rs decides wherever no explanation is needed, so that the two cannot disagree there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from mockserver.errors import QUOTE_LIMIT, quote
from mockserver.schemas.equality import equality_key
from mockserver.schemas.explaining.branch_identities import BranchIdentities, CompilePart
from mockserver.schemas.explaining.declared_members import find_declared_members
from mockserver.schemas.explaining.explanation_work import ExplanationWork, WorkLimitReached
from mockserver.schemas.explaining.explanations import is_of_another_kind
from mockserver.schemas.explaining.wording import (
    LISTED_VALUES_LIMIT,
    SEVERAL_MATCH,
    as_integer,
    declared_elsewhere,
    message_of,
    not_declared,
    quote_schema,
)
from mockserver.schemas.keywords import UNEVALUATED
from mockserver.schemas.validators import keyword_validator, part_key

FORMATS = (
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
    "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer",
    "relative-json-pointer", "regex", "byte",
)  # fmt: skip
# The violations that are listed at most.
EXPLANATION_LIMIT = 100
# The items of an array that jsonschema-rs validates at once.
CHUNK_SIZE = 500
# An error with this many others in its context takes as long to copy as a step.
COPIES_PER_STEP = 10
# Jsonschema-rs decides about these, and all that a message needs is known.
DECIDED_KEYWORDS = (
    "const", "enum", "maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties", "not", "type",
)  # fmt: skip


def _matches(pattern: str, text: str) -> bool:
    return bool(keyword_validator("pattern", pattern).is_valid(text))


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(keyword_validator("format", name).is_valid)
    return checker


FORMAT_CHECKER = _format_checker()


def validator_class(compile_part: CompilePart, look_up: Callable[[str], Any], work: ExplanationWork) -> Any:
    """A class of jsonschema's validators that take their steps from `work`.

    `compile_part` compiles a schema of the documents for jsonschema-rs, and `look_up` returns the one at an address.
    """
    keywords = _Keywords(compile_part, look_up, work)
    extended: Any = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {
            "additionalProperties": keywords.additional_properties,
            "anyOf": partial(keywords.alternatives, "anyOf"),
            "contains": keywords.contains,
            "items": keywords.items,
            "oneOf": partial(keywords.alternatives, "oneOf"),
            "pattern": keywords.pattern,
            "patternProperties": keywords.pattern_properties,
            "propertyNames": keywords.property_names,
            "unevaluatedItems": partial(keywords.unevaluated, "unevaluatedItems"),
            "unevaluatedProperties": partial(keywords.unevaluated, "unevaluatedProperties"),
            "uniqueItems": keywords.unique_items,
            **{keyword: partial(keywords.decided, keyword) for keyword in DECIDED_KEYWORDS},
        },
    )
    original_evolve = extended.evolve

    def is_valid(validator: Any, instance: Any) -> bool:
        return keywords.is_valid(validator.schema, instance)

    def evolve(validator: Any, *, schema: Any, **changes: Any) -> Any:
        """A validator of the same class. That of jsonschema is of one of its own where a schema has `$schema`."""
        evolved = original_evolve(validator, schema=True, **changes)
        evolved.schema = schema
        return evolved

    extended.descend, extended.is_valid, extended.evolve = _descend_once(extended.descend, work), is_valid, evolve
    return extended


def _descend_once(descend: Callable[..., Iterator[ValidationError]], work: ExplanationWork) -> Any:
    """Make jsonschema's `descend` compute the errors of a value once for each schema."""

    def descend_once(
        validator: Any, instance: Any, schema: Any, path: Any = None, schema_path: Any = None, resolver: Any = None
    ) -> Iterator[ValidationError]:
        """The errors of a value. Callers extend their paths, so they get copies."""
        key = id(schema), id(instance)
        errors = work.errors.get(key)
        if errors is None:
            work.take_steps(1)
            # A schema that applies itself to the same value adds nothing.
            work.errors[key] = ()
            if schema is False:
                errors = (ValidationError("", None, instance=instance, schema=schema, validator_value=None),)  # type: ignore[arg-type]
            else:
                remaining = islice(descend(validator, instance, schema, resolver=resolver), EXPLANATION_LIMIT + 1)
                listed: list[ValidationError] = []
                # Another function, and `extend` too, would count as another level of recursion.
                try:
                    for error in remaining:
                        listed.append(error)  # noqa: PERF402
                except WorkLimitReached:
                    if not listed:
                        raise
                    work.is_complete = False
                errors = tuple(listed)
            work.errors[key] = errors
        for error in errors:
            work.take_steps(len(error.context) // COPIES_PER_STEP)
            copy = ValidationError.create_from(error)
            if path is not None:
                copy.path.appendleft(path)
            if schema_path is not None:
                copy.schema_path.appendleft(schema_path)
            yield copy

    return descend_once


class _Keywords:
    """Keywords of JSON Schema, in the form that jsonschema calls them: validator, argument, value and schema."""

    def __init__(self, compile_part: CompilePart, look_up: Callable[[str], Any], work: ExplanationWork) -> None:
        self._compile_part, self._identities = compile_part, BranchIdentities(compile_part, look_up)
        self._look_up, self._work = look_up, work

    def is_valid(self, schema: Any, instance: Any) -> bool:
        """Whether a value matches a schema."""
        self._work.take_steps(1)
        self._work.read(instance)
        return bool(self._compile_part(schema).is_valid(instance))

    def decided(
        self, keyword: str, validator: Any, argument: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """An error without a message, which jsonschema would write with all of the value."""
        if not self._compile_part(argument, keyword).is_valid(instance):
            yield ValidationError("")

    def alternatives(
        self, keyword: str, validator: Any, branches: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """That no branch of `anyOf` or `oneOf` matches, or more than one of `oneOf`; the latter has no context.

        The context has the errors of the branches that are meant. If none is, each has those of its identity, unless
        only one is for such values at all.
        """
        meant = [index for index, branch in enumerate(branches) if self._identities.is_meant(branch, instance)]
        context: list[ValidationError] = []
        for index in meant:
            errors = list(validator.descend(instance, branches[index], schema_path=index))
            if not errors:
                others = [other for other in meant if other > index] if keyword == "oneOf" else []
                second = next((other for other in others if self.is_valid(branches[other], instance)), None)
                if second is not None:
                    yield ValidationError(f"{SEVERAL_MATCH}{index} {second}")
                return
            context += errors
        if not meant:
            by_branch = [
                list(validator.descend(instance, self._identities.identity(branch), schema_path=index))
                for index, branch in enumerate(branches)
            ]
            candidates = [index for index, errors in enumerate(by_branch) if not any(map(is_of_another_kind, errors))]
            if len(candidates) == 1:
                (index,) = candidates
                by_branch = [list(validator.descend(instance, branches[index], schema_path=index))]
            context = [error for errors in by_branch for error in errors]
        yield ValidationError("", context=context)

    def pattern(self, validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """A text that does not match."""
        if validator.is_type(instance, "string") and not _matches(pattern, instance):
            yield ValidationError(f"{quote(instance)} does not match {quote(pattern)}")

    def items(self, validator: Any, items: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """The errors of the items after those that `prefixItems` describes."""
        if not validator.is_type(instance, "array"):
            return
        first = len(schema.get("prefixItems", ()))
        if items is False and len(instance) > first:
            extra = len(instance) - first
            yield ValidationError(f"it has {extra} {'item' if extra == 1 else 'items'} more than are declared")
            return
        key = part_key(items), id(instance)
        invalid = self._work.invalid.get(key)
        if invalid is None or first:
            rest = enumerate(islice(instance, first, None), first)
            invalid = list(islice(self._find_invalid(rest, items), EXPLANATION_LIMIT + 1))
        if not first:
            self._work.invalid[key] = invalid
        for index in invalid:
            yield from validator.descend(instance[index], items, path=index)

    def contains(self, validator: Any, contains: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """Too few matching items, or too many."""
        if not validator.is_type(instance, "array"):
            return
        least, most = as_integer(schema.get("minContains", 1)), as_integer(schema.get("maxContains", len(instance)))
        self._work.read(instance)
        is_valid = self._compile_part(contains).is_valid
        count = sum(map(is_valid, instance))
        of_it = f"{count} {'item of it matches' if count == 1 else 'items of it match'} {quote_schema(contains)}"
        if count < least:
            yield ValidationError(f"{of_it}, but at least {least} must", validator="contains", validator_value=contains)
        elif count > most:
            yield ValidationError(f"{of_it}, but at most {most} may", validator="maxContains", validator_value=most)

    def unique_items(self, validator: Any, is_unique: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """The first two items that are equal."""
        if not is_unique or not validator.is_type(instance, "array"):
            return
        indexes: dict[str, int] = {}
        for index, item in enumerate(instance):
            first = indexes.setdefault(equality_key(item), index)
            if first != index:
                yield ValidationError(f"the items {first} and {index} are equal, but each must be unique")
                return

    def property_names(self, validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        """The errors of the members' names."""
        if validator.is_type(instance, "object"):
            for name in self._find_invalid(zip(instance, instance, strict=True), names):
                for error in validator.descend(name, names):
                    yield ValidationError(f"the name {message_of(error)}", validator="propertyNames")

    def pattern_properties(
        self, validator: Any, patterns: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """The errors of the members whose names match."""
        if not validator.is_type(instance, "object"):
            return
        names = list(self._work.affordable_names(instance, patterns))
        for pattern, subschema in patterns.items():
            members = ((name, instance[name]) for name in names if _matches(pattern, name))
            for name in self._find_invalid(members, subschema):
                yield from validator.descend(instance[name], subschema, path=name, schema_path=pattern)

    def additional_properties(
        self, validator: Any, allowed: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """The errors of the members that are not declared; or, where these are not allowed, their names."""
        if not validator.is_type(instance, "object"):
            return
        declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        names = self._work.affordable_names(instance, patterns)
        unnamed = (n for n in names if n not in declared and not any(_matches(pattern, n) for pattern in patterns))
        if allowed is not False:
            for name in self._find_invalid(((name, instance[name]) for name in unnamed), allowed):
                yield from validator.descend(instance[name], allowed, path=name)
        elif extra := list(islice(unnamed, LISTED_VALUES_LIMIT + 1)):
            yield ValidationError(json.dumps(extra))

    def unevaluated(
        self, keyword: str, validator: Any, allowed: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """The members or items that no other keyword applies to. Jsonschema would match names with Python's `re`.

        A keyword that the value violates applies to nothing. What is wrong then is that violation, not that the members
        which it is about, or any items, are not declared.
        """
        self._work.take_steps(1)
        self._work.read(instance)
        unexpected, is_otherwise_valid = list[str](), True
        for error in self._compile_part(schema).iter_errors(instance):
            if error.evaluation_path == [keyword]:
                unexpected = error.kind.unexpected
            elif error.evaluation_path[0] not in UNEVALUATED:
                is_otherwise_valid = False
            if unexpected and not is_otherwise_valid:
                break
        if isinstance(instance, dict):
            undeclared, inapplicable = self._sort_unexpected(schema, unexpected)
            messages = [
                not_declared(list(map(quote, undeclared))) if undeclared else "",
                declared_elsewhere(list(map(quote, inapplicable))) if inapplicable and is_otherwise_valid else "",
            ]
        else:
            # Items are listed as JSON.
            listed = [item[:QUOTE_LIMIT] for item in unexpected[: LISTED_VALUES_LIMIT + 1]]
            messages = [not_declared(listed) if listed and is_otherwise_valid else ""]
        if any(messages):
            unit = "members" if isinstance(instance, dict) else "items"
            end = "" if allowed is False else f", and the schema of such {unit} does not allow that"
            yield ValidationError("; ".join(filter(None, messages)) + end)

    def _sort_unexpected(self, schema: Any, names: list[str]) -> tuple[list[str], list[str]]:
        """The names that a schema declares nowhere, and those in branches that do not apply; some if there are many."""
        if not names:
            return [], []
        declared = find_declared_members(schema, self._look_up)
        undeclared, inapplicable = list[str](), list[str]()
        for name in self._work.affordable_names(dict.fromkeys(names), declared.patterns):
            is_declared = declared.is_open or name in declared.names
            is_declared = is_declared or any(_matches(pattern, name) for pattern in declared.patterns)
            kind = inapplicable if is_declared else undeclared
            if len(kind) <= LISTED_VALUES_LIMIT:
                kind.append(name)
        return undeclared, inapplicable

    def _find_invalid(self, values: Iterable[tuple[Any, Any]], schema: Any) -> Iterator[Any]:
        """The index or name of each value that the schema does not allow."""
        remaining = iter(values)
        chunk = list(islice(remaining, CHUNK_SIZE))
        if len(chunk) == 1:
            # Whoever gets it applies the schema, which is all that is to be done.
            yield chunk[0][0]
            return
        are_valid, is_valid = self._compile_part(schema, "items").is_valid, self._compile_part(schema).is_valid
        while chunk:
            items = [value for _, value in chunk]
            self._work.read(items)
            if not are_valid(items):
                yield from (name for name, value in chunk if not is_valid(value))
            chunk = list(islice(remaining, CHUNK_SIZE))
