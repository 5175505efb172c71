"""Rules of Werkzeug that are quick to create, since a large document has thousands of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from werkzeug.routing import BaseConverter, Map, Rule

# A variable with a converter, which may match several segments.
_CONVERTER = re.compile("<[^<>]*:")


class _Segment(NamedTuple):
    """What Werkzeug makes of one segment of a rule."""

    parts: tuple[Any, ...]
    trace: tuple[tuple[bool, str], ...]
    converters: dict[str, BaseConverter]


class RuleMap(Map):
    """A map of rules that share what Werkzeug makes of the segments that they have in common."""

    def __init__(self) -> None:
        super().__init__(merge_slashes=False, redirect_defaults=False)
        self.segments: dict[str, _Segment] = {}


class LazyRule(Rule):
    """A rule of a `RuleMap` that writes the code for building its URLs when the first one is built.

    Werkzeug writes it for each rule that is added to a map, which takes longer than everything else about a rule, while
    this server only matches. A release of Werkzeug without these methods would be slower, and no different otherwise.
    """

    def _parse_rule(self, rule: str) -> Iterable[Any]:
        if not isinstance(self.map, RuleMap) or _CONVERTER.search(rule):
            yield from super()._parse_rule(rule)
            return
        for number, text in enumerate(rule.split("/")):
            if number:
                self._trace.append((False, "/"))
            segment = self.map.segments.get(text)
            if segment is None:
                segment = self.map.segments[text] = self._parse_segment(text)
            self._trace += segment.trace
            self._converters |= segment.converters
            self.arguments.update(segment.converters)
            yield from segment.parts

    def _parse_segment(self, text: str) -> _Segment:
        apart = LazyRule("/")
        apart.map = self.map
        parts = tuple(Rule._parse_rule(apart, text))
        return _Segment(parts, tuple(apart._trace), apart._converters)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _build_with_query if append_unknown else _build


def _build(rule: Rule, **values: Any) -> tuple[str, str]:
    return Rule._compile_builder(rule, append_unknown=False)(rule, **values)


def _build_with_query(rule: Rule, **values: Any) -> tuple[str, str]:
    return Rule._compile_builder(rule, append_unknown=True)(rule, **values)
