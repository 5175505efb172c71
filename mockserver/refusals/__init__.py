"""Every reason to reject a request, one class each. Codes do not change between releases; docs/errors.md lists them."""

from __future__ import annotations

from mockserver.errors import Refusal
from mockserver.refusals.access import CredentialsRequired, ForbiddenHost, ForbiddenOrigin, TokenRequired
from mockserver.refusals.handlers import HandlerFailed, HandlerTimeout
from mockserver.refusals.http import (
    BadHandshake,
    BodyTooLarge,
    ContractViolation,
    InternalError,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoExample,
    NotAcceptable,
    NoWebSocket,
    PreconditionFailed,
    TooManyParts,
    TooManyValues,
    TooMuchToMatch,
    UnexpectedBody,
    UnknownPath,
    UnknownPreference,
    UnsupportedCharset,
    UnsupportedMediaType,
    UpgradeRequired,
)
from mockserver.refusals.records import (
    GuardFailed,
    InvalidRecord,
    NotKeyed,
    NoTransition,
    PatchNotApplicable,
    RecordExists,
    RecordInUse,
    TransitionNotAllowed,
    UnknownCursor,
    UnknownRecord,
    UnknownResource,
    UnknownTransition,
)
from mockserver.refusals.runs import (
    BadIdempotencyKey,
    BadTime,
    BeforeStart,
    BeyondLog,
    FailedVerdict,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    Injected,
    NothingToUndo,
    OverrideLimit,
    ResetWhileHeld,
    StreamLimit,
    TooMuchDue,
    UnknownOverride,
    VerifyFailed,
    WaitTimeout,
)
from mockserver.refusals.sandboxes import (
    BadSandbox,
    SandboxLimit,
    StoreBusy,
    StoreLogFull,
    StoreUnavailable,
    UnknownSandbox,
    UnknownScenario,
)
from mockserver.refusals.upstream import UpstreamFailed, UpstreamLoop, UpstreamTimeout
from mockserver.refusals.webhooks import WebhookLoop


def by_code() -> dict[str, type[Refusal]]:
    """Every refusal by its code."""
    # A contract's `handlers.py` may have classes of its own.
    kinds = [kind for kind in Refusal.__subclasses__() if kind.__module__.startswith(f"{__name__}.")]
    return {kind.code: kind for kind in kinds}
