"""Checks that a request carries the credentials that its operation requires. Their values are not checked."""

from __future__ import annotations

from mockserver.http.messages import Request
from mockserver.openapi.model import Operation
from mockserver.openapi.security import RequiredCredential
from mockserver.refusals import CredentialsRequired


def check(operation: Operation, request: Request) -> None:
    """Refuse a request without the credentials that the operation requires. Raises CredentialsRequired."""
    if not operation.security:
        return
    missing = [
        [credential for credential in alternative if not is_present(credential, request)]
        for alternative in operation.security
    ]
    if all(missing):
        raise CredentialsRequired(operation.id, missing)


def is_present(credential: RequiredCredential, request: Request) -> bool:
    """Whether a request carries the credential; true for one that is not part of the request (such as mutual TLS)."""
    if credential.location == "query":
        return bool(request.args.get(credential.name))
    if credential.location == "cookie":
        return any(request.cookies.getlist(credential.name))
    if credential.location == "header":
        value = request.header(credential.name) or ""
        if not credential.scheme:
            return bool(value.strip())
        scheme, _, rest = value.partition(" ")
        return scheme.lower() == credential.scheme.lower() and bool(rest.strip())
    return True
