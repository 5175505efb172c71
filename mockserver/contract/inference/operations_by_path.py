"""The operations of a document by path and method, and the paths below another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from mockserver.openapi.model import Operation
from mockserver.syntax import words

Methods = Mapping[str, Operation]


class OperationsByPath(dict[str, dict[str, Operation]]):
    """The operations by path and method. Nothing may be added once it has been searched."""

    def below(self, path: str) -> Sequence[str]:
        """The segments directly below a path."""
        return self._below.get(path, ())

    def named_below(self, path: str, segment: str) -> list[str]:
        """The segments directly below a path that name the same as this one."""
        forms = words.singular_forms(segment)
        named = dict(entry for form in forms for entry in self._named_below.get((path, form), ()))
        return [named[position] for position in sorted(named)]

    @cached_property
    def records_below(self) -> dict[str, list[str]]:
        """By path, the paths directly below it that end with a parameter and have further paths below them."""
        below: dict[str, list[str]] = {}
        for path in self._below:
            head, slash, segment = path.rpartition("/")
            if slash and segment.startswith("{") and segment.endswith("}"):
                below.setdefault(head, []).append(path)
        return below

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        below: dict[str, list[str]] = {}
        for path in self:
            head, slash, segment = path.rpartition("/")
            if slash:  # the root has none, and is below nothing
                below.setdefault(head, []).append(segment)
        return below

    @cached_property
    def _named_below(self) -> dict[tuple[str, str], list[tuple[int, str]]]:
        """By path and form of the name, the segments with their positions."""
        named: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for head, segments in self._below.items():
            for position, segment in enumerate(segments):
                for form in dict.fromkeys(words.singular_forms(segment)):
                    named.setdefault((head, form), []).append((position, segment))
        return named
