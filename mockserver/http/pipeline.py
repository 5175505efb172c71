"""The steps of a request, in their order.

route → guard → select → credentials → validate request → settle → `Prefer` → override → operation → validate response
→ journal → deliver. The first five follow from the request and the contract alone (`prepare`); the module
`operation_steps` has the next five; the last is the front end's, which reads in the response what to do. A request that
is passed on to the upstream leaves the list after `select`: the front end carries out what the module `passing` says.
"""

from __future__ import annotations

import logging
from functools import partial

from msgspec.structs import replace

from mockserver.contract.upstream import Upstream
from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Entry, LoggedMessage
from mockserver.engine.run import Run
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import CallBetweenAttempts
from mockserver.engine.timeline import StillSettling, until_settled
from mockserver.errors import ENDING, CannotGenerate, Refusal
from mockserver.http import operation_steps, sample_responses
from mockserver.http.cache_validity import CacheValidity
from mockserver.http.exchange import SANDBOX_HEADER, Exchange, PreparedRequest
from mockserver.http.gateway.decision import is_passed, pass_on, read_for_overrides, refusal_to_pass
from mockserver.http.messages import SAFE_METHODS, Request, Response, header
from mockserver.http.request import credentials, forwarding, guard, idempotency, parameters, preferences, selection
from mockserver.http.request.addressing import decode_parameter
from mockserver.http.request_log import RequestLog, line_of
from mockserver.http.response import cors, redirects
from mockserver.http.response.overrides import delay_by_setting
from mockserver.http.response.problems import CODE_HEADER, refuse
from mockserver.http.response.responses import complete, merge_vary
from mockserver.http.router import Route, is_control_path
from mockserver.http.service import Service
from mockserver.http.webhooks.callbacks import send_callbacks
from mockserver.http.webhooks.hops import read_hops
from mockserver.refusals import (
    HandlerFailed,
    HandlerTimeout,
    InternalError,
    InvalidRecord,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoExample,
    TokenRequired,
    TooManyParts,
    UnsupportedCharset,
    UnsupportedMediaType,
)
from mockserver.syntax.http.statuses import FIRST_ERROR

VARY_OF_ORIGIN = "Vary", "Origin"
VARY = "Vary", "Origin, Cookie, Accept, Prefer, Baggage, X-Mock-Scenario, X-Mock-Sandbox"
INTERNAL_ERROR = 500
# What may be wrong with a request that is responded to all the same, if requests need not keep the contract.
TOLERABLE = (InvalidRequest, MalformedBody, UnsupportedMediaType, UnsupportedCharset, TooManyParts)
log = logging.getLogger("mockserver")


def respond(service: Service, request: Request) -> Response:
    """The response to a request. Whatever goes wrong is a response, too."""
    return respond_prepared(service, prepare(service, request))


def prepare(service: Service, request: Request) -> PreparedRequest:
    """What follows from a request and the contract alone; the same bytes have the same."""
    sent = _as_sent(service, request)
    return _prepare(service, request, sent, service.router.match(sent))


def _as_sent(service: Service, request: Request) -> Request:
    return forwarding.as_sent_by_client(request) if service.forwarded else request


def _prepare(service: Service, received: Request, request: Request, route: Route) -> PreparedRequest:
    """The same for a request that was routed; `received` is as it came, and `request` as its client sent it."""
    request.value_limit = service.value_limit
    prepared = PreparedRequest(request, received.logged, route)
    try:
        guard.check(service, request)
        if service.contract.webhooks or service.contract.callbacks:
            prepared.hops = read_hops(request)
        if cors.is_preflight(request):
            prepared.response = cors.preflight(request)
        else:
            _read_selection(service, prepared)
            if service.contract.upstream is not None:
                _decide_whether_passed_on(service, service.contract.upstream, prepared)
            _validate(service, prepared)
    except Refusal as refusal:
        prepared.refusal = refusal.with_traceback(None)
        if service.contract.upstream is not None:
            read_for_overrides(prepared)
    except ENDING:
        raise
    except BaseException as error:
        log_failure(request.method, request.path, error)
        prepared.refusal = InternalError()
    return prepared


def prepare_head(service: Service, request: Request) -> PreparedRequest | None:
    """The same for a request whose body is still to come; None unless it is passed on to the upstream."""
    upstream = service.contract.upstream
    if upstream is None:
        return None
    sent = _as_sent(service, request)
    route = service.router.match(sent)
    if not is_passed(service, upstream, sent, route):
        return None
    prepared = _prepare(service, request, sent, route)
    return prepared if prepared.passes else None


def respond_prepared(service: Service, prepared: PreparedRequest) -> Response:
    """The response to a request that was prepared, however much is due before it."""
    return until_settled(partial(respond_in_turns, service, prepared))


def respond_in_turns(service: Service, prepared: PreparedRequest) -> Response:
    """The response to a request that was prepared, after which the webhooks are sent that it leads to.

    Raises StillSettling where others should have their turn first.
    """
    if service.outbox is None or not (service.contract.webhooks or service.contract.callbacks):
        return _respond_in_transaction(service, prepared)
    with service.outbox.after_response(prepared.hops) as responses:
        responses.append(_respond_in_transaction(service, prepared))
    return responses[0]


def _respond_in_transaction(service: Service, prepared: PreparedRequest) -> Response:
    """The response to a request: once, or again where another process changed its sandbox."""
    previous: Response | None = None

    def attempt(refusal: Refusal | None) -> tuple[Exchange, Response]:
        nonlocal previous
        # Where the attempt before this one held its response back, nobody will send it.
        if previous is not None and previous.delivery is not None:
            previous.delivery.delivered()
        exchange = Exchange(service, prepared, monotonic())
        previous = _respond_once(exchange, refusal)
        return exchange, previous

    try:
        exchange, response = service.sandboxes.transact(attempt)
    except (*ENDING, StillSettling):
        raise
    except BaseException as error:
        log_failure(prepared.request.method, prepared.request.path, error)
        return complete(refuse(service, None, InternalError()), prepared.request)
    if service.contract.callbacks:
        send_callbacks(exchange, response)
    if service.request_log is not None and response.upstream is None:
        if response.delivery is None or response.delivery.retry is None:
            response.line = line_of(exchange, response)
            service.request_log(response.line)
        else:
            response.delivery.ended = partial(_log_end, service.request_log, exchange, response)
    return response


def _respond_once(exchange: Exchange, store_refusal: Refusal | None) -> Response:
    try:
        response = _select_and_respond(exchange, store_refusal)
    except Refusal as refusal:
        response = refuse_exchange(exchange, refusal)
    except CannotGenerate as error:
        operation = exchange.operation
        response = refuse_exchange(exchange, NoExample(operation.id if operation else "the scenario", error.reason))
    except (*ENDING, CallBetweenAttempts, StillSettling):
        raise
    except BaseException as error:
        log_failure(exchange.request.method, exchange.request.path, error)
        response = refuse_exchange(exchange, InternalError())
    if response.upstream is None:
        add_headers(exchange, response)
        _write_to_journal(exchange, response)
        if exchange.service.delay is not None and exchange.prepared.response is None and _is_journaled(exchange):
            delay_by_setting(exchange)
    response.delivery = exchange.delivery
    return response


def _log_end(log: RequestLog, exchange: Exchange, waiting: Response, sent: Response | None) -> None:
    """Log a request that waited in vain, or whose wait was ended by another response."""
    line = line_of(exchange, waiting if sent is None else sent)
    log(line if sent is None else replace(line, code=sent.header(CODE_HEADER), reason=None))


def log_failure(method: str, path: str, error: BaseException) -> None:
    """Log what failed at a request; the client sees none of it."""
    log.error("%s %s failed", method, path, exc_info=error)


def _read_selection(service: Service, prepared: PreparedRequest) -> None:
    """Read which sandbox and scenario is meant; a page navigation that says so is redirected to a clean address."""
    request = prepared.request
    target = selection.redirect_target(request)
    if target is not None:
        guard.check_token_in_query(service, request)
    prepared.choice = selection.read_choice(service, request)
    prepared.choice.is_foreign = guard.is_foreign(service, request)
    if target is not None:
        prepared.response = redirects.to_clean_address(service, request, *target)


def _decide_whether_passed_on(service: Service, upstream: Upstream, prepared: PreparedRequest) -> None:
    """Decide whether the request is passed on to the upstream in every sandbox. Raises UpstreamLoop and NoWebSocket."""
    request = prepared.request
    prepared.passes = prepared.response is None and is_passed(service, upstream, request, prepared.route)
    if prepared.passes and (refusal := refusal_to_pass(upstream, request)) is not None:
        raise refusal


def _validate(service: Service, prepared: PreparedRequest) -> None:
    """Check credentials and validate the request, if it has led to an operation. Raises a Refusal."""
    route, request = prepared.route, prepared.request
    if prepared.response is not None or prepared.passes:
        return
    if route.refusal is not None:
        if request.method == "OPTIONS" and isinstance(route.refusal, MethodNotAllowed):
            prepared.response = Response(204, headers=[("Allow", ", ".join(route.refusal.methods))])
            return
        raise route.refusal
    if route.operation is None:
        return
    if not route.is_control:
        credentials.check(route.operation, request)
        prepared.key = idempotency.read_key(request)
    try:
        may_subscribe = not service.contract.webhooks or guard.may_lead_to_requests(service, request)
        parameters.validate(service, prepared, may_subscribe=may_subscribe)
    except TOLERABLE as refusal:
        if service.strict_requests or route.is_control:
            raise
        prepared.tolerated = refusal.with_traceback(None)
        prepared.call = parameters.read_invalid(prepared)
        prepared.parameters = {**prepared.call.query, **prepared.call.path}
    if prepared.key is not None:
        # Of the body without its compression, which may differ from one attempt to the next.
        prepared.digest = idempotency.digest(prepared.request)
    if not route.is_control:
        prepared.preference = preferences.read(route.operation, request)


def _select_and_respond(exchange: Exchange, store_refusal: Refusal | None) -> Response:
    """The response of what the request was routed to, in the sandbox that it selects. Raises a Refusal."""
    service, prepared, choice = exchange.service, exchange.prepared, exchange.prepared.choice
    if choice is not None:
        if store_refusal is not None:
            raise store_refusal
        if prepared.request.path != guard.HEALTH or service.sandboxes.store_status != "unavailable":
            exchange.sandbox = find_sandbox(service, prepared, choice)
            if choice.refusal is not None:
                return refuse_exchange(exchange, choice.refusal)
            exchange.selected = selection.resolve(exchange.sandbox, choice, service.contract.default_scenario)
    if service.contract.upstream is not None and exchange.selected is not None:
        passed_on = pass_on(exchange, service.contract.upstream)
        if passed_on is not None:
            return passed_on
    if prepared.refusal is not None:
        return refuse_exchange(exchange, prepared.refusal)
    if prepared.response is not None:
        return Response(prepared.response.status, prepared.response.body, headers=list(prepared.response.headers))
    target = prepared.route.target
    if target.render is not None:
        return target.render(exchange, prepared.route.arguments)
    if target.handle is not None:
        return complete(operation_steps.call_control(exchange, target.handle), exchange.request)
    response, request = operation_steps.call(exchange), exchange.request
    # Decided only where a client asks, since few do.
    says_when = request.by_name.get("If-Modified-Since") is None or operation_steps.says_when_modified(exchange)
    return complete(response, request, says_when_modified=says_when)


def find_sandbox(service: Service, prepared: PreparedRequest, choice: selection.Choice) -> Sandbox:
    """The sandbox that a request names. One that does not exist is created where the request needs it to last."""
    target = prepared.route.target
    if target.render is not None or not target.needs_sandbox:
        return service.sandboxes.peek(choice.sandbox)
    return service.sandboxes.visit(choice.sandbox) if choice.is_foreign else service.sandboxes.get(choice.sandbox)


def refuse_exchange(exchange: Exchange, refusal: Refusal) -> Response:
    """The response to a request that is refused."""
    service, request, operation = exchange.service, exchange.request, exchange.operation
    exchange.refusal = refusal
    if isinstance(refusal, HandlerFailed | HandlerTimeout):
        exchange.add_notice(refusal.note)
        log.error("%s", refusal.note, exc_info=refusal.__cause__)
    if isinstance(refusal, InvalidRequest | InvalidRecord):
        exchange.violations = refusal.violations
    preference = preferences.peek(operation, request) if operation is not None else None
    if preference is None and isinstance(refusal, InvalidRequest):
        preference = sample_responses.preferred_by_example(exchange)
    response = refuse(service, operation, refusal, preference, request.header("Accept"))
    if operation is not None and exchange.selected is not None:
        response = operation_steps.enforce(exchange, operation, response)
    response = complete(response, request)
    if isinstance(refusal, TokenRequired) and service.token_page is not None and selection.is_navigation(request):
        return service.token_page(exchange, response)
    return response


def add_headers(exchange: Exchange, response: Response) -> None:
    """Say what was selected, what the response depends on, and who may read it."""
    selected = exchange.selected
    pairs = [VARY]
    if response.is_immutable:
        pairs = [VARY_OF_ORIGIN]
    elif selected is not None:
        pairs.append(header(selection.SCENARIO_HEADER, selected.scenario))
        pairs.append(header(SANDBOX_HEADER, selected.sandbox.name))
        if selected.ignored:
            pairs.append(("X-Mock-Ignored-Cookie", ", ".join(selected.ignored)))
    response.add_headers(pairs)
    if "vary" in response.fixed:
        response.set_header("Vary", merge_vary(response.headers, VARY))
    if exchange.compared_headers:
        response.set_header("Vary", merge_vary(response.headers, ("Vary", ", ".join(exchange.compared_headers))))
    if "Origin" in exchange.request.by_name:
        response.add_headers(cors.headers(exchange.service, exchange.request, response))


def _write_to_journal(exchange: Exchange, response: Response) -> None:
    """Enter the exchange into its sandbox's journal; a response that can be sent again says so."""
    sandbox, selected = exchange.sandbox, exchange.selected
    if sandbox is None or not _is_journaled(exchange):
        return
    entry = response.entry = sandbox.journal.add(journal_entry(exchange, response))
    if response.stays_open:
        if response.stream is not None:
            response.stream.is_logged_as(sandbox.journal, entry)
        return
    if entry.method not in SAFE_METHODS or exchange.service.delay is not None:
        return
    run = selected.begun_run if selected is not None else None
    if run is not None and _is_cacheable(entry, run) and _is_current(exchange, run):
        response.validity = CacheValidity(sandbox, run)


def _is_journaled(exchange: Exchange) -> bool:
    """Whether the journal has this request: those to the contract, and every response that violated it."""
    if exchange.invalid_status is not None:
        return True
    route = exchange.prepared.route
    if route.operation is not None:
        return route.target.handle is None
    return not is_control_path(exchange.request.path) and not route.is_page


def journal_entry(exchange: Exchange, response: Response) -> Entry:
    """The entry that the journal gets of an exchange."""
    request, selected, operation = exchange.request, exchange.selected, exchange.operation
    assert exchange.sandbox is not None
    run = selected.begun_run if selected is not None else None
    method = request.method
    if run is not None:
        at: int | None = run.timeline.now
    else:
        at = exchange.sandbox.now(selected.scenario) if selected is not None else None
    note = "; ".join(exchange.notices) if exchange.notices else None
    if note is None and run is not None and run.notice is not None:
        note = run.pop_notice()
    return Entry(
        number=exchange.sandbox.journal.count + 1,
        at=at,
        scenario=selected.scenario if selected is not None else None,
        operation=operation.id if operation is not None else None,
        method=method,
        path=decode_parameter(request.path),
        query=request.query,
        status=response.status,
        milliseconds=(monotonic() - exchange.began) * 1_000,
        request=exchange.prepared.logged,
        response=LoggedMessage.sent(tuple(response.headers), b"" if method == "HEAD" else response.body),
        violations=exchange.violations,
        invalid_status=exchange.invalid_status,
        fired=run.drain_fired() if run is not None else (),
        parameters=exchange.prepared.parameters,
        override=exchange.override.id if exchange.override is not None else None,
        note=note,
        code=response.header(CODE_HEADER) if response.status >= FIRST_ERROR else None,
        handler=exchange.handler,
        upstream=exchange.is_passed,
    )


def _is_cacheable(entry: Entry, run: Run) -> bool:
    """Whether the same request, which changes nothing, gets the same response until something changes."""
    return (
        entry.operation is not None
        and entry.override is None
        and entry.invalid_status is None
        and entry.note is None
        and entry.status != INTERNAL_ERROR
        and entry.operation not in run.contract.callbacks
        and not run.clock.counts(entry.operation)
        # The next request may be one of those that an override with a share responds to.
        and not run.state.overrides.has_draws
    )


def _is_current(exchange: Exchange, run: Run) -> bool:
    """Whether the run is as it was when the response was built, while other requests may have been handled."""
    return exchange.handler is None and (exchange.snapshot is None or run.matches(*exchange.snapshot))
