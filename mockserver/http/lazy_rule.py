"""Rules of Werkzeug that are quick to create, since a large document has thousands of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule that writes the code for building its URLs when the first one is built.

    Werkzeug writes it for each rule that is added to a map, which takes longer than everything else about a rule, while
    this server only matches. A release of Werkzeug without this method would be slower, and no different otherwise.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _build_with_query if append_unknown else _build


def _build(rule: Rule, **values: Any) -> tuple[str, str]:
    return Rule._compile_builder(rule, append_unknown=False)(rule, **values)


def _build_with_query(rule: Rule, **values: Any) -> tuple[str, str]:
    return Rule._compile_builder(rule, append_unknown=True)(rule, **values)
