"""The operations nearest to a request that matched none, each with the reason why it did not match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mockserver.openapi.model import Operation


def nearest(operations: Iterable[Operation], method: str, path: str) -> list[dict[str, str]]:
    """Up to three operations whose paths are most similar, best first, each with why it did not match."""
    path = path[:500]
    scored = [(_similarity(operation, method, path), operation) for operation in operations]
    scored = sorted((pair for pair in scored if pair[0] > 0.45), key=lambda pair: (-pair[0], pair[1].path))
    return [
        {
            "operation": operation.id,
            "method": operation.method,
            "path": operation.path,
            "why": _describe_mismatch(operation, method, path),
        }
        for _, operation in scored[:3]
    ]


def _similarity(operation: Operation, method: str, path: str) -> float:
    path = _without_prefix(operation, path)
    parts, declared = path.strip("/").split("/"), operation.path.strip("/").split("/")
    filled = [part if "{" in name else name for part, name in zip(parts, declared, strict=False)]
    filled += declared[len(filled) :]
    same_method = 0.05 if operation.method == method else 0.0
    return difflib.SequenceMatcher(None, "/".join(filled), "/".join(parts)).ratio() + same_method


def _without_prefix(operation: Operation, path: str) -> str:
    """The path without the path prefix of a declared server, if it begins with one."""
    return next((path[len(prefix) :] for prefix in operation.prefixes if path.startswith(f"{prefix}/")), path)


def _describe_mismatch(operation: Operation, method: str, path: str) -> str:
    path = _without_prefix(operation, path)
    parts, declared = path.strip("/").split("/"), operation.path.strip("/").split("/")
    if len(parts) != len(declared):
        return f"its path has {len(declared)} segment{'s' * (len(declared) != 1)}, the request's {len(parts)}"
    for number, (part, name) in enumerate(zip(parts, declared, strict=True), 1):
        if "{" not in name and part != name:
            return f"segment {number} is {name!r}, not {part[:60]!r}"
        if "{" in name and not part:
            return f"segment {number} is empty, where {name} is needed"
    if operation.method == method:
        return "a concrete path is matched before its templated one"
    return f"its method is {operation.method}, not {method}"
