"""A run's state as one immutable value, how it is read, and its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.model import Contract, DerivedField, Record, Resource
from mockserver.engine.overrides import NONE, Overrides
from mockserver.engine.state.idempotency_keys import NO_KEYS, Keys
from mockserver.engine.state.schedule import Agenda, Schedule
from mockserver.engine.state.sorted_rows import order
from mockserver.engine.state.table import Table
from mockserver.refusals import UnknownRecord, UnknownResource
from mockserver.syntax import strict_json


@dataclass(frozen=True, slots=True)
class State:
    """The tables by resource, and the latest stamp (milliseconds since 1970) that anything in them carries.

    `agenda` is what records wait for, in order, by the rules of `plan`.
    """

    tables: Mapping[str, Table]
    latest: int
    plan: Schedule
    agenda: Agenda = ()
    overrides: Overrides = NONE
    keys: Keys = NO_KEYS

    def table(self, name: str) -> Table:
        """The table of a resource. Raises UnknownResource."""
        if name not in self.tables:
            raise UnknownResource(name, self.tables)
        return self.tables[name]

    def record(self, resource: str, key: Any) -> Record:
        """One record. Raises UnknownRecord."""
        row = self.table(resource).get(key)
        if row is None:
            raise UnknownRecord(resource, key)
        return row.record

    def has_record(self, resource: str, key: Any) -> bool:
        """Whether the record is there."""
        return key in self.tables[resource]

    def with_tables(self, *tables: Table, latest: int, agenda: Agenda) -> State:
        """The state with these tables in place of their former selves."""
        replaced = {**self.tables, **{table.resource.name: table for table in tables}}
        return State(replaced, latest, self.plan, agenda, self.overrides, self.keys)


def with_derived_fields(contract: Contract, state: State, resource: Resource, record: Record) -> Record:
    """The record as clients see it: with its derived fields computed."""
    if not resource.derived:
        return record
    return {**record, **{one.name: _derive(contract, state, resource, one, record) for one in resource.derived}}


def _derive(contract: Contract, state: State, resource: Resource, derived: DerivedField, record: Record) -> Any:
    rows = state.tables[derived.resource].group(derived.reference, record[resource.key])
    if not rows:
        return derived.none
    first = order(rows, contract.resources[derived.resource].sort)[0] if len(rows) > 1 else rows[0]
    return derived.values.get(str(first.record.get(derived.field)), derived.none)


def list_records(
    contract: Contract, state: State, table: Table, offset: int = 0, limit: int | None = None
) -> list[Record]:
    """The records of a table in the order of arrival, derived fields computed; `limit` of them after `offset`."""
    return [
        with_derived_fields(contract, state, table.resource, row.record) for row in table.ordered().page(offset, limit)
    ]


def fingerprint(state: State) -> str:
    """SHA-256, in hex, over the canonical JSON of the records, their last transitions, overrides and counts."""
    content = {
        "records": {
            name: [[row.record, row.last] for row in table.ordered()] for name, table in sorted(state.tables.items())
        },
        "overrides": [[one.id, one.override.entry] for one in state.overrides.active],
        "counts": dict(state.overrides.use_counts),
    }
    return hashlib.sha256(strict_json.dump_canonical(content)).hexdigest()
