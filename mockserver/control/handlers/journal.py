"""What the journal of a sandbox has: requests, violations, drift; and whether that is what a test expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.control import journal_json, request_filters, verification
from mockserver.control.verdict import verdict
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.http.exchange import Exchange
from mockserver.http.router import ControlHandler, ControlResult


def _list_requests(exchange: Exchange, call: OperationCall) -> ControlResult:
    """Newest first."""
    log, query = exchange.selection.sandbox.journal, call.query
    entries = reversed(log.unmatched) if query["unmatched"] else log.newest_first()
    matches = request_filters.select(exchange, entries, query)
    request_filters.wait_for_entries(exchange, call, len(matches))
    page = matches[query["offset"] :][: query["limit"]]
    shown = journal_json.entries_as_json(exchange.service, page, brief=query["brief"])
    listed: dict[str, Any] = {"requests": shown, "total": len(matches), "seen": log.count}
    if dropped := log.count_dropped():
        listed["dropped"] = dropped
    return 200, listed


def _clear_requests(exchange: Exchange, call: OperationCall) -> ControlResult:
    exchange.selection.sandbox.journal.clear_requests()
    return 204, None


def _verify(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, verification.respond(exchange, call.body)


def _get_verdict(exchange: Exchange, call: OperationCall) -> ControlResult:
    query, sandbox = call.query, exchange.selection.sandbox
    return 200, verdict(exchange.service, sandbox, query.get("allow", ()), with_drift=query["drift"] == "fail")


def _list_violations(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, {
        "violations": [
            journal_json.violation_entry(entry) for entry in exchange.selection.sandbox.journal.invalid_responses
        ]
    }


def _clear_violations(exchange: Exchange, call: OperationCall) -> ControlResult:
    exchange.selection.sandbox.journal.clear_violations()
    return 204, None


def _list_drift(exchange: Exchange, call: OperationCall) -> ControlResult:
    drift = exchange.selection.sandbox.journal.drift
    listed = [journal_json.drift_entry(entry) for entry in drift]
    return 200, {"drift": listed, "total": len(listed) + drift.count_dropped()}


def _clear_drift(exchange: Exchange, call: OperationCall) -> ControlResult:
    exchange.selection.sandbox.journal.clear_drift()
    return 204, None


HANDLERS: Mapping[str, ControlHandler] = {
    "listRequests": _list_requests,
    "clearRequests": _clear_requests,
    "verify": _verify,
    "getVerdict": _get_verdict,
    "listViolations": _list_violations,
    "clearViolations": _clear_violations,
    "listDrift": _list_drift,
    "clearDrift": _clear_drift,
}
