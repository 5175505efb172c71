"""A draft: what the records become while a handler runs, and the commands that this takes.

The draft folds the engine's own commands, as a run does. Nothing of it is in a run before the handler has returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import record_key, split_key, with_plain_keys
from mockserver.engine.behaviours.server_fields import ServerFields, in_schema_order
from mockserver.engine.commands import Fire, Put, Remove
from mockserver.engine.reducer import apply
from mockserver.engine.state.json_values import copy_json
from mockserver.engine.state.presentation import RecordsView, ResourceView
from mockserver.engine.state.state import State
from mockserver.refusals import NotKeyed, RecordExists, TransitionNotAllowed, UnknownRecord


class Draft(RecordsView):
    """The records as a handler reads and changes them; `commands` are its changes so far.

    `at` is the run's clock, in milliseconds since 1970, and `seed` that of generated values.
    """

    def __init__(self, contract: Contract, state: State, at: int, seed: int) -> None:
        super().__init__(state)
        self.contract, self.at, self.seed = contract, at, seed
        self.commands: list[Fire | Put | Remove] = []

    @property
    def state(self) -> State:
        """The state after the changes so far."""
        return self._state

    def _resource_view(self, name: str) -> DraftResource:
        return DraftResource(self, name)

    def apply(self, command: Fire | Put | Remove) -> bool:
        """Make a change; False where it is a repeat, which changes nothing. Raises its Refusal."""
        state = apply(self._state, command)
        if state is self._state:
            return False
        self._state = state
        self.commands.append(command)
        return True


class DraftResource(ResourceView):
    """The records of one resource, as a handler reads and changes them. Each change returns the record."""

    _records: Draft

    @property
    def _resource(self) -> Resource:
        return self._table.layout.resource

    def create(self, record: Mapping[str, Any] | None = None, /, **fields: Any) -> dict[str, Any]:
        """Create a record of these members; the server adds the key, the initial state, and what it must have.

        Raises RecordExists, InvalidRecord and UnknownName.
        """
        draft, resource = self._records, self._resource
        members = self._members(record, fields)
        if not resource.key:
            raise NotKeyed(resource.name)
        created = dict(with_plain_keys(resource, members))
        key = created.get(resource.key)
        if draft.state.has_record(resource.name, key):
            raise RecordExists(resource.name, key)
        if resource.lifecycle is not None:
            created.setdefault(resource.lifecycle.field, resource.lifecycle.initial)
        created = ServerFields(draft.contract, resource).complete(created, draft.state, draft.at, draft.seed)
        return self._put(created.get(resource.key), created)

    def update(self, key: Any, /, **fields: Any) -> dict[str, Any]:
        """Set these members of a record; None sets null. Raises UnknownRecord, InvalidRecord and UnknownName."""
        row = self._row(key)
        if row is None:
            raise UnknownRecord(self._name, key)
        return self._put(record_key(key), {**row.record, **self._members(None, fields)}, partial=True)

    def replace(self, key: Any, record: Mapping[str, Any] | None = None, /, **fields: Any) -> dict[str, Any]:
        """Replace a record by one of these members, its key and derived members left out or the same.

        Raises UnknownRecord, InvalidRecord and UnknownName.
        """
        if self._row(key) is None:
            raise UnknownRecord(self._name, key)
        resource = self._resource
        derived = {field.name for field in resource.derived_fields}
        members = self._members(record, fields)
        plain = {name: value for name, value in members.items() if name not in derived}
        return self._put(record_key(key), {**split_key(resource, record_key(key)), **plain})

    def delete(self, key: Any, /) -> dict[str, Any]:
        """Remove a record, its log and the records that it owns; returns it as it was.

        Raises UnknownRecord and RecordInUse.
        """
        removed = self[key]
        self._records.apply(Remove(self._name, record_key(key), self._records.at))
        return removed

    def fire(self, key: Any, transition: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Fire a transition of a record, whose effects read `body`; a repeat of its last one is not allowed either.

        Raises UnknownRecord, UnknownTransition, TransitionNotAllowed, GuardFailed and InvalidRecord.
        """
        draft, row = self._records, self._row(key)
        if row is None:
            raise UnknownRecord(self._name, key)
        copied = copy_json(dict(body), f"the body of {transition} has") if body is not None else None
        if not draft.apply(Fire(self._name, record_key(key), transition, draft.at, copied)):
            lifecycle = self._resource.lifecycle
            assert lifecycle is not None
            current = row.record[lifecycle.field]
            raise TransitionNotAllowed(self._name, key, transition, current, lifecycle.allowed(current))
        return self[key]

    def _put(self, key: Any, record: Record, *, partial: bool = False) -> dict[str, Any]:
        draft, resource = self._records, self._resource
        ordered = in_schema_order(resource, record)
        draft.apply(Put(resource.name, key, ordered, draft.at, touch=True, partial=partial))
        return self[key]

    def _members(self, record: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The members that a call gives, as copies. Raises UnknownName and NotJson."""
        self._require_members(fields)
        members: dict[str, Any] = copy_json({**(record or {}), **fields}, f"a record of {self._name} has")
        return members
