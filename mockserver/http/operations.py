"""From a validated request to a response: `Prefer`, override, and the operation itself; then the response validated.

`call` settles, then responds by the idempotency key, an override (`_respond`), or the operation itself, whose response
is stored for the key (`_perform_and_store`); of a conditional request, the condition is checked first
(`_perform_conditionally`). At last, `_perform` has the channel, the behaviour, the handler or a sample respond.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from mockserver.contract.behaviour import Behaviour, ResultKind, kinds_of, success_of, usual_success
from mockserver.engine.behaviours.calls import OperationCall, OperationResult, Pages
from mockserver.engine.commands import KeepResponse
from mockserver.errors import CannotGenerate, Refusal
from mockserver.handlers.threads import kept_turn
from mockserver.http import handler_responses
from mockserver.http.exchange import Exchange, PreparedRequest
from mockserver.http.messages import IF_MATCH, IF_NONE_MATCH, MESSAGE, PATH_CHARACTERS, SAFE_METHODS, Response
from mockserver.http.request import idempotency, parameters, preconditions, preferences
from mockserver.http.response.negotiation import concrete_media_type, declared_media, negotiate
from mockserver.http.response.overrides import hold_back, replacement_response
from mockserver.http.response.page_links import link_header, page_addresses, with_links
from mockserver.http.response.problems import refuse
from mockserver.http.response.responses import build_response, entity_tag
from mockserver.http.response.samples import SampleSpec, default_sample, paired_sample, required_headers, sample
from mockserver.http.router import ControlHandler
from mockserver.http.streaming.channels import open_channel
from mockserver.http.streaming.opening import keep_open, open_events
from mockserver.openapi.content import holds_value
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.openapi.parameter_decoding import validate_header
from mockserver.refusals import (
    ContractViolation,
    HandlerFailed,
    HandlerTimeout,
    NotAcceptable,
    PreconditionFailed,
    RecordExists,
    UnknownRecord,
)
from mockserver.syntax.media_types import is_json
from mockserver.syntax.statuses import BODILESS
from mockserver.syntax.words import normalize

# Refusals from before there is anything to operate on: such a response is not kept for an idempotency key.
BEFORE_OPERATION = (NotAcceptable, PreconditionFailed, UnknownRecord, HandlerFailed, HandlerTimeout)
TOTAL_HEADERS = ("xtotalcount", "xtotal", "totalcount")
VIOLATIONS_HEADER = "X-Mock-Violations"
# Longer addresses are not understood everywhere (RFC 9110, section 4.1).
LOCATION_LIMIT = 8_000


def call(exchange: Exchange) -> Response:
    """Call the contract's operation that a request was routed to. Raises a Refusal."""
    response = _settle_and_respond(exchange)
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
        return enforce(exchange, operation, _sample(exchange, operation))
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


def _seed(exchange: Exchange) -> int:
    return exchange.service.contract.scenarios[exchange.selection.scenario].seed


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


def _call(exchange: Exchange) -> OperationCall:
    assert exchange.prepared.call is not None
    return exchange.prepared.call


def _perform_and_store(exchange: Exchange, operation: Operation) -> Response:
    """The operation's own response, a refusal included, kept under the idempotency key if there is one."""
    prepared = exchange.prepared
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
    if request.method in SAFE_METHODS or not request.by_name.is_conditional:
        return _perform(exchange, operation)
    handler = exchange.service.handler_of(operation)
    if handler is not None:
        # Its changes are made to the state that was checked, or it is checked and called again; nobody waits meanwhile.
        check = partial(_check_preconditions, exchange)
        return handler_responses.respond(exchange, operation, handler, _seed(exchange), check)
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
        return open_events(exchange, operation, _call(exchange), _seed(exchange))
    if behaviour is not None:
        return _perform_behaviour(exchange, operation, behaviour)
    handler = service.handler_of(operation)
    if handler is None:
        return _sample(exchange, operation)
    return handler_responses.respond(exchange, operation, handler, _seed(exchange))


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
            response.replace_headers(override.override.headers)
        if 200 <= response.status < 300:
            return response.header("ETag") or entity_tag(response.body)
    return None


def _overridden(exchange: Exchange, operation: Operation, *, delay: int) -> Response:
    """The response that an override gives, or the normal one with its headers. `delay` is in milliseconds."""
    assert exchange.override is not None
    override = exchange.override.override
    exchange.delivery = hold_back(exchange, override, delay)
    if not override.replaces:
        response = _perform_and_store(exchange, operation)
    else:
        if override.commit:
            # The client does not see how the operation itself ends.
            with suppress(Refusal):
                _perform_and_store(exchange, operation)
        response = replacement_response(exchange, operation, override, _seed(exchange)) or _sample(
            exchange, operation, override.status
        )
        if override.violate:
            response.violations.clear()
    response.replace_headers(override.headers)
    if override.media_type is not None and response.media_type is not None and not response.body.isascii():
        # With its charset, which other characters need.
        response.set_header("Content-Type", response.media_type)
    return response


def _perform_behaviour(exchange: Exchange, operation: Operation, behaviour: Behaviour) -> Response:
    """The response of an operation with a behaviour, once that has been carried out."""
    prepared = exchange.prepared
    media_type = prepared.accepted
    if media_type is None:
        media_type = prepared.accepted = _success_type(exchange, operation, behaviour)
    call = prepared.call
    assert call is not None
    if exchange.override is not None and exchange.override.override.assigned:
        call = replace(call, assigned=exchange.override.override.assigned)
    result = exchange.service.behaviours.perform(exchange.run, operation, call)
    if result.pages is not None:
        result = result._replace(value=_with_links(exchange, behaviour, result.value, result.pages))
    status, declared = success_of(operation, result.kind)
    headers: list[tuple[str, str]] = []
    if declared is not None and (declared.headers or result.kind is ResultKind.CREATED):
        headers = _headers(exchange, operation, result, SampleSpec(status, declared))
    if declared is not None and not _accepts(declared, status, media_type, result):
        response = _sample(exchange, operation, status)
        response.set_headers(dict(headers))
        return response
    if declared is not None and not declared.media and result.kind is not ResultKind.RETURNED:
        return build_response(operation, status, None, None, headers)
    return build_response(operation, status, result.value, media_type, headers, result.listed)


def _success_type(exchange: Exchange, operation: Operation, behaviour: Behaviour) -> str | None:
    """The media type of a success, negotiated before anything changes. Raises NotAcceptable.

    Records are written as JSON, or as XML by their schema.
    """
    success = usual_success(operation, behaviour.kind)
    if success is None or not success[1].media:
        return "application/json" if success is None or operation.method != "DELETE" else None
    media = success[1].media
    if len(media) > 1:
        media = {name: entry for name, entry in media.items() if holds_value(name, entry)} or media
    accept = exchange.request.header("Accept")
    name = negotiate(accept, media, operation)
    return concrete_media_type(accept, name, media[name]) if name is not None and "*" in name else name


def _accepts(declared: DeclaredResponse, status: int, media_type: str | None, result: OperationResult) -> bool:
    """Whether the result may be sent; else the declared response has another form: it is no JSON value, for example."""
    if media_type is None or status in BODILESS:
        return True
    if is_json(media_type) and result.kind is not ResultKind.DELETED:
        return True
    media = declared_media(declared, media_type)
    if media is None or not holds_value(media_type, media):
        return is_json(media_type)
    if result.kind is not ResultKind.DELETED or media.validator is None:
        return True
    is_other = isinstance(result.value, dict) and bool(media.shape.names) and media.shape.names.isdisjoint(result.value)
    return not is_other and media.validator.is_valid(result.value)


def _headers(
    exchange: Exchange, operation: Operation, result: OperationResult, spec: SampleSpec
) -> list[tuple[str, str]]:
    """Where a created record is, how many records a list has, and the other headers that are required."""
    pairs = list[tuple[str, str]]()
    if result.kind is ResultKind.CREATED and _is_readable(exchange, operation):
        location = _location(exchange, operation, spec.declared, result.key)
        if len(location) <= LOCATION_LIMIT:
            pairs.append(("Location", location))
    if result.total is not None:
        names = [header.name for header in spec.declared.headers]
        pairs += [(name, str(result.total)) for name in names if normalize(name) in TOTAL_HEADERS]
    declared = next((header for header in spec.declared.headers if header.name.lower() == "link"), None)
    if declared is not None and result.pages:
        link = link_header(page_addresses(exchange.request, result.pages))
        pairs += [(declared.name, link)] if link is not None and not validate_header(declared, link) else []
    present = [name for name, _ in pairs]
    contract, call = exchange.service.contract, _call(exchange)
    return pairs + required_headers(contract, operation, call, _seed(exchange), spec, present)


def _with_links(exchange: Exchange, behaviour: Behaviour, envelope: Any, pages: Pages) -> Any:
    """The envelope of a list with the addresses of its other pages."""
    if behaviour.envelope_schema is None:
        return envelope
    cursor = behaviour.selection.cursor
    kept = cursor.next if cursor is not None else None
    is_valid = exchange.service.contract.schemas.validator(behaviour.envelope_schema).is_valid
    return with_links(envelope, page_addresses(exchange.request, pages), is_valid, kept)


def _is_readable(exchange: Exchange, operation: Operation) -> bool:
    """Whether an operation returns the record alone that this one creates, so that its address leads somewhere."""
    behaviours = exchange.service.contract.behaviours
    created = behaviours[operation.id]
    return created.kind != "create_all" and "read" in kinds_of(behaviours, created.resource)


def _location(exchange: Exchange, operation: Operation, declared: DeclaredResponse, key: Any) -> str:
    """The address of a created record: relative, unless the declared header has to be absolute."""
    request = exchange.request
    if key is None:
        return quote(f"{request.root_path}{request.path}", safe=PATH_CHARACTERS)
    collection, item = request.path.rstrip("/"), quote(str(key), safe="")
    behaviour = exchange.service.behaviour_of(operation)
    if behaviour is not None and behaviour.item_path is not None:
        # The last segments of the path are those of the operation; what precedes them is the prefix of a server.
        own = operation.route.rstrip("/").split("/")[1:]
        segments = collection.split("/")
        sent = dict(zip(own, segments[-len(own) :], strict=True))
        item_path = [sent.get(part, part) for part in behaviour.item_path[:-1]]
        collection = "/".join([*segments[: -len(own)], *item_path])
        before, _, rest = behaviour.item_path[-1].partition("{")
        item = f"{before}{item}{rest.partition('}')[2]}"
    # Of the percent-encoded characters, the path has only those left that would otherwise be separators.
    collection = quote(f"{request.root_path}{collection}", safe=PATH_CHARACTERS)
    location = f"{collection}/{item}"
    header = next((header for header in declared.headers if header.name.lower() == "location"), None)
    fits = header is None or not validate_header(header, location)
    return location if fits else request.host_url.rstrip("/") + location


def _sample(exchange: Exchange, operation: Operation, status: int | None = None) -> Response:
    """The response of an operation without behaviour: that of the examples that the request is, if there are such."""
    service, prepared, seed = exchange.service, exchange.prepared, _seed(exchange)
    paired = paired_sample(operation, _call(exchange)) if operation.request_examples and status is None else None
    if paired is not None:
        with suppress(NotAcceptable):
            return sample(service.contract, prepared, seed, paired, strict=service.strict)
    return sample(service.contract, prepared, seed, default_sample(operation, status), strict=service.strict)


def preferred_by_example(exchange: Exchange) -> preferences.Preference | None:
    """The preference for the example of an error whose name the examples of an invalid request have."""
    operation = exchange.operation
    if operation is None or not operation.request_examples:
        return None
    paired = paired_sample(operation, parameters.read_invalid(exchange.prepared))
    return preferences.Preference(example=paired.example) if paired is not None else None


def _preferred(exchange: Exchange, operation: Operation, preference: preferences.Preference) -> Response:
    """The response that the client prefers, whatever implements the operation."""
    exchange.run.count_request(operation.id)
    status, declared = preferences.preferred_response(operation, preference)
    spec = SampleSpec(status, declared, preference.example, preference.dynamic)
    service = exchange.service
    response = sample(service.contract, exchange.prepared, _seed(exchange), spec, strict=service.strict)
    response.set_headers({preferences.APPLIED: preference.applied})
    return enforce(exchange, operation, response)
