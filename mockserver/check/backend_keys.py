"""The keys of records that a backend's lists have shown, by the paths below which they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from msgspec import Struct, field

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Contract
from mockserver.contract.records import record_key
from mockserver.openapi.model import Operation, template_shape
from mockserver.syntax import words
from mockserver.syntax.member_path import member_at

Values = tuple[Any, ...]
# How many records of a list are looked at.
FOLLOWED = 3


class BackendKeys(Struct):
    """The values of path parameters that lead to records, by the path's shape (`/lists/{}/notes/{}`)."""

    contract: Contract
    by_shape: dict[str, list[Values]] = field(default_factory=dict)

    def values(self, operation: Operation) -> list[Values]:
        """The values of the first parameters of an operation's path, as many of them as are known."""
        pieces = template_shape(operation.route).split("{}")
        for count in range(len(operation.path_names), 0, -1):
            if known_values := self.by_shape.get("{}".join(pieces[:count]) + "{}"):
                return known_values[:FOLLOWED]
        return []

    def add_list(self, operation: Operation, path: Values, value: Any) -> None:
        """Note the first records of a list that was responded with at these values of its path."""
        behaviour = self.contract.behaviours.get(operation.id)
        if behaviour is not None and behaviour.kind != "list":
            return
        rows = _rows(value, behaviour)
        for row in rows[:FOLLOWED]:
            for shape, values in self._addresses(operation, behaviour, path, row):
                self._add(shape, values)

    def address_of_new(self, operation: Operation, path: Values, key: Any) -> tuple[str, Values]:
        """Where a record is that an operation on its collection has created."""
        return template_shape(operation.route.rstrip("/")) + "/{}", (*path, key)

    def _addresses(
        self, operation: Operation, behaviour: Behaviour | None, path: Values, row: dict[str, Any]
    ) -> Iterator[tuple[str, Values]]:
        """The paths below which a record of a list is: that of the list itself, or where its collection is read."""
        contract, child = self.contract, _child(self.contract, operation)
        if child is not None:
            key = record_key(row.get(_key_name(contract, operation, child, row) or ""))
            if key is not None:
                yield template_shape(child.route), (*path, key)
            return
        for other in contract.operations.values() if behaviour is not None else ():
            reading = contract.behaviours.get(other.id)
            if reading is None or behaviour is None or (reading.kind, reading.resource) != ("read", behaviour.resource):
                continue
            names = [reading.field_of(name) for name in other.path_names[:-1]]
            keys = [record_key(row.get(name)) for name in (*names, contract.resources[reading.resource].local_key)]
            if None not in keys:
                yield template_shape(other.route), tuple(keys)

    def _add(self, shape: str, values: Values) -> None:
        listed = self.by_shape.setdefault(shape, [])
        if values not in listed:
            listed.append(values)


def key_of_new(contract: Contract, operation: Operation, value: Any, location: str | None) -> Any:
    """The key of a record that was created, by the response's body or its Location; None if neither says it."""
    behaviour, child = contract.behaviours.get(operation.id), _child(contract, operation)
    record = member_at(value, behaviour.item) if behaviour is not None else value
    if isinstance(record, dict):
        key = record_key(record.get(_key_name(contract, operation, child, record) or ""))
        if key is not None:
            return key
    if location is not None:
        return unquote(location.partition("?")[0].rstrip("/").rpartition("/")[2]) or None
    return None


def _child(contract: Contract, operation: Operation) -> Operation | None:
    """An operation on the records of the collection at an operation's path."""
    shape = template_shape(operation.route.rstrip("/")) + "/{}"
    return next((other for other in contract.operations.values() if template_shape(other.route) == shape), None)


def _key_name(contract: Contract, operation: Operation, child: Operation | None, record: dict[str, Any]) -> str | None:
    """The member of a record that holds its key."""
    behaviour = contract.behaviours.get(operation.id)
    if behaviour is not None:
        return contract.resources[behaviour.resource].local_key
    segment = operation.route.rstrip("/").rpartition("/")[2]
    return words.find_key_field(child.path_names[-1], segment, record) if child is not None else None


def _rows(value: Any, behaviour: Behaviour | None) -> list[dict[str, Any]]:
    """The records of a list, which may be in an envelope."""
    if isinstance(value, dict):
        arrays = [member for member in value.values() if isinstance(member, list)]
        if behaviour is not None and behaviour.items:
            value = member_at(value, behaviour.items)
        else:
            value = arrays[0] if len(arrays) == 1 else None
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
