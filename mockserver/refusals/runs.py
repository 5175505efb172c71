"""A run's clock, its log, its keys and overrides, and the verdict over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mockserver.errors import Refusal, nearest, quote
from mockserver.refusals.wording import count


class TooMuchDue(Refusal):
    """Moving the clock would fire more transitions than one request may."""

    code = "too-much-due"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"More than {limit} transitions fall due at once: do the scenario's rules chase each other? "
            "Reset, or move the clock in smaller steps.",
            limit=limit,
        )


class BadTime(Refusal):
    """A duration or an instant that is none, or that the clock cannot go to."""

    code = "bad-time"


class BeforeStart(Refusal):
    """The clock was to go back to before its start."""

    code = "before-start"

    def __init__(self, start: str) -> None:
        super().__init__(f"The clock of this run begins at {start}; it cannot go back further.", start=start)


class BeyondLog(Refusal):
    """The clock was to go back to before what the command log still holds."""

    code = "beyond-log"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The log holds the latest {limit} commands, and what came before cannot be undone.", limit=limit
        )


class NothingToUndo(Refusal):
    """There are fewer commands than were to be undone."""

    code = "nothing-to-undo"

    def __init__(self, commands: int) -> None:
        super().__init__(f"The run has {commands} commands to undo.", limit=commands)


class BadIdempotencyKey(Refusal):
    """An Idempotency-Key that is none."""

    code = "bad-idempotency-key"

    def __init__(self, text: str, limit: int) -> None:
        super().__init__(
            f"{quote(text)} is no Idempotency-Key: a string in double quotes, or a bare one, "
            f"of 1 to {limit} visible characters is."
        )


class IdempotencyKeyReused(Refusal):
    """The key was used for another request."""

    code = "idempotency-key-reused"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {quote(key)} was used for another request; a new request needs a new key."
        )


class IdempotencyInFlight(Refusal):
    """The first request with this key has not been answered yet."""

    code = "idempotency-in-flight"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The first request with the Idempotency-Key {quote(key)} is not answered yet; send it again later."
        )


class UnknownOverride(Refusal):
    """No override of that id was added to the run."""

    code = "unknown-override"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        super().__init__(
            f"There is no override {quote(name)} that was added to this run.",
            did_you_mean=list(nearest(name, available)),
        )


class OverrideLimit(Refusal):
    """The run has as many overrides as it can hold."""

    code = "override-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A run holds {limit} overrides at the most; remove some.", limit=limit)


class ResetWhileHeld(Refusal):
    """The answer was held back when its sandbox was reset."""

    code = "reset-while-held"

    def __init__(self) -> None:
        super().__init__("The sandbox was reset while this answer was held back.")


class Injected(Refusal):
    """What an override answers with a status of refusal and no body of its own."""

    code = "injected"

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__("An override of this scenario or run asked for this answer.")


class VerdictFailed(Refusal):
    """Something speaks against what was seen in a sandbox."""

    code = "verdict-failed"

    def __init__(
        self,
        violations: Sequence[Mapping[str, object]],
        unmatched: Sequence[Mapping[str, object]],
        unused: Sequence[Mapping[str, object]],
    ) -> None:
        found = [
            count(len(violations), "answer broke the contract", "answers broke the contract"),
            count(len(unmatched), "request matched no operation", "requests matched no operation"),
            count(len(unused), "override was never used", "overrides were never used"),
        ]
        super().__init__(
            f"{'; '.join(one for one in found if one)}.".capitalize(),
            violations=list(violations),
            unmatched=list(unmatched),
            unused_overrides=list(unused),
        )
