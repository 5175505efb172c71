"""Whether a request carries the credentials that its operation asks for. Their values are not judged."""

from __future__ import annotations

from flask import Request

from mockserver.openapi.model import Operation
from mockserver.openapi.security import RequiredCredential
from mockserver.refusals import CredentialsRequired


def check(operation: Operation, request: Request) -> None:
    """Refuse a request without credentials where the operation requires some. Raises CredentialsRequired."""
    if not operation.security:
        return
    ways = [[one for one in way if not is_there(one, request)] for way in operation.security]
    if all(ways):
        raise CredentialsRequired(operation.id, ways)


def is_there(credential: RequiredCredential, request: Request) -> bool:
    """Whether a request carries the credential, or it is one that cannot be seen."""
    if credential.location == "query":
        return bool(request.args.get(credential.name))
    if credential.location == "cookie":
        return bool(request.cookies.get(credential.name))
    if credential.location == "header":
        value = request.headers.get(credential.name, "")
        if not credential.scheme:
            return bool(value.strip())
        scheme, _, rest = value.partition(" ")
        return scheme.lower() == credential.scheme.lower() and bool(rest.strip())
    return True
