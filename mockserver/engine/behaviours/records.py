"""The behaviours of one record: read, create, replace, update, delete, and transitions."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from mockserver.contract.behaviour import CREATING, Behaviour, ResultKind, kinds_of
from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import matches_schema, with_plain_keys
from mockserver.engine.behaviours.calls import OperationCall, OperationResult
from mockserver.engine.behaviours.deletion import as_deleted
from mockserver.engine.behaviours.implementation import Implementation
from mockserver.engine.behaviours.server_fields import ServerFields, in_schema_order
from mockserver.engine.commands import Command, Fire, Put, Remove
from mockserver.engine.run import Run
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRecord, InvalidRequest, PatchNotApplicable, RecordExists
from mockserver.schemas.equality import equality_key
from mockserver.syntax.json_patch import MalformedPatch, PatchConflict, apply_patch, check_patch


class ReadRecord(Implementation):
    """Returns a record."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Return the record. Raises UnknownRecord."""
        state = run.state
        return OperationResult(self.present(run, state, self.find_record(run, state, call)))


class FireTransition(Implementation):
    """Fires a transition of a record, and returns the record."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        lifecycle = self.resource.lifecycle
        self._reads_body = lifecycle is not None and lifecycle.transitions[behaviour.transition or ""].effects.read_body

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Fire the transition. Raises UnknownRecord, TransitionNotAllowed, GuardFailed and InvalidRecord."""
        key, name, transition = self.key(call), self.resource.name, self.behaviour.transition or ""
        body, subscription = call.body if self._reads_body else None, self.subscription(call)

        def make_command(state: State, at: int) -> Command:
            if self.owner_fields:
                self.find_row(state, call)
            return Fire(name, key, transition, at, body, subscription)

        state = run.submit(make_command)
        return OperationResult(self.present(run, state, state.record(name, key)))


class WritingImplementation(Implementation):
    """An operation whose request body is a record, or part of one."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self.server_fields = ServerFields(contract, self.resource, operation, behaviour)
        lifecycle = self.resource.lifecycle
        steps = lifecycle.transitions.values() if lifecycle is not None else ()
        # A write may be a transition.
        self._reads_body = any(step.effects.read_body for step in steps)
        self._owners = self.resource.owner_fields

    def body_members(self, run: Run, call: OperationCall) -> dict[str, Any]:
        """The members of the request body that the record can have. Raises InvalidRecord if it is not an object."""
        body, declared = call.body, self.operation.body
        if declared is None:
            # What changes is in the query.
            members = {name: value for name, value in call.query.items() if name in self.resource.fields}
            return self.server_fields.storable_members(members, self.seed_of_change(run))
        if body is None and (declared is None or not declared.required):
            return {}
        if self.behaviour.body_member is not None and isinstance(body, dict):
            body = body.get(self.behaviour.body_member, {} if self.behaviour.member is None else None)
        if self.behaviour.member is not None:
            return {self.behaviour.member: body}
        if not isinstance(body, dict):
            raise InvalidRecord(self.resource.name, [Violation("body", "", "type", "the body must be an object")])
        is_patch = self.behaviour.kind == "update"
        return self.server_fields.storable_members(body, self.seed_of_change(run), is_patch=is_patch)

    def seed_of_change(self, run: Run) -> str:
        """The seed of values that are generated for this change, and for no other one of the run."""
        return f"{self.seed(run)}/{run.history.count}"

    def writable_members(self, run: Run, call: OperationCall) -> dict[str, Any]:
        """The members of the body that are not `readOnly`: clients send back what they got, and the server keeps it."""
        read_only = self.server_fields.read_only - {self.behaviour.member}
        return {name: value for name, value in self.body_members(run, call).items() if name not in read_only}

    def make_new(
        self,
        run: Run,
        state: State,
        at: int,
        call: OperationCall,
        members: Mapping[str, Any],
        path_values: Mapping[str, Any],
    ) -> Put:
        """The command that creates a record of these members and what the server adds.

        Raises UnknownRecord where the path names an owner that there is not, and RecordExists.
        """
        resource = self.resource
        self.require_references(state, path_values)
        owners = {name: path_values[name] for name in path_values.keys() & self._owners}
        members = self.server_fields.with_shown_keys(members, {}, state)
        record = dict(with_plain_keys(resource, {**members, **owners, **call.assigned}))
        if resource.local_key in call.assigned and state.has_record(resource.name, record.get(resource.key)):
            # Another client has created a record with that key meanwhile.
            for name in {resource.local_key, resource.key}:
                del record[name]
        key = record.get(resource.key)
        if state.has_record(resource.name, key):
            raise RecordExists(resource.name, key)
        if resource.lifecycle is not None:
            record.setdefault(resource.lifecycle.field, resource.lifecycle.initial)
        # What is assigned is all that the server adds, if that is enough.
        if not call.assigned or resource.key not in record or not matches_schema(resource, record):
            record = self.server_fields.complete(record, state, at, run.scenario.seed)
        ordered, subscription = in_schema_order(resource, record), self.subscription(call)
        return Put(resource.name, record.get(resource.key), ordered, at, touch=True, subscription=subscription)

    def put(
        self,
        run: Run,
        call: OperationCall,
        change: Callable[[Record, int], Any],
        *,
        sent: Container[str] = (),
        partial: bool = False,
    ) -> OperationResult:
        """Put what `change` makes of the record that the path names at an instant, and return it.

        `sent` are the members that the client has sent.
        """
        key, resource = self.key(call), self.resource
        body, subscription = call.body if self._reads_body else None, self.subscription(call)

        def make_command(state: State, at: int) -> Command:
            before = self.find_record(run, state, call)
            record = self.server_fields.with_shown_keys(change(before, at), before, state)
            record = self.server_fields.with_followed(record, before, state)
            record = self.server_fields.with_agreement(record, before, sent)
            record = self.server_fields.with_update_time(record, before, at)
            if call.assigned:
                record = {**record, **call.assigned, **self.key_values(call)}
            return Put(resource.name, key, in_schema_order(resource, record), at, True, body, partial, subscription)

        state = run.submit(make_command)
        return OperationResult(self.present(run, state, state.record(resource.name, key)))


class CreateRecord(WritingImplementation):
    """Creates a record from the body, the path and what the server adds."""

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        self._ignored = self.server_fields.read_only & _server_set_fields(self.resource)

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Create the record and return it. Raises UnknownRecord, RecordExists, NoTransition and InvalidRecord."""
        resource = self.resource
        members = {name: value for name, value in self.body_members(run, call).items() if name not in self._ignored}
        path_values = {name: value for name, value in self.path_values(call).items() if name in resource.fields}
        created: list[Put] = []

        def make_command(state: State, at: int) -> Command:
            command = self.make_new(run, state, at, call, {**path_values, **members}, path_values)
            created.append(command)
            return command

        state = run.submit(make_command)
        record = state.record(resource.name, created[-1].key)
        return OperationResult(self.present(run, state, record), ResultKind.CREATED, record[resource.local_key])


class ReplaceRecord(WritingImplementation):
    """Replaces a record by the body; the server's own fields stay.

    It creates one that there is not (RFC 9110, section 9.3.4) where the operation declares a 201, where nothing else
    creates records and it declares no 404, and where the resource has a single record that can be deleted.
    """

    def __init__(self, contract: Contract, operation: Operation, behaviour: Behaviour) -> None:
        super().__init__(contract, operation, behaviour)
        kinds = kinds_of(contract.behaviours, behaviour.resource)
        is_only_way = kinds.isdisjoint(CREATING) and "404" not in operation.responses and behaviour.member is None
        # There is no other way to make it a member, and a 404 is about what it refers to.
        is_member = self.resource.is_set and behaviour.member is None
        self._creates = (
            not self.is_always_there
            if self.resource.single
            else ("201" in operation.responses or is_only_way or is_member)
        )
        self._kept = (
            self.server_fields.read_only | self.resource.hidden | (self.server_fields.owned - {self.resource.local_key})
        )

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Replace the record and return it. Raises UnknownRecord and InvalidRecord."""
        members, key_members = self.writable_members(run, call), self.key_values(call)
        if self._creates and not run.state.has_record(self.resource.name, self.key(call)):
            created = self._create(run, call, {**members, **key_members})
            if created is not None:
                return created

        def change(record: Record, _at: int) -> Record:
            if self.behaviour.member is not None:
                return {**record, **members}
            needed = {name: record[name] for name in self.server_fields.needed if name in record}
            kept = {name: value for name, value in record.items() if name in self._kept}
            return {**key_members, **needed, **members, **kept}

        return self.put(run, call, change, sent=members)

    def _create(self, run: Run, call: OperationCall, members: Mapping[str, Any]) -> OperationResult | None:
        """Create the record; None if another client has created it meanwhile."""
        key, local_key, owners = self.key(call), self.resource.local_key, self.owner_values(call)
        if local_key in self.resource.references:
            owners[local_key] = self.local_key(call)
        try:
            state = run.submit(
                lambda state, at: self.make_new(run, state, at, call, {**members, **owners}, owners),
            )
        except RecordExists:
            return None
        return OperationResult(self.present(run, state, state.record(self.resource.name, key)), ResultKind.CREATED)


class UpdateRecord(WritingImplementation):
    """Applies the body to a record as a JSON merge patch, or an array as a JSON Patch (RFC 6902)."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Update the record and return it.

        Raises UnknownRecord, InvalidRecord, InvalidRequest for what is not a JSON Patch, and PatchNotApplicable.
        """
        if isinstance(call.body, list) and self.behaviour.member is None:
            return self._apply_patch(run, call, call.body)
        members, effects = self.writable_members(run, call), self.behaviour.effects

        def change(record: Record, at: int) -> Record:
            return {**self.server_fields.merged(record, members), **effects.apply(at, call.body)}

        return self.put(run, call, change, sent=members, partial=True)

    def _apply_patch(self, run: Run, call: OperationCall, patch: list[Any]) -> OperationResult:
        try:
            check_patch(patch)
        except MalformedPatch as error:
            raise InvalidRequest([Violation("body", error.pointer, "patch", error.message)]) from None
        resource, key = self.resource, self.key(call)
        kept = resource.read_only | resource.hidden

        def change(record: Record, _at: int) -> Any:
            try:
                changed = apply_patch(resource.visible(record), patch, are_equal)
            except PatchConflict as error:
                raise PatchNotApplicable(resource.name, key, error.number, error.message) from None
            if not isinstance(changed, dict):
                violation = Violation("body", "", "type", "the patch leaves something else than an object")
                raise InvalidRecord(resource.name, [violation])
            members = {name: value for name, value in changed.items() if name not in kept | resource.write_only}
            return members | {name: record[name] for name in kept if name in record}

        return self.put(run, call, change, partial=True)


class DeleteRecord(Implementation):
    """Removes a record, and returns it as it was, with the time in a field for that."""

    def perform(self, run: Run, call: OperationCall) -> OperationResult:
        """Remove the record. Raises UnknownRecord and RecordInUse."""
        removed: list[tuple[State, Record]] = []

        def make_command(state: State, at: int) -> Command:
            removed.append((state, as_deleted(self.resource, self.find_row(state, call).record, at)))
            return Remove(self.resource.name, self.key(call), at)

        run.submit(make_command)
        # Only now: what computes a derived member must not be waited for while the run is locked.
        return OperationResult(self.present(run, *removed[-1]), ResultKind.DELETED)


def are_equal(value: Any, other: Any) -> bool:
    """Whether two JSON values are equal (RFC 6902, section 4.6)."""
    return equality_key(value) == equality_key(other)


def _server_set_fields(resource: Resource) -> frozenset[str]:
    """The fields that a new record gets even if the body leaves them out."""
    lifecycle = resource.lifecycle
    key = resource.local_key
    fields = (key, lifecycle.field, lifecycle.touch) if lifecycle is not None else (key,)
    return frozenset(field for field in fields if field)
