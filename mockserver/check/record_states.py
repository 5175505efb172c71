"""Validates every record in every state that it can reach, by its schema and in the responses of operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from msgspec import Struct, field

from mockserver.check.reachability import Reached, StateNode, firings, paths_from, records_from
from mockserver.contract.behaviour import ITEM_KINDS, Behaviour, kinds_of, usual_success
from mockserver.contract.lifecycle import Lifecycle
from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.records import log_entry
from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.behaviours.envelopes import Page, complete_envelope
from mockserver.engine.events.changes import APPEND, CREATE, DELETE, REPLACE, UPDATE
from mockserver.engine.seeding.record_generator import record_generator
from mockserver.engine.state.presentation import with_derived_fields
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate, Refusal, Violation
from mockserver.http.streaming.messages import ServerSentEvents
from mockserver.http.webhooks.composing import body_of
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.validators import Validator
from mockserver.syntax.http.media_types import EVENT_STREAM
from mockserver.syntax.instants import format_instant
from mockserver.syntax.member_path import with_member

# An id such as events have.
SAMPLE_ID = "1-00000000"


class InvalidResponse(Struct, frozen=True):
    """A response that would violate the contract; without an `operation`, a record that violates its own schema.

    Or, with a `webhook` and the name of an event, the body that this sends.
    """

    operation: str | None
    resource: str
    key: Any
    state: str | None
    violation: Violation
    webhook: tuple[str, str] | None = None

    @property
    def subject(self) -> str:
        """What does not match its schema."""
        if self.webhook is not None:
            return "the body of the webhook {} for the event {}".format(*self.webhook)
        return f"the response of {self.operation}" if self.operation else "the record"


class Situation(Struct, frozen=True):
    """A record, in a state that it can reach.

    `fired` are the transitions that lead there and then have it as the record of their event; `repeated` is the one
    that may have led to the record as the contract has it, whose repetition changes nothing.
    """

    state: str | None
    fired: frozenset[str] = frozenset()
    repeated: str | None = None


class ResponseValidator(Struct, frozen=True):
    """Validates the response of an operation about one record; that of a transition only after it.

    `envelope` holds the other members of a response that has an envelope.
    """

    operation: Operation
    validator: Validator
    behaviour: Behaviour
    envelope: Mapping[str, Any] = field(default_factory=dict)

    def invalid(self, resource: Resource, record: Record, situation: Situation) -> Iterator[InvalidResponse]:
        """What is wrong with the response that holds this record."""
        transition = self.behaviour.transition
        if transition is not None and transition not in situation.fired and transition != situation.repeated:
            return
        for violation in self._violations(record):
            key = record.get(resource.key)
            yield InvalidResponse(self.operation.id, resource.name, key, situation.state, violation)

    def _violations(self, record: Record) -> list[Violation]:
        is_list = self.behaviour.kind in ("list", "create_all", "replace_all")
        member = self.behaviour.member
        response: Any = [record] if is_list else record if member is None else record.get(member)
        path = self.behaviour.items if is_list else self.behaviour.item
        if path:
            response = with_member(self.envelope, path, response)
        return [] if self.validator.is_valid(response) else self.validator.violations(response, "body")


class EventValidator(Struct, frozen=True):
    """Validates the events in `names`, as a stream sends them about one record."""

    operation: Operation
    form: ServerSentEvents
    names: Sequence[str]

    @classmethod
    def of(cls, contract: Contract, operation: Operation, resource: Resource) -> EventValidator:
        """Of an operation that streams the events of a resource."""
        success = operation.success()
        media = success[1].media.get(EVENT_STREAM) if success is not None else None
        kinds = kinds_of(contract.behaviours, resource.name)
        changes = sorted(kinds & {CREATE, UPDATE, REPLACE, DELETE}) if resource.key else [APPEND]
        transitions = resource.lifecycle.transitions if resource.lifecycle is not None else ()
        form = ServerSentEvents(resource, media, contract.behaviours[operation.id].message)
        return cls(operation, form, (*changes, *transitions))

    def invalid(self, resource: Resource, record: Record, situation: Situation) -> Iterator[InvalidResponse]:
        """What is wrong with the events that have this record."""
        event = sample_event(resource, record)
        for name in possible_events(resource, self.names, situation):
            for violation in self.form.violations({**event, "event": name, "record": record}):
                yield InvalidResponse(self.operation.id, resource.name, event["key"], situation.state, violation)


class WebhookValidator(Struct, frozen=True):
    """Validates the bodies of a webhook that the document declares, for the events in `names`."""

    webhook: Webhook
    names: Sequence[str]

    @classmethod
    def of(cls, webhook: Webhook, resource: Resource) -> WebhookValidator:
        """For the events of a resource."""
        return cls(webhook, sorted(name for of_resource, name in webhook.events if of_resource == resource.name))

    def invalid(self, resource: Resource, record: Record, situation: Situation) -> Iterator[InvalidResponse]:
        """What is wrong with the bodies that are sent of this record."""
        event = sample_event(resource, record)
        for name in possible_events(resource, self.names, situation):
            _, violations = body_of(self.webhook, {**event, "event": name, "record": resource.shown(record)})
            for violation in violations:
                webhook = self.webhook.name, name
                yield InvalidResponse(None, resource.name, event["key"], situation.state, violation, webhook)


def sample_event(resource: Resource, record: Record) -> dict[str, Any]:
    """The members of an event about a record, without its name and the record."""
    return {"id": SAMPLE_ID, "resource": resource.name, "key": record.get(resource.key), "at": format_instant(0)}


def possible_events(resource: Resource, names: Sequence[str], situation: Situation) -> Iterator[str]:
    """Those of these names of events that may have a record in this situation as theirs."""
    lifecycle = resource.lifecycle
    for name in names:
        if lifecycle is None:
            yield name
        elif name in lifecycle.transitions:
            if name in situation.fired:
                yield name
        elif name != CREATE or situation.state == lifecycle.initial:
            yield name


AnyValidator = ResponseValidator | EventValidator | WebhookValidator


def response_validators(contract: Contract, resource: Resource) -> list[AnyValidator]:
    """A validator for each operation that responds with records of the resource, as JSON with a schema, or streams.

    And for each webhook that sends them, and that the document declares.
    """
    validators: list[AnyValidator] = []
    for name, behaviour in contract.behaviours.items():
        operation = contract.operations[name]
        returned = contract.resources[behaviour.resource].returned_by(behaviour)
        if returned != resource.name or behaviour.kind in ("delete", "delete_all", "count", *ITEM_KINDS):
            continue
        if behaviour.kind == "stream":
            validators.append(EventValidator.of(contract, operation, resource))
            continue
        success = usual_success(operation, behaviour.kind)
        media_type = json_media_type(success[1]) if success is not None else None
        if media_type is None or media_type.validator is None or behaviour.key_schema is not None:
            continue
        envelope = _envelope(contract, operation, behaviour)
        validators.append(ResponseValidator(operation, media_type.validator, behaviour, envelope))
    for webhook in contract.webhooks.values():
        if webhook.validator is not None and any(name == resource.name for name, _ in webhook.events):
            validators.append(WebhookValidator.of(webhook, resource))
    return validators


def _envelope(contract: Contract, operation: Operation, behaviour: Behaviour) -> dict[str, Any]:
    """The other members of the envelope of a list of one record."""
    members = {behaviour.total: 1} if behaviour.total else {}
    counts = Page(1, 0, 1, None, behaviour.first_page)
    return complete_envelope(contract, behaviour.envelope_schema, members, counts, operation.id)


def states_of_record(contract: Contract, resource: Resource, row: Row, at: int) -> Mapping[StateNode, Reached]:
    """The states that a record can reach, each with the transitions that lead there, and the record there.

    `at` is the instant of these, in milliseconds since 1970.
    """
    assert resource.lifecycle is not None
    start = StateNode(row.record[resource.lifecycle.field], row.last)
    return records_from(resource.lifecycle, start, row.record, at, cache(lambda: sample_record(contract, resource)))


def sample_record(contract: Contract, resource: Resource) -> Record:
    """A generated record, from which bodies for transitions are made."""
    with suppress(CannotGenerate):
        generated = record_generator(contract, resource, f"check/{resource.name}", {}).generate(resource.schema)
        if isinstance(generated, dict):
            return generated
    return {}


def check_records(contract: Contract, state: State) -> Iterator[tuple[int, list[InvalidResponse]]]:
    """For each record, the number of its variants that were validated, and what is invalid about them."""
    for name, table in state.tables.items():
        resource = contract.resources[name]
        validators = response_validators(contract, resource)
        reachable: dict[StateNode, list[Situation]] = {}
        for row in table.ordered():
            invalid: list[InvalidResponse] = []
            count = 0
            computed = _computed_members(state, resource, row.record)
            if computed is None:
                # Requests that show the record report why.
                continue
            for situation, record in _situations(contract, resource, row, state.latest, reachable):
                for variant in _variants(resource, {**resource.visible(record), **computed}):
                    count += 1
                    invalid += _validate(resource, validators, variant, situation)
            yield count, invalid
        yield from _check_log_entries(contract, resource, state)


def _computed_members(state: State, resource: Resource, record: Record) -> Record | None:
    """The values that functions of `handlers.py` give a record; None where they fail."""
    if not resource.computed:
        return {}
    try:
        shown = with_derived_fields(state, resource, record)
    except Refusal:
        return None
    return {field.name: shown[field.name] for field in resource.computed}


def _situations(
    contract: Contract, resource: Resource, row: Row, at: int, reachable: dict[StateNode, list[Situation]]
) -> Iterator[tuple[Situation, Record]]:
    """The record in each state that it can reach; `reachable` remembers states that do not depend on the record."""
    lifecycle = resource.lifecycle
    if lifecycle is None:
        yield Situation(None), row.record
    elif lifecycle.depends_on_records:
        yield from _fired_situations(contract, resource, row, max(at, 0))
    else:
        start = StateNode(row.record[lifecycle.field], row.last)
        if start not in reachable:
            reachable[start] = list(_states_alone(lifecycle, start))
        for situation in reachable[start]:
            yield situation, {**row.record, lifecycle.field: situation.state}


def _states_alone(lifecycle: Lifecycle, start: StateNode) -> Iterator[Situation]:
    """The situations of a record whose transitions change the state alone."""
    states = {node.state for node in paths_from(lifecycle, start)}
    for state in sorted(states):
        incoming = [step for step in lifecycle.transitions.values() if step.target == state]
        fired = frozenset(step.name for step in incoming if not states.isdisjoint(step.sources))
        yield Situation(state, fired, start.last if state == start.state else None)


def _fired_situations(contract: Contract, resource: Resource, row: Row, at: int) -> Iterator[tuple[Situation, Record]]:
    """The record as the contract has it, and as it is after each transition that it can have, if that differs."""
    lifecycle = resource.lifecycle
    assert lifecycle is not None
    sample = cache(lambda: sample_record(contract, resource))
    fired: dict[str, list[tuple[Record, set[str]]]] = {row.record[lifecycle.field]: [(row.record, set())]}
    for reached in states_of_record(contract, resource, row, at).values():
        for name, changed in firings(lifecycle, reached.record, at, sample):
            records = fired.setdefault(changed[lifecycle.field], [])
            names = next((names for record, names in records if record == changed), None)
            if names is None:
                records.append((changed, {name}))
            else:
                names.add(name)
    for state, records in fired.items():
        for record, names in records:
            yield Situation(state, frozenset(names), row.last if record is row.record else None), record


def _variants(resource: Resource, record: Record) -> Iterator[Record]:
    """The record with each value that its derived fields may have."""
    if not resource.derived:
        yield record
        return
    with_defaults = {**record, **{derived.name: derived.none for derived in resource.derived}}
    for derived in resource.derived:
        for value in (derived.none, *derived.values.values()):
            yield {**with_defaults, derived.name: value}


def _validate(
    resource: Resource, validators: Sequence[AnyValidator], record: Record, situation: Situation
) -> Iterator[InvalidResponse]:
    key = record.get(resource.key)
    if not resource.validator.is_valid(record):
        for violation in resource.validator.violations(record, "body"):
            yield InvalidResponse(None, resource.name, key, situation.state, violation)
        return
    for validator in validators:
        yield from validator.invalid(resource, record, situation)


def _check_log_entries(
    contract: Contract, resource: Resource, state: State
) -> Iterator[tuple[int, list[InvalidResponse]]]:
    """Validate the log entry of each transition, for one record: entries of others differ only in the key."""
    log = contract.log_of(resource)
    rows = state.tables[resource.name].ordered().page(0, 1)
    if log is None or resource.lifecycle is None or not rows:
        return
    log_resource, reference = log
    validators = response_validators(contract, log_resource)
    at = format_instant(max(state.latest, 0))
    for transition in resource.lifecycle.transitions:
        entry = log_resource.visible(log_entry(resource, rows[0].record, log_resource, reference, transition, at))
        yield 1, list(_validate(log_resource, validators, entry, Situation(None)))
