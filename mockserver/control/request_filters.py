"""The entries of the journal that a request to `GET /__mock/requests` selects, and waiting until there are enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from mockserver.control import filter_names, journal_json, waiting
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.journal import Entry
from mockserver.http.exchange import Exchange
from mockserver.refusals import WaitTimeout


def select(exchange: Exchange, entries: Iterable[Entry], query: Mapping[str, Any]) -> list[Entry]:
    """The entries with all of the properties that the query parameters name. Raises InvalidRequest."""
    contract = exchange.service.contract
    # The journal lists channels by their paths.
    filter_names.check(query, {"operation": {*contract.operations, *contract.channels}})
    return [entry for entry in entries if _matches(entry, query)]


def _matches(entry: Entry, query: Mapping[str, Any]) -> bool:
    if query["unmatched"] and not journal_json.is_unmatched(entry):
        return False
    if query.get("number", entry.number) != entry.number:
        return False
    for name, value in (("operation", entry.operation), ("path", entry.path)):
        if name in query and value not in query[name]:
            return False
    if "method" in query and not any(journal_json.has_method(entry, method) for method in query["method"]):
        return False
    if "code" in query and entry.code not in query["code"]:
        return False
    return "status" not in query or any(journal_json.has_status(entry, status) for status in query["status"])


def wait_for_entries(exchange: Exchange, call: OperationCall, matches: int) -> None:
    """Have the response wait until as many entries match as the query demands, if they do not already.

    Raises WaitTimeout and InvalidRequest.
    """
    journal, query = exchange.selection.sandbox.journal, call.query
    watch = waiting.JournalWatch(journal, lambda entry: _matches(entry, query))

    def refusal(times: int) -> WaitTimeout:
        latest = islice(journal.newest_first(), waiting.LATEST_LIMIT)
        shown = [journal_json.entry_as_json(exchange.service, entry, brief=True) for entry in latest]
        return WaitTimeout("requests", times, matches, shown)

    waiting.wait_for_matches(exchange, query, matches, refusal, watch.has_match)
