"""What an operation does to a run: the behaviours of `resources.yaml`. Knows operations and values, never paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Record, Resource, SortField
from mockserver.engine.behaviours import completion
from mockserver.engine.behaviours.completion import in_order
from mockserver.engine.commands import Command, Fire, Put, Remove
from mockserver.engine.run import Run
from mockserver.engine.state.sorted_rows import Row, Sort, SortedRows, meets
from mockserver.engine.state.state import State, with_derived_fields
from mockserver.errors import Violation, did_you_mean, quote
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRecord, InvalidRequest, RecordExists, UnknownRecord


@dataclass(frozen=True, slots=True)
class OperationCall:
    """A request that is valid by the contract: its parameters by location and name, and its body."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, Any] = field(default_factory=dict)


class ResultKind(Enum):
    """What became of the record that a call was about."""

    RETURNED = "returned"
    CREATED = "created"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What an operation answers: `value` is JSON; `key` names a record that was made, `total` counts what is listed."""

    value: Any
    kind: ResultKind = ResultKind.RETURNED
    key: Any = None
    total: int | None = None


def perform(run: Run, operation: Operation, behaviour: Behaviour, call: OperationCall) -> OperationResult:
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
    call: OperationCall

    @property
    def key(self) -> Any:
        """The record's key: the last path parameter."""
        return self.call.path[self.operation.path_names[-1]]

    def row(self, state: State) -> Row:
        """The record that the path names; the path parameters before the last must agree with its fields."""
        row = state.tables[self.resource.name].get(self.key)
        held = self.held(self.operation.path_names[:-1])
        if row is None or any(row.record.get(name) != value for name, value in held.items()):
            raise UnknownRecord(self.resource.name, self.key)
        return row

    def held(self, parameters: Iterable[str]) -> dict[str, Any]:
        """What path parameters say of the record's fields."""
        return {self.behaviour.field_of(name): self.call.path[name] for name in parameters}

    def refers(self, state: State, held: Mapping[str, Any]) -> None:
        """See that what the path refers to is there. Raises UnknownRecord."""
        for name, value in held.items():
            target = self.resource.references.get(name)
            if target is not None and not state.has_record(target, value):
                raise UnknownRecord(target, value)

    @property
    def server(self) -> completion.ServerFields:
        """What makes of a body what is stored."""
        seed = self.run.scenario.seed
        return completion.ServerFields(self.run.contract, seed, self.resource, self.operation, self.behaviour)

    @property
    def seed(self) -> str:
        """What all that is made up for this operation follows from."""
        return f"{self.run.scenario.seed}/{self.operation.id}"

    def shown(self, state: State, key: Any) -> Record:
        """The record as clients see it, in its envelope if it has one."""
        record = with_derived_fields(self.run.contract, state, self.resource, state.record(self.resource.name, key))
        if self.behaviour.item is None:
            return record
        return completion.wrapped(self.run.contract, self.behaviour, record, self.seed)


def _list(action: _Action) -> OperationResult:
    state, behaviour, call = action.run.state, action.behaviour, action.call
    rows = _filtered(action, state, _sort(action))
    offset, limit = _bounds(behaviour, call, len(rows))
    page = rows.page(offset, limit)
    contract, resource = action.run.contract, action.resource
    items = (
        [with_derived_fields(contract, state, resource, row.record) for row in page]
        if resource.derived
        else [r[0] for r in page]
    )
    if behaviour.items is None:
        return OperationResult(items, total=len(rows))
    envelope: dict[str, Any] = {behaviour.items: items}
    if behaviour.total is not None:
        envelope[behaviour.total] = len(rows)
    if behaviour.envelope_schema is not None:
        counts = completion.Counts(len(rows), offset, len(items), limit, behaviour.first_page)
        envelope = completion.envelope(contract, behaviour.envelope_schema, envelope, counts, action.seed)
    return OperationResult(envelope, total=len(rows))


def _bounds(behaviour: Behaviour, call: OperationCall, total: int) -> tuple[int, int | None]:
    """Where a page begins, and how many records it may have."""

    def asked(name: str | None) -> int | None:
        value = call.query.get(name) if name is not None else None
        return max(0, value) if isinstance(value, int) else None

    limit, offset = asked(behaviour.limit), asked(behaviour.offset)
    number = asked(behaviour.page)
    if offset is None and number is not None:
        # Without a size, the first page has them all.
        offset = max(0, number - behaviour.first_page) * (total if limit is None else limit)
    return offset or 0, limit


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


def _filtered(action: _Action, state: State, sort: Sort) -> SortedRows:
    """The rows that the path and the query ask for, in order."""
    table, resource = state.tables[action.resource.name], action.resource
    held = action.held(action.operation.path_names)
    action.refers(state, held)
    wanted = list(held.items())
    wanted += [(name, action.call.query[name]) for name in action.behaviour.filters if name in action.call.query]
    by_reference = next((one for one in wanted if one[0] in resource.references and not isinstance(one[1], list)), None)
    where = tuple((name, tuple(value) if isinstance(value, list) else (value,)) for name, value in wanted)
    if by_reference is not None:
        return SortedRows.from_rows(sort, [row for row in table.group(*by_reference) if meets(row, where)])
    return table.ordered(sort, where)


def _read(action: _Action) -> OperationResult:
    state = action.run.state
    action.row(state)
    return OperationResult(action.shown(state, action.key))


def _transition(action: _Action) -> OperationResult:
    def command(state: State, at: int) -> Command:
        if len(action.operation.path_names) > 1:
            action.row(state)
        return Fire(action.resource.name, action.key, action.behaviour.transition or "", at)

    return OperationResult(action.shown(action.run.submit(command), action.key))


def _create(action: _Action) -> OperationResult:
    resource, server = action.resource, action.server
    given = server.taken(_object(action))
    given = {name: value for name, value in given.items() if name not in resource.read_only & _made_here(resource)}
    held = {name: value for name, value in action.held(action.operation.path_names).items() if name in resource.fields}
    made: list[Any] = []

    def command(state: State, at: int) -> Command:
        action.refers(state, held)
        record = {**held, **given, **{name: held[name] for name in held.keys() & resource.owned_by}}
        key = record.get(resource.key)
        if isinstance(key, str | int) and state.has_record(resource.name, key):
            raise RecordExists(resource.name, key)
        if resource.lifecycle is not None:
            record.setdefault(resource.lifecycle.field, resource.lifecycle.initial)
        record = server.made(record, state, at)
        made.append(record[resource.key])
        return Put(resource.name, record[resource.key], in_order(resource, record), at, touch=True)

    state = action.run.submit(command)
    return OperationResult(action.shown(state, made[0]), ResultKind.CREATED, made[0])


def _replace(action: _Action) -> OperationResult:
    given, server = _settable(action), action.server
    fields = action.resource.read_only | (server.owned - {action.resource.key})

    def change(record: Record) -> Record:
        kept = {name: value for name, value in record.items() if name in fields}
        needed = {name: record[name] for name in server.needed if name in record}
        return {action.resource.key: action.key, **needed, **given, **kept}

    return _put(action, change)


def _update(action: _Action) -> OperationResult:
    given = _settable(action)
    return _put(action, lambda record: merge_patch(record, given))


def _put(action: _Action, change: Callable[[Record], Any]) -> OperationResult:
    resource = action.resource

    def command(state: State, at: int) -> Command:
        record = change(action.row(state).record)
        return Put(resource.name, action.key, in_order(resource, record), at, touch=True)

    return OperationResult(action.shown(action.run.submit(command), action.key))


def _delete(action: _Action) -> OperationResult:
    removed: list[Record] = []

    def command(state: State, at: int) -> Command:
        action.row(state)
        removed.append(action.shown(state, action.key))
        return Remove(action.resource.name, action.key, at)

    action.run.submit(command)
    return OperationResult(removed[-1], ResultKind.DELETED)


def _object(action: _Action) -> dict[str, Any]:
    body, declared = action.call.body, action.operation.body
    if body is None and (declared is None or not declared.required):
        return {}
    if action.behaviour.body_member is not None and isinstance(body, dict):
        body = body.get(action.behaviour.body_member, {})
    if not isinstance(body, dict):
        raise InvalidRecord(action.resource.name, [Violation("body", "", "type", "the body must be an object")])
    return body


def _settable(action: _Action) -> dict[str, Any]:
    """The body without what is `readOnly`: clients send back what they got, and servers keep what they own."""
    given = action.server.taken(_object(action))
    return {name: value for name, value in given.items() if name not in action.resource.read_only}


def _made_here(resource: Resource) -> frozenset[str]:
    """The fields that a new record gets even where the body leaves them out."""
    lifecycle = resource.lifecycle
    owned = (resource.key, lifecycle.field, lifecycle.touch) if lifecycle is not None else (resource.key,)
    return frozenset(name for name in owned if name)


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


_KINDS: Mapping[str, Callable[[_Action], OperationResult]] = {
    "list": _list,
    "read": _read,
    "create": _create,
    "replace": _replace,
    "update": _update,
    "delete": _delete,
    "transition": _transition,
}
