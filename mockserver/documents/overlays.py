"""Overlays (Overlay Specification 1.1): changes of an OpenAPI document that are kept in a file of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonpath import JSONPathEnvironment, JSONPathError, JSONPathMatch

from mockserver.documents.source import Report, Source
from mockserver.errors import quote
from mockserver.syntax import json_pointer, yaml_writer
from mockserver.syntax.yaml_reader import DEPTH_LIMIT

MODIFIERS = ("remove", "update", "copy")
# That actions may add in all: copies of the whole document in itself double it.
ADDED_LIMIT = 2_000_000
# RFC 9535, without what the library adds to it.
QUERIES = JSONPathEnvironment(strict=True)


class OverlaidSource(Source):
    """A document with the changes of overlays. Problems name the places of the document as it is written."""

    def __init__(self, original: Source, overlay: Source, data: Any) -> None:
        # As it is now: references in the data become absolute.
        text = json.dumps(data, indent=2) + "\n" if original.file.endswith(".json") else yaml_writer.dump(data)
        super().__init__(original.file, text, data)
        self._unchanged, self._overlay = original, overlay

    @property
    def files(self) -> tuple[str, ...]:
        """The overlay, and what the document is made of."""
        return (self._overlay.file, *self._unchanged.files)

    def line(self, pointer: str) -> int:
        """The line, from 1, of what the value at `pointer` was before; of a new value, of its nearest ancestor."""
        return self._unchanged.line(pointer)


class _Incompatible(Exception):
    """A value that cannot be merged into another one; the message names the kinds of both."""


def extended_file(overlay: Source, report: Report) -> str | None:
    """The path of the document that an overlay extends, relative to its folder; None, and an error, if it has none.

    Of a document at another address, it is the file of the same name beside the overlay.
    """
    reference = overlay.data.get("extends")
    if not isinstance(reference, str) or not reference:
        message = "needs `extends`, the path of the OpenAPI document that it changes, to be served"
        report.add(overlay, "", message, "overlay")
        return None
    try:
        parts = urlsplit(reference)
    except ValueError:
        report.add(overlay, "/extends", f"{quote(reference)} is not a URI reference", "overlay")
        return None
    path = PurePosixPath(unquote(parts.path))
    return path.name if parts.scheme or parts.netloc or path.is_absolute() else str(path)


def apply(overlay: Source, document: Any, report: Report) -> Any:
    """The document with the changes of an overlay; those that have a mistake are reported, and left out."""
    result = _copy(document)
    actions = overlay.data.get("actions")
    if not isinstance(actions, list):
        report.add(overlay, "/actions" if "actions" in overlay.data else "", "must have an array `actions`", "overlay")
        return result
    growth = _Growth()
    for index, action in enumerate(actions):
        result = _Action(overlay, f"/actions/{index}", report, growth).apply(action, result)
    return result


class _Growth:
    """How many values actions may still add."""

    def __init__(self) -> None:
        self._left = ADDED_LIMIT

    def allows(self, value: Any, times: int) -> bool:
        """Whether a value may be added so many times; then it counts."""
        left = self._left - times * _count(value)
        if left >= 0:
            self._left = left
        return left >= 0


class _Action:
    """One action of an overlay."""

    def __init__(self, overlay: Source, pointer: str, report: Report, growth: _Growth) -> None:
        self._overlay, self._pointer, self._report, self._growth = overlay, pointer, report, growth

    def apply(self, action: Any, document: Any) -> Any:
        """The changed document; unchanged if the action has a mistake."""
        if not isinstance(action, dict) or not isinstance(action.get("target"), str):
            self._add_error("", "must be an object with a `target`, a JSONPath query")
            return document
        targets = self._find("target", action["target"], document)
        if targets is None:
            return document
        if not targets:
            message = f"{quote(action['target'])} selects nothing in the document"
            self._report.warn(self._overlay, f"{self._pointer}/target", message, "overlay")
        if action.get("remove") is True:
            return _remove(document, targets)
        if "update" in action:
            return self._merge(document, targets, action["update"], "update")
        if isinstance(action.get("copy"), str):
            sources = self._find("copy", action["copy"], document)
            if sources is not None and len(sources) != 1:
                self._add_error("/copy", f"{quote(action['copy'])} must select one node, and selects {len(sources)}")
            elif sources:
                return self._merge(document, targets, sources[0].obj, "copy")
            return document
        self._add_error("", f"must have one of {', '.join(MODIFIERS)}")
        return document

    def _find(self, member: str, query: str, document: Any) -> list[JSONPathMatch] | None:
        """Each node that a query selects, once; None, and an error, if it is no query."""
        try:
            return list({node.parts: node for node in QUERIES.finditer(query, document)}.values())
        except (JSONPathError, RecursionError) as error:
            reason = error.args[0] if error.args else "it is too long"
            token = getattr(error, "token", None)
            # That of an end of the query is -1.
            place = f" after {token.index} characters" if token is not None and token.index >= 0 else ""
            self._add_error(f"/{member}", f"{quote(query)} is not a JSONPath query: {reason}{place}")
            return None

    def _merge(self, document: Any, targets: list[JSONPathMatch], value: Any, member: str) -> Any:
        if not self._growth.allows(value, len(targets)):
            self._add_error(f"/{member}", f"makes the document larger by more than {ADDED_LIMIT:,} values")
            return document
        depth = max((len(target.parts) for target in targets), default=0) + _depth(value)
        if depth > DEPTH_LIMIT:
            self._add_error(f"/{member}", f"makes the document more than {DEPTH_LIMIT} levels deep")
            return document
        for target in targets:
            try:
                merged = _merge(target.obj, value, is_target=True)
            except _Incompatible as error:
                place = json_pointer.join([str(token) for token in target.parts])
                self._add_error(f"/{member}", f"cannot be merged into {place or 'the document'}: {error}")
                return document
            if target.parts:
                _parent(document, target)[target.parts[-1]] = merged
            else:
                document = merged
        return document

    def _add_error(self, below: str, message: str) -> None:
        self._report.add(self._overlay, self._pointer + below, message, "overlay")


def _merge(target: Any, value: Any, *, is_target: bool = False) -> Any:
    """The target with a value merged into it, which changes objects and arrays in place. Raises _Incompatible."""
    if isinstance(target, dict) and isinstance(value, Mapping):
        for name, member in value.items():
            target[name] = _merge(target[name], member) if name in target else _copy(member)
        return target
    if isinstance(target, list) and (is_target or isinstance(value, list)):
        target += [_copy(item) for item in (value if isinstance(value, list) else [value])]
        return target
    # A member without a value in YAML is an empty object or array.
    if isinstance(target, dict | list) and value is None:
        return target
    if isinstance(target, dict | list) or (target is not None and isinstance(value, dict | list)):
        raise _Incompatible(f"it is {_kind(target)}, and the value {_kind(value)}")
    return _copy(value)


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else "an array" if isinstance(value, list) else "a primitive value"


def _remove(document: Any, targets: list[JSONPathMatch]) -> Any:
    # The last items of an array first, so that the indexes of the others hold.
    for target in sorted(targets, key=_order, reverse=True):
        if target.parts:
            del _parent(document, target)[target.parts[-1]]
    return document


def _order(node: JSONPathMatch) -> list[tuple[bool, str | int]]:
    return [(isinstance(token, int), token) for token in node.parts]


def _parent(document: Any, target: JSONPathMatch) -> Any:
    for token in target.parts[:-1]:
        document = document[token]
    return document


def _copy(value: Any) -> Any:
    """A copy in which no object is in two places, as aliases of YAML would have it."""
    if isinstance(value, dict):
        return {name: _copy(member) for name, member in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _count(value: Any) -> int:
    return 1 + sum(map(_count, _members(value)))


def _depth(value: Any) -> int:
    return max((1 + _depth(member) for member in _members(value)), default=0)


def _members(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
