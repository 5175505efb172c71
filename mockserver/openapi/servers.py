"""The path prefixes under which an operation responds too: those of its `servers` (OpenAPI 3.1, section 4.8.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from mockserver.documents.nodes import Node

# The maximum number of combinations of one server's variables.
COMBINATION_LIMIT = 50
VARIABLE = re.compile(r"\{([^{}]+)\}")
# A host at the start of a URL without a scheme, which is a relative URL then: `api.example.com/v1`.
HOST = re.compile(r"(?:(?:[\w-]+\.)+[A-Za-z]{2,}(?::[0-9]+)?|[\w.-]+:[0-9]+)(?=/|$)", re.ASCII)


def find_prefixes(*owners: Node) -> tuple[str, ...] | None:
    """The prefixes of the first owner that has `servers`, such as an operation or its path; None if none has."""
    for owner in owners:
        servers = owner.value.get("servers") if isinstance(owner.value, dict) else None
        if isinstance(servers, list) and servers:
            return tuple(dict.fromkeys(prefix for server in servers for prefix in _prefixes_of(server)))
    return None


def _prefixes_of(server: Any) -> Iterator[str]:
    url = server.get("url") if isinstance(server, dict) else None
    if not isinstance(url, str):
        return
    variables = server.get("variables")
    for expanded in islice(_expand(url, variables if isinstance(variables, dict) else {}), COMBINATION_LIMIT):
        path = _path_of(expanded)
        if path and "{" not in path:
            yield path


def _expand(url: str, variables: dict[str, Any]) -> Iterator[str]:
    """The URL with each combination of the values of its variables; one without values stays a variable."""
    names = list(dict.fromkeys(VARIABLE.findall(url)))
    for values in product(*(_values_of(variables.get(name)) for name in names)):
        expanded = url
        for name, value in zip(names, values, strict=True):
            expanded = expanded if value is None else expanded.replace(f"{{{name}}}", value)
        yield expanded


def _values_of(variable: Any) -> list[str | None]:
    """The default, then the other values of the `enum`; None if there are neither."""
    if not isinstance(variable, dict):
        return [None]
    enum = variable.get("enum")
    candidates = (variable.get("default"), *(enum if isinstance(enum, list) else []))
    values = [value for value in candidates if isinstance(value, str)]
    return list(dict.fromkeys(values)) or [None]


def _path_of(url: str) -> str:
    """The path of a URL, absolute or relative, without a slash at its end."""
    try:
        path = urlsplit(HOST.sub("", url, count=1) if HOST.match(url) else url).path
    except ValueError:
        return ""
    segments = [segment for segment in path.split("/") if segment not in ("", ".", "..")]
    return "".join(f"/{segment}" for segment in segments)
