"""Verifies after a test that the expected requests came: as often as expected, and in order if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.control import journal_json
from mockserver.control.expectations import BodyNotKept, Expectation, read_expectations
from mockserver.engine.journal import Entry
from mockserver.errors import count_noun
from mockserver.http.service import Service
from mockserver.refusals import VerifyFailed

# How many of the requests that came closest are shown.
CLOSEST_LIMIT = 3


def verify(service: Service, entries: Sequence[Entry], dropped: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """The result as JSON. `entries` is the whole journal, oldest first; `dropped` requests before them are gone.

    Raises InvalidRequest for expectations that cannot be read, and VerifyFailed if one of them does not hold.
    """
    expectations = read_expectations(body["expect"], service.contract)
    results = [_judge(service, expectation, entries, dropped) for expectation in expectations]
    if body.get("in_order", False):
        _judge_order(expectations, results)
    failed = [
        expectation.description + (f" ({result['reason']})" if "reason" in result else f", came {_times(result)}")
        for expectation, result in zip(expectations, results, strict=True)
        if not result["satisfied"]
    ]
    if failed:
        raise VerifyFailed(failed, len(results), results)
    return {"verified": True, "expectations": results}


def _times(result: Mapping[str, Any]) -> str:
    count = result["count"]
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _judge(service: Service, expectation: Expectation, entries: Sequence[Entry], dropped: int) -> dict[str, Any]:
    """Whether an expectation holds; what the journal no longer has makes it fail, unless that could not matter."""
    matches: list[int] = []
    unknown: list[Entry] = []
    others: list[tuple[list[dict[str, Any]], Entry]] = []
    for entry in entries:
        try:
            differences = expectation.differences(entry)
        except BodyNotKept:
            unknown.append(entry)
            continue
        if differences:
            others.append((differences, entry))
        else:
            matches.append(entry.number)
    count, most = len(matches), expectation.maximum
    too_many = most is not None and count > most
    reason = None if too_many or (most is None and count >= expectation.minimum) else _gap(dropped, unknown)
    result: dict[str, Any] = {
        "expected": expectation.entry,
        "satisfied": count >= expectation.minimum and not too_many and reason is None,
        "count": count,
        "requests": matches,
    }
    if reason is not None:
        result["reason"] = reason
    if not result["satisfied"] and not too_many:
        result["closest"] = _closest(service, others)
    return result


def _gap(dropped: int, unknown: Sequence[Entry]) -> str | None:
    """Why the journal cannot say how many requests matched; None if it can."""
    if dropped:
        return f"the journal no longer has {count_noun(dropped, 'earlier request')}, which may have matched"
    if unknown:
        sizes = ", ".join(f"{entry.number} ({entry.request.size:,} bytes)" for entry in unknown[:CLOSEST_LIMIT])
        return f"the journal keeps only a part of the body of request {sizes}, which may have matched"
    return None


def _closest(service: Service, others: list[tuple[list[dict[str, Any]], Entry]]) -> list[dict[str, Any]]:
    """The requests with the fewest differences, the newest of them first."""
    ranked = sorted(others, key=lambda other: (_distance(other[0]), -other[1].number))
    return [
        {**journal_json.entry_as_json(service, entry, brief=True), "differences": differences}
        for differences, entry in ranked[:CLOSEST_LIMIT]
    ]


def _distance(differences: Sequence[Mapping[str, Any]]) -> int:
    """A request to the operation that is expected is closer than any other."""
    return len(differences) + 100 * any(difference["part"] in ("operation", "path") for difference in differences)


def _judge_order(expectations: Sequence[Expectation], results: Sequence[dict[str, Any]]) -> None:
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
