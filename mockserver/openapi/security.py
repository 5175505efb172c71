"""Security schemes (OpenAPI 3.1, section 4.8.27): what a request must carry to say who it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mockserver.documents.source import Report
from mockserver.documents.tree import Node, Unresolved
from mockserver.errors import did_you_mean, quote

Location = Literal["header", "query", "cookie", ""]
AUTHORIZATION = "Authorization"
BEARER = "Bearer"
LOCATIONS: Mapping[str, Location] = {"header": "header", "query": "query", "cookie": "cookie"}
# As their RFCs write them; a scheme's name is the same in any case.
SCHEMES = {name.lower(): name for name in ("Basic", BEARER, "Digest", "DPoP", "HOBA", "Mutual", "Negotiate", "vapid")}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequiredCredential:
    """What one security scheme asks for: a value at `location` under `name`, or one of the `scheme` in Authorization.

    Where `location` is empty it cannot be seen in a request, such as a client's certificate. `declared` is the name
    that the document gives it.
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
        """The challenge that asks for it (RFC 9110, section 11.6.1). API keys have no registered scheme."""
        realm = f'realm="{self.declared}"'
        if not self.scheme:
            return f'ApiKey {realm}, in="{self.location}", name="{_quoted(self.name)}"'
        more = f', scope="{_quoted(" ".join(self.scopes))}"' if self.scopes else ""
        # What a client needs to compute its answer from, which is not judged.
        more += ', qop="auth", nonce="mockserver"' if self.scheme == "Digest" else ""
        return f"{self.scheme} {realm}{more}"


def _quoted(text: str) -> str:
    return re.sub(r"[^ !#-\[\]-~]", "_", text)


@dataclass(slots=True)
class Security:
    """Reads one document's security schemes, and what its operations require of them."""

    document: Node
    report: Report

    def of(self, operation: Node) -> tuple[tuple[RequiredCredential, ...], ...]:
        """The alternatives of an operation, its own or the document's; none where it asks for nothing."""
        owner = operation if "security" in operation.value else self.document
        asked = owner.value.get("security")
        if not isinstance(asked, list):
            return ()
        found = []
        for index, requirement in enumerate(asked):
            if isinstance(requirement, dict):
                found.append(tuple(self._credentials(owner.child("security", index))))
        return tuple(found)

    def _credentials(self, requirement: Node) -> Iterator[RequiredCredential]:
        schemes = self._schemes()
        for name, scopes in requirement.value.items():
            scheme = schemes.get(name)
            if scheme is None:
                hint = did_you_mean(name, schemes)
                self._note(requirement.child(name), f"there is no security scheme {quote(name)}.{hint}")
            named = tuple(one for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else ()
            yield _credential(re.sub(r"[^A-Za-z0-9._-]", "_", name), scheme, named)

    def _schemes(self) -> dict[str, Any]:
        components = self.document.value.get("components")
        if not isinstance(components, dict) or not isinstance(components.get("securitySchemes"), dict):
            return {}
        declared = self.document.child("components", "securitySchemes")
        found = {}
        for name in declared.value:
            try:
                found[name] = declared.child(name).follow().value
            except Unresolved:
                continue  # noted with the references
        return found

    def _note(self, at: Node, message: str) -> None:
        self.report.add(at.source, at.pointer, message, "undeclared")


def _credential(declared: str, scheme: Any, scopes: tuple[str, ...]) -> RequiredCredential:
    if not isinstance(scheme, dict):
        # Nobody knows where to look for it, so it counts as sent.
        return RequiredCredential(declared)
    kind = scheme.get("type")
    if kind == "apiKey":
        return RequiredCredential(declared, LOCATIONS.get(str(scheme.get("in")), ""), str(scheme.get("name", "")))
    if kind == "http" and _TOKEN.fullmatch(name := str(scheme.get("scheme", ""))):
        return RequiredCredential(declared, "header", AUTHORIZATION, SCHEMES.get(name.lower(), name))
    if kind in ("oauth2", "openIdConnect"):
        return RequiredCredential(declared, "header", AUTHORIZATION, BEARER, scopes)
    return RequiredCredential(declared)
