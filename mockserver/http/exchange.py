"""One request on its way through the pipeline: what follows from it alone, and what has happened to it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.clock import Clock
from mockserver.engine.journal import LoggedMessage
from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.run import Run
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.state.state import State
from mockserver.errors import Refusal, Violation
from mockserver.http.messages import SAFE_METHODS, Delivery, Request, Response
from mockserver.http.request.compared_content import ReadContent
from mockserver.openapi.model import Operation
from mockserver.refusals import TokenRequired

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mockserver.contract.model import Override
    from mockserver.http.request.preferences import Preference
    from mockserver.http.request.selection import Choice
    from mockserver.http.router import Route
    from mockserver.http.service import Service


SANDBOX_HEADER = "X-Mock-Sandbox"
# The operations of the control API that respond with records.
SHOWING_RECORDS = frozenset({"getState", "putRecord", "fireTransition"})
SANDBOX_VIA = f"header {SANDBOX_HEADER}"


class PreparedRequest(Struct, eq=False):
    """What follows from a request and the contract alone, so that the same bytes need not be read again.

    `choice` is None where the request was refused before its sandbox was known; its `scenario` is None where it was
    refused before that was. `response` is the one to send, and `refusal` the reason to refuse it, where no operation is
    called. `call` holds the decoded parameters and body, `parameters` those that overrides are matched by, `key` the
    idempotency key, and `digest` the request that it goes with. `passes` says that it is passed on to the upstream.
    `tolerated` is what is wrong with a request that is not refused for it. `hops` is how many deliveries of webhooks
    have led to it. `accepted` is the media type of a success, once the operation has been called.
    """

    request: Request
    logged: LoggedMessage
    route: Route
    choice: Choice | None = None
    response: Response | None = None
    refusal: Refusal | None = None
    call: OperationCall | None = None
    preference: Preference | None = None
    key: str | None = None
    digest: str = ""
    notices: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    passes: bool = False
    hops: int = 0
    samples: dict[tuple[Any, ...], Response] = field(default_factory=dict)
    accepted: str | None = None
    tolerated: Refusal | None = None

    def differs_by_sandbox_alone(self, sandbox: str) -> bool:
        """Whether the header X-Mock-Sandbox, with this value, says nothing but which sandbox is meant."""
        choice = self.choice
        return (
            choice is not None
            and choice.refusal is None
            and (choice.sandbox, choice.sandbox_via) == (sandbox, SANDBOX_VIA)
            and SANDBOX_HEADER not in (self.call.headers if self.call is not None else ())
            # The journal has the request as it came, even where a proxy has changed it.
            and self.logged.headers is self.request.logged.headers
        )

    def in_sandbox(self, sandbox: str) -> PreparedRequest:
        """The same request with another name in the header X-Mock-Sandbox."""
        assert self.choice is not None
        if sandbox == self.choice.sandbox:
            return self
        request = self.request.with_header(SANDBOX_HEADER, sandbox)
        return replace(self, request=request, logged=request.logged, choice=replace(self.choice, sandbox=sandbox))

    def runs_python(self, service: Service) -> bool:
        """Whether a function of `handlers.py` may be called, for which an event loop must not wait."""
        python, route = service.contract.python, self.route
        if python is None or route.operation is None or self.refusal is not None or self.response is not None:
            return False
        if route.is_control:
            return python.has_computed_members and route.operation.id in SHOWING_RECORDS
        if route.operation.id in python.operations:
            return True
        # A conditional change reads the resource at its address first.
        return self.request.by_name.is_conditional and self.request.method not in SAFE_METHODS

    def needs_page(self, service: Service) -> bool:
        """Whether a page answers, which the Flask application renders: the one at the path, or the token's."""
        if self.choice is None:
            return isinstance(self.refusal, TokenRequired) and service.token_page is not None
        return self.route.is_page and self.response is None and self.refusal is None


class Selection(Struct, eq=False):
    """The sandbox and scenario that one request is about, and what in the request chose the scenario."""

    sandbox: Sandbox
    scenario: str
    via: str
    ignored: tuple[str, ...] = ()
    _run: Run | None = None

    @property
    def run(self) -> Run:
        """The run, begun if this is its first use. Raises CannotGenerate and ContractError."""
        if self._run is None:
            self._run = self.sandbox.run(self.scenario)
        return self._run

    @property
    def begun_run(self) -> Run | None:
        """The run, if it has begun."""
        return self._run or self.sandbox.runs.get(self.scenario)

    def settle(self) -> Run:
        """Fire the transitions that are due, and return the run. Raises as `run` does, and TooMuchDue."""
        run = self.run
        run.settle()
        return run


class Exchange:
    """A request under way. `began` is in seconds, of the machine's monotonic clock.

    `invalid_status` is the status of the response that violated the contract, whatever was sent instead, and
    `violations` say where it or the request did. `override` is the one that the request matched, `refusal` why it was
    refused, `handler` the function of `handlers.py` that was called. Unless it `commits`, what that changes is dropped.
    `snapshot` is what the response was built from, where the run may have changed meanwhile. `run` is set once the
    transitions that were due are fired, before the operation is called.
    """

    run: Run

    __slots__ = (
        "_content", "began", "commits", "delivery", "handler", "invalid_status", "notices", "operation", "override",
        "prepared", "refusal", "request", "run", "sandbox", "selected", "service", "snapshot", "violations",
    )  # fmt: skip

    def __init__(self, service: Service, prepared: PreparedRequest, began: float) -> None:
        self.service, self.prepared, self.began = service, prepared, began
        self.request = prepared.request
        # The operation that the request was routed to.
        self.operation: Operation | None = prepared.route.operation
        self._content: ReadContent | None = None
        self.sandbox: Sandbox | None = None
        self.selected: Selection | None = None
        self.override: ActiveOverride | None = None
        self.violations: Sequence[Violation] = ()
        self.invalid_status: int | None = None
        self.refusal: Refusal | None = None
        self.delivery: Delivery | None = None
        self.notices = prepared.notices
        self.handler: str | None = None
        self.snapshot: tuple[State, Clock] | None = None
        self.commits = True

    @property
    def is_passed(self) -> bool:
        """Whether the request is passed on to the upstream, or was refused on its way to it."""
        return self.prepared.passes or (self.override is not None and self.override.override.upstream)

    @property
    def content(self) -> ReadContent:
        """The parts of the request that conditions of overrides are about."""
        if self._content is None:
            self._content = ReadContent(self.prepared)
        return self._content

    @property
    def compared_headers(self) -> Collection[str]:
        """The headers of the request that conditions of overrides were about."""
        return self._content.headers if self._content is not None else ()

    @property
    def selection(self) -> Selection:
        """The sandbox and scenario, in a step after they were selected."""
        assert self.selected is not None
        return self.selected

    @property
    def seed(self) -> int:
        """The seed of the scenario, in a step after that was selected."""
        return self.service.contract.scenarios[self.selection.scenario].seed

    @property
    def call(self) -> OperationCall:
        """The parameters and the body, in a step after they were validated."""
        assert self.prepared.call is not None
        return self.prepared.call

    @property
    def sandbox_via(self) -> str:
        """What in the request chose the sandbox."""
        return self.prepared.choice.sandbox_via if self.prepared.choice is not None else ""

    def add_notice(self, text: str) -> None:
        """Have the journal's entry say something about the request, once."""
        if text not in self.notices:
            self.notices = (*self.notices, text)


class PassedOn(Struct, eq=False):
    """A request that is passed on to the upstream, by an override if there is one; `delay` is in milliseconds."""

    exchange: Exchange
    override: Override | None = None
    delay: int = 0
