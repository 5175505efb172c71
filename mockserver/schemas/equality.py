"""When two values are equal (JSON Schema core, section 4.2.2)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def equality_key(value: Any) -> str:
    """A text that is the same for two values exactly if JSON Schema calls them equal."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(map(equality_key, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{name!r}:{equality_key(value[name])}' for name in sorted(value))}}}"
    return str(value) if isinstance(value, int) else str(Fraction(value))
