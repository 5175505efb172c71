"""The first state of a scenario: its fixtures, the records it puts over them, and the records it generates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver import generate
from mockserver.contract.lifecycle import LOG_EVENT, Lifecycle
from mockserver.contract.model import Contract, Record, Resource, Scenario
from mockserver.contract.records import latest_stamp, log_entry, matches_schema, shift_stamps, with_plain_keys
from mockserver.documents.nodes import BASE_URI
from mockserver.engine.overrides import Overrides
from mockserver.engine.seeding.embedding import embed_records
from mockserver.engine.seeding.inferred import first_records, referring_fields
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.state.schedule import UNUSED, Agenda, DueTransition, Schedule
from mockserver.engine.state.state import State
from mockserver.engine.state.table import Table
from mockserver.errors import CannotGenerate
from mockserver.schemas.properties import declared_properties
from mockserver.syntax.instants import LATEST, format_instant

WEEK = 7 * 24 * 60 * 60 * 1000
# How many transitions a generated record has been through at most.
STEP_LIMIT = 8


def populate(contract: Contract, scenario: Scenario) -> State:
    """The state that every run of the scenario begins with. Raises CannotGenerate."""
    records = {
        name: [_with_state(resource, record) for record in scenario.records.get(name, ())]
        for name, resource in contract.resources.items()
    }
    last = {name: _last_transitions(contract, scenario, name, records) for name in contract.resources}
    kept = {name: len(rows) for name, rows in records.items()}
    for name in _by_reference(contract, scenario.generate):
        resource, count = contract.resources[name], scenario.generate[name]
        if contract.inferred:
            records[name] += first_records(contract, resource, records, str(scenario.seed), count)
            continue
        for generated in _generate(contract, scenario, resource, records):
            records[name].append(generated.record)
            last[name][generated.record[resource.key]] = generated.last
            if (log := contract.log_of(resource)) is not None:
                records[log[0].name] += generated.log
    if contract.inferred and scenario.generate:
        embed_records(contract, records, kept)
    return _build_state(contract, scenario, records, last)


def _generate(
    contract: Contract, scenario: Scenario, resource: Resource, records: Mapping[str, list[Record]]
) -> list[GeneratedRecord]:
    """The records that the scenario generates of a resource. Raises CannotGenerate, with the resource in its reason."""
    try:
        return list(RecordFactory(contract, scenario, resource, records).generate(scenario.generate[resource.name]))
    except CannotGenerate as error:
        place = error.schema.removeprefix(BASE_URI).removesuffix("#")
        reason = f"no record of {resource.name} can be generated: {place}: {error.reason}"
        raise CannotGenerate(error.schema, reason) from error


def _build_state(
    contract: Contract,
    scenario: Scenario,
    records: Mapping[str, list[Record]],
    last: Mapping[str, Mapping[Any, str | None]],
) -> State:
    schedule, agenda, tables = Schedule.from_scenario(scenario), list[DueTransition](), dict[str, Table]()
    for name, resource in contract.resources.items():
        rows = []
        for record in records[name]:
            key = record.get(resource.key)
            due = schedule.next(name, resource.lifecycle, key, record, UNUSED, scenario.clock.start)
            # The clock does not go beyond the year 9999.
            due = due if due is not None and due.at <= LATEST else None
            if due is not None:
                agenda.append(due)
            rows.append((record, last[name].get(key), due))
        log = contract.log_of(resource)
        tables[name] = Table.from_records(resource, rows, (log[0].name, log[1]) if log is not None else None)
    latest = latest_stamp(contract.resources, records)
    if latest is None:
        latest = scenario.clock.start - 1
    return State(tables, latest, schedule, Agenda.from_transitions(agenda), Overrides.from_scenario(scenario.responses))


def with_clock_start(contract: Contract, scenario: Scenario, start: int) -> Scenario:
    """The scenario with its clock's start at `start`, and every stamp in its records moved by as much."""
    records = shift_stamps(contract.resources, scenario.records, start - scenario.clock.start)
    return replace(scenario, records=records, clock=replace(scenario.clock, start=start))


def _with_state(resource: Resource, record: Record) -> Record:
    """The record in the initial state if its schema does not require one and it has none."""
    lifecycle = resource.lifecycle
    return record if lifecycle is None or lifecycle.field in record else {**record, lifecycle.field: lifecycle.initial}


def _last_transitions(
    contract: Contract, scenario: Scenario, name: str, records: Mapping[str, list[Record]]
) -> dict[Any, str | None]:
    """The last transition of each fixture record, by its key; a record that the scenario puts has none."""
    resource = contract.resources[name]
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return {}
    logged: dict[Any, str | None] = {}
    if (log := contract.log_of(resource)) is not None:
        log_resource, reference = log
        logged = {entry[reference]: entry[LOG_EVENT] for entry in scenario.records.get(log_resource.name, ())}
    put = scenario.put_keys.get(name, frozenset())
    last: dict[Any, str | None] = {}
    for record in records[name]:
        key = record[resource.key]
        if key not in put:
            last[key] = logged[key] if key in logged else lifecycle.presumed_last(record[lifecycle.field])
    return last


def _by_reference(contract: Contract, names: Mapping[str, int]) -> list[str]:
    """The names of resources, each after those that it refers to."""
    ordered: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered or name in path:
            return
        resource = contract.resources[name]
        for target in (*resource.references.values(), *resource.links.values()):
            visit(target, (*path, name))
        if name in names:
            ordered.append(name)

    for name in names:
        visit(name, ())
    return ordered


class GeneratedRecord(Struct, frozen=True):
    """A generated record, its last transition, and the entries of its log."""

    record: Record
    last: str | None
    log: list[Record]


class RecordFactory:
    """Generates records of one resource: numbered keys, valid references, and a history in the lifecycle for each."""

    def __init__(
        self, contract: Contract, scenario: Scenario, resource: Resource, records: Mapping[str, list[Record]]
    ) -> None:
        self._contract, self._scenario, self._resource = contract, scenario, resource
        self._random = random.Random(f"{scenario.seed}/{resource.name}")
        # Of what several fields refer to together, the last of them decides about the others.
        references = sorted(resource.references.items(), key=lambda item: len(resource.joined.get(item[0], ())))
        self._targets = {field: records[target] for field, target in references}
        self._taken = {record[resource.key] for record in records[resource.name]}
        self._keys = KeyGenerator(resource, next(iter(records[resource.name]), {}).get(resource.local_key))
        generator = generate.Generator(contract.documents, contract.schemas, self._random)
        set_elsewhere: set[str | None] = {
            resource.local_key,
            *self._targets,
            *(part for name in resource.references for part in resource.joined.get(name, ())),
            *(field.name for field in resource.derived_fields),
        }
        # By state, the transitions that leave it, and how often each is drawn.
        self._steps: dict[str, tuple[tuple[str, ...], list[float]]] = {}
        if resource.lifecycle is not None:
            set_elsewhere |= {resource.lifecycle.field, resource.lifecycle.touch}
            for state in resource.lifecycle.states:
                allowed = resource.lifecycle.allowed(state)
                # The transition that is declared first is the usual one.
                self._steps[state] = allowed, [1 / (index + 1) ** 2 for index in range(len(allowed))]
        self._fields = {
            name: generator.factory(schema, name)
            for name, schema in declared_properties(resource.schema).items()
            if name not in set_elsewhere
        }

    def generate(self, count: int) -> Iterator[GeneratedRecord]:
        """Generate `count` records. Raises CannotGenerate."""
        for number in range(1, count + 1):
            generated = self._generate(number)
            self._taken.add(generated.record[self._resource.key])
            if not matches_schema(self._resource, generated.record):
                violations = self._resource.validator.violations(generated.record, "body")
                reason = "its derived fields do not fit"
                if violations:
                    reason = f"{violations[0].pointer or 'the record'}: {violations[0].message}"
                raise CannotGenerate(self._resource.schema.address, reason)
            yield generated

    def _generate(self, number: int) -> GeneratedRecord:
        resource = self._resource
        record: dict[str, Any] = {}
        for field, targets in self._targets.items():
            if not targets:
                raise CannotGenerate(resource.schema.address, f"{resource.references[field]} has no record to refer to")
            target = self._random.choice(targets)
            record |= referring_fields(self._contract, resource, field, target)
        for name in resource.unique_within:
            if name not in record and name not in self._fields:
                raise CannotGenerate(resource.schema.address, f"{name} is hidden, and refers to no record")
            record.setdefault(name, self._fields[name]() if name in self._fields else None)
        # A record that is referred to may be identified by the same field.
        record.setdefault(resource.local_key, self._next_key(record, number))
        record = dict(with_plain_keys(resource, record))
        last: str | None = None
        log: list[Record] = []
        if resource.lifecycle is not None:
            last, log = self._run_lifecycle(resource.lifecycle, record)
        for name, make_value in self._fields.items():
            if name not in resource.unique_within:
                record[name] = make_value()
        # In the order in which the schema declares them, as a backend would write them.
        return GeneratedRecord({name: record[name] for name in resource.fields if name in record}, last, log)

    def _next_key(self, record: Record, number: int) -> Any:
        """A local key for a record with these owners, whose records are numbered from 1."""
        resource = self._resource

        def is_taken(local_key: Any) -> bool:
            return with_plain_keys(resource, {**record, resource.local_key: local_key}).get(resource.key) in self._taken

        return self._keys.key(1 if resource.unique_within else number, is_taken)

    def _run_lifecycle(self, lifecycle: Lifecycle, record: dict[str, Any]) -> tuple[str | None, list[Record]]:
        """Move the record through its lifecycle, up to some time in the week before the clock's start.

        The last transition, and the entries of the log.
        """
        transitions = self._draw_transitions(lifecycle)
        record[lifecycle.field] = lifecycle.transitions[transitions[-1]].target if transitions else lifecycle.initial
        at = self._scenario.clock.start - 1 - int(WEEK * self._random.random() ** 2)
        if lifecycle.touch is not None:
            record[lifecycle.touch] = format_instant(at)
        log: list[Record] = []
        if (logged := self._contract.log_of(self._resource)) is not None:
            for transition in reversed(transitions):
                entry = log_entry(self._resource, record, *logged, transition, format_instant(at))
                log.insert(0, dict(entry))
                at -= self._random.randint(2_000, 600_000)
        return (transitions[-1] if transitions else None), log

    def _draw_transitions(self, lifecycle: Lifecycle) -> list[str]:
        state, transitions = lifecycle.initial, list[str]()
        while len(transitions) < STEP_LIMIT:
            allowed, weights = self._steps[state]
            if not allowed or self._random.random() < (0.2 if transitions else 0.08):
                break
            transitions.append(self._random.choices(allowed, weights)[0])
            state = lifecycle.transitions[transitions[-1]].target
        return transitions
