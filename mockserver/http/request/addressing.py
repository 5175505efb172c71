"""The address of a request: base addresses, and slashes that were percent-encoded.

A path parameter may hold `%2F`; decoded, it would be a separator. So the path that is routed keeps `%2F`, and `%2C`,
`%3B` and `%3D`, which separate the items of an array and the members of an object; and `%25`. `decode_parameter`
decodes them after routing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mockserver.http.messages import Request

BASE_ADDRESS = re.compile(r"/__mock/in/([^/]*)(/.*)?", re.DOTALL)
_KEPT = re.compile("%(25|2F|2C|3B|3D)")
_SEPARATORS = re.compile("%(25|2[fF]|2[cC]|3[bBdD])")
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class Address(NamedTuple):
    """Where a request goes: the path below `root_path`, and what a base address selects."""

    root_path: str
    path: str
    sandbox: str | None = None
    scenario: str | None = None


def build_request(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    too_large: bool = False,
    breaks_connections: bool = False,
) -> Request:
    """A request from its target as it was sent: the path and query."""
    address = resolve(decode_path(target))
    return Request(
        method,
        address.path,
        target.partition("?")[2].encode("latin-1"),
        headers,
        body,
        target=target,
        root_path=address.root_path,
        base_sandbox=address.sandbox,
        base_scenario=address.scenario,
        too_large=too_large,
        breaks_connections=breaks_connections,
    )


def decode_path(target: str) -> str:
    """The path of a request target, decoded but for the characters that separate."""
    path = target.partition("?")[0]
    if "%" in path:
        path = unquote_to_bytes(_SEPARATORS.sub(lambda match: f"%25{match[1].upper()}", path)).decode("latin-1")
    return _as_text(path)


def decode_wsgi_path(path: str, target: str, root_path: str) -> str:
    """The same from a WSGI server's PATH_INFO, with the target as it was sent where the server passes that on."""
    sent = _ORIGIN.sub("", target).partition("?")[0]
    if "%" not in sent and "%" not in path:
        return _as_text(path)
    sent = sent.removeprefix(root_path)
    if unquote_to_bytes(sent).decode("latin-1") != path:
        # The server passes something else on as the target: what is decoded is all there is.
        return _as_text(path.replace("%", "%25"))
    return decode_path(sent)


def resolve(path: str, root_path: str = "") -> Address:
    """The address that a decoded path means: `/__mock/in/SANDBOX@SCENARIO/…` is the whole API under a prefix."""
    match = BASE_ADDRESS.fullmatch(path) if path.startswith("/__mock/in/") else None
    if match is None:
        return Address(root_path, path)
    name, at, scenario = decode_parameter(match[1]).partition("@")
    return Address(f"{root_path}/__mock/in/{match[1]}", match[2] or "/", name, scenario if at else None)


def decode_parameter(text: str) -> str:
    """A path parameter as the client meant it."""
    return _KEPT.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def _as_text(path: str) -> str:
    """Bytes that WSGI passes as Latin-1, as the UTF-8 that they are."""
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
