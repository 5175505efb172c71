"""The control API: what each operation of `control.yaml` does. Its requests and answers are judged like all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request

from mockserver.contract import overrides
from mockserver.contract.model import Operation
from mockserver.documents.bundle import bundle
from mockserver.engine.behaviours.behaviours import OperationCall
from mockserver.engine.commands import AddOverride, Fire, Fired, Put, Remove, RemoveOverride
from mockserver.engine.journal import Entry
from mockserver.engine.overrides import ActiveOverride, Overrides
from mockserver.engine.recording import write_recording
from mockserver.engine.run import Run
from mockserver.engine.sandboxes import DEFAULT
from mockserver.engine.state.state import list_records, with_derived_fields
from mockserver.errors import quote as quoted
from mockserver.http import journal, pipeline
from mockserver.http.parameters import read_call
from mockserver.http.problems import IN_BODY
from mockserver.http.responses import answer, negotiate, respond
from mockserver.http.selection import Selection, sandbox_via
from mockserver.http.service import PREFIX, Service
from mockserver.openapi.parameter_decoding import scalar
from mockserver.refusals import BadTime, InvalidRequest, UnknownScenario
from mockserver.syntax.instants import format_instant, parse_duration, parse_instant
from mockserver.version import __version__

Given = tuple[int, Any] | tuple[int, Any, dict[str, str]]
CONTRACT_DOCUMENT = "/openapi.json"


def register(app: Flask, mock: Service) -> None:
    """Add a rule for each operation of the control API; the contract's own paths win outside `/__mock`."""
    taken = {operation.path for operation in mock.contract.operations.values()}
    for name, operation in mock.control.operations.items():
        if operation.path.startswith(PREFIX) or operation.path not in taken:
            pipeline.add_rule(app, f"control:{name}", operation, _view(mock, operation, _HANDLERS[name]))


def _view(mock: Service, operation: Operation, handle: Callable[[Service, Selection, OperationCall], Given]) -> Any:
    def view(**arguments: str) -> Response:
        call = read_call(mock, operation, request, arguments)
        chosen = operation.success()
        media_type = negotiate(request, chosen[1].media) if chosen is not None else None
        status, value, *headers = handle(mock, g.get("selection"), call)
        answered = answer(operation, status, value, media_type, headers[0] if headers else None)
        return respond(pipeline.enforce(mock, operation, answered), request)

    return view


def _run(selection: Selection) -> dict[str, Any]:
    run = selection.run
    run.settle()
    return {
        "sandbox": selection.sandbox.name,
        "scenario": selection.scenario,
        "generation": run.generation,
        "revision": run.revision,
        "fingerprint": run.fingerprint,
    }


def _health(mock: Service, selection: Selection, call: OperationCall) -> Given:
    healthy: dict[str, Any] = {"status": "ok", "version": __version__}
    if (store := mock.sandboxes.store_status) is not None:
        healthy["store"] = store
    return 200, healthy | {"problems": [one.as_dict() for one in mock.stale]} if mock.stale else healthy


def _reset(mock: Service, selection: Selection, call: OperationCall) -> Given:
    scope = (call.body or {}).get("scope", "sandbox")
    if scope == "run":
        selection.sandbox.reset_run(selection.scenario)
        return 200, _run(Selection(selection.sandbox, selection.scenario, selection.via))
    if scope == "all":
        mock.sandboxes.reset()
    else:
        selection.sandbox.reset()
    # The active scenario is gone with the rest, so what it stood for is chosen anew.
    scenario = mock.contract.default_scenario if selection.via == "active scenario" else selection.scenario
    g.selection = Selection(mock.sandboxes.get(selection.sandbox.name), scenario, selection.via)
    return 200, _run(g.selection)


def _list_scenarios(mock: Service, selection: Selection, call: OperationCall) -> Given:
    known = mock.contract.scenarios
    listed = [{"name": name, "summary": known[name].summary} for name in sorted(known)]
    return 200, {
        "default": mock.contract.default_scenario,
        "active": selection.sandbox.active_scenario,
        "selected": {
            "sandbox": selection.sandbox.name,
            "sandbox_via": sandbox_via(request, selection.sandbox),
            "scenario": selection.scenario,
            "scenario_via": selection.via,
            "ignored": list(selection.ignored),
        },
        "scenarios": listed,
    }


def _set_scenario(mock: Service, selection: Selection, call: OperationCall) -> Given:
    name = call.body["name"]
    if name not in mock.contract.scenarios:
        raise UnknownScenario(name, mock.contract.scenarios, IN_BODY)
    selection.sandbox.active_scenario = name
    if selection.via in ("active scenario", "default"):
        g.selection = Selection(selection.sandbox, name, "active scenario", selection.ignored)
    return 200, _run(g.selection)


def _clear_scenario(mock: Service, selection: Selection, call: OperationCall) -> Given:
    selection.sandbox.active_scenario = None
    if selection.via == "active scenario":
        g.selection = Selection(selection.sandbox, mock.contract.default_scenario, "default", selection.ignored)
    return 204, None


def _list_sandboxes(mock: Service, selection: Selection, call: OperationCall) -> Given:
    listed = [
        {
            "name": sandbox.name,
            "active": sandbox.active_scenario,
            "requests": sandbox.journal.count,
            "violations": len(sandbox.journal.invalid_responses),
            "runs": [
                {"scenario": name, "generation": run.generation, "revision": run.revision}
                for name, run in sorted(sandbox.runs.items())
            ],
        }
        for sandbox in mock.sandboxes.all()
    ]
    return 200, {"sandboxes": listed, "limit": mock.sandboxes.limit}


def _delete_sandbox(mock: Service, selection: Selection, call: OperationCall) -> Given:
    mock.sandboxes.remove(call.path["name"])
    if selection.sandbox.name == call.path["name"]:
        g.selection = Selection(mock.sandboxes.get(DEFAULT), mock.contract.default_scenario, "default")
    return 204, None


def _get_state(mock: Service, selection: Selection, call: OperationCall) -> Given:
    selection.run.settle()
    query, state = call.query, selection.run.state
    tables = {query["resource"]: state.table(query["resource"])} if "resource" in query else state.tables
    return 200, {
        **_run(selection),
        "totals": {name: len(table) for name, table in state.tables.items()},
        "records": {
            name: list_records(mock.contract, state, table, query["offset"], query.get("limit"))
            for name, table in tables.items()
        },
    }


def _place(mock: Service, selection: Selection, call: OperationCall) -> tuple[str, Any]:
    """The resource and key of the path, the key in the type that the resource's keys have."""
    resource = selection.run.state.table(call.path["resource"]).resource
    types = resource.fields.get(resource.key, frozenset({"string"}))
    key = call.path["key"]
    return resource.name, scalar(key, types - {"string"}) if "string" not in types else key


def _put_record(mock: Service, selection: Selection, call: OperationCall) -> Given:
    resource, key = _place(mock, selection, call)
    run = selection.run
    run.settle()
    was_there = run.state.has_record(resource, key)
    field = mock.contract.resources[resource].key
    record = {field: key, **call.body} if field else call.body
    state = run.submit(lambda _, at: Put(resource, key, record, at))
    value = with_derived_fields(mock.contract, state, mock.contract.resources[resource], state.record(resource, key))
    if was_there:
        return 200, value
    place = f"{PREFIX}/state/{quote(resource, safe='')}/{quote(str(key), safe='')}"
    return 201, value, {"Location": request.script_root + place}


def _delete_record(mock: Service, selection: Selection, call: OperationCall) -> Given:
    resource, key = _place(mock, selection, call)
    selection.run.submit(lambda _, at: Remove(resource, key, at))
    return 204, None


def _fire_transition(mock: Service, selection: Selection, call: OperationCall) -> Given:
    resource, key = _place(mock, selection, call)
    transition = call.path["transition"]
    state = selection.run.submit(lambda _, at: Fire(resource, key, transition, at))
    return 200, with_derived_fields(
        mock.contract, state, mock.contract.resources[resource], state.record(resource, key)
    )


def _get_clock(mock: Service, selection: Selection, call: OperationCall) -> Given:
    run = selection.run
    return 200, {**_clock(run), "generation": run.generation, "revision": run.revision}


def _move_clock(mock: Service, selection: Selection, call: OperationCall) -> Given:
    move, run = call.body, selection.run
    fired: list[Fired] = []
    if "mode" in move:
        step = _duration(move["step"]) if "step" in move else None
        run.set_clock_mode(move["mode"], move.get("speed"), step)
    elif "undo" in move:
        run.undo(move["undo"])
    elif "rewind" in move:
        run.rewind(_duration(move["rewind"]))
    elif "set" in move:
        fired = run.set_clock(_instant(move["set"]))
    elif move["advance"] == "next":
        fired = run.advance_to_next()
    else:
        fired = run.advance(_duration(move["advance"]))
    return 200, {**_clock(run), "fired": journal.fired(fired)}


def _clock(run: Run) -> dict[str, Any]:
    run.settle()
    clock, due = run.clock, run.next_due
    told: dict[str, Any] = {
        "now": format_instant(run.now),
        "mode": clock.mode,
        "next_due": format_instant(due) if due else None,
    }
    if clock.mode == "real":
        told["speed"] = clock.speed
    elif clock.mode == "per-request":
        told["step"] = clock.step
    return told


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise BadTime(f"{error}.") from None


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError:
        raise BadTime(f"{quoted(text)} is no instant that the clock could go to.") from None


def _list_overrides(mock: Service, selection: Selection, call: OperationCall) -> Given:
    known = selection.run.state.overrides
    return 200, {"overrides": [_placed(known, one) for one in known.active]}


def _add_override(mock: Service, selection: Selection, call: OperationCall) -> Given:
    override, violations = overrides.read(call.body, mock.contract.operations)
    if override is None:
        raise InvalidRequest(violations)
    state = selection.run.submit(lambda _, at: AddOverride(override, at))
    placed = state.overrides.active[0]
    location = f"{request.script_root}{PREFIX}/overrides/{placed.id}"
    return 201, _placed(state.overrides, placed), {"Location": location}


def _clear_overrides(mock: Service, selection: Selection, call: OperationCall) -> Given:
    selection.run.submit(lambda _, at: RemoveOverride(None, at))
    return 204, None


def _remove_override(mock: Service, selection: Selection, call: OperationCall) -> Given:
    name = call.path["id"]
    selection.run.submit(lambda _, at: RemoveOverride(name, at))
    return 204, None


def _placed(known: Overrides, placed: ActiveOverride) -> dict[str, Any]:
    return {"id": placed.id, "used": known.use_counts.get(placed.id, 0), **placed.override.entry}


def _recording(mock: Service, selection: Selection, call: OperationCall) -> Given:
    text = write_recording(selection.run.scenario, *selection.run.recording_input())
    name = f"{selection.scenario}-recording.yaml"
    return 200, text, {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _list_violations(mock: Service, selection: Selection, call: OperationCall) -> Given:
    return 200, {"violations": [journal.breach(entry) for entry in selection.sandbox.journal.invalid_responses]}


def _clear_violations(mock: Service, selection: Selection, call: OperationCall) -> Given:
    selection.sandbox.journal.clear_violations()
    return 204, None


def _list_requests(mock: Service, selection: Selection, call: OperationCall) -> Given:
    """Newest first."""
    known, query = selection.sandbox.journal, call.query
    entries = reversed(known.unmatched) if query["unmatched"] else known.newest_first()
    found = [entry for entry in entries if _is_asked_for(entry, query)]
    page = found[query["offset"] :][: query["limit"]]
    shown = [journal.shown(mock, entry, brief=query["brief"]) for entry in page]
    return 200, {"requests": shown, "total": len(found), "seen": known.count}


def _is_asked_for(entry: Entry, query: Mapping[str, Any]) -> bool:
    if query["unmatched"] and not journal.is_unmatched(entry):
        return False
    if query.get("number", entry.number) != entry.number:
        return False
    if "operation" in query and entry.operation not in query["operation"]:
        return False
    return "status" not in query or any(
        one in (str(entry.status), f"{entry.status // 100}XX") for one in query["status"]
    )


def _clear_requests(mock: Service, selection: Selection, call: OperationCall) -> Given:
    selection.sandbox.journal.clear_requests()
    return 204, None


def _verdict(mock: Service, selection: Selection, call: OperationCall) -> Given:
    return 200, journal.verdict(mock, selection.sandbox)


def _control_document(mock: Service, selection: Selection, call: OperationCall) -> Given:
    document = bundle(mock.control.document)
    set_scenario = document["paths"][f"{PREFIX}/scenario"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    set_scenario["properties"]["name"]["enum"] = sorted(mock.contract.scenarios)
    return 200, document


def _contract_document(mock: Service, selection: Selection, call: OperationCall) -> Given:
    return 200, bundle(mock.contract.openapi)


_HANDLERS: Mapping[str, Callable[[Service, Selection, OperationCall], Given]] = {
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
    "addOverride": _add_override,
    "clearOverrides": _clear_overrides,
    "removeOverride": _remove_override,
    "getRecording": _recording,
    "listRequests": _list_requests,
    "clearRequests": _clear_requests,
    "getVerdict": _verdict,
    "listViolations": _list_violations,
    "clearViolations": _clear_violations,
    "getControlDocument": _control_document,
    "getContractDocument": _contract_document,
}
