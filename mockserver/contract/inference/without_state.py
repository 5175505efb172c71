"""Why operations keep no state: what `--stateful` says of those that return samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from mockserver.contract.inference.collection import Collection
from mockserver.openapi.model import Operation, template_shape


def list_without_state(operations: Iterable[Operation], collections: Sequence[Collection]) -> dict[str, str]:
    """The reason of each operation that changes nothing and returns samples, by operationId.

    An operation that returns a record as it is, although it would change it, is one of them.
    """
    listed = list(operations)
    entries = {name: entry for collection in collections for name, entry in collection.operations.items()}
    by_shape: dict[str, list[Collection]] = {}
    for collection in collections:
        by_shape.setdefault(template_shape(collection.path), []).append(collection)
    written = {template_shape(operation.route.rstrip("/")) for operation in listed if operation.method != "GET"}
    reasons: dict[str, str] = {}
    for operation in listed:
        if operation.id not in entries:
            reasons[operation.id] = _reason(operation, by_shape, written)
        elif operation.method not in ("GET", "HEAD") and "read" in entries[operation.id]:
            reasons[operation.id] = "returns the record as it is: no field has the name of the action"
    return reasons


def _reason(operation: Operation, by_shape: Mapping[str, Sequence[Collection]], written: set[str]) -> str:
    path = template_shape(operation.route.rstrip("/"))
    prefixes = accumulate(path.split("/"), "{}/{}".format)
    related = [other for prefix in prefixes for other in by_shape.get(prefix, ())]
    if related:
        nearest = max(related, key=lambda other: len(other.path))
        return f"its path, parameters, body or response are not those of an operation on {nearest.name}"
    if operation.method == "GET":
        is_written = any(other == path or other == f"{path}/{{}}" for other in written)
        return (
            "its response does not fit what is written there" if is_written else "no operation writes what it returns"
        )
    return "no operation returns what it would write"
