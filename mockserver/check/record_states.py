"""Every record in every state it can come to, held against what each operation may answer. No requests: all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP
from mockserver.contract.model import Contract, Record, Resource
from mockserver.engine.behaviours import completion
from mockserver.engine.behaviours.behaviours import ResultKind
from mockserver.engine.behaviours.completion import Counts
from mockserver.engine.reachability import StateNode, paths_from
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.http.operations import PREFERRED, RESULTS
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.validators import Validator
from mockserver.syntax.instants import format_instant


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer that would break the contract: of `operation`, None where the record's own schema is broken."""

    operation: str | None
    resource: str
    key: Any
    state: str | None
    violation: Violation


@dataclass(frozen=True, slots=True)
class ResponseValidator:
    """The answer of one operation about one record of a resource."""

    operation: Operation
    validator: Validator
    behaviour: Behaviour
    only: str | None
    envelope: Mapping[str, Any] = field(default_factory=dict)

    def violations(self, record: Record) -> list[Violation]:
        """What is wrong with the answer that holds this record."""
        value: Any = record
        if self.behaviour.kind == "list":
            value = [record]
            if self.behaviour.items is not None:
                value = {**self.envelope, self.behaviour.items: value}
        elif self.behaviour.item is not None:
            value = {**self.envelope, self.behaviour.item: record}
        return [] if self.validator.is_valid(value) else self.validator.violations(value, "body")


def judges(contract: Contract, resource: Resource) -> list[ResponseValidator]:
    """What each operation on the resource answers, where that is JSON with a schema."""
    found = []
    for name, behaviour in contract.behaviours.items():
        operation = contract.operations[name]
        if behaviour.resource != resource.name:
            continue
        chosen = operation.success(PREFERRED[RESULTS.get(behaviour.kind, ResultKind.RETURNED)])
        media = json_media_type(chosen[1]) if chosen is not None else None
        if media is None or media.validator is None or behaviour.kind == "delete":
            continue
        transitions = resource.lifecycle.transitions if resource.lifecycle is not None else {}
        moved = transitions.get(behaviour.transition or "")
        target = moved.target if moved is not None else None
        found.append(
            ResponseValidator(operation, media.validator, behaviour, target, _envelope(contract, operation, behaviour))
        )
    return found


def _envelope(contract: Contract, operation: Operation, behaviour: Behaviour) -> dict[str, Any]:
    """What a list of one record has beside it."""
    held = {behaviour.total: 1} if behaviour.total is not None else {}
    if behaviour.envelope_schema is None:
        return held
    return completion.envelope(
        contract, behaviour.envelope_schema, held, Counts(1, 0, 1, None, behaviour.first_page), operation.id
    )


def places(resource: Resource, row: Row) -> Mapping[StateNode, tuple[str, ...]]:
    """Where a row can come to."""
    assert resource.lifecycle is not None
    return paths_from(resource.lifecycle, StateNode(row.record[resource.lifecycle.field], row.last))


def prove(contract: Contract, state: State) -> Iterator[tuple[int, list[Broken]]]:
    """For each record, in how many forms it was judged, and what is wrong with any of them."""
    for name, table in state.tables.items():
        resource, held = contract.resources[name], judges(contract, contract.resources[name])
        known: dict[StateNode, frozenset[str]] = {}
        for row in table.ordered():
            states: frozenset[str] | tuple[None] = (None,)
            if resource.lifecycle is not None:
                place = StateNode(row.record[resource.lifecycle.field], row.last)
                if place not in known:
                    known[place] = frozenset(one.state for one in places(resource, row))
                states = known[place]
            broken: list[Broken] = []
            count = 0
            for entered in sorted(states, key=str):
                for form in _forms(resource, row.record, entered):
                    count += 1
                    broken += _judged(resource, held, form, entered)
            yield count, broken
        yield from _entries(contract, resource, state)


def _forms(resource: Resource, record: Record, state: str | None) -> Iterator[Record]:
    """The record in a state, with each value that its derived fields may have."""
    if state is not None and resource.lifecycle is not None:
        record = {**record, resource.lifecycle.field: state}
    if not resource.derived:
        yield record
        return
    plain = {**record, **{one.name: one.none for one in resource.derived}}
    for derived in resource.derived:
        for value in (derived.none, *derived.values.values()):
            yield {**plain, derived.name: value}


def _judged(resource: Resource, held: list[ResponseValidator], form: Record, state: str | None) -> Iterator[Broken]:
    key = form.get(resource.key)
    if not resource.validator.is_valid(form):
        for violation in resource.validator.violations(form, "body"):
            yield Broken(None, resource.name, key, state, violation)
        return
    for judge in held:
        if judge.only is None or judge.only == state:
            for violation in judge.violations(form):
                yield Broken(judge.operation.id, resource.name, key, state, violation)


def _entries(contract: Contract, resource: Resource, state: State) -> Iterator[tuple[int, list[Broken]]]:
    """What transitions would append to the log, by the key of one record: entries differ in nothing else."""
    log = contract.log_of(resource)
    rows = state.tables[resource.name].ordered().page(0, 1)
    if log is None or resource.lifecycle is None or not rows:
        return
    held = judges(contract, log[0])
    for transition in resource.lifecycle.transitions:
        at = format_instant(max(state.latest, 0))
        entry = {log[1]: rows[0].record[resource.key], LOG_EVENT: transition, LOG_STAMP: at}
        yield 1, list(_judged(log[0], held, entry, None))
