"""The behaviours that change several records, all of them or none: create, replace and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.contract.behaviour import Behaviour, ResultKind
from mockserver.contract.model import Contract, Record
from mockserver.contract.records import record_key, with_plain_keys
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.listing import ListRecords
from mockserver.engine.behaviours.records import WritingImplementation
from mockserver.engine.behaviours.server_fields import in_schema_order
from mockserver.engine.commands import Put, Remove, Transaction
from mockserver.engine.reducer import apply
from mockserver.engine.run import Run
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRecord
from mockserver.syntax import json_pointer


class BulkChange:
    """The changes of one request: each is applied to the state that the ones before it lead to."""

    def __init__(self, state: State) -> None:
        self.state, self.commands = state, list[Put | Remove]()

    def add(self, command: Put | Remove) -> None:
        """Apply a command. Raises a Refusal."""
        self.state = apply(self.state, command)
        self.commands.append(command)


class BulkWrite(WritingImplementation):
    """An operation whose request body is a list of records."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self.lister = ListRecords(contract, operation, behaviour)

    def write(
        self, run: Run, call: OperationCall, change: Callable[[BulkChange, int, list[dict[str, Any]]], None]
    ) -> list[Record]:
        """Submit what `change` makes of the records in the body; the records as they are then, in their order.

        Raises InvalidRecord, with the place of the record in the body, and what the change itself raises.
        """
        bodies, keys = self._bodies(run, call), list[Any]()

        def make_command(state: State, at: int) -> Transaction:
            bulk = BulkChange(state)
            change(bulk, at, bodies)
            keys[:] = [command.key for command in bulk.commands if isinstance(command, Put)]
            return Transaction(tuple(bulk.commands), at)

        state = run.submit(make_command)
        return [self.present(run, state, state.record(self.resource.name, key)) for key in keys]

    def put_new(self, run: Run, call: OperationCall, bulk: BulkChange, at: int, members: Mapping[str, Any]) -> None:
        """Create a record of these members and those that the path says. Raises as `make_new`."""
        path_values = {name: value for name, value in self.path_values(call).items() if name in self.resource.fields}
        bulk.add(self.make_new(run, bulk.state, at, call, {**path_values, **members}, path_values))

    def _bodies(self, run: Run, call: OperationCall) -> list[dict[str, Any]]:
        member, body = self.behaviour.body_member, call.body
        if member is not None and isinstance(body, dict):
            body = body.get(member)
        place = "" if member is None else json_pointer.append("", member)
        if not isinstance(body, list):
            violation = Violation("body", place, "type", "must be an array of records")
            raise InvalidRecord(self.resource.name, [violation])
        for number, item in enumerate(body):
            if not isinstance(item, dict):
                violation = Violation("body", f"{place}/{number}", "type", "must be an object")
                raise InvalidRecord(self.resource.name, [violation])
        seed = self.seed_of_change(run)
        return [self.server_fields.storable_members(item, f"{seed}/{number}") for number, item in enumerate(body)]


class CreateRecords(BulkWrite):
    """Creates a record of each item of the body."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Create the records and return them. Raises UnknownRecord, RecordExists, NoTransition and InvalidRecord."""

        def change(bulk: BulkChange, at: int, bodies: list[dict[str, Any]]) -> None:
            for members in bodies:
                self.put_new(run, call, bulk, at, members)

        records = self.write(run, call, change)
        return OperationResult(self.lister.whole_list(run, records), ResultKind.CREATED)


class ReplaceRecords(BulkWrite):
    """Replaces the records that the path selects by the items of the body; those with the same key keep their place."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Replace the records and return them. Raises UnknownRecord, RecordInUse and InvalidRecord."""
        resource, name = self.resource, self.resource.name
        kept = resource.read_only | resource.hidden

        def change(bulk: BulkChange, at: int, bodies: list[dict[str, Any]]) -> None:
            path_values = self.path_values(call)
            self.require_references(bulk.state, path_values)
            key_values = path_values if resource.unique_within else {}
            keys = [
                record_key(with_plain_keys(resource, {**members, **key_values}).get(resource.key)) for members in bodies
            ]
            old = {
                row.record[resource.key]: row.record
                for row in bulk.state.tables[name].ordered()
                if all(row.record.get(field) == value for field, value in path_values.items())
            }
            named = set(keys)
            for key in old:
                # What owned it may be gone already, and the record with it.
                if key not in named and bulk.state.has_record(name, key):
                    bulk.add(Remove(name, key, at))
            for members, key in zip(bodies, keys, strict=True):
                record = old.pop(key, None)
                if record is None:
                    self.put_new(run, call, bulk, at, members)
                else:
                    kept_values = {field: value for field, value in record.items() if field in kept}
                    written = self.server_fields.with_shown_keys(members, record, bulk.state)
                    changed = in_schema_order(resource, {**written, **path_values, **kept_values})
                    bulk.add(Put(name, record[resource.key], changed, at, touch=True))

        return OperationResult(self.lister.whole_list(run, self.write(run, call, change)))


class DeleteRecords(ListRecords):
    """Deletes the records that the path, the query and the members of the body select."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Delete the records and return them, or their number. Raises UnknownRecord and RecordInUse."""
        removed: list[Record] = []
        call = self.with_body(call)

        def make_command(state: State, at: int) -> Transaction:
            removed[:] = [row.record for row in self.select(state, call)]
            bulk = BulkChange(state)
            for record in removed:
                if bulk.state.has_record(self.resource.name, record[self.resource.key]):
                    bulk.add(Remove(self.resource.name, record[self.resource.key], at))
            return Transaction(tuple(bulk.commands), at)

        run.submit(make_command)
        records = [self.resource.shown(record) for record in removed]
        return OperationResult(self.whole_list(run, records), ResultKind.DELETED)
