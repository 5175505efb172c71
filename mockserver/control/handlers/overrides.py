"""The overrides of a run: listed, added and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from mockserver.contract.model import Override
from mockserver.contract.overrides import read_override
from mockserver.control.run_json import override_as_json
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.commands import AddOverride, RemoveOverride
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.http.exchange import Exchange
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.refusals import InvalidRequest
from mockserver.schemas.inline_schemas import TOO_LARGE, VALUE_LIMIT, count_values


def _list_overrides(exchange: Exchange, call: OperationCall) -> ControlResult:
    run = exchange.selection.settle()
    listed = [override_as_json(run, override) for override in run.state.overrides.active]
    return 200, {"overrides": listed}


def _add_overrides(exchange: Exchange, call: OperationCall) -> ControlResult:
    """One override, or several, of which either all are added or none; the first of them is tried first."""
    run = exchange.selection.run
    if not isinstance(call.body, list):
        _check_schema_values([call.body])
        override = _read_override(exchange, call.body, "")
        added = run.submit(partial(_add_override, override)).overrides.active[0]
        location = f"{exchange.request.root_path}{PREFIX}/overrides/{added.id}"
        return 201, override_as_json(run, added), {"Location": location}
    _check_schema_values(call.body)
    read = [_read_override(exchange, entry, f"/{number}") for number, entry in enumerate(call.body)]
    with run.exclusive:
        run.state.overrides.require_room(len(read))
        for override in reversed(read):
            run.submit(partial(_add_override, override))
        placed = run.state.overrides.active[: len(read)]
    return 201, {"overrides": [override_as_json(run, active) for active in placed]}


def _add_override(override: Override, _: State, at: int) -> AddOverride:
    return AddOverride(override, at)


def _check_schema_values(entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse overrides whose schemas have too many values together. Raises InvalidRequest."""
    values = 0
    for number, entry in enumerate(entries):
        for part in ("match", "where"):
            values += count_values(entry.get(part))
            if values > VALUE_LIMIT:
                pointer = f"/{number}/{part}" if len(entries) > 1 else f"/{part}"
                raise InvalidRequest([Violation("body", pointer, "schema", TOO_LARGE)])


def _read_override(exchange: Exchange, entry: Mapping[str, Any], pointer: str) -> Override:
    """The override that an entry of a request declares. Raises InvalidRequest."""
    override, violations = read_override(entry, exchange.service.contract.operations)
    if override is None:
        raise InvalidRequest([replace(violation, pointer=pointer + violation.pointer) for violation in violations])
    if override.upstream and exchange.service.contract.upstream is None:
        message = "there is no upstream to respond: start the server with --upstream"
        raise InvalidRequest([Violation("body", f"{pointer}/upstream", "upstream", message)])
    return override


def _clear_overrides(exchange: Exchange, call: OperationCall) -> ControlResult:
    exchange.selection.run.submit(lambda _, at: RemoveOverride(None, at))
    return 204, None


def _remove_override(exchange: Exchange, call: OperationCall) -> ControlResult:
    name = call.path["id"]
    exchange.selection.run.submit(lambda _, at: RemoveOverride(name, at))
    return 204, None


HANDLERS: Mapping[str, ControlHandler] = {
    "listOverrides": _list_overrides,
    "addOverride": _add_overrides,
    "clearOverrides": _clear_overrides,
    "removeOverride": _remove_override,
}
