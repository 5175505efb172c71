"""Converts `host`, `basePath` and `schemes` of Swagger 2.0 to servers."""

from __future__ import annotations

import re
from typing import Any

from mockserver.documents.nodes import Node
from mockserver.errors import quote
from mockserver.openapi.swagger.conversion import Conversion

_HOST = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>[^/]*)(?P<path>/.*)?", re.DOTALL)


def convert_servers(conversion: Conversion, owner: Node) -> list[dict[str, str]]:
    """The servers of the document or, with its own `schemes`, of an operation.

    Without a host they are relative to where the document is served; without schemes, they have that of the request.
    There are none if the document names neither a host nor a path.
    """
    host, path, scheme = _read_address(conversion.root.value)
    if not host:
        return [{"url": path}] if path else []
    schemes = _read_schemes(owner.value) or _read_schemes(conversion.root.value) or scheme
    urls = [f"{name}://{host}{path}" for name in schemes] or [f"//{host}{path}"]
    return [conversion.mark({"url": url}, conversion.root) for url in dict.fromkeys(urls)]


def check_address(conversion: Conversion) -> None:
    """Warn about a host that is more than that, and a path that does not begin with a slash."""
    document = conversion.root
    host, path = document.value.get("host"), document.value.get("basePath")
    if isinstance(host, str) and (match := _HOST.fullmatch(host)):
        for part, member in (("scheme", "schemes"), ("path", "basePath")):
            if match[part]:
                message = f"{quote(host)} has a {part}, which belongs into {member}; it is read as if it were there"
                conversion.warn(document.child("host"), message, "host")
    for name, value, is_text in (("host", host, isinstance(host, str)), ("basePath", path, isinstance(path, str))):
        if name in document.value and not is_text:
            conversion.warn(document.child(name), f"must be a string, but is {quote(value)}", "type")
    if isinstance(path, str) and path and not path.startswith("/"):
        message = f"{quote(path)} must begin with a slash; it is read as {quote('/' + path)}"
        conversion.warn(document.child("basePath"), message, "base-path")


def _read_address(document: dict[str, Any]) -> tuple[str, str, list[str]]:
    """The host, the path, and the scheme that was written with the host."""
    declared, base = document.get("host"), document.get("basePath")
    match = _HOST.fullmatch(declared.strip()) if isinstance(declared, str) else None
    prefix = match["path"] or "" if match else ""
    segments = [*prefix.split("/"), *(base.strip().split("/") if isinstance(base, str) else ())]
    path = "".join(f"/{segment}" for segment in segments if segment)
    return (match["host"] if match else "", path, [match["scheme"]] if match and match["scheme"] else [])


def _read_schemes(owner: dict[str, Any]) -> list[str]:
    schemes = owner.get("schemes")
    return [name for name in schemes if isinstance(name, str)] if isinstance(schemes, list) else []
