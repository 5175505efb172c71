"""Finds examples and defaults inside schemas that do not match them. (Generated values are valid all the same.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.model import Contract
from mockserver.documents.nodes import Node
from mockserver.errors import Problem
from mockserver.schemas.directions import Direction

DIRECTIONS: tuple[Direction, ...] = ("", "request", "response")


def check_examples(contract: Contract) -> Iterator[list[Problem]]:
    """The problems of each schema that has examples."""
    nodes = [contract.documents.resolve(address) for address in contract.documents.schemas_with_examples]
    for schemas in dict.fromkeys(map(contract.schemas.for_direction, DIRECTIONS)) if nodes else ():
        schemas.compile_together([schemas.validator(node) for node in nodes])
    for node in nodes:
        yield [problem for pointer, value in _examples(node) for problem in _check(contract, node, pointer, value)]


def _examples(node: Node) -> Iterator[tuple[str, Any]]:
    """Each example of a schema and its pointer within it."""
    for keyword in ("example", "default"):
        if keyword in node.value:
            yield f"/{keyword}", node.value[keyword]
    examples = node.value.get("examples")
    for index, example in enumerate(examples if isinstance(examples, list) else ()):
        yield f"/examples/{index}", example


def _check(contract: Contract, node: Node, pointer: str, value: Any) -> Iterator[Problem]:
    """An example has to be valid in one direction at least."""
    if any(contract.schemas.for_direction(direction).validator(node).is_valid(value) for direction in DIRECTIONS):
        return
    for violation in contract.schemas.validator(node).violations(value, "body"):
        place = f" at {violation.pointer}" if violation.pointer else ""
        kind = "default" if pointer == "/default" else "example"
        message = f"the {kind} does not match its schema{place}: {violation.message}"
        yield node.source.problem(node.pointer + pointer, message, kind)
