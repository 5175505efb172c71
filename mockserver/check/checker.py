"""The proof of a contract: each scenario in turn, each record, each operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mockserver.check import examples, record_states, warnings
from mockserver.check.finding import Finding, ScenarioCounts, source_of
from mockserver.check.record_states import Broken
from mockserver.check.requests import Failed, ScenarioRequests
from mockserver.contract.model import Contract, Scenario
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.start import Start
from mockserver.errors import CannotGenerate, ContractError, Problem
from mockserver.refusals import NoExample
from mockserver.syntax.yaml_reader import escape
from mockserver.web.app import create_service


class Proof:
    """What is found of a contract, as far as `steps` has gone."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.findings: list[Finding] = []
        self.scenarios: list[ScenarioCounts] = []
        self.refusals = 0
        self._told: set[tuple[Any, ...]] = set()

    @property
    def holds(self) -> bool:
        """Whether no mistake was found; a warning is none."""
        return all(one.level != "error" for one in self.findings)

    @property
    def answers(self) -> int:
        """How many answers were judged, those of records in all their states included."""
        return self.refusals + sum(one.answers + one.states for one in self.scenarios)

    def steps(self) -> Iterator[float]:
        """Go on by a step each; how much is done, from 0 to 1."""
        self._warn(iter(self.contract.warnings))
        self._warn(warnings.of_contract(self.contract))
        for number, problem in enumerate(examples.broken(self.contract)):
            self._warn(iter((problem,) if problem is not None else ()))
            if number % 100 == 0:
                yield 0.0
        try:
            service = create_service(self.contract, Sandboxes(self.contract))
        except ContractError as error:
            self.findings += [Finding("error", problem) for problem in error.problems]
            return
        total = len(self.contract.scenarios) + 1
        for done, scenario in enumerate(sorted(self.contract.scenarios.values(), key=lambda one: one.name)):
            asking = ScenarioRequests(service, self.contract, scenario.name)
            for part in self._scenario(scenario, asking):
                yield (done + part) / total
        asking = ScenarioRequests(service, self.contract, self.contract.default_scenario)
        for _ in asking.refusals():
            yield (total - 1) / total
        self.refusals = asking.answers
        self._failures(self.contract.scenarios[asking.scenario], asking.failed)

    def _scenario(self, scenario: Scenario, asking: ScenarioRequests) -> Iterator[float]:
        counted = ScenarioCounts(scenario.name)
        self.scenarios.append(counted)
        start = Start(self.contract, scenario)
        try:
            state = start.state
        except CannotGenerate as error:
            self._mistake(scenario, str(error), error.code)
            return
        counted.records = {name: len(table) for name, table in state.tables.items()}
        size = sum(counted.records.values()) + 1
        broken: list[Broken] = []
        for number, (count, found) in enumerate(record_states.prove(self.contract, state)):
            counted.states += count
            broken += found
            if number % 100 == 0:
                yield min(0.9, number / size)
        self._broken(scenario, broken)
        for _ in asking.all():
            yield 0.95
        counted.answers = asking.answers
        self._failures(scenario, asking.failed)
        self._warn(warnings.of_scenario(self.contract, start))

    def _mistake(self, scenario: Scenario, message: str, code: str) -> None:
        problem = source_of(self.contract, scenario).problem("", message, code)
        self.findings.append(Finding("error", problem))

    def _warn(self, found: Iterator[Problem]) -> None:
        self.findings += [Finding("warning", problem) for problem in found]

    def _broken(self, scenario: Scenario, found: list[Broken]) -> None:
        """One finding for what is wrong in the same way, however many records and scenarios it is wrong with."""
        first: dict[tuple[Any, ...], Broken] = {}
        alike: Counter[tuple[Any, ...]] = Counter()
        for one in found:
            kind = (one.operation, one.resource, one.state, one.violation.pointer, one.violation.keyword)
            first.setdefault(kind, one)
            alike[kind] += 1
        for kind, one in first.items():
            if kind in self._told:
                continue
            self._told |= {kind, (one.operation, one.violation)}
            place = f" as {one.state}" if one.state is not None else ""
            what = f"{one.operation} would answer what its schema refuses" if one.operation else "it breaks its schema"
            more = f" (and {alike[kind] - 1:,} more alike)" if alike[kind] > 1 else ""
            message = f"{one.resource} {one.key}{place}: {what}: {one.violation.description}{more}"
            self._mistake(scenario, message, "contract-violation")

    def _failures(self, scenario: Scenario, found: list[Failed]) -> None:
        for one in found:
            kind = (one.operation, one.violation)
            if kind in self._told:
                continue
            self._told.add(kind)
            if one.code == NoExample.code:
                self.findings.append(Finding("error", self._unanswered(one)))
                continue
            message = f"{one.request} ({one.operation}), about {one.about}: {one.violation.description}"
            self._mistake(scenario, message, "contract-violation")

    def _unanswered(self, failed: Failed) -> Problem:
        """An operation that has no answer in any scenario: that is a mistake of the document."""
        operation = self.contract.operations[failed.operation]
        pointer = f"/paths/{escape(operation.path)}/{operation.method.lower()}"
        return self.contract.openapi.source.problem(pointer, failed.violation.description, failed.code)
