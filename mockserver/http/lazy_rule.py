"""Rules of Werkzeug that are quick to create."""

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
        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            build_now: Callable[..., tuple[str, str]] = super(LazyRule, self)._compile_builder(append_unknown)
            return build_now(rule, **values)

        return build
