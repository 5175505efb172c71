"""Resolves the address of a request: base addresses, and percent-encoded separators in the path.

A path parameter may contain `%2F`, which would become a separator if it were decoded before routing. The path that is
routed therefore keeps `%2F`; also `%2C`, `%3B` and `%3D`, which separate array items and object members; and `%25`.
`decode_parameter` decodes them after routing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

from mockserver.http.messages import Address, Request

BASE_ADDRESS = re.compile(r"/__mock/in/([^/]*)(/.*)?", re.DOTALL)
_ENCODED_SEPARATORS = re.compile("%(25|2F|2C|3B|3D)")
_SEPARATORS = re.compile("%(25|2[fF]|2[cC]|3[bBdD])")
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def build_request(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    scheme: str = "http",
    too_large: bool = False,
    breaks_connections: bool = False,
    raw_headers: Sequence[tuple[bytes, bytes]] = (),
    client: str | None = None,
) -> Request:
    """Build a request. `target` is the path and query as they were sent."""
    return Request(
        method,
        resolve(decode_path(target)),
        target.partition("?")[2].encode("latin-1"),
        headers,
        body,
        scheme=scheme,
        target=target,
        too_large=too_large,
        breaks_connections=breaks_connections,
        raw_headers=raw_headers,
        client=client,
    )


def decode_path(target: str) -> str:
    """The path of a request target, decoded except for percent-encoded separators."""
    path = target.partition("?")[0]
    if "%" in path:
        path = unquote_to_bytes(_SEPARATORS.sub(lambda match: f"%25{match[1].upper()}", path)).decode("latin-1")
    return _as_text(path)


def decode_wsgi_path(path: str, target: str, root_path: str) -> str:
    """Like `decode_path`, from PATH_INFO of WSGI; `target` is the target as sent, if the WSGI server provides it."""
    sent = _ORIGIN.sub("", target).partition("?")[0]
    if "%" not in sent and "%" not in path:
        return _as_text(path)
    sent = sent.removeprefix(root_path)
    if unquote_to_bytes(sent).decode("latin-1") != path:
        # The target that the server provides does not match PATH_INFO, so only the decoded path can be used.
        return _as_text(path.replace("%", "%25"))
    return decode_path(sent)


def resolve(path: str, root_path: str = "") -> Address:
    """The address of a decoded path; `/__mock/in/SANDBOX@SCENARIO` is a prefix of the whole API."""
    match = BASE_ADDRESS.fullmatch(path) if path.startswith("/__mock/in/") else None
    if match is None:
        return Address(root_path, path)
    name, at, scenario = decode_parameter(match[1]).partition("@")
    return Address(f"{root_path}/__mock/in/{match[1]}", match[2] or "/", name, scenario if at else None)


def decode_parameter(text: str) -> str:
    """A path parameter with its separators decoded too."""
    return _ENCODED_SEPARATORS.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def _as_text(path: str) -> str:
    """Decode as UTF-8 what WSGI passes as Latin-1."""
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
