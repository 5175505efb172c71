"""The response of an operation that a handler responds to: called, validated, and only then its changes made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from mockserver.contract.webhooks.model import subscriptions_by
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.behaviours.implementation import subscription_of
from mockserver.engine.commands import Fire, Put, Remove, Transaction
from mockserver.engine.handler_calls.calls import HandlerCall, Outcome, call_handler
from mockserver.engine.run import Run
from mockserver.engine.run_snapshots import Basis
from mockserver.engine.state.json_values import copy_json
from mockserver.errors import Refusal, Violation
from mockserver.handlers.declarations import Reply
from mockserver.handlers.python import PythonFunction
from mockserver.http.exchange import Exchange, Selection
from mockserver.http.messages import Request, Response
from mockserver.http.request import bodies
from mockserver.http.response.negotiation import concrete_media_type, negotiate
from mockserver.http.response.responses import build_response
from mockserver.http.response.samples import SampleSpec, required_headers
from mockserver.openapi.model import DeclaredResponse, Operation
from mockserver.refusals import HandlerTimeout, ResetWhileHeld
from mockserver.syntax import strict_json
from mockserver.syntax.http.media_types import FORM, FORMS, JSON, essence, is_json, is_text
from mockserver.syntax.http.statuses import BODILESS

# How often a handler is called at most, where other requests change the run each time before it returns.
ATTEMPTS = 50


class CaseInsensitive(dict[str, Any]):
    """Headers by name in any case."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name.lower(): value for name, value in values.items()})

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header, or else `default`."""
        return super().get(name.lower(), default)


def respond(
    exchange: Exchange,
    operation: Operation,
    handler: PythonFunction,
    seed: int,
    check: Callable[[], None] | None = None,
) -> Response:
    """Call the handler of an operation and make its changes, unless its response violates the contract.

    Called again where another request changes the run meanwhile; `check` is called before each time. Raises what it
    raises, NotAcceptable, HandlerFailed, HandlerTimeout,
    ResetWhileHeld, and the Refusal of a change.
    """
    service, selection = exchange.service, exchange.selection
    media_type = _media_type(exchange.request, operation)
    exchange.handler = handler.name
    request = partial(_handler_call, exchange.request, operation, exchange.prepared.call)
    with handler.python.turns.turn((selection.sandbox.name, selection.scenario)):
        for _ in range(ATTEMPTS):
            run = selection.sandbox.run(selection.scenario)
            basis = run.basis()
            if check is not None:
                check()
            identity = _identity(selection.sandbox.name, run, basis, operation)
            call = partial(call_handler, service.contract, handler, operation.id, basis, seed, request)
            try:
                outcome = service.sandboxes.call_between_attempts(identity, call)
            except Refusal as refusal:
                if (place := handler.python.modules.place_of(refusal)) is not None:
                    exchange.add_notice(f"{handler.subject} was refused a change or a record at {place[0]}:{place[1]}")
                raise
            response = _build(exchange, operation, outcome, media_type, seed)
            if not outcome.commands or not exchange.commits or (response.violations and service.strict):
                return response
            current = selection.sandbox.run(selection.scenario)
            commands = tuple(_subscribing(exchange, operation, basis, outcome.commands))
            if current is run and run.accept_on(basis, Transaction(commands, outcome.at)):
                return response
            if run.generation != basis.generation or (current is not run and current.origin is run.origin):
                raise ResetWhileHeld
            # Another request has changed the run, or the contract was reloaded.
            exchange.selected = Selection(selection.sandbox, selection.scenario, selection.via, selection.ignored)
    raise HandlerTimeout(
        handler.subject, f"defined at {handler.file}:{handler.line}", "the run kept changing meanwhile"
    )


def _subscribing(
    exchange: Exchange, operation: Operation, basis: Basis, commands: Iterable[Fire | Put | Remove]
) -> Iterator[Fire | Put | Remove]:
    """The commands of a handler, with what webhooks need of the request."""
    webhooks, call = exchange.service.contract.webhooks.values(), exchange.prepared.call
    for command in commands:
        if webhooks and call is not None and not isinstance(command, Remove):
            creates = isinstance(command, Put) and not basis.state.has_record(command.resource, command.key)
            expressions = subscriptions_by(operation.id, command.resource, webhooks, creates=creates)
            if expressions:
                yield replace(command, subscription=subscription_of(operation, call, expressions))
                continue
        yield command


def _identity(sandbox: str, run: Run, basis: Basis, operation: Operation) -> tuple[Any, ...]:
    """What a call is, as values: in another attempt at the same request, the state is another object."""
    clock = basis.clock
    # A request that moves a clock by its step does so at another time of the machine in each attempt.
    anchor = clock.anchor if clock.mode == "real" else None
    moved = clock.position, anchor, clock.mode, clock.speed, basis.next_due
    return sandbox, run.scenario.name, basis.generation, basis.revision, basis.position, *moved, operation.id


def _media_type(request: Request, operation: Operation) -> str | None:
    """The media type of a success, negotiated before anything is called. Raises NotAcceptable."""
    success = operation.success()
    if success is None or not success[1].media:
        return None
    accept, media = request.header("Accept"), success[1].media
    name = negotiate(accept, media, operation)
    return concrete_media_type(accept, name, media[name]) if name is not None else None


def _build(exchange: Exchange, operation: Operation, outcome: Outcome, media_type: str | None, seed: int) -> Response:
    """The response that a handler's result stands for, validated."""
    reply, body = outcome.reply, outcome.body
    success = operation.success()
    status = reply.status if reply is not None else _status(operation, has_body=body is not None)
    declared = operation.response(status)
    headers = list(_header_pairs(reply))
    named_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    headers = [pair for pair in headers if pair[0].lower() != "content-type"]
    if named_type is not None:
        media_type = named_type
    elif success is None or status != success[0] or media_type is None:
        media_type = _declared_type(declared)
    violations: list[Violation] = []
    if body is None and (status in BODILESS or (declared is not None and not declared.media)):
        media_type = None
    elif status in BODILESS and body is not None:
        violations.append(Violation("body", "", "content", f"a response with the status {status} has no content"))
    raw = body if isinstance(body, bytes) else None
    if raw is not None and is_json(media_type or JSON):
        try:
            body = strict_json.parse(raw)
        except strict_json.MalformedJSON as error:
            violations.append(Violation("body", "", "content", f"the body is not JSON: {error}"))
            body = None
    if declared is not None and declared.headers:
        present = [name for name, _ in headers]
        call = exchange.prepared.call or OperationCall({}, {})
        spec = SampleSpec(status, declared)
        headers += required_headers(exchange.service.contract, operation, call, seed, spec, present)
    response = build_response(operation, status, body, media_type, headers)
    if raw is not None and response.body:
        response.body = raw
    response.violations += violations
    return response


def _status(operation: Operation, *, has_body: bool) -> int:
    """The status of a result without one: the success, or for a result that is None, one that has no content."""
    success = operation.success()
    status = success[0] if success is not None else 200
    if has_body:
        return status
    empty = [name for name, declared in operation.responses.items() if name[:1] == "2" and not declared.media]
    return next((int(name) for name in sorted(empty) if name.isdigit()), status)


def _declared_type(declared: DeclaredResponse | None) -> str:
    """The media type of a response whose type nobody has named: JSON if declared, else the first one."""
    names = [name for name in declared.media if "*" not in name] if declared is not None else []
    return next((name for name in names if is_json(name)), names[0] if names else JSON)


def _header_pairs(reply: Reply | None) -> Iterator[tuple[str, str]]:
    for name, value in reply.headers.items() if reply is not None else ():
        for text in [value] if isinstance(value, str) else value:
            yield name, text


def _handler_call(request: Request, operation: Operation, call: OperationCall | None) -> HandlerCall:
    """The request as the handler gets it: a copy, so that what the handler changes is nobody else's."""
    assert call is not None
    return HandlerCall(
        copy_json(call.path),
        copy_json(call.query),
        CaseInsensitive({**request.by_name, **copy_json(call.headers)}),
        {**request.cookies.to_dict(), **copy_json(call.cookies)},
        _body(request, operation, call.body),
    )


def _body(request: Request, operation: Operation, body: Any) -> Any:
    """The decoded body; one that is neither JSON nor a form nor text is bytes."""
    if operation.body is None or not request.body:
        return copy_json(body)
    sent = essence(bodies.sent_media_type(operation.body, request))
    if not (is_json(sent) or sent in FORMS or is_text(sent)):
        return request.body
    if sent in FORMS and sent != FORM:
        return bodies.read_uploads(operation.body, request, body)
    return copy_json(body)
