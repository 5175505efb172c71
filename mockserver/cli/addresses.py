"""Addresses that a server listens on: whether only this machine reaches them, and the token where others do."""

from __future__ import annotations

import secrets

from mockserver.cli.arguments import warn

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at this address or name."""
    return host in ("localhost", "::1") or host.startswith("127.")


def generate_token(host: str) -> str | None:
    """A token for the control API at an address that other machines reach; None for the others."""
    return None if is_loopback(host) else secrets.token_urlsafe(24)


def print_token(host: str, token: str) -> None:
    """Print the token that was generated."""
    warn(f"{host} is not a loopback address, so the control API requires the header X-Mock-Token: {token}")
