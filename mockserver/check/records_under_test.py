"""The records that requests are made about: one of each kind that may lead to a different response."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from mockserver.check.record_states import states_of_record
from mockserver.contract.model import Contract, Resource
from mockserver.contract.records import split_key
from mockserver.engine.state.state import State


class RecordUnderTest(Struct, frozen=True):
    """A record, and the transitions that bring it into the `state` to be tested (None without a lifecycle)."""

    resource: str
    key: Any
    transitions: tuple[str, ...] = ()
    state: str | None = None

    def __str__(self) -> str:
        state = f" in state {self.state}" if self.state is not None else ""
        return f"{self.resource} {self.key}{state}"


def select_records(contract: Contract, state: State) -> list[RecordUnderTest]:
    """One record of each resource, reachable state, last transition and set of members."""
    selected: dict[tuple[Any, ...], RecordUnderTest] = {}
    for name, table in state.tables.items():
        resource = contract.resources[name]
        for row in table.ordered() if resource.key else ():
            key, members = row.record[resource.key], frozenset(row.record)
            if resource.lifecycle is None:
                selected.setdefault((name, members), RecordUnderTest(name, key))
                continue
            present = (name, members, row.record[resource.lifecycle.field], row.last)
            if present in selected:
                continue
            for node, reached in states_of_record(contract, resource, row, max(state.latest, 0)).items():
                selected.setdefault((name, members, *node), RecordUnderTest(name, key, reached.path, node.state))
    return list(selected.values())


def related_keys(contract: Contract, state: State, record: RecordUnderTest) -> dict[str, Any]:
    """The local keys of the record and of the records that it refers to, directly or not, by resource."""
    keys = {record.resource: record.key}
    waiting = [record.resource]
    while waiting:
        name = waiting.pop()
        resource: Resource = contract.resources[name]
        row = state.tables[name].get(keys[name])
        for reference, target in resource.references.items():
            if row is not None and target not in keys and row.record.get(reference) is not None:
                keys[target] = row.record[reference]
                waiting.append(target)
    return {name: _local_key(contract.resources[name], key) for name, key in keys.items()}


def _local_key(resource: Resource, key: Any) -> Any:
    return split_key(resource, key).get(resource.local_key, key)
