"""Values for JSON Schemas: from examples, constants and defaults where given, otherwise generated from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.generate.generator import Generator

__all__ = ["Generator"]


def __getattr__(name: str) -> Any:
    # Imported at first use: a contract with examples and fixtures generates nothing.
    if name != "Generator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mockserver.generate.generator import Generator

    return Generator
