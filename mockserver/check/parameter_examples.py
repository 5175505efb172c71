"""Values for the parameters of a request to a real backend: the document's examples, never invented ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.model import Contract
from mockserver.documents.nodes import Node, Unresolved
from mockserver.openapi.model import Parameter


def example_of(contract: Contract, parameter: Parameter) -> tuple[Any] | None:
    """The first example of a parameter, else its default, constant or first permitted value; None without any."""
    candidates = _candidates(contract, parameter)
    return next(((value,) for value in candidates if parameter.validator.is_valid(value)), None)


def _candidates(contract: Contract, parameter: Parameter) -> Iterator[Any]:
    address = parameter.validator.address
    for marker in ("/schema", "/content/"):
        place, separator, _ = address.rpartition(marker)
        if not separator:
            continue
        try:
            node = contract.documents.resolve(place)
        except Unresolved:
            continue
        if isinstance(node.value, dict) and node.value.get("name") == parameter.name:
            yield from _examples(node)
    if parameter.default is not None:
        yield parameter.default
    for schema in parameter.notation.shape.unconditional():
        value = schema.value
        examples = value.get("examples")
        yield from examples if isinstance(examples, list) else ()
        yield from (value[name] for name in ("example", "const") if name in value)
        enum = value.get("enum")
        yield from enum if isinstance(enum, list) else ()


def _examples(parameter: Node) -> Iterator[Any]:
    """The values of a parameter's `example` and `examples` (OpenAPI 3.1, section 4.8.12)."""
    if "example" in parameter.value:
        yield parameter.value["example"]
    examples = parameter.value.get("examples")
    for name in examples if isinstance(examples, dict) else ():
        try:
            example = parameter.child("examples", name).resolve().value
        except Unresolved:
            continue
        if isinstance(example, dict) and "value" in example:
            yield example["value"]
