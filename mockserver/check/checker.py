"""Checks a contract: each scenario, each record in each state, each operation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from mockserver.check.examples import check_examples
from mockserver.check.finding import CheckFinding, ScenarioCounts, source_of
from mockserver.check.record_states import InvalidResponse, check_records
from mockserver.check.scenario_requests import NOT_REPEATABLE, UNHELD, FailedRequest, ScenarioRequests
from mockserver.check.warnings import contract_warnings, scenario_warnings
from mockserver.contract.model import Contract, Scenario
from mockserver.engine.sandboxes import Sandboxes
from mockserver.errors import CannotGenerate, ContractError, Problem
from mockserver.handlers.modules import HANDLERS
from mockserver.refusals import NoExample
from mockserver.syntax import json_pointer
from mockserver.web.services import create_service

# The place in the note of a function that failed.
PLACE = re.compile(r"([^\s()]+\.py):(\d+)")


class ContractChecker:
    """Collects `findings` about a contract while its `steps` are run through."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.findings: list[CheckFinding] = []
        self.scenarios: list[ScenarioCounts] = []
        self._rejections = 0
        self._broken_scenarios: set[str] = set()
        self._reported: set[tuple[Any, ...]] = set()

    @property
    def passed(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return all(finding.level != "error" for finding in self.findings)

    @property
    def responses(self) -> int:
        """How many responses were validated."""
        return self._rejections + sum(counts.responses for counts in self.scenarios)

    def steps(self) -> Iterator[float]:
        """Check step by step; yields the progress from 0 to 1."""
        self._add_warnings(self.contract.warnings)
        self._add_warnings(contract_warnings(self.contract))
        for number, problems in enumerate(check_examples(self.contract)):
            self._add_warnings(problems)
            if number % 100 == 0:
                yield 0.0
        try:
            # What the mock itself would respond is checked: the upstream is never contacted.
            service = create_service(replace(self.contract, upstream=None), Sandboxes(self.contract))
        except ContractError as error:
            self.findings += [CheckFinding("error", problem) for problem in error.problems]
            return
        total = len(self.contract.scenarios) + 1
        for number, scenario in enumerate(sorted(self.contract.scenarios.values(), key=lambda scenario: scenario.name)):
            requests = ScenarioRequests(service, self.contract, scenario.name)
            for part in self._check_scenario(scenario, requests):
                yield (number + part) / total
        requests = ScenarioRequests(service, self.contract, self.contract.default_scenario)
        if requests.scenario in self._broken_scenarios:
            return
        for _ in requests.send_invalid():
            yield (total - 1) / total
        self._rejections = requests.count
        self._add_failed_requests(self.contract.scenarios[requests.scenario], requests.failed)

    def _check_scenario(self, scenario: Scenario, requests: ScenarioRequests) -> Iterator[float]:
        counts = ScenarioCounts(scenario.name)
        self.scenarios.append(counts)
        # That of the runs in which requests are sent, so its records are generated once.
        start = requests.service.sandboxes.starts[scenario.name]
        try:
            state = start.state
        except CannotGenerate as error:
            self._broken_scenarios.add(scenario.name)
            self._add_error(scenario, error.reason, error.code)
            return
        counts.records = {name: len(table) for name, table in state.tables.items()}
        size = sum(counts.records.values()) + 1
        invalid: list[InvalidResponse] = []
        for number, (count, responses) in enumerate(check_records(self.contract, state)):
            counts.states += count
            invalid += responses
            if number % 100 == 0:
                yield min(0.9, number / size)
        self._add_invalid_responses(scenario, invalid)
        for _ in requests.send_valid():
            yield 0.95
        counts.requests = requests.count
        self._add_failed_requests(scenario, requests.failed)
        self._add_warnings(scenario_warnings(self.contract, start))

    def _add_error(self, scenario: Scenario, message: str, code: str) -> None:
        problem = source_of(self.contract, scenario).problem("", message, code)
        self.findings.append(CheckFinding("error", problem))

    def _add_warnings(self, problems: Iterable[Problem]) -> None:
        self.findings += [CheckFinding("warning", problem) for problem in problems]

    def _add_invalid_responses(self, scenario: Scenario, invalid: list[InvalidResponse]) -> None:
        """Add one error for all responses that are invalid in the same way, whatever their records and scenarios."""
        first: dict[tuple[Any, ...], InvalidResponse] = {}
        similar: Counter[tuple[Any, ...]] = Counter()
        for response in invalid:
            violation = response.violation
            kind = (response.subject, response.resource, response.state, violation.pointer, violation.keyword)
            first.setdefault(kind, response)
            similar[kind] += 1
        for kind, response in first.items():
            if kind in self._reported:
                continue
            self._reported |= {kind, (response.operation, response.violation)}
            state = f" in state {response.state}" if response.state is not None else ""
            more = f" (and {similar[kind] - 1:,} similar)" if similar[kind] > 1 else ""
            subject = f"{response.resource} {response.key}{state}"
            message = f"{subject}: {response.subject} does not match its schema: {response.violation.description}{more}"
            self._add_error(scenario, message, "contract-violation")

    def _add_failed_requests(self, scenario: Scenario, failed: list[FailedRequest]) -> None:
        for request in failed:
            kind = (request.operation, request.violation)
            if kind in self._reported:
                continue
            self._reported.add(kind)
            if request.code == NoExample.code:
                self.findings.append(CheckFinding("error", self._no_response(request)))
                continue
            message = f"{request.request} ({request.operation}) {request.circumstance}: {request.violation.description}"
            if request.code == UNHELD:
                self._add_warnings([source_of(self.contract, scenario).problem("", message, UNHELD)])
            elif (problem := self._problem_of_function(request, message)) is not None:
                self.findings.append(CheckFinding("error", problem))
            else:
                self._add_error(scenario, message, "contract-violation")

    def _problem_of_function(self, failed: FailedRequest, message: str) -> Problem | None:
        """A failure of a function of `handlers.py`, at its line; else None."""
        python = self.contract.python
        handler = python.handlers.get(failed.operation) if python is not None else None
        place = PLACE.search(failed.violation.message) if failed.code.startswith("handler-") else None
        if place is not None:
            return Problem(place[1], message, line=int(place[2]), code=failed.code)
        if handler is not None:
            return Problem(handler.file, message, line=handler.line, code=failed.code or "contract-violation")
        if failed.code == NOT_REPEATABLE:
            return Problem(HANDLERS, message, code=failed.code)
        return None

    def _no_response(self, failed: FailedRequest) -> Problem:
        """An operation without a response in any scenario is a mistake of the document."""
        operation = self.contract.operations[failed.operation]
        pointer = f"/paths/{json_pointer.escape(operation.path)}/{operation.method.lower()}"
        return self.contract.openapi.source.problem(pointer, failed.violation.description, failed.code)
