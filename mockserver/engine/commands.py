"""Commands, and the one function that applies them: `apply(contract, state, command) -> state`.

A run is what its commands fold to, so nothing here reads a clock: `at` is the time the command was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP, Verdict
from mockserver.contract.model import Contract, Override, Record, Resource
from mockserver.contract.records import read_stamp, validate_record
from mockserver.engine.state.idempotency_keys import StoredResponse
from mockserver.engine.state.schedule import changed
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.errors import Violation, quote
from mockserver.refusals import (
    InvalidRecord,
    NotKeyed,
    RecordInUse,
    TooMuchDue,
    TransitionNotAllowed,
    UnknownRecord,
    UnknownTransition,
)
from mockserver.syntax.instants import format_instant


@dataclass(frozen=True, slots=True)
class Fire:
    """Fire a transition of a record."""

    resource: str
    key: Any
    transition: str
    at: int


@dataclass(frozen=True, slots=True)
class Put:
    """Put a whole record in place; with `touch`, its stamp is written as a transition's would be."""

    resource: str
    key: Any
    record: Record
    at: int
    touch: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a record, its log, and what it owns."""

    resource: str
    key: Any
    at: int


@dataclass(frozen=True, slots=True)
class AddOverride:
    """Put an override in front of the others."""

    override: Override
    at: int


@dataclass(frozen=True, slots=True)
class RemoveOverride:
    """Take an override away, or all that were added where `id` is None."""

    id: str | None
    at: int


@dataclass(frozen=True, slots=True)
class UseOverride:
    """Count a use of an override that has only so many."""

    id: str
    at: int


@dataclass(frozen=True, slots=True)
class KeepResponse:
    """Keep the answer of an operation under an idempotency key."""

    key: str
    kept: StoredResponse
    at: int


Command = Fire | Put | Remove | AddOverride | RemoveOverride | UseOverride | KeepResponse
# What one move of the clock may fire: rules that chase each other would go on for as long as it is moved.
SETTLE_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Fired:
    """A transition that fell due, and its stamp."""

    resource: str
    key: Any
    transition: str
    at: int


def apply(contract: Contract, state: State, command: Command) -> State:
    """The state after `command`; the very same one where the command is a repeat and changes nothing.

    Raises a Refusal, and then nothing has changed.
    """
    if isinstance(command, Fire):
        return _fire(contract, state, state.table(command.resource).resource, command)
    if isinstance(command, AddOverride):
        return replace(state, overrides=state.overrides.add(command.override))
    if isinstance(command, RemoveOverride):
        return replace(state, overrides=state.overrides.remove(command.id))
    if isinstance(command, UseOverride):
        return replace(state, overrides=state.overrides.use(command.id))
    if isinstance(command, KeepResponse):
        return replace(state, keys=state.keys.add(command.key, command.kept, command.at))
    resource = state.table(command.resource).resource
    if isinstance(command, Put):
        return _put(state, resource, command)
    return _remove(contract, state, resource, command)


def _fire(contract: Contract, state: State, resource: Resource, command: Fire) -> State:
    lifecycle = resource.lifecycle
    if lifecycle is None or command.transition not in lifecycle.transitions:
        raise UnknownTransition(resource.name, command.transition, lifecycle.transitions if lifecycle else ())
    table = state.tables[resource.name]
    row = table.get(command.key)
    if row is None:
        raise UnknownRecord(resource.name, command.key)
    current = row.record[lifecycle.field]
    verdict = lifecycle.decide(current, row.last, command.transition)
    if verdict is Verdict.REPEATED:
        return state
    if verdict is Verdict.REJECTED:
        allowed = lifecycle.allowed(current)
        raise TransitionNotAllowed(resource.name, command.key, command.transition, current, allowed)
    return _enter(contract, state, resource, row, command.key, command.transition, _stamp(state, command.at))


def _enter(
    contract: Contract,
    state: State,
    resource: Resource,
    row: Row,
    key: Any,
    transition: str,
    at: int,
    fired: tuple[int, ...] | None = None,
) -> State:
    """The state after a transition that may happen: record, stamp, log, and what the record waits for next."""
    lifecycle, table = resource.lifecycle, state.tables[resource.name]
    assert lifecycle is not None
    record, told = {**row.record, lifecycle.field: lifecycle.transitions[transition].target}, format_instant(at)
    if lifecycle.touch is not None:
        record[lifecycle.touch] = told
    fired = row.fired if fired is None else fired
    due = state.plan.next(resource.name, lifecycle, key, record, fired, at)
    tables = [table.put(key, record, transition, due, fired)]
    if (log := contract.log_of(resource)) is not None:
        entry = {log[1]: key, LOG_EVENT: transition, LOG_STAMP: told}
        tables.append(state.tables[log[0].name].append(entry))
    return state.with_tables(*tables, latest=max(at, state.latest), agenda=changed(state.agenda, row.due, due))


def settle(contract: Contract, state: State, until: int) -> tuple[State, list[Fired]]:
    """The state once all that is due up to `until` has been fired, and what that was, in order of time.

    Each is stamped with the instant it was due, or a millisecond after its record's last stamp.
    Raises TooMuchDue, and then nothing has changed.
    """
    fired: list[Fired] = []
    while state.agenda and state.agenda[0].at <= until:
        if len(fired) >= SETTLE_LIMIT:
            raise TooMuchDue(SETTLE_LIMIT)
        due = state.agenda[0]
        resource = contract.resources[due.resource]
        row = state.tables[due.resource].get(due.key)
        assert row is not None
        assert resource.lifecycle is not None
        before = read_stamp(row.record, resource.lifecycle.touch)
        at = due.at if before is None else max(due.at, before + 1)
        name = state.plan.rules[due.resource][due.rule].transition
        state = _enter(contract, state, resource, row, due.key, name, at, (*row.fired, due.rule))
        fired.append(Fired(due.resource, due.key, name, at))
    return state, fired


def _put(state: State, resource: Resource, command: Put) -> State:
    if not resource.key:
        raise NotKeyed(resource.name)
    record, latest = command.record, state.latest
    touch = resource.lifecycle.touch if resource.lifecycle is not None else None
    if command.touch and touch is not None:
        latest = _stamp(state, command.at)
        record = {**record, touch: format_instant(latest)}
    violations = validate_record(resource, record, state.has_record)
    if record.get(resource.key) != command.key:
        message = f"{quote(record.get(resource.key))} is not the key {quote(command.key)} of the path"
        violations.append(Violation("body", f"/{resource.key}", "key", message))
    touched = read_stamp(record, touch)
    if touched is not None and touched > max(command.at, latest):
        message = f"{quote(record[touch or ''])} is later than the run's clock, {format_instant(command.at)}"
        violations.append(Violation("body", f"/{touch}", "clock", message))
    if violations:
        raise InvalidRecord(resource.name, violations)
    table = state.tables[resource.name]
    old = table.get(command.key)
    due = state.plan.next(resource.name, resource.lifecycle, command.key, record, (), command.at)
    agenda = changed(state.agenda, old.due if old is not None else None, due)
    latest = max(latest, touched if touched is not None else latest)
    return state.with_tables(table.put(command.key, record, None, due), latest=latest, agenda=agenda)


def _remove(contract: Contract, state: State, resource: Resource, command: Remove) -> State:
    if not resource.key:
        raise NotKeyed(resource.name)
    table = state.tables[resource.name]
    row = table.get(command.key)
    if row is None:
        raise UnknownRecord(resource.name, command.key)
    state = state.with_tables(
        table.remove(command.key), latest=state.latest, agenda=changed(state.agenda, row.due, None)
    )
    log = contract.log_of(resource)
    for other in list(state.tables.values()):
        for field, target in other.resource.references.items():
            if target != resource.name:
                continue
            if log is not None and (other.resource.name, field) == (log[0].name, log[1]):
                without = state.tables[other.resource.name].without(field, command.key)
                state = state.with_tables(without, latest=state.latest, agenda=state.agenda)
                continue
            rows = state.tables[other.resource.name].group(field, command.key)
            if rows and field not in other.resource.owned_by:
                raise RecordInUse(resource.name, command.key, other.resource.name, field)
            for owned in rows:
                again = Remove(other.resource.name, owned.record[other.resource.key], command.at)
                state = _remove(contract, state, other.resource, again)
    return state


def _stamp(state: State, at: int) -> int:
    """The clock, or a millisecond after the run's latest stamp where that is later: stamps strictly increase."""
    return max(at, state.latest + 1)
