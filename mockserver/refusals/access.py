"""Access: to the control API, and to operations that require credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mockserver.errors import Refusal, quote


class CredentialHint(Protocol):
    """A credential that a request lacks, as far as the response describes it."""

    @property
    def description(self) -> str:
        """What to send, in words."""

    @property
    def challenge(self) -> str:
        """The challenge for the header WWW-Authenticate (RFC 9110, section 11.6.1)."""


class ForbiddenHost(Refusal):
    """The control API was requested under a host name that is neither a loopback name nor allowed."""

    code = "forbidden-host"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"The control API does not accept requests for the host {quote(host)}. "
            f"If that name is yours, start the server with --allow-host NAME."
        )


class ForbiddenOrigin(Refusal):
    """The control API was requested by another site, or by a request that a form of another site could send."""

    code = "forbidden-origin"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)

    @classmethod
    def of(cls, origin: str) -> ForbiddenOrigin:
        """The refusal of an origin that is not allowed."""
        return cls(
            f"The control API does not accept requests from the origin {quote(origin)}. "
            f"If that host is yours, start the server with --allow-host NAME."
        )


class TokenRequired(Refusal):
    """The control API requires a token, and the request has none or a wrong one."""

    code = "token-required"

    def __init__(self) -> None:
        super().__init__(
            "The control API needs the header X-Mock-Token with the token of the server: the one that was set, or else "
            "the one printed when it started. In a browser, open a page with ?__token=TOKEN once."
        )


class CredentialsRequired(Refusal):
    """The operation requires credentials that the request lacks.

    `alternatives` has, for each security requirement that would suffice, the credentials that are missing.
    """

    code = "credentials-required"

    def __init__(self, operation: str, alternatives: Iterable[Iterable[CredentialHint]]) -> None:
        missing = [list(credentials) for credentials in alternatives]
        self.challenges = tuple(
            dict.fromkeys(credential.challenge for credentials in missing for credential in credentials)
        )
        descriptions = dict.fromkeys(
            " and ".join(credential.description for credential in credentials) for credentials in missing
        )
        super().__init__(
            f"{operation} requires credentials that are missing: {', or '.join(descriptions)}. Any value is accepted."
        )
