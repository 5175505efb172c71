"""The mocked API: one Flask rule per operation of the contract, and a request's way through them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request
from werkzeug import exceptions

from mockserver.contract.behaviour import Behaviour, Kind
from mockserver.contract.model import DeclaredResponse, Operation, shape
from mockserver.engine.behaviours.behaviours import OperationCall, OperationResult, ResultKind, perform
from mockserver.engine.commands import KeepResponse
from mockserver.engine.overrides import ActiveOverride
from mockserver.errors import Refusal
from mockserver.http import credentials, path_precedence, preferences
from mockserver.http.idempotency import digest, keep, read_key, replay
from mockserver.http.overrides import deliver, ends_later, replacement
from mockserver.http.parameters import read_call
from mockserver.http.problems import refuse
from mockserver.http.responses import BODILESS, Answer, answer, declared_media, negotiate, respond
from mockserver.http.samples import SampleSpec, default_sample, sample, sample_headers
from mockserver.http.selection import Selection
from mockserver.http.service import Service, itself
from mockserver.openapi.object_types import METHODS
from mockserver.openapi.parameter_decoding import read_header
from mockserver.refusals import ContractViolation, NotAcceptable, UnknownRecord
from mockserver.syntax.media_types import is_json
from mockserver.syntax.words import plain

PREFERRED = {ResultKind.RETURNED: 200, ResultKind.CREATED: 201, ResultKind.DELETED: 204}
# Refusals that come before there is anything to operate on: such an answer is not kept for a key.
BEFORE_OPERATION = (NotAcceptable, UnknownRecord)
RESULTS: Mapping[Kind, ResultKind] = {"create": ResultKind.CREATED, "delete": ResultKind.DELETED}
TOTAL_HEADERS = ("xtotalcount", "xtotal", "totalcount")
VIOLATIONS_HEADER = "X-Mock-Violations"
log = logging.getLogger("mockserver")


def register(app: Flask, mock: Service) -> None:
    """Add a rule for each operation of the contract."""
    operations = mock.contract.operations.values()
    alike: dict[tuple[str, str], list[Operation]] = {}
    for operation in operations:
        alike.setdefault((operation.method, shape(operation.route)), []).append(operation)
    taken = set(alike)
    for number, group in enumerate(alike.values()):
        operation = group[0]
        view = _choice(mock, group) if any(one.query for one in group) else _view(mock, operation)
        add_rule(app, f"api:{number}", operation, view)
        for prefix in operation.prefixes:
            # Where another operation has just that path, it wins.
            if (operation.method, shape(prefix + operation.route)) not in taken:
                taken.add((operation.method, shape(prefix + operation.route)))
                add_rule(app, f"api:{number}", operation, view, prefix)
    for prefix in dict.fromkeys(("", *(one for operation in operations for one in operation.prefixes))):
        _refuse_other_methods(app, prefix, [one for one in operations if not prefix or prefix in one.prefixes])


def _refuse_other_methods(app: Flask, prefix: str, operations: list[Operation]) -> None:
    """Keep requests for a concrete path from a templated one that has their method."""
    methods: dict[str, set[str]] = {}
    for operation in operations:
        methods.setdefault(shape(operation.route), set()).add(operation.method)
    covered = path_precedence.covered(methods)
    for number, operation in enumerate(operations):
        own = shape(operation.route)
        if own not in covered:
            continue
        covered.remove(own)
        allowed = methods[own] | ({"HEAD"} if "GET" in methods[own] else set())
        others = [name.upper() for name in METHODS if name.upper() not in allowed]
        rule, endpoint = rule_of(operation, prefix), f"api:other:{prefix}:{number}"
        app.add_url_rule(
            rule, endpoint, _refusal(allowed), methods=others, provide_automatic_options=False, strict_slashes=False
        )


def _refusal(allowed: set[str]) -> Any:
    def view(**_: str) -> Response:
        raise exceptions.MethodNotAllowed(sorted(allowed))

    return view


def rule_of(operation: Operation, prefix: str = "") -> str:
    """The operation's path as Werkzeug writes it, its parameters numbered, since their names need not fit there."""
    rule = (prefix + operation.route).replace("%", "%25").replace("<", "%3C")
    for number, name in enumerate(operation.path_names):
        rule = rule.replace(f"{{{name}}}", f"<p{number}>", 1)
    return rule


def add_rule(app: Flask, endpoint: str, operation: Operation, view: Any, prefix: str = "") -> None:
    """Add one rule, for this operation's method alone (and HEAD with GET)."""
    view.operation = operation
    app.add_url_rule(
        rule_of(operation, prefix),
        endpoint,
        view,
        methods=[operation.method],
        provide_automatic_options=False,
        strict_slashes=False,
    )


def _view(mock: Service, operation: Operation) -> Any:
    def view(**arguments: str) -> Response:
        return serve(mock, operation, arguments)

    return view


def _choice(mock: Service, operations: list[Operation]) -> Any:
    """A view of the operation whose path has the most of what the request's query holds."""
    ordered = sorted(operations, key=lambda one: -len(one.query))

    def view(**arguments: str) -> Response:
        sent = set(request.args.items(multi=True))
        g.operation = next((one for one in ordered if sent.issuperset(one.query)), None)
        if g.operation is None:
            raise exceptions.NotFound
        return serve(mock, g.operation, arguments)

    return view


def serve(mock: Service, operation: Operation, arguments: Mapping[str, str]) -> Response:
    """A request's way once it is routed: judge it, do it, judge the answer."""
    asked = itself(request)
    credentials.check(operation, asked)
    key = read_key(asked)
    call = read_call(mock, operation, asked, arguments)
    selection: Selection = g.selection
    preference = preferences.read(operation, asked)
    selection.run.settle()
    if preference is not None:
        answered = _preferred(mock, operation, call, selection, preference)
    elif key is None:
        answered = _answer(mock, operation, call, selection, None)
    else:
        kept = selection.run.begin_key(key, digest(asked))
        answered = replay(kept) if kept is not None else _answer_once(mock, operation, call, selection, key)
    return respond(answered, asked)


def _answer_once(mock: Service, operation: Operation, call: OperationCall, selection: Selection, key: str) -> Answer:
    """The first answer to an idempotency key, which is in flight until it has been delivered."""
    run = selection.run
    try:
        return _answer(mock, operation, call, selection, key)
    finally:
        if not ends_later(request, partial(run.end_key, key)):
            run.end_key(key)


def _answer(mock: Service, operation: Operation, call: OperationCall, selection: Selection, key: str | None) -> Answer:
    selection.run.count_request(operation.id)
    found = selection.run.use_override(operation.id, {**call.query, **call.path})
    if found is not None:
        answered = _overridden(mock, operation, call, selection, key, *found)
    else:
        answered = _own(mock, operation, call, selection, key)
    return enforce(mock, operation, answered)


def _own(mock: Service, operation: Operation, call: OperationCall, selection: Selection, key: str | None) -> Answer:
    """The operation's own answer, a refusal included, kept under the key if there is one."""
    try:
        answered = _normal(mock, operation, call, selection)
    except Refusal as refusal:
        if key is None or isinstance(refusal, BEFORE_OPERATION):
            raise
        answered = refuse(mock, operation, refusal)
    if key is not None and not answered.violations:
        kept = keep(answered, digest(request))
        selection.run.submit(lambda _, at: KeepResponse(key, kept, at))
    return answered


def _normal(mock: Service, operation: Operation, call: OperationCall, selection: Selection) -> Answer:
    if operation.behaviour is not None:
        return _behave(mock, operation, call, selection)
    return _sample(mock, operation, call, selection)


def _overridden(
    mock: Service,
    operation: Operation,
    call: OperationCall,
    selection: Selection,
    key: str | None,
    placed: ActiveOverride,
    delay: int,
) -> Answer:
    """The answer that an override gives, or the normal one with its headers; delay and fault are the server's."""
    override = placed.override
    g.override = placed
    deliver(mock, operation, selection.sandbox, selection.scenario, request, override, delay)
    if not override.replaces:
        answered = replace(_own(mock, operation, call, selection, key))
    else:
        if override.commit:
            # What becomes of the operation is not for the client to see.
            with suppress(Refusal):
                _own(mock, operation, call, selection, key)
        answered = replacement(mock, operation, override) or _sample(mock, operation, call, selection, override.status)
    answered.headers = {**answered.headers, **override.headers}
    return answered


def enforce(mock: Service, operation: Operation, answered: Answer) -> Answer:
    """The answer itself where it keeps the contract; else, strictly, a refusal; leniently, the answer and a count."""
    if not answered.violations:
        return answered
    refusal = ContractViolation(operation.id, answered.status, answered.violations)
    g.broken = answered.status, answered.violations
    if mock.strict:
        return refuse(mock, operation, refusal)
    answered.headers[VIOLATIONS_HEADER] = str(len(answered.violations))
    return answered


def _behave(mock: Service, operation: Operation, call: OperationCall, selection: Selection) -> Answer:
    behaviour = operation.behaviour
    assert behaviour is not None
    media_type = _success_type(operation, behaviour)
    outcome = perform(selection.run, operation, behaviour, call)
    status, declared = operation.success(PREFERRED[outcome.kind]) or (PREFERRED[outcome.kind], None)
    if (
        outcome.kind is ResultKind.DELETED
        and declared
        and status not in BODILESS
        and not _admits(declared, media_type, outcome.value)
    ):
        return _sample(mock, operation, call, selection, status)
    headers: dict[str, str] = {}
    if declared is not None and (declared.headers or outcome.kind is ResultKind.CREATED):
        headers = dict(_headers(mock, operation, call, selection, outcome, SampleSpec(status, declared)))
    if declared is not None and not declared.media and outcome.kind is not ResultKind.RETURNED:
        return answer(operation, status, None, None, headers)
    return answer(operation, status, outcome.value, media_type, headers)


def _success_type(operation: Operation, behaviour: Behaviour) -> str | None:
    """The media type to answer in: what is declared for success, judged against `Accept` before anything changes.

    Records are written as JSON alone.
    """
    chosen = operation.success(PREFERRED[RESULTS.get(behaviour.kind, ResultKind.RETURNED)])
    if chosen is None or not chosen[1].media:
        return "application/json" if chosen is None or operation.method != "DELETE" else None
    media = chosen[1].media
    if len(media) > 1:
        media = {name: one for name, one in media.items() if is_json(name)} or media
    return negotiate(itself(request), media)


def _admits(declared: DeclaredResponse, media_type: str | None, record: Any) -> bool:
    """Whether a record that is gone may be answered; else that is told in the form that is declared."""
    if media_type is None or not is_json(media_type):
        return media_type is None
    media = declared_media(declared, media_type)
    return media is None or media.validator is None or media.validator.is_valid(record)


def _headers(
    mock: Service,
    operation: Operation,
    call: OperationCall,
    selection: Selection,
    outcome: OperationResult,
    wished: SampleSpec,
) -> Iterator[tuple[str, str]]:
    """Where a record is that was made, how many there are of a list, and what else must be there."""
    location = _location(outcome) if outcome.kind is ResultKind.CREATED else None
    declared = {one.name.lower(): one for one in wished.declared.headers}
    if location is not None:
        header = declared.pop("location", None)
        fits = header is None or header.validator is None or not read_header(header, location)
        yield "Location", location if fits else request.host_url.rstrip("/") + location
    made: dict[str, str] | None = None
    for name, one in declared.items():
        if outcome.total is not None and plain(name) in TOTAL_HEADERS:
            yield one.name, str(outcome.total)
        elif one.required:
            if made is None:
                made = sample_headers(mock.contract, operation, call, selection.run.scenario.seed, wished)
            if one.name in made:
                yield one.name, made[one.name]


def _location(outcome: OperationResult) -> str:
    """Where the record that was made is: below the collection it was posted to."""
    from_path = request.environ.get("SCRIPT_NAME", "") + request.path.rstrip("/")
    return f"{from_path}/{quote(str(outcome.key), safe='')}"


def _sample(
    mock: Service, operation: Operation, call: OperationCall, selection: Selection, status: int | None = None
) -> Answer:
    """The answer of an operation without behaviour."""
    seed = selection.run.scenario.seed
    return sample(
        mock.contract, mock.samples, operation, call, seed, default_sample(operation, status), itself(request)
    )


def _preferred(
    mock: Service, operation: Operation, call: OperationCall, selection: Selection, preference: preferences.Preference
) -> Answer:
    """The one answer that the client asked for, whatever stands behind the operation."""
    selection.run.count_request(operation.id)
    status, declared = preferences.response(operation, preference)
    wished = SampleSpec(status, declared, preference.example, preference.dynamic)
    seed = selection.run.scenario.seed
    answered = sample(mock.contract, mock.samples, operation, call, seed, wished, itself(request))
    answered.headers[preferences.APPLIED] = preference.applied
    return enforce(mock, operation, answered)
