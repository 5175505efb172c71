"""Requests that cannot be accepted as they are, and responses that cannot be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mockserver.errors import Refusal, Violation, nearest, quote, summarize_violations


class UnknownPath(Refusal):
    """No operation has this path; `candidates` are the nearest ones, each with the reason why it did not match."""

    code = "unknown-path"

    def __init__(self, method: str, path: str, candidates: Sequence[Mapping[str, str]]) -> None:
        hint = f" The nearest operation is {candidates[0]['method']} {candidates[0]['path']}." if candidates else ""
        super().__init__(
            f"No operation matches {method} {quote(path)}.{hint}", nearest=[dict(candidate) for candidate in candidates]
        )


class MethodNotAllowed(Refusal):
    """The path is declared, but not with this method."""

    code = "method-not-allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.methods = tuple(sorted(allowed))
        super().__init__(f"{method} is not declared for this path; allowed: {', '.join(self.methods)}.")


class NotAcceptable(Refusal):
    """The client accepts none of the media types that the operation responds with."""

    code = "not-acceptable"

    def __init__(self, accept: str, available: Iterable[str]) -> None:
        names = list(available)
        super().__init__(
            f"Accept: {quote(accept)} excludes every media type that this operation responds with: {', '.join(names)}.",
            available=names,
        )


class UpgradeRequired(Refusal):
    """The path is a channel, which clients open as a WebSocket."""

    code = "upgrade-required"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is a channel: open it as a WebSocket, by a GET with `Upgrade: websocket` and "
            "`Sec-WebSocket-Version: 13` (RFC 6455, section 4.1)."
        )


class BadHandshake(Refusal):
    """The request to open a WebSocket is not valid."""

    code = "bad-handshake"

    def __init__(self, key: str | None) -> None:
        sent = "is missing" if key is None else f"{quote(key)} is not valid"
        super().__init__(f"Sec-WebSocket-Key {sent}: send 16 random bytes in base64 (RFC 6455, section 4.1).")


class NoWebSocket(Refusal):
    """A WebSocket cannot be opened here."""

    code = "no-websocket"


class PreconditionFailed(Refusal):
    """A condition of the request does not hold (RFC 9110, section 13.2); `tag` is the current entity tag, if known."""

    code = "precondition-failed"

    def __init__(self, name: str, value: str, tag: str | None = None) -> None:
        # Without a tag, If-Match names what does not exist, and If-None-Match what does.
        current = "the record exists" if name != "If-Match" else "there is no such record"
        current = f"the resource exists, with the entity tag {tag}" if tag is not None else current
        super().__init__(
            f"The condition {name}: {value} does not hold: {current}.", **({"current": tag} if tag is not None else {})
        )


class UnsupportedMediaType(Refusal):
    """The body has a media type that the operation does not declare, or a content coding."""

    code = "unsupported-media-type"

    def __init__(self, media_type: str, available: Iterable[str], *, is_coding: bool = False) -> None:
        names = list(available)
        self.is_coding = is_coding
        accepted = f"a Content-Encoding of {' or '.join(names)}, or none" if is_coding else ", ".join(names)
        super().__init__(
            f"This operation accepts {accepted}; the request body was sent as {quote(media_type)}.",
            available=names,
        )


class UnsupportedCharset(Refusal):
    """The body, or a part of it, is in a charset that is not read; `available` are those that are."""

    code = "unsupported-charset"

    def __init__(self, charset: str, available: Iterable[str]) -> None:
        names = list(available)
        super().__init__(
            f"The charset {quote(charset)} is not supported. Use one of {', '.join(names)}.",
            available=names,
            did_you_mean=list(nearest(charset, names)),
        )


class TooManyParts(Refusal):
    """The form has more than `limit` fields or parts."""

    code = "too-many-parts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A form may have at most {limit} fields or parts.", limit=limit)


class BodyTooLarge(Refusal):
    """The request body is longer than `limit` bytes."""

    code = "body-too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A request body may have at most {limit} bytes.", limit=limit)


class TooManyValues(Refusal):
    """The JSON of the request body has more than `limit` values."""

    code = "too-many-values"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The JSON of a request body may have at most {limit:,} values. Send fewer at a time, or raise "
            "--body-limit: this number grows with it.",
            limit=limit,
        )


class TooMuchToMatch(Refusal):
    """The schemas of overrides or replies would read more than `limit` bytes of the request."""

    code = "too-much-to-match"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The schemas in `match` would read more than {limit:,} bytes of this request; each byte counts as often "
            "as a schema is applied to it. Send a smaller body, or match fewer overrides by it.",
            limit=limit,
        )


class MalformedBody(Refusal):
    """The body cannot be decoded as its media type: malformed JSON, invalid UTF-8, too deeply nested."""

    code = "malformed-body"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The request body cannot be read: {reason}.")


class UnexpectedBody(Refusal):
    """The request has a body, and the operation declares none."""

    code = "unexpected-body"

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation} declares no request body: send none, or an empty one.")


class InvalidRequest(Refusal):
    """The request violates the contract."""

    code = "invalid-request"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(
            summarize_violations("The request", self.violations),
            violations=[violation.as_dict() for violation in self.violations],
        )


class ContractViolation(Refusal):
    """The response would violate the contract, so it is not sent."""

    code = "contract-violation"

    def __init__(self, operation: str, status: int, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(
            f"The {status} response of {operation} violates the contract and was not sent; "
            "with --lenient it would have been.",
            operation=operation,
            answered=status,
            violations=[violation.as_dict() for violation in self.violations],
        )


class UnknownPreference(Refusal):
    """The request prefers a response that the operation does not declare; `available` are those that it declares."""

    code = "unknown-preference"

    def __init__(self, name: str, value: str, available: Iterable[str]) -> None:
        names = sorted(available)
        listed = f"Declared: {', '.join(names[:20])}." if names else "None is declared."
        super().__init__(
            f"This operation declares no response with the {name} {quote(value)}. {listed}",
            available=names,
            did_you_mean=list(nearest(value, names)),
        )


class NoExample(Refusal):
    """The operation has no behaviour and no example, and no value could be generated for it."""

    code = "no-example"

    def __init__(self, operation: str, reason: str, media_type: str | None = None) -> None:
        kind = f" in {media_type}" if media_type is not None else ""
        super().__init__(f"{operation} has no example{kind}, and no value could be generated: {reason}.")


class InternalError(Refusal):
    """A bug in this package; the log has the traceback."""

    code = "internal-error"

    def __init__(self) -> None:
        super().__init__("Internal server error. This is a bug in mockserver; the traceback is in the server log.")
