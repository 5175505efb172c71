"""The deliveries that a request to `GET /__mock/deliveries` selects, and waiting until there are enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.webhooks.callbacks import callback_names
from mockserver.control import filter_names, waiting
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.sandbox import Sandbox
from mockserver.http.exchange import Exchange
from mockserver.refusals import WaitTimeout

FILTERS = ("webhook", "resource", "event", "key", "status")


def list_deliveries(exchange: Exchange, call: OperationCall) -> dict[str, Any]:
    """The deliveries of the sandbox that have all of the properties in the query, oldest first.

    `total` counts those that match; where all do, also those that are no longer listed. Raises WaitTimeout and
    InvalidRequest.
    """
    sandbox, query, contract = exchange.selection.sandbox, call.query, exchange.service.contract
    names = {*contract.webhooks, *callback_names(contract.callbacks)}
    events = {event for webhook in contract.webhooks.values() for _, event in webhook.events} | {*contract.callbacks}
    filter_names.check(query, {"webhook": names, "resource": contract.resources, "event": events})
    seen = _revision(sandbox)
    listed: dict[str, Any] = (
        sandbox.deliveries.as_json() if sandbox.deliveries is not None else {"deliveries": [], "total": 0}
    )
    latest = listed["deliveries"][: -waiting.LATEST_LIMIT - 1 : -1]
    matches = [delivery for delivery in listed["deliveries"] if _matches(delivery, query)]
    if len(matches) < len(listed["deliveries"]):
        listed = {"deliveries": matches, "total": len(matches)}

    def has_changed(_is_last: bool) -> bool:
        nonlocal seen
        since, seen = seen, _revision(sandbox)
        return seen is None or seen != since

    def refusal(times: int) -> WaitTimeout:
        return WaitTimeout("deliveries", times, len(matches), latest)

    waiting.wait_for_matches(exchange, query, len(matches), refusal, has_changed)
    return listed


def _revision(sandbox: Sandbox) -> int | None:
    return sandbox.deliveries.revision if sandbox.deliveries is not None else 0


def _matches(delivery: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    if len(delivery["attempts"]) < query["attempts"]:
        return False
    return all(delivery[name] is not None and str(delivery[name]) in query[name] for name in FILTERS if name in query)
