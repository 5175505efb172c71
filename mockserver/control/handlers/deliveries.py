"""The deliveries of webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.control import delivery_filters
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.http.exchange import Exchange
from mockserver.http.router import ControlHandler, ControlResult


def _list_deliveries(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, delivery_filters.list_deliveries(exchange, call)


def _clear_deliveries(exchange: Exchange, call: OperationCall) -> ControlResult:
    deliveries = exchange.selection.sandbox.deliveries
    if deliveries is not None:
        deliveries.clear()
    return 204, None


HANDLERS: Mapping[str, ControlHandler] = {
    "listDeliveries": _list_deliveries,
    "clearDeliveries": _clear_deliveries,
}
