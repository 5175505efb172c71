"""Addresses that a server listens on: whether only this machine reaches them, the token where others do, and TLS."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockserver.cli.arguments import warn
from mockserver.server.tls import BadCertificate, load_certificate

if TYPE_CHECKING:
    import ssl

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at this address or name."""
    return host in ("localhost", "::1") or host.startswith("127.")


def generate_token(host: str) -> str | None:
    """A token for the control API at an address that other machines reach; None for the others."""
    return None if is_loopback(host) else secrets.token_urlsafe(24)


def checked_token(token: str | None) -> str | None:
    """The token that the user chose. Raises click.BadParameter for one that every request would match."""
    if token is not None and not token.strip():
        message = "it is empty, perhaps because a variable has no value; without the option, one is generated if needed"
        raise click.BadParameter(message)
    return token


def print_token(host: str, token: str) -> None:
    """Print the token that was generated."""
    warn(f"{host} is not a loopback address, so the control API requires the header X-Mock-Token: {token}")


def load_tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The certificate and key of `--tls-cert` and `--tls-key`, which need each other; None without both."""
    if certificate is not None and key is not None:
        try:
            return load_certificate(certificate, key)
        except BadCertificate as error:
            raise click.UsageError(str(error)) from None
    for path, missing, file in ((certificate, "--tls-key", "private key"), (key, "--tls-cert", "certificate")):
        if path is not None:
            raise click.UsageError(f"TLS needs a certificate and its key: name the {file} with {missing}.")
    return None
