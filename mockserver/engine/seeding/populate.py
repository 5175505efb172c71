"""A scenario's first state: its fixtures, what it puts over them, and what it generates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP, Lifecycle
from mockserver.contract.model import Contract, Record, Resource, Scenario
from mockserver.contract.records import latest_stamp, matches_schema, shift_stamps
from mockserver.documents.tree import BASE_URI
from mockserver.engine.overrides import Overrides
from mockserver.engine.seeding.inferred import first_records
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.state.schedule import DueTransition, Schedule
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table
from mockserver.errors import CannotGenerate
from mockserver.generate.generator import Generator
from mockserver.schemas.properties import declared_properties
from mockserver.syntax.instants import format_instant

DAY = 24 * 60 * 60 * 1000
STEP_LIMIT = 8


def populate(contract: Contract, scenario: Scenario) -> State:
    """The state that every run of the scenario begins with. Raises CannotGenerate."""
    records: dict[str, list[Record]] = {name: list(scenario.records.get(name, ())) for name in contract.resources}
    last = {name: _last_transitions(contract, scenario, name) for name in contract.resources}
    for name in _by_reference(contract, scenario.generate):
        resource = contract.resources[name]
        if contract.inferred:
            records[name] += first_records(contract, resource, records, str(scenario.seed), scenario.generate[name])
            continue
        try:
            generated = list(_Maker(contract, scenario, resource, records).make(scenario.generate[name]))
        except CannotGenerate as error:
            place = error.schema.removeprefix(BASE_URI).removesuffix("#")
            reason = f"no record of {name} can be generated: {place}: {error.reason}"
            raise CannotGenerate(error.schema, reason) from error
        for record, transition, entries in generated:
            records[name].append(record)
            last[name][record[resource.key]] = transition
            if (log := contract.log_of(resource)) is not None:
                records[log[0].name] += entries
    plan, agenda, tables = Schedule.from_scenario(scenario), list[DueTransition](), dict[str, Table]()
    for name, resource in contract.resources.items():
        rows = []
        for record in records[name]:
            key = record.get(resource.key)
            due = plan.next(name, resource.lifecycle, key, record, (), scenario.clock.start)
            agenda += [due] if due is not None else []
            rows.append((record, last[name].get(key), due))
        tables[name] = Table.from_records(resource, rows)
    latest = latest_stamp(contract.resources, records)
    return State(
        tables,
        scenario.clock.start - 1 if latest is None else latest,
        plan,
        tuple(sorted(agenda)),
        Overrides.from_scenario(scenario.responses),
    )


def with_clock_start(contract: Contract, scenario: Scenario, start: int) -> Scenario:
    """The scenario with its clock's start at `start`, and every stamp in its records moved by as much."""
    records = shift_stamps(contract.resources, scenario.records, start - scenario.clock.start)
    return replace(scenario, records=records, clock=replace(scenario.clock, start=start))


def _last_transitions(contract: Contract, scenario: Scenario, name: str) -> dict[Any, str | None]:
    """The transition that a repeat of each fixture record is judged by; a record that was put has none."""
    resource = contract.resources[name]
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return {}
    logged: dict[Any, str | None] = {}
    log = contract.log_of(resource)
    for entry in scenario.records.get(log[0].name, ()) if log is not None else ():
        logged[entry[log[1] if log is not None else ""]] = entry[LOG_EVENT]
    put = scenario.put_keys.get(name, frozenset())
    found: dict[Any, str | None] = {}
    for record in scenario.records.get(name, ()):
        key = record[resource.key]
        if key not in put:
            found[key] = logged[key] if key in logged else lifecycle.presumed_last(record[lifecycle.field])
    return found


def _by_reference(contract: Contract, names: Mapping[str, int]) -> list[str]:
    """The names, each after those that it refers to."""
    ordered: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered or name in path:
            return
        for target in contract.resources[name].references.values():
            visit(target, (*path, name))
        if name in names:
            ordered.append(name)

    for name in names:
        visit(name, ())
    return ordered


class _Maker:
    """Makes records of one resource: keys in a row, references that hold, a life behind each."""

    def __init__(
        self, contract: Contract, scenario: Scenario, resource: Resource, records: Mapping[str, list[Record]]
    ) -> None:
        self._contract, self._scenario, self._resource = contract, scenario, resource
        self._random = random.Random(f"{scenario.seed}/{resource.name}")
        self._targets = {
            field: [one[contract.resources[target].key] for one in records[target]]
            for field, target in resource.references.items()
        }
        self._taken = {one[resource.key] for one in records[resource.name]}
        sample = next(iter(records[resource.name]), {}).get(resource.key)
        self._keys = KeyGenerator(resource, self._taken.__contains__, sample)
        generator = Generator(contract.documents, contract.schemas, self._random)
        lifecycle = resource.lifecycle
        skipped: set[str | None] = {resource.key, *self._targets, *(one.name for one in resource.derived)}
        if lifecycle is not None:
            skipped |= {lifecycle.field, lifecycle.touch}
        self._fields = {
            name: generator.factory(place, name)
            for name, place in declared_properties(resource.schema).items()
            if name not in skipped
        }

    def make(self, count: int) -> Iterator[tuple[Record, str | None, list[Record]]]:
        """Each record, the transition that brought it there, and its log."""
        for number in range(1, count + 1):
            key = self._keys.key(number)
            self._taken.add(key)
            record, transition, entries = self._one(key)
            if not matches_schema(self._resource, record):
                wrong = self._resource.validator.violations(record, "body")
                reason = (
                    f"{wrong[0].pointer or 'the record'}: {wrong[0].message}"
                    if wrong
                    else "its derived fields do not fit"
                )
                raise CannotGenerate(self._resource.schema.address, reason)
            yield record, transition, entries

    def _one(self, key: Any) -> tuple[Record, str | None, list[Record]]:
        resource = self._resource
        record: dict[str, Any] = {resource.key: key}
        for field, keys in self._targets.items():
            if not keys:
                raise CannotGenerate(resource.schema.address, f"{resource.references[field]} has no record to refer to")
            record[field] = self._random.choice(keys)
        transition: str | None = None
        entries: list[Record] = []
        if resource.lifecycle is not None:
            transition, entries = self._live(resource.lifecycle, record)
        for name, make in self._fields.items():
            record[name] = make()
        # In the order in which the schema declares them, as a backend would write them.
        return {name: record[name] for name in self._order if name in record}, transition, entries

    @property
    def _order(self) -> list[str]:
        return list(self._resource.fields)

    def _live(self, lifecycle: Lifecycle, record: dict[str, Any]) -> tuple[str | None, list[Record]]:
        """Walk the record through its lifecycle; it ends within the week before the clock's start."""
        draw, state, way = self._random, lifecycle.initial, list[str]()
        while len(way) < STEP_LIMIT:
            allowed = lifecycle.allowed(state)
            if not allowed or draw.random() < (0.2 if way else 0.08):
                break
            # The transition declared first is the usual one.
            way.append(draw.choices(allowed, [1 / (place + 1) ** 2 for place in range(len(allowed))])[0])
            state = lifecycle.transitions[way[-1]].target
        record[lifecycle.field] = state
        ends = self._scenario.clock.start - 1 - int(7 * DAY * draw.random() ** 2)
        if lifecycle.touch is not None:
            record[lifecycle.touch] = format_instant(ends)
        log = self._contract.log_of(self._resource)
        entries: list[Record] = []
        at = ends
        for name in reversed(way if log is not None else ()):
            entries.insert(
                0,
                {log[1]: record[self._resource.key], LOG_EVENT: name, LOG_STAMP: format_instant(at)} if log else {},
            )
            at -= draw.randint(2_000, 600_000)
        return (way[-1] if way else None), entries
