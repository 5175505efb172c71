"""Reports for people: what a test expected, what came, and what came closest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.errors import count_noun, printable

Json = Mapping[str, Any]

# The most requests that a report lists.
LINES_LIMIT = 50


def describe_requests(entries: Sequence[Json]) -> str:
    """Journal entries, given newest first, as one line each with what there is to say about them, oldest first."""
    if not entries:
        return "No requests were received in this sandbox."
    shown = list(reversed(entries[:LINES_LIMIT]))
    left_out = len(entries) - len(shown)
    lines = [f"({count_noun(left_out, 'earlier request')} left out)"] if left_out else []
    return _join([*lines, *(line for entry in shown for line in _entry(entry))])


def describe_missing(operation: str, times: int, seconds: float, problem: Json) -> str:
    """Why a wait for `times` requests to an operation ended, from the problem `wait-timeout`."""
    expected = count_noun(times, "request")
    head = f"Expected {expected} to {operation} within {seconds:g} s; {problem['total']:,} came."
    return f"{printable(head)} The latest requests of the sandbox:\n{describe_requests(problem['requests'])}"


def describe_missing_deliveries(times: int, seconds: float, problem: Json) -> str:
    """Why a wait for `times` deliveries ended, from the problem `wait-timeout`."""
    noun = "delivery" if times == 1 else "deliveries"
    lines = [f"Expected {times:,} {noun} within {seconds:g} s; {problem['total']:,} matched. The latest deliveries:"]
    lines += [f"  {_delivery_line(delivery)}" for delivery in problem["deliveries"]] or ["  none"]
    return _join(lines)


def describe_expectations(problem: Json) -> str:
    """Each expectation that failed, with what came closest, from the problem `verify-failed`."""
    results = problem["expectations"]
    failed = [result for result in results if not result["satisfied"]]
    lines = [f"{len(failed)} of {count_noun(len(results), 'expectation')} failed."]
    for result in failed:
        lines.append(f"Expected {_compact(result['expected'])}")
        lines.append(f"  came {count_noun(result['count'], 'time')}{_numbers(result['requests'])}")
        if "reason" in result:
            lines.append(f"  {result['reason']}")
        for entry in result.get("closest", ()):
            lines.append(f"  closest: {_line(entry)}")
            lines += [f"    {_difference(difference)}" for difference in entry["differences"]]
    return _join(lines)


# About a request that an override matches which was never used.
MATCHED = "it matches, but came before the override was added, or another override responded"


def describe_verdict(problem: Json) -> str:
    """Every reason of a failed verdict, from the problem `verdict-failed`."""
    lines = [f"The verdict failed: {problem['detail']}"]
    lines += _section("Responses that violated the contract:", problem.get("violations", ()))
    lines += _section("Requests that the server refused:", problem.get("refused", ()), allow=True)
    lines += _section("Requests that matched no operation:", problem.get("unmatched", ()))
    if unused := problem.get("unused_overrides", ()):
        lines.append("Overrides that were never used; send a request that they match, or remove them:")
        lines += [f"  {line}" for override in unused for line in _override(override)]
    if drift := problem.get("drift", ()):
        lines += _section("Responses of the upstream that violated the contract:", drift)
    return _join(lines)


def _join(lines: Iterable[str]) -> str:
    """The lines as one text, which a terminal may show: what requests and responses bring is escaped."""
    return "\n".join(map(printable, lines))


def _section(title: str, entries: Iterable[Json], *, allow: bool = False) -> Iterator[str]:
    for number, entry in enumerate(entries):
        if not number:
            yield title
        yield from (f"  {line}" for line in _entry(entry))
        if allow:
            yield f'    if the test does this on purpose: allow=["{_code(entry)}"]'


def _entry(entry: Json) -> Iterator[str]:
    yield _line(entry)
    response = entry.get("response", {}).get("body")
    if "nearest" in entry:
        for near in entry["nearest"]:
            yield f"  closest: {near['operation']} ({near['method']} {near['path']}): {near['why']}"
    elif entry["status"] >= 400 and isinstance(response, Mapping) and "detail" in response and not entry["violations"]:
        yield f"  {response['detail']}"
    for violation in entry.get("violations", ()):
        place = " ".join(filter(None, (violation["location"], violation.get("name"), violation["pointer"])))
        yield f"  {place}: {violation['message']}"
    for fired in entry.get("fired", ()):
        yield f"  fired: {fired['transition']} of {fired['key']} ({fired['resource']}) at {fired['at']}"
    if "note" in entry:
        yield f"  {entry['note']}"


def _line(entry: Json) -> str:
    query = f"?{entry['query']}" if entry.get("query") else ""
    operation = entry.get("operation")
    words = (
        [f"#{entry['number']} {entry['method']} {entry['path']}{query} -> {entry['status']}"]
        if "path" in entry
        else [f"#{entry['number']} {entry['status']}"]
    )
    words += [_code(entry)] if _code(entry) else []
    words += [operation] if operation else []
    words += [f"({entry['override']})"] if "override" in entry else []
    return " ".join(words)


def _code(entry: Json) -> str:
    """The code of the problem that the server responded with; empty if there is none."""
    headers = entry.get("response", {}).get("headers", {})
    return str(entry.get("code") or headers.get("X-Mock-Code", ""))


def _delivery_line(delivery: Json) -> str:
    outcomes = ", ".join(str(attempt.get("status", attempt.get("error"))) for attempt in delivery["attempts"])
    change = delivery["event"]
    # A callback, which an operation leads to, is about no record.
    if delivery["resource"] is not None:
        change += f" of {delivery['key']} ({delivery['resource']})"
    head = f"{delivery['webhook']}: {change} to {delivery['url']} -> {delivery['status']}"
    return f"{head} ({outcomes})" if outcomes else head


def _override(override: Json) -> Iterator[str]:
    names = ("id", "scenario", "operation", "closest")
    fields = {name: value for name, value in override.items() if name not in names}
    yield f"{override['id']} for {override['operation']} in the scenario {override['scenario']}: {_compact(fields)}"
    for entry in override.get("closest", ()):
        yield f"  closest: {_line(entry)}"
        yield from (f"    {_difference(difference)}" for difference in entry["differences"])
        if not entry["differences"]:
            yield f"    {MATCHED}"


def _difference(difference: Json) -> str:
    place = " ".join(filter(None, (difference["part"], difference.get("name"), difference.get("pointer"))))
    if "message" in difference:
        return f"{place}: {difference['message']}"
    return f"{place}: expected {_compact(difference.get('expected'))}, came {_compact(difference.get('actual'))}"


def _numbers(numbers: Sequence[int]) -> str:
    return f" (#{', #'.join(str(number) for number in numbers[:10])}{', …' * (len(numbers) > 10)})" if numbers else ""


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
