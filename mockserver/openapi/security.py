"""Security schemes (OpenAPI 3.1, section 4.8.27): the credentials that a request must carry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urljoin

from msgspec import Struct

from mockserver.documents.nodes import Node, Unresolved
from mockserver.documents.source import Report
from mockserver.errors import unknown_name
from mockserver.syntax.http.header_names import TOKEN

Location = Literal["header", "query", "cookie", ""]
AUTHORIZATION = "Authorization"
BEARER = "Bearer"
LOCATIONS: Mapping[str, Location] = {"header": "header", "query": "query", "cookie": "cookie"}
# As their RFCs spell them; the names are case-insensitive.
SCHEMES = {name.lower(): name for name in ("Basic", BEARER, "Digest", "DPoP", "HOBA", "Mutual", "Negotiate", "vapid")}


class RequiredCredential(Struct, frozen=True):
    """A credential that one security scheme requires: `name` at `location`, or `scheme` in the Authorization header.

    `location` is empty if a request does not show the credential, as with a client certificate. `declared` is the name
    of the scheme in the document.
    """

    declared: str
    location: Location = ""
    name: str = ""
    scheme: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What to send, in words."""
        if self.scheme:
            return f"the header {self.name}: {self.scheme} …"
        where = {"header": "header", "query": "query parameter", "cookie": "cookie"}.get(self.location, "certificate")
        return f"the {where} {self.name}".rstrip()

    @property
    def challenge(self) -> str:
        """The value of WWW-Authenticate (RFC 9110, section 11.6.1); API keys have no registered scheme."""
        realm = f'realm="{self.declared}"'
        if not self.scheme:
            return f'ApiKey {realm}, in="{self.location}", name="{_to_quoted_text(self.name)}"'
        parameters = f', scope="{_to_quoted_text(" ".join(self.scopes))}"' if self.scopes else ""
        # Clients need these to compute a Digest response, which is not verified.
        parameters += ', qop="auth", nonce="mockserver"' if self.scheme == "Digest" else ""
        return f"{self.scheme} {realm}{parameters}"


def _to_quoted_text(text: str) -> str:
    return re.sub(r"[^ !#-\[\]-~]", "_", text)


class SecurityReader:
    """Reads a document's security schemes, and what its operations require of them."""

    def __init__(self, document: Node, report: Report) -> None:
        self.document, self.report = document, report

    def read(self, operation: Node) -> tuple[tuple[RequiredCredential, ...], ...]:
        """The alternatives that an operation, or else the document, declares; none if no credentials are required."""
        return self._read(operation) if "security" in operation.value else self._default

    @cached_property
    def _default(self) -> tuple[tuple[RequiredCredential, ...], ...]:
        """The alternatives that the document declares for all operations."""
        return self._read(self.document)

    def _read(self, owner: Node) -> tuple[tuple[RequiredCredential, ...], ...]:
        requirements = owner.value.get("security")
        if not isinstance(requirements, list):
            return ()
        return tuple(
            tuple(self._read_requirement(owner.child("security", index)))
            for index, requirement in enumerate(requirements)
            if isinstance(requirement, dict)
        )

    def _read_requirement(self, requirement: Node) -> Iterator[RequiredCredential]:
        schemes = self._schemes
        for name, scopes in requirement.value.items():
            scheme = schemes.get(name) or self._find_by_uri(name)
            if scheme is None:
                message = unknown_name("security scheme", name, schemes)
                self._add_error(requirement.child(name), message, "undeclared")
            listed = scopes if isinstance(scopes, list) else ()
            scope_names = tuple(scope for scope in listed if isinstance(scope, str))
            if not isinstance(scopes, list) or len(scope_names) < len(scopes):
                self._add_error(requirement.child(name), "must be an array of strings, the scopes", "type")
            yield _required_credential(re.sub(r"[^A-Za-z0-9._-]", "_", name.rpartition("/")[2]), scheme, scope_names)

    @cached_property
    def _schemes(self) -> dict[str, Any]:
        components = self.document.value.get("components")
        if not isinstance(components, dict) or not isinstance(components.get("securitySchemes"), dict):
            return {}
        declared = self.document.child("components", "securitySchemes")
        schemes = {}
        for name in declared.value:
            try:
                schemes[name] = declared.child(name).resolve().value
            except Unresolved:
                continue  # reported with the other references
        return schemes

    def _find_by_uri(self, reference: str) -> Any:
        """The scheme that a requirement names by its URI (OpenAPI 3.2, section 4.30), in a file that has been read."""
        location, own_uri = self.document.uri, self.document.value.get("$self")
        try:
            base = urljoin(location, own_uri) if isinstance(own_uri, str) else location
            uri, _, fragment = urljoin(base, reference).partition("#")
            if not fragment.startswith("/"):
                return None
            return self.document.documents.resolve(f"{location if uri == base else uri}#{fragment}").resolve().value
        except (Unresolved, ValueError):
            return None

    def _add_error(self, node: Node, message: str, code: str) -> None:
        self.report.add(node.source, node.pointer, message, code)


def _required_credential(declared: str, scheme: Any, scopes: tuple[str, ...]) -> RequiredCredential:
    if not isinstance(scheme, dict):
        # Nothing says where the credential is, so it counts as sent.
        return RequiredCredential(declared)
    kind = scheme.get("type")
    if kind == "apiKey":
        return RequiredCredential(declared, LOCATIONS.get(str(scheme.get("in")), ""), str(scheme.get("name", "")))
    if kind == "http" and TOKEN.fullmatch(name := str(scheme.get("scheme", ""))):
        return RequiredCredential(declared, "header", AUTHORIZATION, SCHEMES.get(name.lower(), name))
    if kind in ("oauth2", "openIdConnect"):
        return RequiredCredential(declared, "header", AUTHORIZATION, BEARER, scopes)
    return RequiredCredential(declared)
