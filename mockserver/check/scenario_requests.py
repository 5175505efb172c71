"""Sends requests to the application, valid and invalid ones, and collects the responses that violate the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from msgspec import Struct, field

from mockserver.check.record_states import sample_record
from mockserver.check.records_under_test import RecordUnderTest, related_keys, select_records
from mockserver.check.request_builder import UNKNOWN_KEY, RequestBuilder
from mockserver.contract.effects import NO_EFFECTS
from mockserver.contract.model import Contract
from mockserver.engine.clock import sleep
from mockserver.engine.commands import Fire
from mockserver.engine.run import Run
from mockserver.engine.state.state import State
from mockserver.engine.timeline import until_settled
from mockserver.errors import Refusal, Violation
from mockserver.http.messages import Request, Response
from mockserver.http.pipeline import respond
from mockserver.http.response.problems import CODE_HEADER
from mockserver.http.service import Service
from mockserver.openapi.model import Operation
from mockserver.syntax import strict_json

SANDBOX = "check"
# The codes of responses that say that the server could not respond as the contract promises.
FAILURES = ("contract-violation", "no-example", "internal-error", "handler-failed", "handler-timeout")
NOT_REPEATABLE = "not-repeatable"
UNHELD = "unheld-refusal"
NOT_REPEATABLE_MESSAGE = (
    "two runs differ in {} after the same request: take the time from `clock` and random values from `random`, "
    "and keep nothing in variables of the module"
)
REPEAT_SECONDS = 1.1
# How many due transitions are waited for; rules that form a loop have no last one.
TRANSITION_LIMIT = 1_000


class FailedRequest(Struct, frozen=True):
    """A request whose response is not what the contract promises.

    `circumstance` completes a sentence about the request, such as "with an unknown query parameter".
    """

    operation: str
    request: str
    circumstance: str
    violation: Violation
    code: str = ""


class RepeatedRequest(NamedTuple):
    """A request that is to be sent again, and what came of it the first time."""

    operation: Operation
    request: Request
    circumstance: str
    record: RecordUnderTest | None
    outcome: Mapping[str, object]


class ScenarioRequests(Struct):
    """Sends requests in one scenario; counts them, and collects the `failed` ones."""

    service: Service
    contract: Contract
    scenario: str
    count: int = 0
    failed: list[FailedRequest] = field(default_factory=list)
    _repeats: list[RepeatedRequest] = field(default_factory=list)

    @property
    def builder(self) -> RequestBuilder:
        """Builds the requests."""
        return RequestBuilder(self.contract)

    def send_valid(self) -> Iterator[None]:
        """Request every operation, about each kind of record that it may be about; yields after each kind."""
        for record in [None, *select_records(self.contract, self._start(None).state)]:
            for operation in self.contract.operations.values():
                self._request_about(operation, record)
            yield
        self._request_final_state()
        self._repeat_requests()
        yield

    def send_invalid(self) -> Iterator[None]:
        """Send requests that must be rejected; yields after each operation."""
        builder = self.builder
        for operation in self.contract.operations.values():
            values = builder.path_values(operation, None)
            unknown = builder.path(operation, dict.fromkeys(operation.path_names, UNKNOWN_KEY))
            path = builder.path(operation, values) if values is not None else unknown
            bad_query = builder.build(operation, path, query="no_such_parameter=1")
            self._check(operation, bad_query, "with an unknown query parameter")
            bad_accept = builder.build(operation, path, accept="application/x-none")
            self._check(operation, bad_accept, "with a media type in Accept that is not declared")
            if operation.path_names:
                self._check(operation, builder.build(operation, unknown), "for a record that does not exist")
            yield

    def _request_about(self, operation: Operation, record: RecordUnderTest | None) -> None:
        """Request an operation about a record; without one, if the operation needs none."""
        if record is not None and operation.id not in self.contract.implemented:
            return
        run = self._start(record)
        keys = related_keys(self.contract, run.state, record) if record is not None else None
        values = self.builder.path_values(operation, keys)
        if values is None or (record is not None and not operation.path_names):
            return
        circumstance = f"for {record}" if record is not None else "at the start of the scenario"
        request = self._build(operation, self.builder.path(operation, values))
        response = self._check(operation, request, circumstance)
        if self.contract.python is not None and operation.id in self.contract.python.operations:
            outcome = _outcome(response, run)
            self._repeats.append(RepeatedRequest(operation, request, circumstance, record, outcome))

    def _repeat_requests(self) -> None:
        """Send requests again in new runs: functions of `handlers.py` must do the same again."""
        python = self.contract.python
        if self._repeats and python is not None and python.may_read_time:
            # A time in whole seconds is another one then.
            sleep(REPEAT_SECONDS)
        for operation, request, circumstance, record, before in self._repeats:
            run = self._start(record)
            after = _outcome(self.send(request), run)
            different = [name for name, value in before.items() if value != after[name]]
            if different:
                violation = Violation(
                    "body", "", NOT_REPEATABLE, NOT_REPEATABLE_MESSAGE.format(" and ".join(different))
                )
                line = f"{request.method} {request.target}"
                self.failed.append(FailedRequest(operation.id, line, circumstance, violation, NOT_REPEATABLE))
        self._repeats.clear()

    def _request_final_state(self) -> None:
        """Request what needs no record after all due transitions, or as many as are waited for."""
        run = self._start(None)
        fired = 0
        while fired < TRANSITION_LIMIT and (due := until_settled(run.advance_to_next)):
            fired += len(due)
        for operation in self.contract.operations.values():
            if operation.method == "GET" and not operation.path_names:
                request = self.builder.build(
                    operation, self.builder.path(operation, {}), query=self.builder.query(operation)
                )
                self._check(operation, request, "at the end of the scenario")

    def _start(self, record: RecordUnderTest | None) -> Run:
        """A new run, with the record brought into its state."""
        sandbox = self.service.sandboxes.get(SANDBOX)
        sandbox.reset_run(self.scenario)
        run: Run = sandbox.run(self.scenario)
        if record is not None:
            with suppress(Refusal):
                for transition in record.transitions:
                    run.submit(partial(self._fire, record, transition))
        return run

    def _fire(self, record: RecordUnderTest, transition: str, _: State, at: int) -> Fire:
        resource = self.contract.resources[record.resource]
        effects = resource.lifecycle.transitions[transition].effects if resource.lifecycle is not None else NO_EFFECTS
        body = effects.sample_body(sample_record(self.contract, resource)) if effects.read_body else None
        return Fire(record.resource, record.key, transition, at, body)

    def _build(self, operation: Operation, path: str) -> Request:
        body, query = self.builder.body(operation), self.builder.query(operation)
        return self.builder.build(operation, path, query=query, body=body)

    def build(self, operation: Operation) -> Request:
        """A request that the operation allows, about no record in particular."""
        values = self.builder.path_values(operation, {}) or {}
        return self._build(operation, self.builder.path(operation, values))

    def send(self, request: Request) -> Response:
        """The response to a request in this scenario."""
        request.base_sandbox, request.base_scenario = SANDBOX, self.scenario
        return respond(self.service, request)

    def _check(self, operation: Operation, request: Request, circumstance: str) -> Response:
        response = self.send(request)
        self.count += 1
        code = response.header(CODE_HEADER) or ""
        line = f"{request.method} {request.target}"
        if code not in FAILURES:
            for violation in response.unheld:
                self.failed.append(FailedRequest(operation.id, line, circumstance, violation, UNHELD))
            return response
        journal = self.service.sandboxes.get(SANDBOX).journal
        violations = journal.invalid_responses[-1].violations if journal.invalid_responses else ()
        entry = next(journal.newest_first(), None)
        detail = entry.note if entry is not None and entry.note and code.startswith("handler-") else None
        for violation in violations or [Violation("body", "", code, detail or _detail(response.body, code))]:
            self.failed.append(FailedRequest(operation.id, line, circumstance, violation, code))
        journal.clear_violations()
        return response


def _outcome(response: Response, run: Run) -> dict[str, object]:
    """What must be the same when a request is repeated."""
    return {"status": response.status, "body": response.body, "records": run.fingerprint}


def _detail(body: bytes, code: str) -> str:
    """The detail of a problem document with that code."""
    try:
        problem = strict_json.parse(body)
    except ValueError:
        problem = None
    if isinstance(problem, dict) and problem.get("code") == code and isinstance(problem.get("detail"), str):
        return str(problem["detail"])
    return f"the response is an error with the code {code}"
