"""What to say about an error: about alternatives that do not match, the errors of the one that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from jsonschema.exceptions import ValidationError

from mockserver.schemas.equality import equality_key
from mockserver.schemas.explaining.wording import NONE_MATCHES, allowed_values, message_of, missing_member, not_one_of
from mockserver.syntax import json_pointer

# The alternatives of which it is said why each does not match.
EXPLAINED_BRANCHES_LIMIT = 4
Path = tuple[str | int, ...]


class Explanation(NamedTuple):
    """The path of a violation, the keyword, what is wrong, and the required member that is missing, if one is."""

    path: Path
    keyword: str
    message: str
    missing: str | None = None


def explain_error(error: ValidationError, path: Path = ()) -> Iterator[Explanation]:
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
            return [explanation for branch_error in remaining[0] for explanation in explain_error(branch_error, path)]
    branches_left = undiscriminated or candidates
    return _explain_common_error(branches_left, path) or _explain_each(error, branches_left, path)


def is_of_another_kind(error: ValidationError) -> bool:
    """Whether the type or the identity of a value itself is another one."""
    return error.validator in ("type", "const") and not error.relative_path


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
            return list(explain_error(errors[0], path))
        values = {equality_key(value): value for error in errors for value in allowed_values(error)}
        message = not_one_of(errors[0].instance, list(values.values()))
        return [Explanation((*path, *errors[0].relative_path), "enum", message)]
    return []


def _explain_each(error: ValidationError, branches: list[list[ValidationError]], path: Path) -> list[Explanation]:
    """The first error of each branch, if these are few, as the reasons why none of them matches."""
    message = message_of(error)
    if not 1 < len(branches) <= EXPLAINED_BRANCHES_LIMIT or not message.endswith(NONE_MATCHES):
        return []
    reasons = [
        f"{json_pointer.join(tuple(first.relative_path))}: {reason}" if first.relative_path else reason
        for first in (errors[0] for errors in branches)
        # The branches of a branch would be too many to list.
        if not (reason := message_of(first)).endswith(NONE_MATCHES)
    ]
    listed = "; or ".join(dict.fromkeys(reasons))
    return [Explanation(path, str(error.validator), f"{message}: {listed}" if listed else message)]


def _kind(error: ValidationError) -> tuple[Any, ...] | None:
    """The same for errors that say the same about the value; None for what says nothing about it alone."""
    path = tuple(error.relative_path)
    if error.validator == "required":
        return path, "required", error.message
    if _is_discriminator_error(error) and isinstance(error.instance, str):
        return path, "enum"
    return (path, error.validator, id(error.validator_value)) if path else None
