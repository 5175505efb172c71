"""Which paths a request may match besides: a concrete one is matched before a templated one (OpenAPI 3.1, 4.8.8.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

ANY = "{}"


def covered(shapes: Iterable[str]) -> set[str]:
    """Those paths, their parameters unnamed, all of whose requests a more general one of them would match too."""
    known = dict.fromkeys(shapes)
    root: dict[str, Any] = {}
    for one in known:
        node = root
        for part in _parts(one):
            node = node.setdefault(part, {})
        node[""] = one
    return {one for one in known if _is_covered(root, _parts(one), one)}


def _is_covered(node: dict[str, Any], parts: list[str], own: str) -> bool:
    if not parts:
        return bool(node.get("", own) != own)
    return any(_is_covered(below, parts[1:], own) for name, below in node.items() if name and _covers(name, parts[0]))


def _covers(general: str, part: str) -> bool:
    """Whether a segment matches all that another one does."""
    if general in (part, ANY):
        return True
    if ANY not in general or ANY in part:
        return False
    return re.fullmatch(".+".join(map(re.escape, general.split(ANY))), part) is not None


def _parts(path: str) -> list[str]:
    return [part or "/" for part in path.strip("/").split("/")]
