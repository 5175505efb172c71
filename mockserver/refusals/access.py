"""Who may call what: the control API, and operations that ask for credentials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from mockserver.errors import Refusal, quote


class CredentialHint(Protocol):
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


class CredentialsRequired(Refusal):
    """The operation requires credentials, and none of the ways to bring them was taken in full.

    `ways` holds, for each that would do, the credentials that were missing.
    """

    code = "credentials-required"

    def __init__(self, operation: str, ways: Iterable[Iterable[CredentialHint]]) -> None:
        missing = [list(way) for way in ways]
        self.challenges = tuple(dict.fromkeys(one.challenge for way in missing for one in way))
        wanted = dict.fromkeys(" and ".join(one.told for one in way) for way in missing)
        super().__init__(
            f"{operation} requires credentials, and these are missing: {', or '.join(wanted)}. Any value will do here."
        )
