"""The Flask application: wiring only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response, current_app, g, redirect, request
from werkzeug import exceptions

from mockserver.contract.loader import load_contract, with_default
from mockserver.contract.model import Contract, Operation
from mockserver.control import handlers
from mockserver.engine.clock import monotonic
from mockserver.engine.journal import Entry
from mockserver.engine.sandboxes import SANDBOX_LIMIT, Sandboxes
from mockserver.engine.validity import CacheValidity
from mockserver.errors import CannotGenerate, Refusal
from mockserver.http import cors, guard, journal, nearest, overrides, pipeline
from mockserver.http.addressing import Addressing
from mockserver.http.overrides import Delivering
from mockserver.http.problems import refuse
from mockserver.http.responses import VARY, respond
from mockserver.http.selection import (
    SANDBOX_HEADER,
    SCENARIO_HEADER,
    TOKEN_COOKIE,
    BadCookie,
    Selection,
    clean_address,
    select,
    select_sandbox,
)
from mockserver.http.service import BODY_LIMIT, Service, itself
from mockserver.http.service import control as control_api
from mockserver.refusals import (
    BodyTooLarge,
    InternalError,
    InvalidRecord,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NoExample,
    UnknownPath,
)
from mockserver.web.lean import LeanFlask
from mockserver.web.pages import shell, site
from mockserver.web.store_middleware import REFUSAL, Sharing

log = logging.getLogger("mockserver")


def create_app(
    contract: Contract | str | Path | None = None,
    *,
    scenario: str | None = None,
    strict: bool = True,
    allow_hosts: Iterable[str] = (),
    token: str | None = None,
    serve_pages: bool = True,
    body_limit: int = BODY_LIMIT,
    sandbox_limit: int = SANDBOX_LIMIT,
    store: str | None = None,
    stateful: bool = False,
) -> Flask:
    """A WSGI application that serves `contract`: a loaded one, a path to load, or the built-in one.

    `scenario` is what requests get that choose none: a name, or a file such as a recording. `allow_hosts` may call the
    control API besides loopback names; with a `token`, the control API asks for it in X-Mock-Token instead.
    `stateful` makes resources of an OpenAPI file's collections. `body_limit` is in bytes. `store` is the address of a
    Redis that holds all state, for more than one process.

    Raises ContractError where the contract cannot be loaded, and UnknownScenario; with a `store`, ImportError where
    redis is not installed, and ValueError for what is no address of one.
    """
    if not isinstance(contract, Contract):
        contract = load_contract(contract, stateful=stateful)
    contract = with_default(contract, scenario)
    mock = Service(
        contract=contract,
        sandboxes=_sandboxes(contract, sandbox_limit, store),
        control=control_api(),
        strict=strict,
        hosts=frozenset(host.lower() for host in allow_hosts),
        token=token,
        body_limit=body_limit,
    )
    return build(mock, serve_pages=serve_pages)


def _sandboxes(contract: Contract, limit: int, store: str | None) -> Sandboxes:
    if store is None:
        return Sandboxes(contract, limit)
    # Nothing of the store is imported without one.
    from mockserver.engine.shared.connect import connect

    return connect(contract, store, limit)


def build(mock: Service, *, serve_pages: bool) -> Flask:
    """The application that serves `mock`."""
    app = LeanFlask("mockserver.web", static_folder=None)
    app.extensions["mockserver"] = mock
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.config["MAX_CONTENT_LENGTH"] = mock.body_limit
    pipeline.register(app, mock)
    handlers.register(app, mock)
    if serve_pages:
        site.register(app, mock)
    _add_steps(app, mock)
    _add_refusals(app, mock)
    # Asked by a server of ours before it asks the application.
    app.find_kept = mock.kept.find  # type: ignore[attr-defined]
    inner: Any = Addressing(app.wsgi_app)
    if mock.sandboxes.is_shared:
        inner = Sharing(inner, mock.sandboxes, mock.body_limit)
    app.wsgi_app = Delivering(inner)  # type: ignore[method-assign]
    return app


def _add_steps(app: Flask, mock: Service) -> None:
    """What happens before a request is routed, and after it is answered."""

    @app.before_request
    def choose() -> Response | None:
        asked, own = itself(request), itself(g)
        own.began = monotonic()
        controls = guard.is_control(asked.path)
        if controls:
            guard.check(mock, asked)
        if cors.is_preflight(asked):
            return cors.preflight(asked)
        if REFUSAL in asked.environ:
            raise asked.environ[REFUSAL]
        if asked.path == guard.HEALTH and mock.sandboxes.store_status == "unavailable":
            return None
        moved = clean_address(asked)
        if moved is not None:
            guard.check_brought(mock, asked)
        forgive, ignored = controls or moved is not None or _is_page(asked), list[str]()
        own.sandbox = select_sandbox(mock, asked, ignored, forgive=forgive)
        own.selection = select(mock, asked, own.sandbox, ignored, forgive=forgive)
        return _set_cookies(mock, *moved) if moved is not None else None

    @app.after_request
    def finish(response: Response) -> Response:
        asked, own = itself(request), itself(g)
        selection: Selection | None = own.get("selection")
        response.headers.add("Vary", VARY)
        if selection is not None:
            response.headers.add(SCENARIO_HEADER, selection.scenario)
            response.headers.add(SANDBOX_HEADER, selection.sandbox.name)
            if selection.ignored:
                response.headers.add("X-Mock-Ignored-Cookie", ", ".join(selection.ignored))
        if "HTTP_ORIGIN" in asked.environ:
            cors.allow(mock, asked, response)
        operation = _routed(asked)
        if "sandbox" in own and _is_told(mock, asked, own, operation):
            entry = journal.record(operation, asked, own, response)
            if selection is not None and _stays(entry, selection):
                moment = CacheValidity.capture(selection.sandbox, selection.run)
                _offer(asked, partial(mock.kept.keep, moment, entry))
        return response


def _stays(entry: Entry, selection: Selection) -> bool:
    """Whether the same request gets the same answer until something changes."""
    return (
        entry.method in ("GET", "HEAD")
        and entry.operation is not None
        and entry.override is None
        and entry.invalid_status is None
        and entry.note is None
        and not selection.run.clock.counts(entry.operation)
    )


def _offer(asked: Request, keep: Callable[[bytes, bytes, bytes], None]) -> None:
    delivery = asked.environ[overrides.DELIVERY]
    if not isinstance(delivery, overrides.Delivery):
        delivery.keep = keep


def _is_told(mock: Service, asked: Request, own: Any, operation: Operation | None) -> bool:
    """Whether the journal tells of this request: of those to the contract, and of every broken answer."""
    if "broken" in own:
        return True
    if operation is not None:
        return not mock.is_control(operation)
    return not guard.is_control(asked.path) and not _is_page(asked)


def _is_page(asked: Request) -> bool:
    """Whether the request is for a page, or for what one is made of."""
    return asked.url_rule is not None and asked.url_rule.endpoint.startswith(shell.ENDPOINT)


def _set_cookies(mock: Service, location: str, cookies: dict[str, str]) -> Response:
    """Send a page navigation on to the address without selection and token, which the cookies now hold."""
    response: Response = redirect(location, 303)  # type: ignore[assignment]
    response.autocorrect_location_header = False
    for name, value in cookies.items():
        if name == TOKEN_COOKIE:
            if mock.token is not None:
                response.set_cookie(name, mock.token, samesite="Strict", httponly=True, path="/")
        elif value:
            response.set_cookie(name, value, samesite="Lax", path="/")
        else:
            response.delete_cookie(name, samesite="Lax", path="/")
    return response


def _add_refusals(app: Flask, mock: Service) -> None:
    """Every way in which a request can fail, as a problem."""

    def refused(refusal: Refusal) -> Response:
        operation = _routed()
        if isinstance(refusal, InvalidRequest | InvalidRecord):
            g.violations = refusal.violations
        answered = refuse(mock, operation, refusal)
        if operation is not None and "selection" in g:
            answered = pipeline.enforce(mock, operation, answered)
        return respond(answered, request)

    @app.errorhandler(Refusal)
    def refusal(error: Refusal) -> Response:
        return refused(error)

    @app.errorhandler(BadCookie)
    def bad_cookie(error: BadCookie) -> Response:
        response = refused(error.refusal)
        response.delete_cookie(error.cookie, samesite="Lax", path="/")
        return response

    @app.errorhandler(CannotGenerate)
    def cannot_generate(error: CannotGenerate) -> Response:
        operation = _routed()
        return refused(NoExample(operation.id if operation is not None else "the scenario", error.reason))

    @app.errorhandler(exceptions.HTTPException)
    def http(error: exceptions.HTTPException) -> Response:
        if isinstance(error, exceptions.MethodNotAllowed):
            return _other_method(set(error.valid_methods or ()) | {"OPTIONS"}, refused)
        if isinstance(error, exceptions.RequestEntityTooLarge):
            return refused(BodyTooLarge(mock.body_limit))
        if isinstance(error, exceptions.NotFound):
            operations = mock.control.operations if guard.is_control(request.path) else mock.contract.operations
            found = nearest.nearest(operations.values(), request.method, request.path)
            return refused(UnknownPath(request.method, request.path, found))
        if isinstance(error, exceptions.BadRequest):
            return refused(MalformedBody(error.description or "bad request"))
        log.error("unexpected %s", error, exc_info=error)
        return refused(InternalError())

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return refused(InternalError())


def _other_method(allowed: set[str], refused: Callable[[Refusal], Response]) -> Response:
    if request.method == "OPTIONS":
        response = Response(status=204, headers={"Allow": ", ".join(sorted(allowed))})
        response.headers.pop("Content-Type", None)
        return response
    answered: Response = refused(MethodNotAllowed(request.method, allowed))
    return answered


def _routed(asked: Request | None = None) -> Operation | None:
    """The operation that the request was routed to, if it came that far."""
    if "operation" in g:
        chosen: Operation | None = g.operation
        return chosen
    rule = (asked or request).url_rule
    if rule is None:
        return None
    operation: Operation | None = getattr(current_app.view_functions.get(rule.endpoint), "operation", None)
    return operation
