"""The handlers of the control API. Its requests and responses are validated by its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from mockserver.contract import overrides
from mockserver.contract.model import Override
from mockserver.contract.records import split_key
from mockserver.control import delivery_filters, journal_json, request_filters, verification
from mockserver.control.verdict import verdict
from mockserver.documents.bundle import bundle
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.commands import AddOverride, Fire, Fired, Put, Remove, RemoveOverride
from mockserver.engine.overrides import ActiveOverride
from mockserver.engine.recording import write_recording
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import DEFAULT
from mockserver.engine.state.presentation import list_records, with_derived_fields
from mockserver.engine.state.state import State
from mockserver.errors import Violation
from mockserver.errors import quote as quoted
from mockserver.http.exchange import Exchange, Selection
from mockserver.http.request.selection import ACTIVE, FALLBACK
from mockserver.http.response.problems import IN_BODY
from mockserver.http.router import CONTROL_PREFIX as PREFIX
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.kit import archive
from mockserver.openapi.parameter_decoding import decode_scalar
from mockserver.refusals import BadTime, InvalidRequest, UnknownScenario
from mockserver.schemas.inline_schemas import TOO_LARGE, VALUE_LIMIT, count_values
from mockserver.syntax.instants import format_instant, parse_duration, parse_instant
from mockserver.version import __version__


def _run(selection: Selection) -> dict[str, Any]:
    run = selection.settle()
    return {
        "sandbox": selection.sandbox.name,
        "scenario": selection.scenario,
        "generation": run.generation,
        "revision": run.revision,
        "fingerprint": run.fingerprint,
    }


def _health(exchange: Exchange, call: OperationCall) -> ControlResult:
    service = exchange.service
    health: dict[str, Any] = {"status": "ok", "version": __version__}
    if (store := service.sandboxes.store_status) is not None:
        health["store"] = store
    if service.stale:
        health["problems"] = [problem.as_dict() for problem in service.stale]
    return 200, health


def _reset(exchange: Exchange, call: OperationCall) -> ControlResult:
    service, selection = exchange.service, exchange.selection
    scope = (call.body or {}).get("scope", "sandbox")
    if scope == "all":
        service.sandboxes.reset()
    sandbox = service.sandboxes.get(selection.sandbox.name)
    if scope == "run":
        sandbox.reset_run(selection.scenario)
        exchange.selected = Selection(sandbox, selection.scenario, selection.via)
        return 200, _run(exchange.selected)
    if scope == "sandbox":
        sandbox.reset()
    # The active scenario is reset too, so the default scenario applies.
    scenario = service.contract.default_scenario if selection.via == ACTIVE else selection.scenario
    exchange.selected = Selection(sandbox, scenario, selection.via)
    return 200, _run(exchange.selected)


def _list_scenarios(exchange: Exchange, call: OperationCall) -> ControlResult:
    contract, selection = exchange.service.contract, exchange.selection
    scenarios = [{"name": name, "summary": scenario.summary} for name, scenario in sorted(contract.scenarios.items())]
    return 200, {
        "default": contract.default_scenario,
        "active": selection.sandbox.active_scenario,
        "selected": {
            "sandbox": selection.sandbox.name,
            "sandbox_via": exchange.sandbox_via,
            "scenario": selection.scenario,
            "scenario_via": selection.via,
            "ignored": list(selection.ignored),
        },
        "scenarios": scenarios,
    }


def _set_scenario(exchange: Exchange, call: OperationCall) -> ControlResult:
    name, scenarios, selection = call.body["name"], exchange.service.contract.scenarios, exchange.selection
    if name not in scenarios:
        raise UnknownScenario(name, scenarios, IN_BODY)
    selection.sandbox.active_scenario = name
    if selection.via in (ACTIVE, FALLBACK):
        exchange.selected = Selection(selection.sandbox, name, ACTIVE, selection.ignored)
    return 200, _run(exchange.selection)


def _clear_scenario(exchange: Exchange, call: OperationCall) -> ControlResult:
    selection = exchange.selection
    selection.sandbox.active_scenario = None
    if selection.via == ACTIVE:
        default = exchange.service.contract.default_scenario
        exchange.selected = Selection(selection.sandbox, default, FALLBACK, selection.ignored)
    return 204, None


def _list_sandboxes(exchange: Exchange, call: OperationCall) -> ControlResult:
    listed = [
        {
            "name": sandbox.name,
            "active": sandbox.active_scenario,
            "requests": sandbox.requests,
            "violations": sandbox.violations,
            "runs": [run._asdict() for run in sandbox.runs],
        }
        for sandbox in exchange.service.sandboxes.summaries()
    ]
    return 200, {"sandboxes": listed, "limit": exchange.service.sandboxes.limit}


def _delete_sandbox(exchange: Exchange, call: OperationCall) -> ControlResult:
    service, name = exchange.service, call.path["name"]
    service.sandboxes.remove(name)
    if exchange.selection.sandbox.name == name:
        exchange.selected = Selection(service.sandboxes.peek(DEFAULT), service.contract.default_scenario, FALLBACK)
    return 204, None


def _get_state(exchange: Exchange, call: OperationCall) -> ControlResult:
    query, state = call.query, exchange.selection.settle().state
    tables = {query["resource"]: state.table(query["resource"])} if "resource" in query else state.tables
    return 200, {
        **_run(exchange.selection),
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


def _get_clock(exchange: Exchange, call: OperationCall) -> ControlResult:
    run = exchange.selection.settle()
    return 200, {**_clock(run), "generation": run.generation, "revision": run.revision}


def _move_clock(exchange: Exchange, call: OperationCall) -> ControlResult:
    move, run = call.body, exchange.selection.run
    fired: list[Fired] = []
    if "mode" in move:
        step = _duration(move["step"]) if "step" in move else None
        run.set_clock_mode(move["mode"], move.get("speed"), step)
    elif "undo" in move:
        # To JSON Schema 1.0 is an integer, too.
        run.undo(int(move["undo"]))
    elif "rewind" in move:
        run.rewind(_duration(move["rewind"]))
    elif "set" in move:
        fired = run.set_clock(_instant(move["set"]))
    elif move["advance"] == "next":
        fired = run.advance_to_next()
    else:
        fired = run.advance(_duration(move["advance"]))
    return 200, {**_clock(run), "fired": journal_json.fired(fired)}


def _clock(run: Run) -> dict[str, Any]:
    clock, due = run.clock, run.next_due
    state: dict[str, Any] = {
        "now": format_instant(run.now),
        "mode": clock.mode,
        "next_due": format_instant(due) if due else None,
    }
    if clock.mode == "real":
        state["speed"] = clock.speed
    elif clock.mode == "per-request":
        state["step"] = clock.step
    return state


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadTime(f"{error}.") from None


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        raise BadTime(f"{quoted(text)} is not a valid instant for the clock.") from None


def _list_overrides(exchange: Exchange, call: OperationCall) -> ControlResult:
    run = exchange.selection.settle()
    listed = [_override_as_json(run, override) for override in run.state.overrides.active]
    return 200, {"overrides": listed}


def _add_overrides(exchange: Exchange, call: OperationCall) -> ControlResult:
    """One override, or several, of which either all are added or none; the first of them is tried first."""
    run = exchange.selection.run
    if not isinstance(call.body, list):
        _check_schema_values([call.body])
        override = _read_override(exchange, call.body, "")
        added = run.submit(partial(_add_override, override)).overrides.active[0]
        location = f"{exchange.request.root_path}{PREFIX}/overrides/{added.id}"
        return 201, _override_as_json(run, added), {"Location": location}
    _check_schema_values(call.body)
    read = [_read_override(exchange, entry, f"/{number}") for number, entry in enumerate(call.body)]
    with run.exclusive:
        run.state.overrides.require_room(len(read))
        for override in reversed(read):
            run.submit(partial(_add_override, override))
        placed = run.state.overrides.active[: len(read)]
    return 201, {"overrides": [_override_as_json(run, active) for active in placed]}


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
    override, violations = overrides.read_override(entry, exchange.service.contract.operations)
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


def _override_as_json(run: Run, active: ActiveOverride) -> dict[str, Any]:
    return {"id": active.id, "used": run.count_uses(active), **active.override.entry}


def _recording(exchange: Exchange, call: OperationCall) -> ControlResult:
    text = write_recording(exchange.selection.run.scenario, *exchange.selection.run.recording_input())
    name = f"{exchange.selection.scenario}-recording.yaml"
    # Without a need for the extended form, not all clients read it (RFC 6266, appendix D).
    file = f'filename="{name}"' if quote(name, safe="") == name else f"filename*=UTF-8''{quote(name, safe='')}"
    return 200, text, {"Content-Disposition": f"attachment; {file}"}


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


def _list_deliveries(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, delivery_filters.list_deliveries(exchange, call)


def _clear_deliveries(exchange: Exchange, call: OperationCall) -> ControlResult:
    deliveries = exchange.selection.sandbox.deliveries
    if deliveries is not None:
        deliveries.clear()
    return 204, None


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


def _verify(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, verification.respond(exchange, call.body)


def _clear_requests(exchange: Exchange, call: OperationCall) -> ControlResult:
    exchange.selection.sandbox.journal.clear_requests()
    return 204, None


def _verdict(exchange: Exchange, call: OperationCall) -> ControlResult:
    query, sandbox = call.query, exchange.selection.sandbox
    return 200, verdict(exchange.service, sandbox, query.get("allow", ()), with_drift=query["drift"] == "fail")


def _control_document(exchange: Exchange, call: OperationCall) -> ControlResult:
    document = bundle(exchange.service.control.document)
    set_scenario = document["paths"][f"{PREFIX}/scenario"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    set_scenario["properties"]["name"]["enum"] = sorted(exchange.service.contract.scenarios)
    return 200, document


def _contract_document(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, bundle(exchange.service.contract.openapi)


def _kit(exchange: Exchange, call: OperationCall) -> ControlResult:
    return 200, archive.pack()


HANDLERS: Mapping[str, ControlHandler] = {
    "getHealth": _health,
    "reset": _reset,
    "listScenarios": _list_scenarios,
    "setScenario": _set_scenario,
    "clearScenario": _clear_scenario,
    "listSandboxes": _list_sandboxes,
    "deleteSandbox": _delete_sandbox,
    "getState": _get_state,
    "putRecord": _put_record,
    "deleteRecord": _delete_record,
    "fireTransition": _fire_transition,
    "getClock": _get_clock,
    "moveClock": _move_clock,
    "listOverrides": _list_overrides,
    "addOverride": _add_overrides,
    "clearOverrides": _clear_overrides,
    "removeOverride": _remove_override,
    "getRecording": _recording,
    "listRequests": _list_requests,
    "clearRequests": _clear_requests,
    "getVerdict": _verdict,
    "verify": _verify,
    "listViolations": _list_violations,
    "clearViolations": _clear_violations,
    "listDrift": _list_drift,
    "clearDrift": _clear_drift,
    "listDeliveries": _list_deliveries,
    "clearDeliveries": _clear_deliveries,
    "getControlDocument": _control_document,
    "getContractDocument": _contract_document,
    "getKit": _kit,
}
