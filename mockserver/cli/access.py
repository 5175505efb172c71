"""Who reaches a server: at its address only this machine or others too; and the token and TLS for these."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockserver.cli.arguments import warn
from mockserver.server.tls import BadCertificate, load_certificate

if TYPE_CHECKING:
    import ssl

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
# Of a network for documentation (RFC 5737). Nothing is sent to it.
_ELSEWHERE = "192.0.2.1", 9


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server at this address or name."""
    return host in ("localhost", "::1") or host.startswith("127.")


def find_network_address() -> str | None:
    """The address by which other machines reach this one; None if it is in no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if is_loopback(address) else address


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
