"""What the behaviours have in common: the record that a path names, and how it is returned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.contract.behaviour import Behaviour, kinds_of
from mockserver.contract.model import SINGLE_KEY, Contract, Record
from mockserver.contract.records import fit_key, record_key, with_plain_keys
from mockserver.contract.runtime_expressions import RequestValues
from mockserver.contract.webhooks.model import subscribe, subscriptions_of
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.envelopes import show_key, wrap_record
from mockserver.engine.run import Run
from mockserver.engine.seeding.inferred import single_record
from mockserver.engine.state.presentation import with_derived_fields
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.errors import Violation, quote
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRecord, UnknownRecord
from mockserver.syntax import json_pointer


def subscription_of(operation: Operation, call: OperationCall, expressions: Iterable[str]) -> Mapping[str, str] | None:
    """The values of the expressions, without those that lack one; None if all do, or the request may not subscribe."""
    if not call.may_subscribe:
        return None
    headers = {name.lower(): value for name, value in call.headers.items()}
    request = RequestValues(operation.method, call.path, call.query, lambda name: headers.get(name.lower()), call.body)
    return subscribe(expressions, request) or None


class Implementation(ABC):
    """One operation of a contract, as its behaviour carries it out."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        self.contract, self.operation, self.behaviour = contract, operation, behaviour
        self.resource = contract.resources[behaviour.resource]
        # The parameters of the path, each with the field that it gives a value for; the last one is the key, unless
        # the operation lists or creates records.
        path_names = behaviour.record_parameters(operation.path_names)
        self._path_fields = [(name, behaviour.field_of(name)) for name in path_names]
        self._key_parameter = behaviour.key_parameter(operation.path_names)
        self.owner_fields = [entry for entry in self._path_fields if entry[0] != self._key_parameter]
        self._key_fields, self._unique_within = self.resource.key_fields, self.resource.unique_within
        self._converted = dict(self._list_conversions())
        is_bare = not behaviour.item and (behaviour.key_schema, behaviour.member, behaviour.shown) == (None, None, None)
        self._is_plain = is_bare and not self.resource.derived_fields and not self.resource.conceals
        self.is_always_there = self.resource.single and "delete" not in kinds_of(
            contract.behaviours, behaviour.resource
        )
        # The path parameter whose value is the key as it is, if there is one.
        self._plain_key = self._key_parameter
        if self._unique_within or self._key_parameter in self._converted:
            self._plain_key = None
        self._subscriptions = subscriptions_of(operation.id, behaviour, contract.webhooks.values())

    @abstractmethod
    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Carry out the operation. Raises a Refusal, and then nothing has changed."""

    def key(self, call: OperationCall) -> Any:
        """The key of the record that the path names, by its last parameter, or the body. Raises InvalidRecord."""
        if self._plain_key is not None:
            return call.path[self._plain_key]
        return self.full_key(call, self.local_key(call))

    def full_key(self, call: OperationCall, local_key: Any) -> Any:
        """The key of a record with this local key, below the owner that the path names."""
        resource = self.resource
        if not self._unique_within:
            return local_key
        return with_plain_keys(resource, {**self.owner_values(call), resource.local_key: local_key}).get(resource.key)

    def key_values(self, call: OperationCall) -> dict[str, Any]:
        """The fields that identify the record that the path names, and their values. Raises InvalidRecord."""
        key = {self.resource.local_key: self.local_key(call)}
        if not self._unique_within:
            return key
        return {name: value for name, value in self.owner_values(call).items() if name in self._key_fields} | key

    def owner_values(self, call: OperationCall) -> dict[str, Any]:
        """The values that the path gives for fields, without the key."""
        return {field: self.path_value(call, name) for name, field in self.owner_fields}

    def local_key(self, call: OperationCall) -> Any:
        """What the path or the body has as the key of the record that it names. Raises InvalidRecord."""
        if self._key_parameter is not None:
            return self.path_value(call, self._key_parameter)
        if self.resource.single:
            return SINGLE_KEY
        member, body, name = self.behaviour.body_member, call.body, self.resource.local_key
        if member is not None and isinstance(body, dict):
            body = body.get(member)
        key = record_key(body.get(name)) if isinstance(body, dict) else None
        if key is None:
            pointer = json_pointer.join(part for part in (member, name) if part is not None)
            violation = Violation("body", pointer, "required", f"{quote(name)} is missing, which names the record")
            raise InvalidRecord(self.resource.name, [violation])
        return key

    def path_values(self, call: OperationCall) -> dict[str, Any]:
        """The values that the path gives for fields, the key included."""
        return {field: self.path_value(call, name) for name, field in self._path_fields}

    def path_value(self, call: OperationCall, parameter: str) -> Any:
        """The value of a path parameter, as records have it: a number may be a text there, or a text a number."""
        value, types = call.path[parameter], self._converted.get(parameter)
        return value if types is None else fit_key(types, value)

    def _list_conversions(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The path parameters whose values may have another type than their fields, and the types of the fields."""
        declared = {entry.name: entry.notation.shape for entry in self.operation.parameters if entry.location == "path"}
        for name, field in self._path_fields:
            types = self.resource.fields.get(
                self.resource.local_key if name == self._key_parameter else field, frozenset()
            )
            parameter_types = declared[name].types if name in declared else frozenset()
            if types and not parameter_types & {"string", "integer"} <= types:
                yield name, types

    def find_row(self, state: State, call: OperationCall) -> Row:
        """The row of the record that the path names. Raises UnknownRecord.

        The other path parameters must be the values of the record's fields.
        """
        key = self.key(call)
        row = state.tables[self.resource.name].get(key)
        if row is None or any(
            row.record.get(field) != self.path_value(call, name) for name, field in self.owner_fields
        ):
            raise UnknownRecord(self.resource.name, key)
        return row

    def find_record(self, run: Run, state: State, call: OperationCall) -> Record:
        """The record that the path names. Raises UnknownRecord.

        A single record that no operation deletes is always there: what is generated, until a client writes it.
        """
        if self.is_always_there and self.key(call) not in state.tables[self.resource.name]:
            values = {**self.path_values(call), self.resource.key: self.key(call)}
            self.require_references(state, values)
            record = single_record(self.contract, self.resource, values, str(run.scenario.seed))
            if record is not None:
                return record
        return self.find_row(state, call).record

    def subscription(self, call: OperationCall) -> Mapping[str, str] | None:
        """What webhooks need of the request; None where they need nothing."""
        return subscription_of(self.operation, call, self._subscriptions) if self._subscriptions else None

    def require_references(self, state: State, values: Mapping[str, Any]) -> None:
        """Check that the records exist that fields with these values refer to, and belong together.

        Raises UnknownRecord.
        """
        references = self.resource.references
        if self.resource.joined:
            values = with_plain_keys(self.resource, values)
        targets = {references[field]: value for field, value in values.items() if field in references}
        for target, value in targets.items():
            row = state.tables[target].get(record_key(value))
            if row is None:
                raise UnknownRecord(target, value)
            owner = self.contract.resources[target]
            for field in owner.hidden & values.keys() - owner.references.keys() - owner.joined.keys():
                if row.record.get(field, values[field]) != values[field]:
                    raise UnknownRecord(target, value)
            for field in owner.owned_by:
                above = owner.references[field]
                if above in targets and row.record.get(field, targets[above]) != targets[above]:
                    raise UnknownRecord(target, value)

    def seed(self, run: Run) -> str:
        """The seed of values that are generated for this operation."""
        return f"{run.scenario.seed}/{self.operation.id}"

    def present(self, run: Run, state: State, record: Record) -> Any:
        """The record as clients see it, or one member of it, in its envelope if the operation declares one."""
        if self._is_plain:
            return record
        if self.behaviour.key_schema is not None:
            return show_key(self.contract, self.behaviour.key_schema, self.resource, record, self.seed(run))
        if self.behaviour.shown is not None:
            return self.show(run, self.referred(state, self.behaviour.shown, record))
        shown: Any = self.resource.shown(with_derived_fields(state, self.resource, record))
        if self.behaviour.member is not None and self.behaviour.returns != "record":
            shown = shown.get(self.behaviour.member)
        return self.show(run, shown)

    def referred(self, state: State, field: str, record: Record) -> Record:
        """The record of another resource that a field refers to, as clients see it."""
        target = self.contract.resources[self.resource.references[field]]
        return target.shown(with_derived_fields(state, target, state.record(target.name, record[field])))

    def show(self, run: Run, shown: Any) -> Any:
        """A record, or a part of it, in the envelope if the operation declares one."""
        if not self.behaviour.item:
            return shown
        return wrap_record(self.contract, self.behaviour, shown, self.seed(run))
