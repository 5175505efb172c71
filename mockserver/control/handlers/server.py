"""The server itself: its health, the documents that it serves, and its package for tests in JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.documents.bundle import bundle
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.http.exchange import Exchange
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.kit import archive
from mockserver.version import __version__


def _get_health(exchange: Exchange, call: OperationCall) -> ControlResult:
    service = exchange.service
    health: dict[str, Any] = {"status": "ok", "version": __version__}
    if (store := service.sandboxes.store_status) is not None:
        health["store"] = store
    if service.stale:
        health["problems"] = [problem.as_dict() for problem in service.stale]
    return 200, health


def _get_control_document(exchange: Exchange, call: OperationCall) -> ControlResult:
    document = bundle(exchange.service.control.document)
    operation = document["paths"][f"{PREFIX}/scenario"]["put"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema["properties"]["name"]["enum"] = sorted(exchange.service.contract.scenarios)
    return 200, document


def _get_contract_document(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, bundle(exchange.service.contract.openapi)


def _get_kit(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, archive.pack()


HANDLERS: Mapping[str, ControlHandler] = {
    "getHealth": _get_health,
    "getControlDocument": _get_control_document,
    "getContractDocument": _get_contract_document,
    "getKit": _get_kit,
}
