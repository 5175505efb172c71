"""The verdict at the end of a test, over all requests of its sandbox."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from typing import Any

from mockserver.contract.model import Override
from mockserver.contract.request_conditions import NO_CONDITIONS
from mockserver.control import journal_json
from mockserver.control.expectations import Expectation, LoggedRequest
from mockserver.control.verification import CLOSEST_LIMIT, BodyExplanations, JournalComparison, closest
from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.sandbox import Sandbox
from mockserver.http.service import Service
from mockserver.refusals import FailedVerdict, TooMuchToMatch
from mockserver.schemas.reading_work import ReadingWork

# Of so many unused overrides, it is said which requests came closest.
EXPLAINED_OVERRIDES = 10


def verdict(
    service: Service, sandbox: Sandbox, allow: Container[str] = (), *, with_drift: bool = False
) -> dict[str, Any]:
    """A passed verdict as JSON; requests that were refused with a code in `allow` do not count.

    Responses of the upstream that violated the contract count if `with_drift`. Raises FailedVerdict with the
    violations, unmatched and refused requests, and unused overrides.
    """
    unmatched = journal_json.entries_as_json(service, sandbox.journal.unmatched)
    refused = journal_json.entries_as_json(
        service, (entry for entry in sandbox.journal.refused if entry.code not in allow)
    )
    unused = [
        (name, override) for name, run in sorted(sandbox.runs.items()) for override in reversed(run.unused_overrides)
    ]
    invalid = [journal_json.violation_entry(entry) for entry in sandbox.journal.invalid_responses]
    log = sandbox.journal
    dropped = [log.invalid_responses.count_dropped(), log.unmatched.count_dropped(), log.refused.count_dropped(allow)]
    drift = [journal_json.drift_entry(entry) for entry in log.drift] if with_drift else []
    dropped.append(log.drift.count_dropped() if with_drift else 0)
    if invalid or unmatched or refused or unused or drift or any(dropped):
        raise FailedVerdict(invalid, unmatched, refused, _describe_unused(service, sandbox, unused), dropped, drift)
    return {"verdict": "passed", "requests": sandbox.journal.count}


def _describe_unused(
    service: Service, sandbox: Sandbox, unused: Sequence[tuple[str, ActiveOverride]]
) -> list[dict[str, Any]]:
    """Unused overrides as JSON, with their scenarios and the requests to the operation that came closest."""
    described = [{"scenario": name, "id": active.id, **active.override.entry} for name, active in unused]
    comparisons = [JournalComparison(_expected_by(active.override)) for _, active in unused[:EXPLAINED_OVERRIDES]]
    work, operations = ReadingWork(), service.contract.operations
    with suppress(TooMuchToMatch):
        for entry in reversed(list(sandbox.journal.newest_first())) if comparisons else ():
            request = LoggedRequest(entry, work, operations)
            for comparison in comparisons:
                if comparison.expectation.entry.get("operation", entry.operation) == entry.operation:
                    comparison.add(request)
    explanations = BodyExplanations(max(1, len(comparisons)), operations)
    for fields, comparison in zip(described, comparisons, strict=False):
        if requests := _closest_to(service, comparison, explanations):
            fields["closest"] = [_in_scenario(fields["scenario"], request) for request in requests]
    return described


def _expected_by(override: Override) -> Expectation:
    """A request that the override is for, as an expectation."""
    entry = {"where": override.entry.get("where", {}), **override.entry.get("match", {})}
    if override.operation is not None:
        entry["operation"] = override.operation
    return Expectation(entry, 1, None, override.where, override.conditions or NO_CONDITIONS)


def _closest_to(
    service: Service, comparison: JournalComparison, explanations: BodyExplanations
) -> list[dict[str, Any]]:
    """The requests that came closest, the first being those without a difference: something else responded to them."""
    if not comparison.matches:
        return closest(service, comparison, explanations)
    return [
        {**journal_json.entry_as_json(service, entry, brief=True), "differences": []}
        for entry in comparison.matching[-CLOSEST_LIMIT:][::-1]
    ]


def _in_scenario(scenario: str, request: dict[str, Any]) -> dict[str, Any]:
    """A request that came closest; another scenario is a difference, too."""
    if request["scenario"] == scenario:
        return request
    difference = {"part": "scenario", "expected": scenario, "actual": request["scenario"]}
    return {**request, "differences": [difference, *request["differences"]]}
