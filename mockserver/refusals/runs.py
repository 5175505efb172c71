"""Runs: clock, log, idempotency keys, overrides, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mockserver.errors import Refusal, count_noun, nearest, quote


class TooMuchDue(Refusal):
    """Moving the clock would fire more transitions than one request may fire."""

    code = "too-much-due"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"More than {limit} transitions fall due at once: do the scenario's `progress` rules form a loop? "
            "Reset, or move the clock in smaller steps.",
            limit=limit,
        )


class BadTime(Refusal):
    """A duration or an instant is not valid, or the clock cannot be moved there."""

    code = "bad-time"


class BeforeStart(Refusal):
    """The clock cannot be moved to before its start."""

    code = "before-start"

    def __init__(self, start: str) -> None:
        super().__init__(f"The clock of this run begins at {start}; it cannot be moved to before that.", start=start)


class BeyondLog(Refusal):
    """The command log no longer holds the commands that would be needed."""

    code = "beyond-log"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This needs changes of the run older than the latest {limit:,}; those are no longer kept.", limit=limit
        )


class NothingToUndo(Refusal):
    """The run has fewer commands than should be undone."""

    code = "nothing-to-undo"

    def __init__(self, commands: int) -> None:
        changes = f"only {count_noun(commands, 'change')}" if commands else "no changes"
        super().__init__(f"The run has {changes} to undo.", limit=commands)


class BadIdempotencyKey(Refusal):
    """The Idempotency-Key is not valid."""

    code = "bad-idempotency-key"

    def __init__(self, text: str, limit: int) -> None:
        super().__init__(
            f"{quote(text)} is not a valid Idempotency-Key: use 1 to {limit} visible ASCII characters, "
            "optionally in double quotes."
        )


class IdempotencyKeyReused(Refusal):
    """The key was used for a different request."""

    code = "idempotency-key-reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {quote(key)} was used for a different request; a new request needs a new key."
        )


class StreamLimit(Refusal):
    """There are as many open streams as there may be."""

    code = "stream-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"All {limit:,} streams that this server keeps open are in use. Close those that nobody reads.", limit=limit
        )


class IdempotencyInFlight(Refusal):
    """The first request with this key has not been answered yet."""

    code = "idempotency-in-flight"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The first request with the Idempotency-Key {quote(key)} has not been answered yet; retry later."
        )


class UnknownOverride(Refusal):
    """No override with that id was added to the run."""

    code = "unknown-override"

    def __init__(self, name: str, available: Iterable[str], *, is_in_scenario: bool = False) -> None:
        message = f"No override {quote(name)} was added to this run."
        if is_in_scenario:
            message = f"The override {quote(name)} is one of the scenario, which stay; add one that comes before it."
        super().__init__(message, did_you_mean=list(nearest(name, available)))


class OverrideLimit(Refusal):
    """The run has as many overrides as it may have."""

    code = "override-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A run may have at most {limit} overrides; remove some.", limit=limit)


class ResetWhileHeld(Refusal):
    """The sandbox was reset while the response was held back."""

    code = "reset-while-held"

    def __init__(self) -> None:
        super().__init__("The sandbox was reset while this response was held back.")


class Injected(Refusal):
    """The response of an override that declares an error status and no body."""

    code = "injected"

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__("An override of the scenario or the run produced this response.")


class FailedVerdict(Refusal):
    """The sandbox has seen violations, unmatched or refused requests, or an override was never used.

    `drift` are responses of the upstream. `dropped` are numbers of violations, unmatched requests, refused requests and
    drift that the journal no longer has.
    """

    code = "verdict-failed"

    def __init__(
        self,
        violations: Sequence[Mapping[str, object]],
        unmatched: Sequence[Mapping[str, object]],
        refused: Sequence[Mapping[str, object]],
        unused: Sequence[Mapping[str, object]],
        dropped: Sequence[int] = (0, 0, 0, 0),
        drift: Sequence[Mapping[str, object]] = (),
    ) -> None:
        lists = violations, unmatched, refused, drift
        counts = [len(listed) + gone for listed, gone in zip(lists, dropped, strict=True)]
        reasons = [
            _count(counts[0], "response violated the contract", "responses violated the contract"),
            _count(counts[1], "request matched no operation", "requests matched no operation"),
            _count(counts[2], "request violated the contract", "requests violated the contract"),
            _count(
                counts[3],
                "response of the upstream violated the contract",
                "responses of the upstream violated the contract",
            ),
            _count(len(unused), "override was never used", "overrides were never used"),
            _count(sum(dropped), "of these is no longer in the journal", "of these are no longer in the journal"),
        ]
        super().__init__(
            f"{'; '.join(reason for reason in reasons if reason)}.",
            violations=list(violations),
            unmatched=list(unmatched),
            refused=list(refused),
            unused_overrides=list(unused),
            **({"drift": list(drift)} if drift else {}),
            **({"dropped": sum(dropped)} if any(dropped) else {}),
        )


class VerifyFailed(Refusal):
    """Requests that were expected did not come, or others came; `failed` are these expectations in words."""

    code = "verify-failed"

    def __init__(self, failed: Sequence[str], number: int, results: Sequence[Mapping[str, object]]) -> None:
        super().__init__(
            f"{len(failed)} of {count_noun(number, 'expectation')} failed: {'; '.join(failed)}.",
            expectations=list(results),
        )


class WaitTimeout(Refusal):
    """Not as many items as were waited for; `latest` are those of the list, which is `requests` or `deliveries`."""

    code = "wait-timeout"

    def __init__(self, name: str, times: int, total: int, latest: Sequence[Mapping[str, object]]) -> None:
        came = "requests came" if name == "requests" else f"{name} exist"
        super().__init__(
            f"{total} of {times} matching {came}. The latest {name} of the sandbox are in `{name}`.",
            **{"times": times, "total": total, name: list(latest)},
        )


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}" if number else ""
