"""The pure function `apply(state, command) -> state`, and the transitions that fall due, which are fired likewise.

A run's state is what its commands fold to, so nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from functools import reduce
from typing import Any, TypeVar

from msgspec.structs import replace

from mockserver.contract.lifecycle import Lifecycle, Transition, Verdict
from mockserver.contract.model import Record, Resource
from mockserver.contract.records import (
    key_violations,
    log_entry,
    read_stamp,
    record_key,
    validate_record,
    with_plain_keys,
)
from mockserver.engine.commands import (
    AddOverride,
    Command,
    DrawOverride,
    Fire,
    Fired,
    KeepResponse,
    Put,
    Remove,
    RemoveOverride,
    Transaction,
    UseOverride,
)
from mockserver.engine.state.ownership import find_other_use, owned_rows
from mockserver.engine.state.schedule import UNUSED, DueTransition, RuleUses
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table, with_subscription
from mockserver.errors import Violation, quote
from mockserver.refusals import (
    BadTime,
    GuardFailed,
    InvalidRecord,
    NotKeyed,
    NoTransition,
    RecordInUse,
    TooMuchDue,
    TransitionNotAllowed,
    UnknownRecord,
    UnknownTransition,
)
from mockserver.schemas.validators import Validator
from mockserver.syntax import json_pointer
from mockserver.syntax.instants import LATEST, format_instant

# How many transitions one move of the clock may fire: rules that form a loop would go on as long as it is moved.
SETTLE_LIMIT = 100_000
# So many transitions are fired before others have their turn.
PORTION = 1_000
TURN_BACK = "set the clock back, or reset"
T = TypeVar("T")
# Work that pauses where something else may be done, and then goes on to a result.
Steps = Generator[None, None, T]


def apply(state: State, command: Command) -> State:
    """The state after `command`; the same object where the command is a repeat and changes nothing.

    Raises a Refusal.
    """
    return _APPLY[type(command)](state, command)


def _fire(state: State, command: Fire) -> State:
    table = state.table(command.resource)
    resource = table.layout.resource
    lifecycle = resource.lifecycle
    if lifecycle is None or command.transition not in lifecycle.transitions:
        raise UnknownTransition(resource.name, command.transition, lifecycle.transitions if lifecycle else ())
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
    step = lifecycle.transitions[command.transition]
    if step.guard is not None:
        _check_guard(resource, step, step.guard, command.key, row.record)
    at, body, subscription = _next_stamp(state, command.at), command.body, command.subscription
    entered = _enter(state, table, row, command.key, step, at, row.uses, body, subscription)
    if step.effects.values:
        record = entered.record(resource.name, command.key)
        violations = validate_record(resource, record, state.has_record)
        if violations:
            raise InvalidRecord(resource.name, violations)
    return entered


def _check_guard(resource: Resource, step: Transition, guard: Validator, key: Any, record: Record) -> None:
    if not guard.is_valid(record):
        raise GuardFailed(resource.name, key, step.name, guard.violations(record, "body"))


def _enter(
    state: State,
    table: Table,
    row: Row,
    key: Any,
    step: Transition,
    at: int,
    uses: RuleUses,
    body: Any = None,
    subscription: Mapping[str, str] | None = None,
) -> State:
    """The state after a transition that is allowed: record, stamp, log, and what the record waits for next."""
    resource, log, transition = table.layout.resource, table.layout.log, step.name
    lifecycle = resource.lifecycle
    assert lifecycle is not None
    record = {**row.record, lifecycle.field: step.target}
    is_written = lifecycle.touch is not None or log is not None
    stamp = _write_stamp(at) if is_written or at > LATEST else ""
    if lifecycle.touch is not None:
        record[lifecycle.touch] = stamp
    if step.effects.values:
        record = dict(with_plain_keys(resource, record | step.effects.apply(at, body)))
    due = state.schedule.next(resource.name, lifecycle, key, record, uses, at)
    if due is not None:
        _require_time(due)
    entered = Row(record, row.position, transition, due, uses, with_subscription(row, subscription))
    tables = {**state.tables, resource.name: table.replace(key, row, entered)}
    if log is not None:
        _log_transition(tables, log, resource, record, transition, stamp)
    agenda = state.agenda.with_replaced(row.due, due)
    latest = at if at > state.latest else state.latest
    return State(tables, latest, state.schedule, agenda, state.overrides, state.keys)


def _log_transition(
    tables: dict[str, Table], log: tuple[str, str], resource: Resource, record: Record, transition: str, stamp: str
) -> None:
    """Append the entry of a transition to the log of a resource, whose field refers to the record."""
    name, reference = log
    table = tables[name]
    tables[name] = table.append(log_entry(resource, record, table.layout.resource, reference, transition, stamp))


def _firing_parts(state: State, command: Command) -> Iterable[Command]:
    """The parts of a transaction, unless they only put records that have no lifecycle, of which there may be many."""
    parts = command.commands if isinstance(command, Transaction) else ()
    is_plain = all(
        isinstance(part, Put) and state.tables[part.resource].layout.resource.lifecycle is None for part in parts
    )
    return () if is_plain else parts


def fired_by(before: State, command: Command, after: State) -> list[Fired]:
    """The transitions that a command has fired between two states, each with its stamp."""
    # The stamp of a transition that was just accepted is the latest of the run.
    if isinstance(command, Fire):
        return [Fired(command.resource, command.key, command.transition, after.latest)]
    if isinstance(command, Put):
        transition = transition_by(before, command, after)
        return [Fired(command.resource, command.key, transition, after.latest)] if transition is not None else []
    fired: list[Fired] = []
    for part in _firing_parts(before, command):
        after = apply(before, part)
        fired += fired_by(before, part, after) if after is not before else []
        before = after
    return fired


def transition_by(before: State, command: Put, after: State) -> str | None:
    """The transition that a record has taken because a client has written it, if it has taken one."""
    lifecycle = after.tables[command.resource].layout.resource.lifecycle
    old, new = (state.tables[command.resource].get(command.key) for state in (before, after))
    if lifecycle is None or old is None or new is None or old.record[lifecycle.field] == new.record[lifecycle.field]:
        return None
    return new.last


def settle(state: State, until: int) -> tuple[State, list[Fired]]:
    """The state after all transitions that are due up to `until`, and these transitions in order of time.

    Each is stamped with the instant it was due, or a millisecond after its record's last stamp if that is later.
    Raises TooMuchDue, and BadTime where a stamp, or what would be due next, would be after the year 9999.
    """
    return finish(settle_in_portions(state, until))


def settle_in_portions(state: State, until: int) -> Steps[tuple[State, list[Fired]]]:
    """As `settle`, with a pause after each PORTION of transitions."""
    fired: list[Fired] = []
    while (due := state.agenda.first) is not None and due.at <= until:
        if len(fired) >= SETTLE_LIMIT:
            raise TooMuchDue(SETTLE_LIMIT)
        state, transition = fire_next(state)
        if transition is not None:
            fired.append(transition)
            if not len(fired) % PORTION:
                yield
    return state, fired


def finish(steps: Steps[T]) -> T:
    """The result of work, without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def fire_next(state: State) -> tuple[State, Fired | None]:
    """The state after the next due transition, and that transition; None where its guard does not allow it.

    Raises BadTime as `settle` does.
    """
    due = state.agenda.first
    assert due is not None
    table = state.tables[due.resource]
    row, lifecycle = table.get(due.key), table.layout.resource.lifecycle
    assert row is not None
    assert lifecycle is not None
    last_stamp = read_stamp(row.record, lifecycle.touch)
    at = due.at if last_stamp is None else max(due.at, last_stamp + 1)
    rule, uses = state.schedule.rules[due.resource][due.rule], row.uses
    step = lifecycle.transitions[rule.transition]
    if step.guard is not None and not step.guard.is_valid(row.record):
        # It is not tried again until the record changes.
        waiting = table.replace(due.key, row, replace(row, due=None))
        agenda = state.agenda.with_replaced(due, None)
        return state.with_tables(waiting, latest=state.latest, agenda=agenda), None
    if rule.times is not None:
        uses = {**uses, due.rule: uses.get(due.rule, 0) + 1}
    state = _enter(state, table, row, due.key, step, at, uses)
    return state, Fired(due.resource, due.key, step.name, at)


def _put(state: State, command: Put) -> State:
    table = state.table(command.resource)
    resource = table.layout.resource
    if not resource.key:
        raise NotKeyed(resource.name)
    record, latest = with_plain_keys(resource, command.record), state.latest
    lifecycle, key = resource.lifecycle, record_key(record.get(resource.key))
    old = table.get(key) if key is not None else None
    touch = lifecycle.touch if lifecycle is not None else None
    step: Transition | None = None
    if command.touch and lifecycle is not None:
        step = _transition_of(resource, lifecycle, command.key, old, record)
        latest = _next_stamp(state, command.at)
        if touch is not None:
            record = {**record, touch: _write_stamp(latest)}
        if step is not None:
            record = {**record, **step.effects.apply(latest, command.body)}
    record_stamp = read_stamp(record, touch)
    violations = validate_record(resource, record, state.has_record)
    # What is not a key at all violates the schema already.
    if key != command.key and (key is not None or not violations):
        violations += key_violations(resource, record, command.key)
    if record_stamp is not None and record_stamp > max(command.at, latest):
        message = f"{quote(record[touch or ''])} is later than the run's clock, {format_instant(command.at)}"
        violations.append(Violation("body", json_pointer.append("", touch or ""), "clock", message))
    if violations:
        raise InvalidRecord(resource.name, violations)
    if lifecycle is not None and lifecycle.field not in record:
        # A state that the schema does not require is not lost.
        state_before = old.record[lifecycle.field] if old is not None else lifecycle.initial
        record = {**record, lifecycle.field: state_before}
    # What a client writes leaves a record in its state, by the transition and at the time that have led there.
    kept = old if command.touch else None
    uses = kept.uses if kept is not None else UNUSED
    due = state.schedule.next(resource.name, lifecycle, key, record, uses, command.at if step is None else latest)
    if kept is not None and kept.due is not None and step is None:
        due = kept.due if due is not None and due.rule == kept.due.rule else due
    if due is not None:
        _require_time(due)
    agenda = state.agenda.with_replaced(old.due if old is not None else None, due)
    latest = latest if record_stamp is None else max(latest, record_stamp)
    last = step.name if step is not None else kept.last if kept is not None else None
    put = table.put(key, record, last, due, uses, command.subscription)
    tables = {**state.tables, resource.name: put}
    if step is not None and table.layout.log is not None:
        _log_transition(tables, table.layout.log, resource, record, step.name, _write_stamp(latest))
    return State(tables, latest, state.schedule, agenda, state.overrides, state.keys)


def _transition_of(
    resource: Resource, lifecycle: Lifecycle, key: Any, old: Row | None, record: Record
) -> Transition | None:
    """The transition that a client's record stands for; None if it leaves the state as it is.

    Raises NoTransition and GuardFailed.
    """
    field = lifecycle.field
    if old is None:
        state = record.get(field, lifecycle.initial)
        if state != lifecycle.initial and (state in lifecycle.states or resource.validator.is_valid(record)):
            raise NoTransition(resource.name, key, None, record[field], [lifecycle.initial])
        return None
    current = old.record[field]
    target = record.get(field, current)
    if target == current:
        return None
    step = lifecycle.between(current, target)
    if step is None:
        if target not in lifecycle.states and not resource.validator.is_valid(record):
            return None  # a violation of the schema in the first place
        targets = dict.fromkeys(lifecycle.transitions[name].target for name in lifecycle.allowed(current))
        raise NoTransition(resource.name, key, current, target, targets)
    if step.guard is not None:
        _check_guard(resource, step, step.guard, key, {**record, field: current})
    return step


def _remove(state: State, command: Remove) -> State:
    table = state.table(command.resource)
    resource = table.layout.resource
    if not resource.key:
        raise NotKeyed(resource.name)
    if command.key not in table:
        raise UnknownRecord(resource.name, command.key)
    removed = owned_rows(state, resource.name, command.key)
    if (use := find_other_use(state, removed)) is not None:
        (name, key), other, field = use
        raise RecordInUse(name, key, other, field)
    tables, agenda = {**state.tables}, state.agenda
    for (name, key), row in removed.items():
        table = tables[name]
        if key not in table:
            continue  # an entry of the log of a record that was removed before it
        table = tables[name] = table.remove(key)
        agenda = agenda.with_replaced(row.due, None)
        if table.layout.log is not None:
            log, reference = table.layout.log
            tables[log] = tables[log].without(reference, key)
    return State(tables, state.latest, state.schedule, agenda, state.overrides, state.keys)


def _next_stamp(state: State, at: int) -> int:
    """The clock, or a millisecond after the run's latest stamp if that is later: stamps strictly increase."""
    return at if at > state.latest else state.latest + 1


def _write_stamp(at: int) -> str:
    """A stamp as text. Raises BadTime after the year 9999, which RFC 3339 cannot write."""
    if at > LATEST:
        raise BadTime(f"The change would be stamped after {format_instant(LATEST)}, where time ends: {TURN_BACK}.")
    return format_instant(at)


def _require_time(due: DueTransition) -> None:
    """Raise BadTime where a transition would be due after the year 9999, and so never."""
    if due.at > LATEST:
        place = f"{due.resource} {quote(due.key)}"
        raise BadTime(f"The next transition of {place} would be due after {format_instant(LATEST)}: {TURN_BACK}.")


_APPLY: Mapping[type[Command], Callable[[State, Any], State]] = {
    Fire: _fire,
    Put: _put,
    Remove: _remove,
    AddOverride: lambda state, command: state.with_overrides(state.overrides.add(command.override)),
    RemoveOverride: lambda state, command: state.with_overrides(state.overrides.remove(command.id)),
    UseOverride: lambda state, command: state.with_overrides(state.overrides.use(command.id)),
    DrawOverride: lambda state, command: state.with_overrides(state.overrides.draw(command.id)),
    Transaction: lambda state, command: reduce(apply, command.commands, state),
    KeepResponse: lambda state, command: state.with_keys(state.keys.add(command.key, command.response, command.at)),
}
