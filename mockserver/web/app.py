"""The Flask application, which any WSGI server can run: it passes every request to the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import flask
from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from mockserver.contract.loader import load_contract
from mockserver.contract.model import Contract
from mockserver.contract.server_settings import with_settings
from mockserver.engine.clock import Sleep, sleep
from mockserver.engine.sandboxes import SANDBOX_LIMIT
from mockserver.handlers.python import CALL_SECONDS
from mockserver.http.pipeline import respond
from mockserver.http.request_log import RequestLog
from mockserver.http.service import BODY_LIMIT, PassedListener, Service
from mockserver.web.flask_messages import from_flask, to_flask
from mockserver.web.pages import shell
from mockserver.web.process_warnings import watch_processes
from mockserver.web.services import open_service


def create_app(
    contract: Contract | str | Path | None = None,
    *,
    scenario: str | None = None,
    seed: int | None = None,
    strict: bool = True,
    strict_requests: bool = True,
    allow_hosts: Iterable[str] = (),
    token: str | None = None,
    serve_pages: bool = True,
    body_limit: int = BODY_LIMIT,
    forwarded: bool = False,
    sandbox_limit: int = SANDBOX_LIMIT,
    store: str | None = None,
    stateful: bool = False,
    sleep: Sleep = sleep,
    request_log: RequestLog | None = None,
    handler_timeout: float = CALL_SECONDS,
    upstream: str | None = None,
    passes: Sequence[str] = (),
    upstream_ca: str | Path | None = None,
    upstream_timeout: float | None = None,
    on_exchange: PassedListener | None = None,
    allow_webhooks: Iterable[str] = (),
    webhook_secret: str | None = None,
) -> Flask:
    """A WSGI application that serves `contract`: a loaded one, a path to load, or the built-in one.

    - `scenario`: the default scenario, by name, or a file such as a recording; `seed`: replaces that of every scenario.
    - `strict`: a response that violates the contract is replaced by a 500, and not sent as it is.
    - `strict_requests`: a request that violates the contract is refused, also where an override or an example responds.
    - `stateful`: infers resources from the collections of an OpenAPI file.
    - `handler_timeout`: seconds that each call of a function of the contract's `handlers.py` may take.
    - `allow_hosts`: may call the control API besides loopback names; with a `token`, it requires that in X-Mock-Token
      instead. `serve_pages`: also serves the HTML pages.
    - `body_limit`: bytes of a request body; `sandbox_limit`: sandboxes at a time.
    - `forwarded`: trusts X-Forwarded-Prefix, -Proto and -Host, which a proxy in front must set.
    - `store`: the address of a Redis that holds all state, for more than one process.
    - `sleep`: delays responses, by seconds, if the WSGI server cannot.
    - `request_log`: gets a line for each request; `on_exchange`: gets each exchange with the upstream (see `Service`).
    - `upstream`: the URL of the real backend, to which is passed on what no operation matches, and what `passes` names:
      operations, or patterns such as `GET /jobs/*`. `upstream_ca`: a file with certificates to trust;
      `upstream_timeout`: seconds that it may be silent.
    - `allow_webhooks`: hosts that webhooks are sent to besides loopback addresses; `webhook_secret` (`whsec_…`): signs
      those that declare no secret.

    Raises ContractError where the contract cannot be loaded, UnknownScenario, and BadUpstream; with a `store`,
    ImportError where redis is not installed, and ValueError for an address that is not valid. ValueError for a
    `webhook_secret` that is not valid, and for an empty `token`.
    """
    if token is not None and not token.strip():
        raise ValueError("The token is empty, which every request would match.")
    if not isinstance(contract, Contract):
        contract = load_contract(contract, stateful=stateful)
    contract = with_settings(
        contract,
        scenario=scenario,
        seed=seed,
        handler_timeout=handler_timeout,
        webhook_secret=webhook_secret,
        upstream=upstream,
        passes=passes,
        upstream_ca=Path(upstream_ca) if upstream_ca is not None else None,
        upstream_timeout=upstream_timeout,
    )
    service = open_service(
        contract,
        strict=strict,
        strict_requests=strict_requests,
        allow_hosts=allow_hosts,
        token=token,
        serve_pages=serve_pages,
        body_limit=body_limit,
        forwarded=forwarded,
        sandbox_limit=sandbox_limit,
        store=store,
        request_log=request_log,
        on_exchange=on_exchange,
        allow_webhooks=allow_webhooks,
    )
    return build_app(service, watches_processes=store is None, sleep=sleep)


def build_app(service: Service, *, watches_processes: bool = False, sleep: Sleep = sleep) -> Flask:
    """The application that serves `service`; with `watches_processes`, it warns of others that share no state with it.

    `sleep` is that of `create_app`.
    """
    app = Flask("mockserver.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = service.body_limit
    if service.token_page is not None:
        for number, folder in enumerate(shell.template_folders()):
            app.register_blueprint(Blueprint(f"{shell.ENDPOINT}{number}", __name__, template_folder=str(folder)))
    app.extensions["mockserver"] = service

    def view(*_: object, **__: object) -> flask.Response:
        return to_flask(respond(service, from_flask(flask.request)), sleep)

    if service.contract.upstream is not None:
        from mockserver.web.passing_view import PassingView

        view = PassingView(service, sleep)

    # Flask and the router share one map of rules, so that `flask routes` lists every operation of the contract.
    app.url_map = service.router.map
    app.view_functions |= dict.fromkeys(service.router.targets, view)
    # Flask cannot match the control API, base addresses and percent-encoded separators, nor paths that do not exist.
    app.register_error_handler(HTTPException, view)
    if watches_processes:
        watch_processes(app)
    return app
