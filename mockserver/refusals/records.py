"""Records and their transitions."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.errors import Refusal, Violation, did_you_mean, nearest, quote, summarize_violations


class UnknownResource(Refusal):
    """No resource of that name is declared."""

    code = "unknown-resource"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(
            f"There is no resource {quote(name)}.{did_you_mean(name, names)}",
            available=names,
            did_you_mean=list(nearest(name, names)),
        )


class UnknownRecord(Refusal):
    """The resource has no record with that key."""

    code = "unknown-record"

    def __init__(self, resource: str, key: object) -> None:
        super().__init__(f"{resource} has no record {quote(key)}.", resource=resource)


class UnknownCursor(Refusal):
    """The cursor of a list is the key of a record, and the resource has no such record."""

    code = "unknown-cursor"

    def __init__(self, resource: str, key: object, parameter: str) -> None:
        super().__init__(
            f"{resource} has no record {quote(key)} to continue from; send the key of a record in {parameter}.",
            resource=resource,
        )


class UnknownTransition(Refusal):
    """The resource's lifecycle has no transition of that name."""

    code = "unknown-transition"

    def __init__(self, resource: str, name: str, available: Iterable[str]) -> None:
        names = sorted(available)
        super().__init__(
            f"{resource} has no transition {quote(name)}.{did_you_mean(name, names)}",
            available=names,
            did_you_mean=list(nearest(name, names)),
        )


class NotKeyed(Refusal):
    """The resource is append-only: its records have no key to put or remove them by."""

    code = "not-keyed"

    def __init__(self, resource: str) -> None:
        super().__init__(f"{resource} is append-only: its records have no key, so none can be put or removed.")


class InvalidRecord(Refusal):
    """The record violates its resource's schema, references or lifecycle."""

    code = "invalid-record"

    def __init__(self, resource: str, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(
            summarize_violations(f"The record for {resource}", self.violations),
            violations=[violation.as_dict() for violation in self.violations],
        )


class RecordExists(Refusal):
    """A record with that key exists already."""

    code = "record-exists"

    def __init__(self, resource: str, key: object) -> None:
        super().__init__(f"{resource} already has a record {quote(key)}.", resource=resource)


class RecordInUse(Refusal):
    """The record cannot be removed: other records refer to it."""

    code = "record-in-use"

    def __init__(self, resource: str, key: object, other: str, field: str) -> None:
        super().__init__(
            f"{quote(key)} of {resource} cannot be removed: {other} refer to it in {field}. Remove those first.",
            resource=resource,
        )


class GuardFailed(Refusal):
    """The record does not meet the condition of the transition."""

    code = "guard-failed"

    def __init__(self, resource: str, key: object, transition: str, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        reason = self.violations[0].description if self.violations else "nothing does"
        super().__init__(
            f"{transition} is not allowed for {quote(key)} of {resource}, which does not meet its condition: {reason}.",
            violations=[violation.as_dict() for violation in self.violations],
        )


class PatchNotApplicable(Refusal):
    """An operation of a JSON Patch cannot be carried out on the record, or its test fails (RFC 5789, section 2.2)."""

    code = "patch-not-applicable"

    def __init__(self, resource: str, key: object, number: int, reason: str) -> None:
        super().__init__(
            f"The patch cannot be applied to {quote(key)} of {resource}: operation {number}: {reason}.",
            pointer=f"/{number}",
        )


class NoTransition(Refusal):
    """A record is written in a state that no transition leads to from its present one."""

    code = "no-transition"

    def __init__(self, resource: str, key: object, current: str | None, target: object, states: Iterable[str]) -> None:
        names = list(states)
        if current is None:
            detail = f"A new record of {resource} is in the state {names[0]}, not {quote(target)}: leave the state out."
        else:
            options = f"possible now: {', '.join(names)}" if names else "no transition leads out of that state"
            detail = f"{quote(key)} of {resource} is {current} and cannot become {quote(target)}; {options}."
        super().__init__(detail, **({} if current is None else {"current": current}), allowed=names)


class TransitionNotAllowed(Refusal):
    """The record's state does not allow the transition, and it is not a repeat of the last one."""

    code = "transition-not-allowed"

    def __init__(self, resource: str, key: object, transition: str, current: str, allowed: Iterable[str]) -> None:
        names = list(allowed)
        options = f"allowed now: {', '.join(names)}" if names else "no transition leads out of that state"
        super().__init__(
            f"{transition} is not allowed while {quote(key)} of {resource} is {current}; {options}.",
            current=current,
            allowed=names,
        )
