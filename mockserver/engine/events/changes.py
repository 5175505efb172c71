"""What commands and due transitions change: each record that they create, change or remove, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from mockserver.contract.model import Record
from mockserver.engine.commands import Command, Fire, Fired, Put, Remove, Transaction
from mockserver.engine.reducer import apply, transition_by
from mockserver.engine.state.ownership import owned_rows
from mockserver.engine.state.state import State

# The names of changes that are not transitions.
CREATE, UPDATE, REPLACE, DELETE, PUT, APPEND = "create", "update", "replace", "delete", "put", "append"


class RecordChange(Struct, frozen=True):
    """A record that was changed: by a transition of that name, or in the manner that `name` says.

    `at` is the stamp, in milliseconds since 1970. `record` is the record after the change, or the one that was removed;
    `before` is what it was, None for a new one. The record of a resource without a key has None for one.
    `subscription` is what is kept of the request that has subscribed to it.
    """

    resource: str
    key: Any
    name: str
    at: int
    record: Record
    before: Record | None
    subscription: Mapping[str, str] | None = None


def changes_by(before: State, command: Command, after: State) -> Iterator[RecordChange]:
    """The changes that a command has made between two states. Of overrides and stored responses there are none."""
    if isinstance(command, Fire):
        yield from changes_by_transition(
            before, Fired(command.resource, command.key, command.transition, after.latest), after
        )
    elif isinstance(command, Put):
        yield from _changes_by_put(before, command, after)
    elif isinstance(command, Remove):
        yield from _removals(before, command.resource, command.key, command.at)
    elif isinstance(command, Transaction):
        for part in command.commands:
            after = apply(before, part)
            if after is not before:
                yield from changes_by(before, part, after)
            before = after


def changes_by_transition(before: State, fired: Fired, after: State) -> Iterator[RecordChange]:
    """The changes that a transition has made: of the record, and of the log."""
    resource, key, at = fired.resource, fired.key, fired.at
    old, new = before.tables[resource].get(key), after.tables[resource].get(key)
    assert old is not None
    assert new is not None
    yield RecordChange(resource, key, fired.transition, at, new.record, old.record, new.subscription)
    yield from _log_entry(after, resource, at)


def _changes_by_put(before: State, command: Put, after: State) -> Iterator[RecordChange]:
    resource, key = command.resource, command.key
    old, new = before.tables[resource].get(key), after.tables[resource].get(key)
    assert new is not None
    transition = transition_by(before, command, after)
    if not command.touch:
        name, at = PUT, command.at
    else:
        at = after.latest
        name = transition or (CREATE if old is None else UPDATE if command.partial else REPLACE)
    former = old.record if old is not None else None
    yield RecordChange(resource, key, name, at, new.record, former, new.subscription)
    if transition is not None:
        yield from _log_entry(after, resource, at)


def _log_entry(after: State, resource: str, at: int) -> Iterator[RecordChange]:
    log = after.tables[resource].layout.log
    if log is not None:
        yield RecordChange(log[0], None, APPEND, at, after.tables[log[0]].newest.record, None)


def _removals(state: State, resource: str, key: Any, at: int) -> Iterator[RecordChange]:
    """The removal of a record, and of those that it owns; entries of a log go with their record without a change."""
    for (name, owned_key), row in owned_rows(state, resource, key).items():
        if state.tables[name].layout.resource.key:
            yield RecordChange(name, owned_key, DELETE, at, row.record, row.record, row.subscription)
