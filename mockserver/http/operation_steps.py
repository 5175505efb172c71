"""From a validated request to a response: `Prefer`, override, and the operation itself; then the response validated.

`call` settles, then responds by the idempotency key, an override (`_respond`), or the operation itself, whose response
is stored for the key (`_perform_and_store`); of a conditional request, the condition is checked first
(`_perform_conditionally`). At last, `_perform` has the channel, the behaviour, the handler or a sample respond.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from mockserver.contract.model import Override
from mockserver.engine.commands import KeepResponse
from mockserver.errors import CannotGenerate, Refusal
from mockserver.handlers.threads import kept_turn
from mockserver.http import behaviour_responses, handler_responses, sample_responses
from mockserver.http.exchange import Exchange, PreparedRequest
from mockserver.http.messages import IF_MATCH, IF_NONE_MATCH, MESSAGE, SAFE_METHODS, Response
from mockserver.http.request import idempotency, parameters, preconditions, preferences
from mockserver.http.response.negotiation import negotiate
from mockserver.http.response.overrides import amend, fill_template, hold_back, replacement_response
from mockserver.http.response.problems import refuse
from mockserver.http.response.responses import build_response, entity_tag
from mockserver.http.response.samples import SampleSpec, sample
from mockserver.http.router import ControlHandler
from mockserver.http.streaming.channels import open_channel
from mockserver.http.streaming.opening import keep_open, open_events
from mockserver.openapi.model import Operation
from mockserver.refusals import (
    ContractViolation,
    HandlerFailed,
    HandlerTimeout,
    InvalidRequest,
    NotAcceptable,
    PreconditionFailed,
    RecordExists,
    UnknownRecord,
)

# Refusals from before there is anything to operate on: such a response is not kept for an idempotency key.
BEFORE_OPERATION = (NotAcceptable, PreconditionFailed, UnknownRecord, HandlerFailed, HandlerTimeout)
VIOLATIONS_HEADER = "X-Mock-Violations"


def call(exchange: Exchange) -> Response:
    """Call the contract's operation that a request was routed to. Raises a Refusal."""
    response = _settle_and_respond(exchange)
    if (tolerated := exchange.prepared.tolerated) is not None and exchange.invalid_status is None:
        exchange.violations = tolerated.violations if isinstance(tolerated, InvalidRequest) else ()
        exchange.add_notice(f"not refused: {tolerated.detail}")
    if response.stays_open:
        keep_open(exchange, response)
    return response


def _settle_and_respond(exchange: Exchange) -> Response:
    """Settle what is due, and respond; a request with an idempotency key that was used gets its first response."""
    prepared, operation, selected = exchange.prepared, exchange.operation, exchange.selected
    assert operation is not None
    assert selected is not None
    try:
        run = exchange.run = selected.settle()
    except CannotGenerate:
        # The scenario has no records; what needs none can still respond.
        if exchange.service.implements(operation):
            raise
        return enforce(exchange, operation, sample_responses.respond(exchange, operation))
    if prepared.preference is not None:
        return _preferred(exchange, operation, prepared.preference)
    if prepared.key is None:
        return _respond(exchange, operation)
    stored = run.begin_key(prepared.key, prepared.digest)
    if stored is not None:
        return idempotency.replay(stored)
    end = partial(run.end_key, prepared.key)
    try:
        return _respond(exchange, operation)
    finally:
        # The key is in flight until the response has been delivered.
        if exchange.delivery is not None:
            exchange.delivery.on_delivered.append(end)
        else:
            end()


def says_when_modified(exchange: Exchange) -> bool:
    """Whether the `Last-Modified` of a response is about its body, and not a sample beside a body that changes."""
    if exchange.override is not None:
        return any(name.lower() == "last-modified" for name in exchange.override.override.headers)
    return exchange.service.behaviour_of(_operation(exchange)) is None


def call_control(exchange: Exchange, handle: ControlHandler) -> Response:
    """Call the control API's operation that a request was routed to. Raises a Refusal."""
    operation = _operation(exchange)
    success = operation.success()
    accept = exchange.request.header("Accept")
    media_type = negotiate(accept, success[1].media, operation) if success is not None else None
    status, value, *headers = handle(exchange, exchange.prepared.call)
    response = build_response(operation, status, value, media_type, headers[0].items() if headers else ())
    return enforce(exchange, operation, response)


def enforce(exchange: Exchange, operation: Operation, response: Response) -> Response:
    """The response where it keeps the contract; else, strictly, a refusal; leniently, the response and a count."""
    if not response.violations:
        return response
    refusal = ContractViolation(operation.id, response.status, response.violations)
    exchange.invalid_status, exchange.violations = response.status, response.violations
    if exchange.service.strict:
        return refuse(exchange.service, operation, refusal)
    response.set_headers({VIOLATIONS_HEADER: str(len(response.violations))})
    return response


def _operation(exchange: Exchange) -> Operation:
    assert exchange.operation is not None
    return exchange.operation


def _respond(exchange: Exchange, operation: Operation) -> Response:
    run = exchange.run
    run.count_request(operation.id)
    if exchange.service.contract.python is not None:
        exchange.snapshot = run.snapshot
    used = None
    if run.timeline.state.overrides.active:
        used = run.use_override(operation.id, exchange.prepared.parameters, exchange.content)
    if used is None:
        response = _perform_and_store(exchange, operation)
    else:
        exchange.override = used[0]
        response = _overridden(exchange, operation, delay=used[1])
    return enforce(exchange, operation, response)


def _perform_and_store(exchange: Exchange, operation: Operation) -> Response:
    """The operation's own response, a refusal included, kept under the idempotency key if there is one."""
    prepared = exchange.prepared
    if prepared.tolerated is not None and exchange.service.implements(operation):
        # Records and handlers rely on valid values.
        raise prepared.tolerated
    try:
        response = _perform_conditionally(exchange, operation)
    except Refusal as refusal:
        if prepared.key is None or isinstance(refusal, BEFORE_OPERATION):
            raise
        response = refuse(exchange.service, operation, refusal, accept=exchange.request.header("Accept"))
    if prepared.key is not None and not response.violations:
        key, stored = prepared.key, idempotency.store(response, prepared.digest)
        exchange.run.submit(lambda _, at: KeepResponse(key, stored, at))
    return response


def _perform_conditionally(exchange: Exchange, operation: Operation) -> Response:
    """The operation's own response, if the condition of the request holds. Raises PreconditionFailed."""
    request = exchange.request
    if request.method in SAFE_METHODS:
        # A response whose tag alone is wanted has no condition of its own. `complete` looks at `If-None-Match`.
        has_condition = exchange.commits and IF_MATCH in request.by_name
        if has_condition and (tag := _current_tag(exchange)) is not None:
            preconditions.check_match(request, tag)
        return _perform(exchange, operation)
    # What QUERY responds with has no tag, and nothing changes.
    if not request.by_name.is_conditional or request.method == "QUERY":
        return _perform(exchange, operation)
    handler = exchange.service.handler_of(operation)
    if handler is not None:
        # Its changes are made to the state that was checked, or it is checked and called again; nobody waits meanwhile.
        check = partial(_check_preconditions, exchange)
        return handler_responses.respond(exchange, operation, handler, exchange.seed, check)
    # Of several requests with the same tag, one finds it current.
    # A thread that let the event loop run meanwhile would have it wait for the lock.
    with exchange.run.exclusive, kept_turn():
        _check_preconditions(exchange)
        try:
            return _perform(exchange, operation)
        except RecordExists:
            if preconditions.creates(request):
                raise PreconditionFailed(IF_NONE_MATCH, "*") from None
            raise


def _perform(exchange: Exchange, operation: Operation) -> Response:
    """The response of what implements the operation."""
    service = exchange.service
    channel = service.channel_of(operation) if service.contract.channels else None
    if channel is not None and exchange.request.method != MESSAGE:
        return open_channel(exchange, channel)
    behaviour = service.behaviour_of(operation)
    if behaviour is not None and behaviour.kind == "stream":
        return open_events(exchange, operation, exchange.call, exchange.seed)
    if behaviour is not None:
        return behaviour_responses.respond(exchange, operation, behaviour)
    handler = service.handler_of(operation)
    if handler is None:
        return sample_responses.respond(exchange, operation)
    return handler_responses.respond(exchange, operation, handler, exchange.seed)


def _check_preconditions(exchange: Exchange) -> None:
    """Check `If-Match` and `If-None-Match` against the present state. Raises PreconditionFailed."""
    tag, request = _current_tag(exchange), exchange.request
    if_match = request.header(IF_MATCH)
    if tag is not None:
        preconditions.check(request, tag)
    elif if_match is not None and request.method == "PUT" and "201" in _operation(exchange).responses:
        # A PUT that would create: there is no version that the condition could be about.
        raise PreconditionFailed(IF_MATCH, if_match)


def _current_tag(exchange: Exchange) -> str | None:
    """The entity tag of a GET at the same address; None where that is not declared or would not succeed now.

    What it would refuse, the operation itself refuses (RFC 9110, section 13.2.1).
    """
    service, request = exchange.service, exchange.request.as_get()
    prepared = PreparedRequest(request, exchange.prepared.logged, service.router.match(request))
    operation = prepared.route.operation
    if operation is None or prepared.route.is_control:
        return None
    read = Exchange(service, prepared, exchange.began)
    read.sandbox, read.selected, read.run, read.commits = exchange.sandbox, exchange.selected, exchange.run, False
    with suppress(Refusal, CannotGenerate):
        parameters.validate(service, prepared)
        response = _perform_conditionally(read, operation)
        overrides = exchange.run.state.overrides
        override = next(overrides.matches(operation.id, prepared.parameters, read.content), None)
        if override is not None:
            filled = fill_template(read, override.override)
            if filled.replaces:
                response = _replace(read, operation, filled)
            else:
                response = amend(read, operation, filled, response)
        if 200 <= response.status < 300:
            return response.header("ETag") or entity_tag(response.body)
    return None


def _overridden(exchange: Exchange, operation: Operation, *, delay: int) -> Response:
    """The response that an override gives, or the normal one with its headers. `delay` is in milliseconds."""
    assert exchange.override is not None
    override = fill_template(exchange, exchange.override.override)
    if override.is_template:
        exchange.override = replace(exchange.override, override=override)
    exchange.delivery = hold_back(exchange, override, delay)
    if not override.replaces:
        response = amend(exchange, operation, override, _perform_and_store(exchange, operation))
    else:
        if override.commit:
            # The client does not see how the operation itself ends.
            with suppress(Refusal):
                _perform_and_store(exchange, operation)
        response = _replace(exchange, operation, override)
    if override.violate:
        response.violations.clear()
    if override.media_type is not None and response.media_type is not None and not response.body.isascii():
        # With its charset, which other characters need.
        response.set_header("Content-Type", response.media_type)
    return response


def _replace(exchange: Exchange, operation: Operation, override: Override) -> Response:
    """The response that an override gives in place of the normal one."""
    replacement = replacement_response(exchange, operation, override, exchange.seed)
    response = replacement or sample_responses.respond(exchange, operation, override.status)
    response.replace_headers(override.headers)
    return response


def _preferred(exchange: Exchange, operation: Operation, preference: preferences.Preference) -> Response:
    """The response that the client prefers, whatever implements the operation."""
    exchange.run.count_request(operation.id)
    status, declared = preferences.preferred_response(operation, preference)
    spec = SampleSpec(status, declared, preference.example, preference.dynamic)
    service = exchange.service
    response = sample(service.contract, exchange.prepared, exchange.seed, spec, strict=service.strict)
    response.set_headers({preferences.APPLIED: preference.applied})
    return enforce(exchange, operation, response)
