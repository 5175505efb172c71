"""Paths that a more general path covers: a concrete path is matched before a templated one (OpenAPI 3.1, 4.8.8.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# A path parameter, whatever its name.
ANY = "{}"


def covered(shapes: Iterable[str]) -> set[str]:
    """The paths (with each parameter written as `{}`) whose requests would all match a more general one of them too."""
    paths = dict.fromkeys(shapes)
    root: dict[str, Any] = {}
    for path in paths:
        node = root
        for segment in _segments(path):
            node = node.setdefault(segment, {})
        node[""] = path
    return {path for path in paths if _is_covered(root, _segments(path), path)}


def _is_covered(node: dict[str, Any], segments: list[str], path: str) -> bool:
    """Whether the tree below `node` holds another path than `path` that covers these segments."""
    if not segments:
        return bool(node.get("", path) != path)
    return any(
        _is_covered(child, segments[1:], path) for name, child in node.items() if name and _covers(name, segments[0])
    )


def _covers(general: str, segment: str) -> bool:
    """Whether the segment `general` matches everything that `segment` matches."""
    if general in (segment, ANY):
        return True
    if ANY not in general or ANY in segment:
        return False
    return re.fullmatch(".+".join(map(re.escape, general.split(ANY))), segment) is not None


def _segments(path: str) -> list[str]:
    return [segment or "/" for segment in path.strip("/").split("/")]
