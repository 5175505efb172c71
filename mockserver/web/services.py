"""Creates the service of a contract. Flask is not needed for that, and takes a tenth of the time to start."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from msgspec.structs import replace

from mockserver.contract.model import Contract
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.sandboxes import SANDBOX_LIMIT, Sandboxes
from mockserver.http.request_log import RequestLog
from mockserver.http.router import ControlRules, Router
from mockserver.http.service import ControlApi, PassedListener, Service
from mockserver.http.webhooks.outbox import WebhookOutbox
from mockserver.http.webhooks.sending import Sender
from mockserver.web.pages import site


def open_service(
    contract: Contract,
    *,
    strict: bool,
    allow_hosts: Iterable[str],
    token: str | None,
    serve_pages: bool,
    body_limit: int,
    forwarded: bool,
    store: str | None,
    request_log: RequestLog | None,
    allow_webhooks: Iterable[str],
    sandbox_limit: int = SANDBOX_LIMIT,
    on_exchange: PassedListener | None = None,
    delay: tuple[int, int] | None = None,
    strict_requests: bool = True,
) -> Service:
    """The service of a contract with these settings. What they mean, and their defaults, is said by `create_app`.

    `delay` is how long each response of the API is delayed, in milliseconds: at least and at most.

    With a `store`, raises ImportError where redis is not installed, and ValueError for an address that is not valid.
    """
    service = replace(
        create_service(contract, _open_sandboxes(contract, sandbox_limit, store)),
        strict=strict,
        strict_requests=strict_requests,
        hosts=frozenset(host.lower() for host in allow_hosts),
        token=token,
        body_limit=body_limit,
        request_log=request_log,
        forwarded=forwarded,
        on_exchange=on_exchange,
        delay=delay,
        outbox=WebhookOutbox(Sender(frozenset(host.lower() for host in allow_webhooks)), strict=strict),
    )
    service.sandboxes.outbox = service.outbox
    return site.with_pages(service) if serve_pages else service


def _open_sandboxes(contract: Contract, limit: int, store: str | None) -> Sandboxes:
    if store is None:
        return Sandboxes(contract, limit)
    # Redis and the shared sandboxes are imported only if there is a store.
    from mockserver.engine.shared.connect import connect

    return connect(contract, store, limit)


def create_service(contract: Contract, sandboxes: Sandboxes) -> Service:
    """The service of a contract, with its sandboxes and the control API."""
    return Service(contract, sandboxes, load_control, build_router(contract), Behaviours(contract))


def build_router(contract: Contract) -> Router:
    """The rules of a contract's operations and of the control API."""
    channels = [channel.operation for channel in contract.channels.values()]
    return Router([*contract.operations.values(), *channels], _control_rules)


def load_control() -> ControlApi:
    """The control API. Its document takes longer to load than the built-in contract's, and may never be needed."""
    from mockserver.control.document import load_control_api

    return load_control_api()


@cache
def _control_rules(serves_document: bool) -> ControlRules:
    control = load_control()
    operations = {name: (operation, control.handlers[name]) for name, operation in control.operations.items()}
    return ControlRules(operations, serves_document)
