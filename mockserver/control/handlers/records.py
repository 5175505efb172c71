"""The records of a run, read and changed without the operations of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mockserver.contract.records import split_key
from mockserver.control.run_json import run_as_json
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.commands import Fire, Put, Remove
from mockserver.engine.state.presentation import list_records, with_derived_fields
from mockserver.http.exchange import Exchange
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.openapi.parameter_decoding import decode_scalar


def _get_state(exchange: Exchange, call: OperationCall) -> ControlResult:
    query, state = call.query, exchange.selection.settle().state
    tables = {query["resource"]: state.table(query["resource"])} if "resource" in query else state.tables
    return 200, {
        **run_as_json(exchange.selection),
        "totals": {name: len(table) for name, table in state.tables.items()},
        "records": {
            name: list_records(state, table, query["offset"], query.get("limit")) for name, table in tables.items()
        },
    }


def _read_record_path(exchange: Exchange, call: OperationCall) -> tuple[str, Any]:
    """The resource and the key in the path, with the key converted to the type of the resource's keys."""
    resource = exchange.selection.settle().state.table(call.path["resource"]).layout.resource
    types = resource.fields.get(resource.key, frozenset({"string"}))
    key = call.path["key"]
    return resource.name, decode_scalar(key, types - {"string"}) if "string" not in types else key


def _put_record(exchange: Exchange, call: OperationCall) -> ControlResult:
    resource, key = _read_record_path(exchange, call)
    run = exchange.selection.settle()
    existed = run.state.has_record(resource, key)
    declared = exchange.service.contract.resources[resource]
    record = {**split_key(declared, key), **call.body} if declared.key else call.body
    state = run.submit(lambda _, at: Put(resource, key, record, at))
    value = with_derived_fields(state, declared, state.record(resource, key))
    if existed:
        return 200, value
    location = f"{PREFIX}/state/{quote(resource, safe='')}/{quote(str(key), safe='')}"
    return 201, value, {"Location": exchange.request.root_path + location}


def _delete_record(exchange: Exchange, call: OperationCall) -> ControlResult:
    resource, key = _read_record_path(exchange, call)
    exchange.selection.run.submit(lambda _, at: Remove(resource, key, at))
    return 204, None


def _fire_transition(exchange: Exchange, call: OperationCall) -> ControlResult:
    resource, key = _read_record_path(exchange, call)
    transition = call.path["transition"]
    state = exchange.selection.run.submit(lambda _, at: Fire(resource, key, transition, at, call.body))
    return 200, with_derived_fields(state, exchange.service.contract.resources[resource], state.record(resource, key))


HANDLERS: Mapping[str, ControlHandler] = {
    "getState": _get_state,
    "putRecord": _put_record,
    "deleteRecord": _delete_record,
    "fireTransition": _fire_transition,
}
