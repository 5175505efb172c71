"""Every reason to reject a request, one class each. Codes do not change between releases; README and docs list them."""

from __future__ import annotations

from mockserver.errors import Refusal
from mockserver.refusals.access import CredentialsRequired, ForbiddenHost, ForbiddenOrigin, TokenRequired
from mockserver.refusals.http import (
    BodyTooLarge,
    ContractViolation,
    InternalError,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoExample,
    NotAcceptable,
    RangeNotSatisfiable,
    TooManyParts,
    UnexpectedBody,
    UnknownPath,
    UnknownPreference,
    UnsupportedMediaType,
)
from mockserver.refusals.records import (
    InvalidRecord,
    NotKeyed,
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
    IdempotencyInFlight,
    IdempotencyKeyReused,
    Injected,
    NothingToUndo,
    OverrideLimit,
    ResetWhileHeld,
    TooMuchDue,
    UnknownOverride,
    VerdictFailed,
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
    "ForbiddenHost",
    "ForbiddenOrigin",
    "IdempotencyInFlight",
    "IdempotencyKeyReused",
    "Injected",
    "InternalError",
    "InvalidRecord",
    "InvalidRequest",
    "MalformedBody",
    "MethodNotAllowed",
    "NoExample",
    "NotAcceptable",
    "NotKeyed",
    "NothingToUndo",
    "OverrideLimit",
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
    "UnsupportedMediaType",
    "VerdictFailed",
    "by_code",
]


def by_code() -> dict[str, type[Refusal]]:
    """Every refusal by its code."""
    return {kind.code: kind for kind in Refusal.__subclasses__()}
