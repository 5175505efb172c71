"""Explains in words why a value does not match its schema. Imported only when there is something to explain.

The work is bounded, whatever the schema and the value: each schema is applied to each value once, however many branches
lead there; only branches whose constants fit are followed; jsonschema-rs finds the invalid items of long arrays;
and after STEP_LIMIT steps, or once jsonschema-rs was given too much to read, the explanation ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

from mockserver.errors import quote
from mockserver.schemas.explaining.bounded_validator import EXPLANATION_LIMIT, FORMAT_CHECKER, validator_class
from mockserver.schemas.explaining.branch_identities import CompilePart
from mockserver.schemas.explaining.explanation_work import ExplanationWork, WorkLimitReached
from mockserver.schemas.explaining.explanations import Explanation, explain_error

# The keyword of a last explanation that says that there are others.
MORE = "more"
# What ends an explanation: too much work; or a reference that is relative to an `$id`, which parts alone do not have.
UNEXPLAINED = (WorkLimitReached, RecursionError, ValueError, Unresolvable)


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
                explanations += explain_error(error)
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
