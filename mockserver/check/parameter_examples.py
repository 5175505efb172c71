"""Values for the parameters of a request to a real backend: the document's examples, never invented ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.openapi.model import Parameter


def example_of(parameter: Parameter) -> tuple[Any] | None:
    """The first example of a parameter, else its default, constant or first permitted value; None without any."""
    return next(((value,) for value in _candidates(parameter) if parameter.validator.is_valid(value)), None)


def _candidates(parameter: Parameter) -> Iterator[Any]:
    yield from parameter.examples.values()
    if parameter.default is not None:
        yield parameter.default
    for schema in parameter.notation.shape.unconditional():
        value = schema.value
        examples = value.get("examples")
        yield from examples if isinstance(examples, list) else ()
        yield from (value[name] for name in ("example", "const") if name in value)
        enum = value.get("enum")
        yield from enum if isinstance(enum, list) else ()
