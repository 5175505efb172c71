"""Requests that cannot be taken as they are, and answers that cannot be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mockserver.errors import Refusal, Violation, nearest, quote
from mockserver.refusals.wording import broken


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
        super().__init__(*broken("The request", self.violations))
        self.members = {"violations": [one.as_dict() for one in self.violations]}


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
