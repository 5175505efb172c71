"""Examples inside schemas that break them. What is made of such a schema is valid all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.model import Contract
from mockserver.documents.tree import Node
from mockserver.errors import Problem
from mockserver.schemas.directions import Direction

DIRECTIONS: tuple[Direction, ...] = ("", "request", "response")


def broken(contract: Contract) -> Iterator[Problem | None]:
    """Each mistake in an example of a schema, and None after each schema."""
    for address in contract.documents.exemplified:
        node = contract.documents.at(address)
        for below, value in _examples(node):
            yield from _judged(contract, node, below, value)
        yield None


def _examples(node: Node) -> Iterator[tuple[str, Any]]:
    """Each example of a schema, and where it stands in there."""
    if "example" in node.value:
        yield "/example", node.value["example"]
    several = node.value.get("examples")
    for index, one in enumerate(several if isinstance(several, list) else ()):
        yield f"/examples/{index}", one


def _judged(contract: Contract, node: Node, below: str, value: Any) -> Iterator[Problem]:
    if any(contract.schemas.binding(one).at(node).is_valid(value) for one in DIRECTIONS):
        return
    for violation in contract.schemas.at(node).violations(value, "body"):
        where = f" at {violation.pointer}" if violation.pointer else ""
        message = f"the example breaks its schema{where}: {violation.message}"
        yield node.source.problem(node.pointer + below, message, "example")
