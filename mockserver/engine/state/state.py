"""A run's state as one immutable value, how it is read, and its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.model import Record
from mockserver.contract.records import record_key
from mockserver.engine.overrides import NO_OVERRIDES, Overrides
from mockserver.engine.state.idempotency_keys import NO_KEYS, IdempotencyKeys
from mockserver.engine.state.schedule import NOTHING_DUE, Agenda, Schedule
from mockserver.engine.state.table import Table
from mockserver.refusals import UnknownRecord, UnknownResource
from mockserver.syntax import strict_json


class State(Struct, frozen=True):
    """The tables by resource, and the latest stamp (milliseconds since 1970) in them.

    `agenda` has the transitions that records wait for, by the rules of `schedule`.
    """

    tables: Mapping[str, Table]
    latest: int
    schedule: Schedule
    agenda: Agenda = NOTHING_DUE
    overrides: Overrides = NO_OVERRIDES
    keys: IdempotencyKeys = NO_KEYS

    def table(self, name: str) -> Table:
        """The table of a resource. Raises UnknownResource."""
        table = self.tables.get(name)
        if table is None:
            raise UnknownResource(name, self.tables)
        return table

    def record(self, resource: str, key: Any) -> Record:
        """One record. Raises UnknownResource and UnknownRecord."""
        row = self.table(resource).get(key)
        if row is None:
            raise UnknownRecord(resource, key)
        return row.record

    def has_record(self, resource: str, key: Any) -> bool:
        """Whether the record exists."""
        plain = record_key(key)
        return plain is not None and plain in self.tables[resource]

    def with_tables(self, *tables: Table, latest: int, agenda: Agenda) -> State:
        """The state with these tables in place of their former versions."""
        replaced = {**self.tables}
        for table in tables:
            replaced[table.layout.resource.name] = table
        return State(replaced, latest, self.schedule, agenda, self.overrides, self.keys)

    def detached(self) -> State:
        """The same state for another thread."""
        return replace(self, tables={name: table.detached() for name, table in self.tables.items()})

    def with_overrides(self, overrides: Overrides) -> State:
        """The state with other overrides."""
        return State(self.tables, self.latest, self.schedule, self.agenda, overrides, self.keys)

    def with_keys(self, keys: IdempotencyKeys) -> State:
        """The state with other idempotency keys."""
        return State(self.tables, self.latest, self.schedule, self.agenda, self.overrides, keys)


def fingerprint(state: State) -> str:
    """SHA-256, in hex, over the canonical JSON of the records, their last transitions, overrides and counts."""
    content = {
        "records": {
            name: [[row.record, row.last] for row in table.ordered()] for name, table in sorted(state.tables.items())
        },
        "overrides": [[override.id, override.override.entry] for override in state.overrides.active],
        "counts": dict(state.overrides.use_counts),
    }
    if state.overrides.has_draws:
        content["draws"] = dict(state.overrides.draw_counts.as_dict())
    return hashlib.sha256(strict_json.dump_sorted(content)).hexdigest()
