"""Paths that a more general path covers: a concrete path is matched before a templated one (OpenAPI 3.1, 4.8.8.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

# A path parameter, whatever its name.
ANY = "{}"


class _Node(Struct):
    """The paths that begin with the same segments. `patterns` are the next segments that have a parameter in a text."""

    path: str | None = None
    children: dict[str, _Node] = field(default_factory=dict)
    patterns: list[str] = field(default_factory=list)

    def child(self, segment: str) -> _Node:
        """The node below, which is created if there is none."""
        if segment not in self.children:
            self.children[segment] = _Node()
            if ANY in segment and segment != ANY:
                self.patterns.append(segment)
        return self.children[segment]

    def covering(self, segment: str) -> list[str]:
        """The next segments that match everything that `segment` matches."""
        patterns = [pattern for pattern in self.patterns if pattern != segment and _matches(pattern, segment)]
        return [name for name in dict.fromkeys((segment, ANY, *patterns)) if name in self.children]


def find_covered(shapes: Iterable[str]) -> set[str]:
    """The paths (with each parameter written as `{}`) whose requests would all match a more general one of them too."""
    paths = dict.fromkeys(shapes)
    root = _Node()
    for path in paths:
        node = root
        for segment in _segments(path):
            node = node.child(segment)
        node.path = path
    return {path for path in paths if _is_covered(root, _segments(path), path)}


def _is_covered(node: _Node, segments: list[str], path: str) -> bool:
    """Whether the tree below `node` holds another path than `path` that covers these segments."""
    if not segments:
        return node.path not in (None, path)
    return any(_is_covered(node.children[name], segments[1:], path) for name in node.covering(segments[0]))


def _matches(pattern: str, segment: str) -> bool:
    """Whether a segment with a parameter in a text matches a concrete segment."""
    return ANY not in segment and consists_of(pattern.split(ANY), segment)


def consists_of(literals: Sequence[str], text: str) -> bool:
    """Whether a text begins with the first literal, ends with the last, and has the others and more in between.

    At least one character is between each two of them.
    """
    first, *others, last = literals
    if not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for literal in others:
        start = text.find(literal, position + 1, end)
        if start < 0:
            return False
        position = start + len(literal)
    return position < end


def _segments(path: str) -> list[str]:
    return [segment or "/" for segment in path.strip("/").split("/")]
