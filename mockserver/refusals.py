"""Every way in which a request is refused: one class a code. `code` is stable, `members` are for the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mockserver.errors import Refusal, Violation, did_you_mean, nearest, quote


class Credential(Protocol):
    """What of a credential is told to who did not bring it."""

    @property
    def told(self) -> str:
        """What to send, in words."""

    @property
    def challenge(self) -> str:
        """The challenge that asks for it."""


class ForbiddenHost(Refusal):
    """The control API was called by a host name that is not this machine's."""

    code = "forbidden-host"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The control API does not answer to the host {quote(host)}. "
            f"If that name is yours, start the server with --allow-host NAME."
        )


class ForbiddenOrigin(Refusal):
    """The control API was called from another site, or in a way that another site's form could."""

    code = "forbidden-origin"

    def __init__(self, why: str) -> None:
        super().__init__(why)

    @classmethod
    def of(cls, origin: str) -> ForbiddenOrigin:
        """The refusal of a foreign origin."""
        return cls(
            f"The control API takes no calls from the origin {quote(origin)}. "
            f"If that host is yours, start the server with --allow-host NAME."
        )


class TokenRequired(Refusal):
    """The control API is behind a token, and it was missing or wrong."""

    code = "token-required"

    def __init__(self) -> None:
        super().__init__(
            "The control API needs the header X-Mock-Token with the token printed when the server started; "
            "a browser brings it once, as ?__token= of a page."
        )


class UnknownScenario(Refusal):
    """No scenario of that name was loaded."""

    code = "unknown-scenario"

    def __init__(self, name: str, available: Iterable[str], via: str = "") -> None:
        names = sorted(available)
        self.via = via
        source = f" ({via})" if via else ""
        super().__init__(
            f"There is no scenario {quote(name)}{source}.{did_you_mean(name, names)}",
            available=names,
            did_you_mean=list(nearest(name, names)),
        )


class BadSandbox(Refusal):
    """A sandbox name that is not well formed."""

    code = "bad-sandbox"

    def __init__(self, name: str, via: str = "") -> None:
        source = f" ({via})" if via else ""
        super().__init__(
            f"{quote(name)} is no sandbox name{source}: "
            "1 to 64 letters, digits, dots, underscores and hyphens make one."
        )


class UnknownSandbox(Refusal):
    """No sandbox of that name exists now."""

    code = "unknown-sandbox"

    def __init__(self, name: str, available: Iterable[str]) -> None:
        super().__init__(f"There is no sandbox {quote(name)}.", did_you_mean=list(nearest(name, available)))


class SandboxLimit(Refusal):
    """Every sandbox place is taken by one that is in use."""

    code = "sandbox-limit"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"All {limit} sandboxes are in use. Delete those you have done with: DELETE /__mock/sandboxes/NAME.",
            limit=limit,
        )


class StoreUnavailable(Refusal):
    """The store that processes share does not answer."""

    code = "store-unavailable"

    def __init__(self) -> None:
        super().__init__("The store that holds all state does not answer. What it holds is there again when it does.")


class StoreBusy(Refusal):
    """Other requests kept changing the same sandbox first."""

    code = "store-busy"

    def __init__(self) -> None:
        super().__init__("Other requests kept changing this sandbox first; nothing was done. Send it again.")


class StoreLogFull(Refusal):
    """The store holds as many changes of the sandbox as it may."""

    code = "store-log-full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The store holds {limit} changes of this sandbox, which is all it may. Reset it: POST /__mock/reset.",
            limit=limit,
        )


class UnknownPath(Refusal):
    """No operation has this path; `near` says which come nearest and why each did not match."""

    code = "unknown-path"

    def __init__(self, method: str, path: str, near: Sequence[Mapping[str, str]]) -> None:
        hint = f" The nearest operation is {near[0]['method']} {near[0]['path']}." if near else ""
        super().__init__(f"No operation answers {method} {quote(path)}.{hint}", nearest=[dict(one) for one in near])


class MethodNotAllowed(Refusal):
    """The path exists, the method on it does not."""

    code = "method-not-allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.methods = tuple(sorted(allowed))
        super().__init__(f"{method} is not declared for this path; it answers {', '.join(self.methods)}.")


class NotAcceptable(Refusal):
    """The client accepts none of the media types that the operation answers with."""

    code = "not-acceptable"

    def __init__(self, accept: str, available: Iterable[str]) -> None:
        names = list(available)
        super().__init__(
            f"Accept: {quote(accept)} leaves out everything this operation answers with: {', '.join(names)}.",
            available=names,
        )


class CredentialsRequired(Refusal):
    """The operation requires credentials, and none of the ways to bring them was taken in full.

    `ways` holds, for each that would do, the credentials that were missing.
    """

    code = "credentials-required"

    def __init__(self, operation: str, ways: Iterable[Iterable[Credential]]) -> None:
        missing = [list(way) for way in ways]
        self.challenges = tuple(dict.fromkeys(one.challenge for way in missing for one in way))
        wanted = dict.fromkeys(" and ".join(one.told for one in way) for way in missing)
        super().__init__(
            f"{operation} requires credentials, and these are missing: {', or '.join(wanted)}. Any value will do here."
        )


class UnsupportedMediaType(Refusal):
    """The body comes in a media type that the operation does not declare, or in a content coding."""

    code = "unsupported-media-type"

    def __init__(self, media_type: str, available: Iterable[str], *, is_coding: bool = False) -> None:
        names = list(available)
        self.is_coding = is_coding
        super().__init__(
            f"This operation takes {', '.join(names)}; the body came as {quote(media_type)}.", available=names
        )


class TooManyParts(Refusal):
    """A form with more fields or parts than may be."""

    code = "too-many-parts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A form may have {limit} fields or parts.", limit=limit)


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


class BodyTooLarge(Refusal):
    """The request body is over the limit (in bytes)."""

    code = "body-too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A request body may have {limit} bytes at most.", limit=limit)


class MalformedBody(Refusal):
    """The body is not what its media type says: broken JSON, bad UTF-8, nested too deep."""

    code = "malformed-body"

    def __init__(self, why: str) -> None:
        super().__init__(f"The request body cannot be read: {why}.")


class UnexpectedBody(Refusal):
    """A body was sent where the operation declares none."""

    code = "unexpected-body"

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation} declares no request body: send none, or an empty one.")


class InvalidRequest(Refusal):
    """The request breaks the contract."""

    code = "invalid-request"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(*_violations("The request", self.violations))
        self.members = {"violations": [one.as_dict() for one in self.violations]}


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
    """The resource has no record of that key."""

    code = "unknown-record"

    def __init__(self, resource: str, key: object) -> None:
        super().__init__(f"{resource} has no record {quote(key)}.", resource=resource)


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
    """A record that the resource's schema, references or lifecycle refuse."""

    code = "invalid-record"

    def __init__(self, resource: str, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(*_violations(f"The record for {resource}", self.violations))
        self.members = {"violations": [one.as_dict() for one in self.violations]}


class RecordExists(Refusal):
    """A record of that key is there already."""

    code = "record-exists"

    def __init__(self, resource: str, key: object) -> None:
        super().__init__(f"{resource} already has a record {quote(key)}.", resource=resource)


class RecordInUse(Refusal):
    """Other records refer to the one that was to be removed."""

    code = "record-in-use"

    def __init__(self, resource: str, key: object, other: str, field: str) -> None:
        super().__init__(
            f"{quote(key)} of {resource} cannot be removed: {other} refer to it in {field}. Remove those first.",
            resource=resource,
        )


class TransitionNotAllowed(Refusal):
    """The record's state does not allow the transition, and it is no repeat of the last one."""

    code = "transition-not-allowed"

    def __init__(self, resource: str, key: object, transition: str, current: str, allowed: Iterable[str]) -> None:
        names = list(allowed)
        options = f"allowed now: {', '.join(names)}" if names else "no transition leads out of that state"
        super().__init__(
            f"{transition} is not allowed while {quote(key)} of {resource} is {current}; {options}.",
            current=current,
            allowed=names,
        )


class ContractViolation(Refusal):
    """A response that would have broken the contract, held back."""

    code = "contract-violation"

    def __init__(self, operation: str, status: int, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(
            f"The answer of {operation} with status {status} breaks the contract and was held back; "
            "with --lenient it would have been sent.",
            operation=operation,
            answered=status,
            violations=[one.as_dict() for one in self.violations],
        )


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
            _count(len(violations), "answer broke the contract", "answers broke the contract"),
            _count(len(unmatched), "request matched no operation", "requests matched no operation"),
            _count(len(unused), "override was never used", "overrides were never used"),
        ]
        super().__init__(
            f"{'; '.join(one for one in found if one)}.".capitalize(),
            violations=list(violations),
            unmatched=list(unmatched),
            unused_overrides=list(unused),
        )


class UnknownPreference(Refusal):
    """The request prefers an answer that the operation does not declare; `available` names what there is."""

    code = "unknown-preference"

    def __init__(self, name: str, value: str, available: Iterable[str]) -> None:
        names = sorted(available)
        shown = f"There is {', '.join(names[:20])}." if names else "There is none."
        super().__init__(
            f"No answer of this operation has the {name} {quote(value)}. {shown}",
            available=names,
            did_you_mean=list(nearest(value, names)),
        )


class NoExample(Refusal):
    """The operation has no behaviour and no example, and no value could be generated for it."""

    code = "no-example"

    def __init__(self, operation: str, reason: str, media_type: str | None = None) -> None:
        kind = f" in {media_type}" if media_type is not None else ""
        super().__init__(f"{operation} has no example to answer with{kind}, and none could be generated: {reason}.")


class InternalError(Refusal):
    """A defect of the server's own; the log has the trace."""

    code = "internal-error"

    def __init__(self) -> None:
        super().__init__("The server failed in a way that is its own defect; its log says more.")


def by_code() -> dict[str, type[Refusal]]:
    """Every refusal by its code."""
    return {kind.code: kind for kind in Refusal.__subclasses__()}


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


def _violations(what: str, violations: Sequence[Violation]) -> tuple[str]:
    first = violations[0].told if violations else ""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return (f"{what} breaks the contract: {first}{more}",)
