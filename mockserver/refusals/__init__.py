"""Every reason to reject a request, one class each. Codes do not change between releases; README and docs list them."""

from __future__ import annotations

from mockserver.errors import Refusal
from mockserver.refusals.access import CredentialsRequired, ForbiddenHost, ForbiddenOrigin, TokenRequired
from mockserver.refusals.handlers import HandlerFailed, HandlerTimeout
from mockserver.refusals.http import (
    BodyTooLarge,
    ContractViolation,
    InternalError,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoExample,
    NotAcceptable,
    PreconditionFailed,
    RangeNotSatisfiable,
    TooManyParts,
    UnexpectedBody,
    UnknownPath,
    UnknownPreference,
    UnsupportedCharset,
    UnsupportedMediaType,
)
from mockserver.refusals.records import (
    GuardFailed,
    InvalidRecord,
    NotKeyed,
    NoTransition,
    RecordExists,
    RecordInUse,
    TransitionNotAllowed,
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

__all__ = [
    "BadIdempotencyKey",
    "BadSandbox",
    "BadTime",
    "BeforeStart",
    "BeyondLog",
    "BodyTooLarge",
    "ContractViolation",
    "CredentialsRequired",
    "FailedVerdict",
    "ForbiddenHost",
    "ForbiddenOrigin",
    "GuardFailed",
    "HandlerFailed",
    "HandlerTimeout",
    "IdempotencyInFlight",
    "IdempotencyKeyReused",
    "Injected",
    "InternalError",
    "InvalidRecord",
    "InvalidRequest",
    "MalformedBody",
    "MethodNotAllowed",
    "NoExample",
    "NoTransition",
    "NotAcceptable",
    "NotKeyed",
    "NothingToUndo",
    "OverrideLimit",
    "PreconditionFailed",
    "RangeNotSatisfiable",
    "RecordExists",
    "RecordInUse",
    "ResetWhileHeld",
    "SandboxLimit",
    "StoreBusy",
    "StoreLogFull",
    "StoreUnavailable",
    "TokenRequired",
    "TooManyParts",
    "TooMuchDue",
    "TransitionNotAllowed",
    "UnexpectedBody",
    "UnknownOverride",
    "UnknownPath",
    "UnknownPreference",
    "UnknownRecord",
    "UnknownResource",
    "UnknownSandbox",
    "UnknownScenario",
    "UnknownTransition",
    "UnsupportedCharset",
    "UnsupportedMediaType",
    "VerifyFailed",
    "WaitTimeout",
    "by_code",
]


def by_code() -> dict[str, type[Refusal]]:
    """Every refusal by its code."""
    # A contract's `handlers.py` may have classes of its own.
    kinds = [kind for kind in Refusal.__subclasses__() if kind.__module__.startswith(f"{__name__}.")]
    return {kind.code: kind for kind in kinds}
