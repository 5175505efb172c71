"""Under which prefixes an operation answers besides its path: those of its `servers` (OpenAPI 3.1, section 4.8.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from mockserver.documents.tree import Node

# As many values of a server's variables are taken together, at the most.
LIMIT = 50
VARIABLE = re.compile(r"\{([^{}]+)\}")


def prefixes(*owners: Node) -> tuple[str, ...]:
    """The prefixes that count for the first of `owners`, which goes from the operation out to the document."""
    for owner in owners:
        servers = owner.value.get("servers") if isinstance(owner.value, dict) else None
        if isinstance(servers, list) and servers:
            return tuple(dict.fromkeys(one for server in servers for one in _of_server(server)))
    return ()


def _of_server(server: Any) -> Iterator[str]:
    url = server.get("url") if isinstance(server, dict) else None
    if not isinstance(url, str):
        return
    variables = server.get("variables")
    for filled in islice(_filled(url, variables if isinstance(variables, dict) else {}), LIMIT):
        path = _path(filled)
        if path and "{" not in path:
            yield path


def _filled(url: str, variables: dict[str, Any]) -> Iterator[str]:
    """The address with each value that its variables may have; the default where they may have any."""
    names = list(dict.fromkeys(VARIABLE.findall(url)))
    for values in product(*(_values(variables.get(name)) for name in names)):
        filled = url
        for name, value in zip(names, values, strict=True):
            filled = filled if value is None else filled.replace(f"{{{name}}}", value)
        yield filled


def _values(variable: Any) -> list[str | None]:
    if not isinstance(variable, dict):
        return [None]
    listed = variable.get("enum")
    allowed = listed if isinstance(listed, list) else []
    found = [one for one in (variable.get("default"), *allowed) if isinstance(one, str)]
    return list(dict.fromkeys(found)) or [None]


def _path(url: str) -> str:
    """The path of an address, absolute or relative to where the document is; without a slash at its end."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    return "".join(f"/{part}" for part in parts)
