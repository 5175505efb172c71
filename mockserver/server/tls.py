"""TLS: the server's certificate, and a log of the connections that fail at it."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

log = logging.getLogger("mockserver")
# What OpenSSL says of bytes that are not TLS: those of some methods of HTTP, and others.
NOT_TLS = {"HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "WRONG_VERSION_NUMBER"}


class BadCertificate(Exception):
    """The certificate or the key of TLS cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"Cannot serve TLS with {path}: {reason}.")


def load_certificate(certificate: Path, key: Path) -> ssl.SSLContext:
    """The TLS of a server with a certificate (with those that lead to its root) and its key, both in PEM.

    Raises BadCertificate.
    """
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise BadCertificate(path, error.strerror or str(error)) from None
    # The protocols and ciphers that Python recommends.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.sslobject_class = _LoggedConnection
    try:
        # An encrypted key is not asked a password for, since nobody may be there to type it.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise BadCertificate(*_tls_problem(certificate, key, error)) from None
    return context


def _tls_problem(certificate: Path, key: Path, error: ssl.SSLError) -> tuple[Path, str]:
    """Which of the two files OpenSSL does not accept, and why."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return key, f"it is not the key of the certificate {certificate}"
    try:
        # OpenSSL does not say which file it means. Where the key's is missing, the certificate's own is read first.
        ssl.create_default_context(cafile=str(certificate))
    except ssl.SSLError:
        return certificate, "it holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
    if b"ENCRYPTED" in key.read_bytes():
        return key, "the key is encrypted; write one without a password with `openssl pkey -in KEY -out PLAIN_KEY`"
    return key, "it holds no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----"


class _LoggedConnection(ssl.SSLObject):
    """A connection whose failed handshake is logged: asyncio closes it without a word."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLError as error:
            # Its subclasses say that more bytes must come, or that the client has gone.
            if type(error) is ssl.SSLError:
                log.warning("A connection was closed: %s.", _failure(error))
            raise


def _failure(error: ssl.SSLError) -> str:
    if error.reason in NOT_TLS:
        return "the client did not begin with TLS; the addresses of this server begin with https://"
    return f"the TLS handshake failed ({error.reason or error})"
