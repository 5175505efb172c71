"""Verifies after a test that the expected requests came: as often as expected, and in order if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from mockserver.control import journal_json, waiting
from mockserver.control.expectations import BodyNotKept, Expectation, LoggedRequest, read_expectations
from mockserver.engine.journal import Entry
from mockserver.errors import Violation, count_noun
from mockserver.http.exchange import Exchange
from mockserver.http.quoted_secrets import quoted_secrets, without_quoted
from mockserver.http.service import Service
from mockserver.openapi.model import Operation
from mockserver.refusals import InvalidRequest, TooMuchToMatch, VerifyFailed
from mockserver.schemas.explaining.explanation_work import STEP_LIMIT
from mockserver.schemas.reading_work import READING_LIMIT, ReadingWork

# How many of the requests that came closest are shown.
CLOSEST_LIMIT = 3
# How many bodies are explained to find those that came closest, all expectations together, and the steps of all of
# these explanations.
EXPLAINED_BODIES = 300
EXPLANATION_STEPS = 2 * STEP_LIMIT
# What may be read of forms and XML for that.
EXPLANATION_BYTES = READING_LIMIT // 4
TOO_MUCH_TO_READ = f"schemas would read more than {READING_LIMIT:,} bytes of bodies, each as often as they are applied"
NOT_EXPLAINED = Violation("body", "", "schema", "it does not match its schema")


def respond(exchange: Exchange, body: Mapping[str, Any]) -> dict[str, Any]:
    """The result as JSON, for which the response waits as long as `wait` says, if it may become another.

    Raises InvalidRequest for what cannot be read, and VerifyFailed if an expectation does not hold.
    """
    service, journal = exchange.service, exchange.selection.sandbox.journal
    expectations = read_expectations(body["expect"], service.contract)
    wait = _read_wait(body.get("wait", "0s"))
    watch = waiting.JournalWatch(journal, partial(_may_match, expectations))
    entries = list(journal.newest_first())[::-1]
    try:
        return verify(service, entries, journal.count_dropped(), expectations, in_order=body.get("in_order", False))
    except VerifyFailed as failure:
        results = failure.members["expectations"]
        if not any(_is_exceeded(*pair) for pair in zip(expectations, results, strict=True)):
            waiting.hold(exchange, wait, watch.has_match)
        raise


def _read_wait(text: str) -> int:
    try:
        return waiting.read_duration(text)
    except ValueError as error:
        raise InvalidRequest([Violation("body", "/wait", "duration", str(error))]) from None


def _is_exceeded(expectation: Expectation, result: Mapping[str, Any]) -> bool:
    """Whether more requests came than are expected, which no other request can change."""
    return expectation.maximum is not None and result["count"] > expectation.maximum


def _may_match(expectations: Sequence[Expectation], entry: Entry) -> bool:
    """Whether an expectation may be about a request."""
    request = LoggedRequest(entry, ReadingWork())
    try:
        return not all(expectation.differences(request) for expectation in expectations)
    except TooMuchToMatch:
        return True  # so that the comparison reports it


def verify(
    service: Service, entries: Sequence[Entry], dropped: int, expectations: Sequence[Expectation], *, in_order: bool
) -> dict[str, Any]:
    """The result as JSON. `entries` is the whole journal, oldest first; `dropped` requests before them are gone.

    Raises VerifyFailed if an expectation does not hold.
    """
    comparisons = [JournalComparison(expectation) for expectation in expectations]
    operations = service.contract.operations
    compare_all(comparisons, entries, operations)
    explanations = BodyExplanations(len(expectations), operations)
    results = [_result(service, comparison, dropped, explanations) for comparison in comparisons]
    if in_order:
        _require_order(expectations, results)
    failed = [
        expectation.description + (f" ({result['reason']})" if "reason" in result else f", came {_times(result)}")
        for expectation, result in zip(expectations, results, strict=True)
        if not result["satisfied"]
    ]
    if failed:
        raise VerifyFailed(failed, len(results), results)
    return {"verified": True, "expectations": results}


def compare_all(
    comparisons: Sequence[JournalComparison], entries: Sequence[Entry], operations: Mapping[str, Operation]
) -> None:
    """Compare each request with each expectation. Raises InvalidRequest where their schemas would read too much."""
    work = ReadingWork()
    try:
        for entry in entries:
            request = LoggedRequest(entry, work, operations)
            for comparison in comparisons:
                comparison.add(request)
    except TooMuchToMatch:
        raise InvalidRequest([Violation("body", "/expect", "schema", TOO_MUCH_TO_READ)]) from None


class JournalComparison:
    """The requests that were compared with an expectation.

    `matching` are those that it describes, `unknown` has those of whose bodies too little was kept, and
    `by_body` those that differ by their bodies alone. `others` have their distances, too.
    """

    def __init__(self, expectation: Expectation) -> None:
        self.expectation = expectation
        self.matching: list[Entry] = []
        self.unknown: list[Entry] = []
        self.by_body: list[Entry] = []
        self.others: list[tuple[int, Entry]] = []

    @property
    def matches(self) -> list[int]:
        """The numbers of the requests that it describes."""
        return [entry.number for entry in self.matching]

    def add(self, request: LoggedRequest) -> None:
        """Compare a request. Raises TooMuchToMatch."""
        entry = request.entry
        if differences := self.expectation.differences(request):
            self.others.append((_distance(differences), entry))
            return
        try:
            is_match = self.expectation.accepts(request)
        except BodyNotKept:
            self.unknown.append(entry)
        else:
            if is_match:
                self.matching.append(entry)
            else:
                self.by_body.append(entry)


class BodyExplanations:
    """Explains how bodies differ from the expected ones, of so many expectations, with a bounded amount of work."""

    def __init__(self, expectations: int, operations: Mapping[str, Operation]) -> None:
        self.limit = max(CLOSEST_LIMIT, EXPLAINED_BODIES // expectations)
        self._operations = operations
        self._steps, self._work = EXPLANATION_STEPS, ReadingWork(EXPLANATION_BYTES)

    def explain(self, expectation: Expectation, entry: Entry) -> list[dict[str, Any]]:
        """How a body differs that is not an expected one."""
        schema = expectation.content.body
        assert schema is not None
        violations = [NOT_EXPLAINED]
        if self._steps > 0:
            with suppress(TooMuchToMatch):
                body = LoggedRequest(entry, self._work, self._operations).body
                violations = schema.violations(body, "body")
                self._steps -= schema.schemas.explainer.steps_taken
        differences = [{"part": "body", **violation.as_dict()} for violation in violations]
        explained: list[dict[str, Any]] = without_quoted(differences, quoted_secrets(entry.request))
        return explained


def _times(result: Mapping[str, Any]) -> str:
    count = result["count"]
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _result(
    service: Service, comparison: JournalComparison, dropped: int, explanations: BodyExplanations
) -> dict[str, Any]:
    """Whether an expectation holds; what the journal no longer has makes it fail, unless that could not matter."""
    expectation = comparison.expectation
    count, most = len(comparison.matches), expectation.maximum
    too_many = most is not None and count > most
    is_certain = too_many or (most is None and count >= expectation.minimum)
    reason = None if is_certain else _reason_unknown(dropped, comparison.unknown)
    result: dict[str, Any] = {
        "expected": expectation.entry,
        "satisfied": count >= expectation.minimum and not too_many and reason is None,
        "count": count,
        "requests": comparison.matches,
    }
    if reason is not None:
        result["reason"] = reason
    if not result["satisfied"] and not too_many:
        result["closest"] = closest(service, comparison, explanations)
    return result


def _reason_unknown(dropped: int, unknown: Sequence[Entry]) -> str | None:
    """Why the journal cannot say how many requests matched; None if it can."""
    if dropped:
        return f"the journal no longer has {count_noun(dropped, 'earlier request')}, which may have matched"
    if unknown:
        sizes = ", ".join(f"{entry.number} ({entry.request.size:,} bytes)" for entry in unknown[:CLOSEST_LIMIT])
        return f"the journal keeps only a part of the body of request {sizes}, which may have matched"
    return None


def closest(service: Service, comparison: JournalComparison, explanations: BodyExplanations) -> list[dict[str, Any]]:
    """The requests with the fewest differences, the newest of them first; of those with another body the newest."""
    expectation = comparison.expectation
    by_body = {
        entry.number: explanations.explain(expectation, entry) for entry in comparison.by_body[-explanations.limit :]
    }
    explained = [(len(by_body[entry.number]), entry) for entry in comparison.by_body if entry.number in by_body]
    ranked = sorted([*explained, *comparison.others], key=lambda other: (other[0], -other[1].number))
    return [
        {
            **journal_json.entry_as_json(service, entry, brief=True),
            "differences": by_body.get(entry.number) or expectation.differences(LoggedRequest(entry, ReadingWork())),
        }
        for _, entry in ranked[:CLOSEST_LIMIT]
    ]


def _distance(differences: Sequence[Mapping[str, Any]]) -> int:
    """A request to the operation that is expected is closer than any other."""
    return len(differences) + 100 * any(difference["part"] in ("operation", "path") for difference in differences)


def _require_order(expectations: Sequence[Expectation], results: Sequence[dict[str, Any]]) -> None:
    """Let each expectation fail whose requests did not come after those of the expectations before it."""
    position = 0
    for expectation, result in zip(expectations, results, strict=True):
        if not result["satisfied"]:
            continue
        later = [number for number in result["requests"] if number > position]
        if len(later) < expectation.minimum:
            result["satisfied"] = False
            result["reason"] = f"not in order: it should have come after request {position}"
        elif expectation.minimum:
            position = later[expectation.minimum - 1]
