"""A file that is served in another form than it is written in: its values know where they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from mockserver.documents.source import Source
from mockserver.errors import Problem
from mockserver.syntax import json_pointer

# By the `id()` of an object or array: the value itself, so that the key stays valid, and where it was written.
Origins = Mapping[int, tuple[Any, str]]


class ConvertedSource(Source):
    """A file whose content has been converted. Problems name the places of the file as it was written."""

    def __init__(self, original: Source, data: Any, origins: Origins) -> None:
        super().__init__(original.file, original.text, data)
        self._original, self._converted, self._origins = original, data, origins

    @property
    def original(self) -> Source:
        """The file before the conversion."""
        return self._original

    def line(self, pointer: str) -> int:
        """The line, from 1, on which the value at `pointer` of the converted content was written."""
        return self._original.line(self.origin(pointer))

    def problem(self, pointer: str, message: str, code: str = "invalid") -> Problem:
        """A mistake at `pointer` of the converted content, with the pointer and the line of what was written."""
        return self._original.problem(self.origin(pointer), message, code)

    def origin(self, pointer: str) -> str:
        """Where the value at `pointer` of the converted content was written, or else what it was made from."""
        value, tokens = self._converted, []
        for token in json_pointer.split(pointer):
            tokens.append(token)
            value = _get_member(value, token)
            if id(value) in self._origins:
                tokens = json_pointer.split(self._origins[id(value)][1])
        return _nearest(self._original.data, tokens)

    def locate(self, pointer: str) -> str | None:
        """Where the conversion has put what was written at `pointer`; None if it has left that out."""
        prefix, rest = pointer, ""
        while True:
            for location in self._locations.get(prefix, ()):
                if _nearest(self._converted, json_pointer.split(location + rest)) == location + rest:
                    return location + rest
            if not prefix:
                return None
            prefix, _, token = prefix.rpartition("/")
            rest = f"/{token}{rest}"

    @cached_property
    def _locations(self) -> Mapping[str, list[str]]:
        """The pointers after the conversion, by the pointer where the value was written."""
        locations: dict[str, list[str]] = {"": [""]}
        for pointer, value in _walk(self._converted):
            if id(value) in self._origins:
                locations.setdefault(self._origins[id(value)][1], []).append(pointer)
        return locations


def _nearest(value: Any, tokens: list[str]) -> str:
    """The pointer to the innermost value that there is on a path."""
    pointer = ""
    for token in tokens:
        value = _get_member(value, token)
        if value is _MISSING:
            break
        pointer = json_pointer.append(pointer, token)
    return pointer


_MISSING = object()


def _get_member(value: Any, token: str) -> Any:
    try:
        return json_pointer.get_member(value, token)
    except LookupError:
        return _MISSING


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Each object and array once, in the order of the content."""
    stack, visited = [("", root)], set()
    while stack:
        pointer, value = stack.pop()
        if not isinstance(value, dict | list) or id(value) in visited:
            continue
        visited.add(id(value))
        yield pointer, value
        members = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        stack += [(json_pointer.append(pointer, name), member) for name, member in reversed(members)]
