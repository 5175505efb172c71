"""The entries of the journal that a request to `GET /__mock/requests` selects, and waiting until there are enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from mockserver.control import journal_json
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.journal import Entry
from mockserver.errors import Violation, unknown_name
from mockserver.http.exchange import Exchange
from mockserver.http.messages import Delivery, Response
from mockserver.http.pipeline import respond_prepared
from mockserver.http.response.overrides import HeldResponse, reset_while_held
from mockserver.refusals import InvalidRequest, WaitTimeout
from mockserver.syntax.instants import parse_duration

WAIT_LIMIT = 60_000
# How many of the latest requests are shown where those that were waited for did not come.
LATEST_LIMIT = 20


def select(entries: Iterable[Entry], query: Mapping[str, Any]) -> list[Entry]:
    """The entries with all of the properties that the query parameters name."""
    return [entry for entry in entries if _matches(entry, query)]


def _matches(entry: Entry, query: Mapping[str, Any]) -> bool:
    if query["unmatched"] and not journal_json.is_unmatched(entry):
        return False
    if query.get("number", entry.number) != entry.number:
        return False
    for name, value in (("operation", entry.operation), ("method", entry.method), ("path", entry.path)):
        if name in query and value not in query[name]:
            return False
    if "code" in query and entry.code not in query["code"]:
        return False
    return "status" not in query or any(journal_json.has_status(entry, status) for status in query["status"])


def require(exchange: Exchange, call: OperationCall, matches: int) -> None:
    """Have the response wait until as many entries match as the query demands, if they do not already.

    Raises WaitTimeout, whose response is the one that is sent if they do not come in time, and InvalidRequest.
    """
    query = call.query
    if "times" not in query and "wait" not in query:
        return
    times = query.get("times", 1)
    _check_operations(exchange, query.get("operation", ()))
    wait = _read_wait(query["wait"]) if "wait" in query else 0
    if matches >= times:
        return
    sandbox = exchange.selection.sandbox
    if wait:
        _wait(exchange, wait)
    latest = islice(sandbox.journal.newest_first(), LATEST_LIMIT)
    raise WaitTimeout(
        times, matches, [journal_json.entry_as_json(exchange.service, entry, brief=True) for entry in latest]
    )


def _check_operations(exchange: Exchange, names: Iterable[str]) -> None:
    operations = exchange.service.contract.operations
    unknown = [name for name in names if name not in operations]
    messages = [unknown_name("operation", name, operations) for name in unknown]
    violations = [Violation("query", "", "operation", message, "operation") for message in messages]
    if violations:
        raise InvalidRequest(violations)


def _read_wait(text: str) -> int:
    try:
        wait = parse_duration(text)
    except ValueError as error:
        raise InvalidRequest([Violation("query", "", "format", str(error), "wait")]) from None
    if wait > WAIT_LIMIT:
        message = f"must be at most {WAIT_LIMIT // 1_000}s"
        raise InvalidRequest([Violation("query", "", "maximum", message, "wait")])
    return wait


def _wait(exchange: Exchange, wait: int) -> None:
    """Deliver the response when it has changed, or after `wait` milliseconds; a reset of the sandbox sends another."""
    service, sandbox, prepared = exchange.service, exchange.selection.sandbox, exchange.prepared
    assert exchange.operation is not None
    replacement = partial(reset_while_held, exchange, exchange.operation, exchange.selection)
    seen = sandbox.journal.count

    def retry() -> Response | None:
        nonlocal seen
        if not sandbox.journal.may_have_grown(seen):
            return None
        seen = sandbox.journal.count
        return respond_prepared(service, prepared)

    exchange.delivery = Delivery(wait, None, replacement, retry=retry)
    HeldResponse(exchange.delivery, sandbox, "")
