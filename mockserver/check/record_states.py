"""Validates every record in every state that it can reach, by its schema and in the responses of operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.lifecycle import LOG_EVENT, LOG_STAMP
from mockserver.contract.model import Contract, Record, Resource
from mockserver.contract.webhooks.model import Webhook
from mockserver.engine.behaviours.calls import ResultKind
from mockserver.engine.behaviours.envelopes import Page, complete_envelope
from mockserver.engine.events.changes import APPEND, CREATE, DELETE, REPLACE, UPDATE
from mockserver.engine.reachability import Reached, StateNode, paths_from, records_from
from mockserver.engine.seeding.record_generator import record_generator
from mockserver.engine.state.presentation import with_derived_fields
from mockserver.engine.state.sorted_rows import Row
from mockserver.engine.state.state import State
from mockserver.errors import CannotGenerate, Refusal, Violation
from mockserver.http.operations import PREFERRED, RESULTS
from mockserver.http.streaming.messages import ServerSentEvents
from mockserver.http.webhooks.composing import body_of
from mockserver.openapi.content import json_media_type
from mockserver.openapi.model import Operation
from mockserver.schemas.validators import Validator
from mockserver.syntax.instants import format_instant
from mockserver.syntax.media_types import EVENT_STREAM

# An id such as events have.
SAMPLE_ID = "1-00000000"


@dataclass(frozen=True, slots=True)
class InvalidResponse:
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


@dataclass(frozen=True, slots=True)
class ResponseValidator:
    """Validates the response of an operation about one record.

    That of a transition is only sent about a record in the state `target`. `envelope` holds the other members of a
    response that has an envelope.
    """

    operation: Operation
    validator: Validator
    behaviour: Behaviour
    target: str | None
    envelope: Mapping[str, Any] = field(default_factory=dict)

    def invalid(self, resource: Resource, record: Record, state: str | None) -> Iterator[InvalidResponse]:
        """What is wrong with the response that holds this record."""
        for violation in self._violations(record):
            yield InvalidResponse(self.operation.id, resource.name, record.get(resource.key), state, violation)

    def _violations(self, record: Record) -> list[Violation]:
        response: Any = record
        if self.behaviour.kind in ("list", "create_all", "replace_all"):
            response = [record]
            if self.behaviour.items is not None:
                response = {**self.envelope, self.behaviour.items: response}
        elif self.behaviour.item is not None:
            response = {**self.envelope, self.behaviour.item: record}
        return [] if self.validator.is_valid(response) else self.validator.violations(response, "body")


@dataclass(frozen=True, slots=True)
class EventValidator:
    """Validates the events in `names`, as a stream sends them about one record."""

    operation: Operation
    form: ServerSentEvents
    names: Sequence[str]
    target: None = None

    @classmethod
    def of(cls, contract: Contract, operation: Operation, resource: Resource) -> EventValidator:
        """Of an operation that streams the events of a resource."""
        success = operation.success()
        media = success[1].media.get(EVENT_STREAM) if success is not None else None
        kinds = {behaviour.kind for behaviour in contract.behaviours.values() if behaviour.resource == resource.name}
        changes = sorted(kinds & {CREATE, UPDATE, REPLACE, DELETE}) if resource.key else [APPEND]
        transitions = resource.lifecycle.transitions if resource.lifecycle is not None else ()
        return cls(operation, ServerSentEvents(resource, media), (*changes, *transitions))

    def invalid(self, resource: Resource, record: Record, state: str | None) -> Iterator[InvalidResponse]:
        """What is wrong with the events of a record in this state."""
        for name in names_in_state(resource, self.names, state):
            for violation in self.form.violations(SAMPLE_ID, name, record):
                yield InvalidResponse(self.operation.id, resource.name, record.get(resource.key), state, violation)


@dataclass(frozen=True, slots=True)
class WebhookValidator:
    """Validates the bodies of a webhook that the document declares, for the events in `names`."""

    webhook: Webhook
    names: Sequence[str]
    target: None = None

    @classmethod
    def of(cls, webhook: Webhook, resource: Resource) -> WebhookValidator:
        """For the events of a resource."""
        return cls(webhook, sorted(name for of_resource, name in webhook.events if of_resource == resource.name))

    def invalid(self, resource: Resource, record: Record, state: str | None) -> Iterator[InvalidResponse]:
        """What is wrong with the bodies that are sent of a record in this state."""
        sent = {name: value for name, value in record.items() if name not in resource.write_only}
        event = {"id": SAMPLE_ID, "resource": resource.name, "key": record.get(resource.key), "at": format_instant(0)}
        for name in names_in_state(resource, self.names, state):
            _, violations = body_of(self.webhook, {**event, "event": name, "record": sent})
            for violation in violations:
                webhook = self.webhook.name, name
                yield InvalidResponse(None, resource.name, event["key"], state, violation, webhook)


def names_in_state(resource: Resource, names: Sequence[str], state: str | None) -> Iterator[str]:
    """Those of these names of events that a record may have that is in this state after the event."""
    lifecycle = resource.lifecycle
    for name in names:
        transition = lifecycle.transitions.get(name) if lifecycle is not None else None
        if transition is not None:
            target: str | None = transition.target
        else:
            target = lifecycle.initial if lifecycle is not None and name == CREATE else state
        if target == state:
            yield name


AnyValidator = ResponseValidator | EventValidator | WebhookValidator


def response_validators(contract: Contract, resource: Resource) -> list[AnyValidator]:
    """A validator for each operation that responds with records of the resource, as JSON with a schema, or streams.

    And for each webhook that sends them, and that the document declares.
    """
    validators: list[AnyValidator] = []
    for name, behaviour in contract.behaviours.items():
        operation = contract.operations[name]
        if behaviour.resource != resource.name or behaviour.kind in ("delete", "delete_all", "count"):
            continue
        if behaviour.kind == "stream":
            validators.append(EventValidator.of(contract, operation, resource))
            continue
        success = operation.success(PREFERRED[RESULTS.get(behaviour.kind, ResultKind.RETURNED)])
        media_type = json_media_type(success[1]) if success is not None else None
        if media_type is None or media_type.validator is None:
            continue
        transitions = resource.lifecycle.transitions if resource.lifecycle is not None else {}
        transition = transitions.get(behaviour.transition or "")
        target = transition.target if transition is not None else None
        envelope = _envelope(contract, operation, behaviour)
        validators.append(ResponseValidator(operation, media_type.validator, behaviour, target, envelope))
    for webhook in contract.webhooks.values():
        if webhook.validator is not None and any(name == resource.name for name, _ in webhook.events):
            validators.append(WebhookValidator.of(webhook, resource))
    return validators


def _envelope(contract: Contract, operation: Operation, behaviour: Behaviour) -> dict[str, Any]:
    """The other members of the envelope of a list of one record."""
    members = {behaviour.total: 1} if behaviour.total is not None else {}
    if behaviour.envelope_schema is None:
        return members
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
        reachable: dict[StateNode, frozenset[str]] = {}
        for row in table.ordered():
            invalid: list[InvalidResponse] = []
            count = 0
            computed = _computed_members(state, resource, row.record)
            if computed is None:
                # Requests that show the record report why.
                continue
            for entered, record in _records_by_state(contract, resource, row, state.latest, reachable):
                for variant in _variants(resource, {**resource.visible(record), **computed}):
                    count += 1
                    invalid += _validate(resource, validators, variant, entered)
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


def _records_by_state(
    contract: Contract, resource: Resource, row: Row, at: int, reachable: dict[StateNode, frozenset[str]]
) -> Iterator[tuple[str | None, Record]]:
    """The record in each state that it can reach; `reachable` remembers states that do not depend on the record."""
    lifecycle = resource.lifecycle
    if lifecycle is None:
        yield None, row.record
        return
    if lifecycle.depends_on_records:
        for node, reached in states_of_record(contract, resource, row, max(at, 0)).items():
            yield node.state, reached.record
        return
    node = StateNode(row.record[lifecycle.field], row.last)
    if node not in reachable:
        reachable[node] = frozenset(node.state for node in paths_from(lifecycle, node))
    for state in sorted(reachable[node]):
        yield state, {**row.record, lifecycle.field: state}


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
    resource: Resource, validators: Sequence[AnyValidator], record: Record, state: str | None
) -> Iterator[InvalidResponse]:
    key = record.get(resource.key)
    if not resource.validator.is_valid(record):
        for violation in resource.validator.violations(record, "body"):
            yield InvalidResponse(None, resource.name, key, state, violation)
        return
    for validator in validators:
        if validator.target is None or validator.target == state:
            yield from validator.invalid(resource, record, state)


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
        entry = {reference: rows[0].record[resource.key], LOG_EVENT: transition, LOG_STAMP: at}
        yield 1, list(_validate(log_resource, validators, entry, None))
