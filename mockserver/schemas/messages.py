"""Explains in words why a value does not match its schema. Imported only when there is something to explain.

The work is bounded, whatever the schema and the value: each schema is applied to each value once, however many branches
lead there; only branches whose constants fit are followed; jsonschema-rs finds the invalid items of long arrays;
and after STEP_LIMIT steps, or once jsonschema-rs was given too much to read, the explanation ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

from mockserver.errors import quote
from mockserver.schemas.bounded_validator import (
    EXPLANATION_LIMIT,
    FORMAT_CHECKER,
    is_of_another_kind,
    validator_class,
)
from mockserver.schemas.branch_identities import CompilePart
from mockserver.schemas.equality import equality_key
from mockserver.schemas.explanation_work import ExplanationWork, WorkLimitReached
from mockserver.schemas.wording import allowed_values, message_of, missing_member, not_one_of

# The keyword of a last explanation that says that there are others.
MORE = "more"
# What ends an explanation: too much work; or a reference that is relative to an `$id`, which parts alone do not have.
UNEXPLAINED = (WorkLimitReached, RecursionError, ValueError, Unresolvable)
Path = tuple[str | int, ...]


class Explanation(NamedTuple):
    """The path of a violation, the keyword, what is wrong, and the required member that is missing, if one is."""

    path: Path
    keyword: str
    message: str
    missing: str | None = None


class Explainer:
    """Validates with jsonschema, over the same documents as the compiled validators: `read` gives one by its URI."""

    def __init__(self, read: Callable[[str], Any], compile_part: CompilePart) -> None:
        def retrieve(uri: str) -> Resource[Any]:
            try:
                return Resource.from_contents(read(uri), default_specification=DRAFT202012)
            except KeyError:
                raise NoSuchResource(uri) from None

        self._registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
        self._work = ExplanationWork()
        self._class = validator_class(compile_part, self._look_up, self._work)

    def count_failures(self, address: str, value: Any) -> int:
        """The number of keywords that a value does not satisfy, as far as they are counted."""
        count = 0
        try:
            for _ in islice(self._find_errors(address, value), EXPLANATION_LIMIT):
                count += 1
        except UNEXPLAINED:
            pass
        return count

    def explain(self, address: str, value: Any) -> list[Explanation]:
        """Each violation, EXPLANATION_LIMIT at most; of an `anyOf` or `oneOf` those of the branch that was meant.

        If there are, or may be, others, a last one with the keyword MORE says so.
        """
        explanations: list[Explanation] = []
        is_complete = True
        try:
            for error in self._find_errors(address, value):
                explanations += _explain(error, ())
                if len(explanations) > EXPLANATION_LIMIT:
                    is_complete = False
                    break
        except UNEXPLAINED:
            is_complete = False
        # What a schema requires beside its alternatives, each of these may require as well.
        explanations = list(dict.fromkeys(explanations))
        if is_complete and self._work.is_complete:
            return explanations
        if not explanations:
            message = f"{quote(value)} does not match its schema; it is too large, or too deeply nested, to say where"
            return [Explanation((), "schema", message)]
        listed = explanations[:EXPLANATION_LIMIT]
        count = "this one" if len(listed) == 1 else f"these {len(listed)}"
        return [*listed, Explanation((), MORE, f"there are more violations than {count}")]

    @property
    def steps_taken(self) -> int:
        """The steps of the latest explanation, a few if it was none; together they bound those of many values."""
        return self._work.steps_taken

    def _look_up(self, reference: str) -> Any:
        """The schema at an absolute address."""
        return self._registry.resolver().lookup(reference).contents

    def _find_errors(self, address: str, value: Any) -> Iterator[ValidationError]:
        self._work.begin(value)
        validator = self._class({"$ref": address}, registry=self._registry, format_checker=FORMAT_CHECKER)
        errors: Iterator[ValidationError] = validator.iter_errors(value)
        return errors


def _explain(error: ValidationError, path: Path) -> Iterator[Explanation]:
    """What to say about an error; `path` leads to where its own path begins."""
    path = (*path, *error.relative_path)
    if error.validator in ("oneOf", "anyOf") and error.context:
        explanations = _explain_intended_branch(error, path)
        if explanations:
            yield from explanations
            return
    keyword = str(error.validator or "false")
    yield Explanation(path, keyword, message_of(error), missing_member(error))


def _explain_intended_branch(error: ValidationError, path: Path) -> list[Explanation]:
    """The errors of the one branch that was probably meant, or what the candidates have in common."""
    branches: dict[Any, list[ValidationError]] = {}
    for branch_error in error.context or ():
        # An error of a branch that is `false` has an empty path.
        branches.setdefault(branch_error.schema_path[0] if branch_error.schema_path else None, []).append(branch_error)
    # A branch was not meant if it rejects the type or identity of the value itself.
    candidates = [errors for errors in branches.values() if not any(map(is_of_another_kind, errors))]
    # Nor if the value of a discriminating member belongs to another branch.
    undiscriminated = [errors for errors in candidates if not any(map(_is_about_another_branch, errors))]
    for remaining in (candidates, undiscriminated):
        if len(remaining) == 1:
            return [explanation for branch_error in remaining[0] for explanation in _explain(branch_error, path)]
    return _explain_common_error(undiscriminated or candidates, path)


def _is_discriminator_error(error: ValidationError) -> bool:
    """Whether a member does not have one of the values that distinguish a branch from others."""
    return error.validator in ("const", "enum") and len(error.relative_path) == 1


def _is_about_another_branch(error: ValidationError) -> bool:
    """Whether a member has a value that distinguishes another branch."""
    return _is_discriminator_error(error) or (error.validator == "not" and len(error.relative_path) == 1)


def _explain_common_error(branches: list[list[ValidationError]], path: Path) -> list[Explanation]:
    """The error that every branch has, such as a member that all require, or a discriminator that none allows."""
    by_kind = [{_kind(error): error for error in reversed(errors)} for errors in branches]
    for kind in map(_kind, branches[0] if branches else ()):
        errors = [others[kind] for others in by_kind if kind in others]
        if kind is None or len(errors) < len(branches):
            continue
        if kind[1] != "enum":
            return list(_explain(errors[0], path))
        values = {equality_key(value): value for error in errors for value in allowed_values(error)}
        message = not_one_of(errors[0].instance, list(values.values()))
        return [Explanation((*path, *errors[0].relative_path), "enum", message)]
    return []


def _kind(error: ValidationError) -> tuple[Any, ...] | None:
    """The same for errors that say the same about the value; None for what says nothing about it alone."""
    path = tuple(error.relative_path)
    if error.validator == "required":
        return path, "required", error.message
    if _is_discriminator_error(error) and isinstance(error.instance, str):
        return path, "enum"
    return (path, error.validator, id(error.validator_value)) if path else None
