"""What an operation does to a run: the behaviours of `resources.yaml`. Knows operations and values, never paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from mockserver.contract.model import Behaviour, Operation, Record, Resource, SortField
from mockserver.engine.commands import Command, Fire, Put, Remove
from mockserver.engine.ordered import Ordered, Row, Sort, meets
from mockserver.engine.populate import KeyMaker
from mockserver.engine.run import Run
from mockserver.engine.state import State, shown
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.refusals import InvalidRecord, InvalidRequest, RecordExists, UnknownRecord


@dataclass(frozen=True, slots=True)
class Call:
    """A request that the contract admits: its parameters by name, and its body."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any = None


class Result(Enum):
    """What became of the record that a call was about."""

    ANSWERED = "answered"
    MADE = "made"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answers: `value` is JSON; `key` names the record that was made."""

    value: Any
    result: Result = Result.ANSWERED
    key: Any = None


def perform(run: Run, operation: Operation, behaviour: Behaviour, call: Call) -> Outcome:
    """Do what the behaviour says, on the run. Raises a Refusal, and then nothing has changed."""
    resource = run.contract.resources[behaviour.resource]
    return _KINDS[behaviour.kind](_Action(run, operation, behaviour, resource, call))


@dataclass(frozen=True, slots=True)
class _Action:
    """One call of one operation on one run."""

    run: Run
    operation: Operation
    behaviour: Behaviour
    resource: Resource
    call: Call

    @property
    def key(self) -> Any:
        """The record's key: the last path parameter."""
        return self.call.path[self.operation.path_names[-1]]

    def row(self, state: State) -> Row:
        """The record that the path names; the path parameters before the last must agree with its fields."""
        row = state.tables[self.resource.name].get(self.key)
        if row is None or any(row.record.get(name) != self.call.path[name] for name in self.operation.path_names[:-1]):
            raise UnknownRecord(self.resource.name, self.key)
        return row

    def shown(self, state: State, key: Any) -> Record:
        """The record as clients see it."""
        return shown(self.run.contract, state, self.resource, state.record(self.resource.name, key))


def _list(action: _Action) -> Outcome:
    state, behaviour, call = action.run.state, action.behaviour, action.call
    rows = _filtered(action, state, _sort(action))
    offset = call.query.get(behaviour.offset, 0) if behaviour.offset is not None else 0
    limit = call.query.get(behaviour.limit) if behaviour.limit is not None else None
    page = rows.page(offset, limit)
    contract, resource = action.run.contract, action.resource
    items = [shown(contract, state, resource, row.record) for row in page] if resource.derived else [r[0] for r in page]
    if behaviour.items is None:
        return Outcome(items)
    envelope: dict[str, Any] = {behaviour.items: items}
    if behaviour.total is not None:
        envelope[behaviour.total] = len(rows)
    return Outcome(envelope)


def _sort(action: _Action) -> Sort:
    name = action.behaviour.sort
    asked = action.call.query.get(name) if name is not None else None
    if not asked:
        return action.resource.sort
    fields = _fields(asked if isinstance(asked, str) else ",".join(asked))
    unknown = [one.name for one in fields if one.name not in action.resource.fields]
    if unknown:
        hint = did_you_mean(unknown[0], action.resource.fields)
        message = f"{quote(unknown[0])} is no field to sort by.{hint}"
        raise InvalidRequest([Violation("query", "", "sort", message, name)])
    return fields


@lru_cache(maxsize=256)
def _fields(text: str) -> Sort:
    return tuple(SortField.parse(one) for one in text.split(","))


def _filtered(action: _Action, state: State, sort: Sort) -> Ordered:
    """The rows that the path and the query ask for, in order."""
    table, resource = state.tables[action.resource.name], action.resource
    wanted = [(name, action.call.path[name]) for name in action.operation.path_names]
    for name, value in wanted:
        if name in resource.references and not state.has(resource.references[name], value):
            raise UnknownRecord(resource.references[name], value)
    behaviour = action.behaviour
    paging = (behaviour.limit, behaviour.offset, behaviour.sort)
    wanted += [(n, v) for n, v in action.call.query.items() if n not in paging and n in resource.fields]
    by_reference = next((one for one in wanted if one[0] in resource.references and not isinstance(one[1], list)), None)
    where = tuple((name, tuple(value) if isinstance(value, list) else (value,)) for name, value in wanted)
    if by_reference is not None:
        return Ordered.of(sort, [row for row in table.group(*by_reference) if meets(row, where)])
    return table.ordered(sort, where)


def _read(action: _Action) -> Outcome:
    state = action.run.state
    return Outcome(shown(action.run.contract, state, action.resource, action.row(state).record))


def _transition(action: _Action) -> Outcome:
    def command(state: State, at: int) -> Command:
        if len(action.operation.path_names) > 1:
            action.row(state)
        return Fire(action.resource.name, action.key, action.behaviour.transition or "", at)

    return Outcome(action.shown(action.run.submit(command), action.key))


def _create(action: _Action) -> Outcome:
    resource, given = action.resource, _object(action)
    key_field = resource.key
    given = {name: value for name, value in given.items() if name not in resource.read_only & _made_here(resource)}
    made: list[Any] = []

    def command(state: State, at: int) -> Command:
        table = state.tables[resource.name]
        record = {name: value for name, value in action.call.path.items() if name in resource.fields} | given
        if key_field not in record:
            sample = next((row.record[key_field] for row in table.ordered().page(0, 1)), None)
            record = {key_field: KeyMaker(resource, table.__contains__, sample).key(len(table) + 1), **record}
        elif isinstance(record[key_field], str | int) and record[key_field] in table:
            raise RecordExists(resource.name, record[key_field])
        if resource.lifecycle is not None:
            record.setdefault(resource.lifecycle.field, resource.lifecycle.initial)
        made.append(record[key_field])
        return Put(resource.name, record[key_field], _in_order(resource, record), at, touch=True)

    state = action.run.submit(command)
    return Outcome(action.shown(state, made[0]), Result.MADE, made[0])


def _replace(action: _Action) -> Outcome:
    given = _settable(action)

    def change(record: Record) -> Record:
        kept = {name: value for name, value in record.items() if name in action.resource.read_only}
        return {action.resource.key: action.key, **given, **kept}

    return _put(action, change)


def _update(action: _Action) -> Outcome:
    given = _settable(action)
    return _put(action, lambda record: merge_patch(record, given))


def _put(action: _Action, change: Callable[[Record], Any]) -> Outcome:
    resource = action.resource

    def command(state: State, at: int) -> Command:
        record = change(action.row(state).record)
        return Put(resource.name, action.key, _in_order(resource, record), at, touch=True)

    return Outcome(action.shown(action.run.submit(command), action.key))


def _delete(action: _Action) -> Outcome:
    def command(state: State, at: int) -> Command:
        action.row(state)
        return Remove(action.resource.name, action.key, at)

    action.run.submit(command)
    return Outcome(None, Result.GONE)


def _object(action: _Action) -> dict[str, Any]:
    body = action.call.body
    if not isinstance(body, dict):
        raise InvalidRecord(action.resource.name, [Violation("body", "", "type", "the body must be an object")])
    return body


def _settable(action: _Action) -> dict[str, Any]:
    """The body without what is `readOnly`: clients send back what they got, and servers keep what they own."""
    return {name: value for name, value in _object(action).items() if name not in action.resource.read_only}


def _made_here(resource: Resource) -> frozenset[str]:
    """The fields that a new record gets even where the body leaves them out."""
    lifecycle = resource.lifecycle
    owned = (resource.key, lifecycle.field, lifecycle.touch) if lifecycle is not None else (resource.key,)
    return frozenset(name for name in owned if name)


def _in_order(resource: Resource, record: Record) -> Record:
    """The record with its members in the order in which the schema declares them."""
    known = {name: record[name] for name in resource.fields if name in record}
    return known | {name: value for name, value in record.items() if name not in known}


def merge_patch(target: Any, patch: Any) -> Any:
    """The result of a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


_KINDS: Mapping[str, Callable[[_Action], Outcome]] = {
    "list": _list,
    "read": _read,
    "create": _create,
    "replace": _replace,
    "update": _update,
    "delete": _delete,
    "transition": _transition,
}
