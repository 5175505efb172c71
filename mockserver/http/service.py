"""Everything that one application serves. Flask keeps it in `app.extensions["mockserver"]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.model import Channel, Contract
from mockserver.documents.nodes import Documents, Node
from mockserver.engine.behaviours.behaviours import Behaviours
from mockserver.engine.sandboxes import Sandboxes
from mockserver.errors import Problem
from mockserver.handlers.python import PythonFunction
from mockserver.http.caches import PreparedRequests, ResponseCache
from mockserver.http.messages import BYTES_PER_VALUE, JSON_VALUE_LIMIT
from mockserver.http.router import ControlHandler, Router
from mockserver.http.streaming.streams import OpenStreams
from mockserver.openapi.model import Operation
from mockserver.schemas.validators import Schemas, Validator

if TYPE_CHECKING:
    from mockserver.http.exchange import Exchange
    from mockserver.http.messages import Request, Response
    from mockserver.http.request_log import RequestLog
    from mockserver.http.webhooks.outbox import WebhookOutbox

BODY_LIMIT = 10 * 1024 * 1024


class ReceivedResponse(NamedTuple):
    """A complete response of the upstream, with addresses on this server. A body over VALIDATED_LIMIT is None."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes | None


PassedListener = Callable[["Request", ReceivedResponse | str], None]


class ControlApi(Struct, frozen=True):
    """The control API as its OpenAPI document declares it, with the handler of each operation."""

    documents: Documents
    schemas: Schemas
    document: Node
    operations: Mapping[str, Operation]
    handlers: Mapping[str, ControlHandler]
    problem: Validator


class Service(Struct, frozen=True):
    """A contract, its sandboxes, and the settings of the server. `hosts` may call the control API besides loopback.

    `load_control` returns the control API, always the same one: many servers never need its document.
    `forwarded` says that a proxy in front sets the `X-Forwarded-` headers of every request.
    `stale` holds the problems of contract files that were edited while they are served and cannot be loaded again.
    `token_page` renders the response without a token as a page that asks for it; None where no pages are served.
    `request_log` gets a line for each request, and `on_exchange` each request that was passed on to the upstream: the
    request with its body, and the response, or why there is no complete one. Where the body of the request is over
    VALIDATED_LIMIT, `too_large` is set instead. `outbox` sends the webhooks of the contract. Responses of the API are
    delayed by at least and at most so many milliseconds, if there is a `delay`. Without `strict_requests`, a request
    that violates the contract is refused only where it would change or read records.
    """

    contract: Contract
    sandboxes: Sandboxes
    load_control: Callable[[], ControlApi]
    router: Router
    behaviours: Behaviours
    strict: bool = True
    hosts: frozenset[str] = frozenset()
    token: str | None = None
    body_limit: int = BODY_LIMIT
    forwarded: bool = False
    token_page: Callable[[Exchange, Response], Response] | None = None
    request_log: RequestLog | None = None
    on_exchange: PassedListener | None = None
    stale: list[Problem] = field(default_factory=list)
    responses: ResponseCache = field(default_factory=ResponseCache)
    prepared: PreparedRequests = field(default_factory=PreparedRequests)
    streams: OpenStreams = field(default_factory=OpenStreams)
    outbox: WebhookOutbox | None = None
    delay: tuple[int, int] | None = None
    strict_requests: bool = True

    @property
    def value_limit(self) -> int:
        """How many JSON values a request body may have."""
        return max(JSON_VALUE_LIMIT, self.body_limit // BYTES_PER_VALUE)

    @property
    def control(self) -> ControlApi:
        """The control API, which is loaded at its first use."""
        return self.load_control()

    def implements(self, operation: Operation) -> bool:
        """Whether the contract implements an operation, by a behaviour or a handler."""
        return self.behaviour_of(operation) is not None or self.handler_of(operation) is not None

    def handler_of(self, operation: Operation) -> PythonFunction | None:
        """The function of `handlers.py` that responds to an operation; None for operations of the control API."""
        python = self.contract.python
        if python is None or self.contract.operations.get(operation.id, operation) is not operation:
            return None
        return python.handlers.get(operation.id)

    def channel_of(self, operation: Operation) -> Channel | None:
        """The channel that a request to this operation opens."""
        channel = self.contract.channels.get(operation.path)
        return channel if channel is not None and channel.operation is operation else None

    def behaviour_of(self, operation: Operation) -> Behaviour | None:
        """The behaviour that the contract declares for an operation; None for operations of the control API."""
        contract = self.contract
        # One of the control API may have the name of one of the contract.
        return contract.behaviours.get(operation.id) if contract.operations.get(operation.id) is operation else None
