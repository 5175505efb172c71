"""Sandboxes, the scenario that is active in one, and resets."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import asdict

from mockserver.control.run_json import run_as_json
from mockserver.engine.behaviours.calls import OperationCall
from mockserver.engine.sandboxes import DEFAULT
from mockserver.http.exchange import Exchange, Selection
from mockserver.http.request.selection import ACTIVE, FALLBACK
from mockserver.http.response.problems import IN_BODY
from mockserver.http.router import ControlHandler, ControlResult
from mockserver.refusals import UnknownScenario


def _reset(exchange: Exchange, call: OperationCall) -> ControlResult:
    service, selection = exchange.service, exchange.selection
    scope = (call.body or {}).get("scope", "sandbox")
    if scope == "all":
        service.sandboxes.reset()
    sandbox = service.sandboxes.get(selection.sandbox.name)
    if scope == "run":
        sandbox.reset_run(selection.scenario)
        exchange.selected = Selection(sandbox, selection.scenario, selection.via)
        return 200, run_as_json(exchange.selected)
    if scope == "sandbox":
        sandbox.reset()
    # The active scenario is reset too, so the default scenario applies.
    scenario = service.contract.default_scenario if selection.via == ACTIVE else selection.scenario
    exchange.selected = Selection(sandbox, scenario, selection.via)
    return 200, run_as_json(exchange.selected)


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
    return 200, run_as_json(exchange.selection)


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
            "runs": [asdict(run) for run in sandbox.runs],
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


HANDLERS: Mapping[str, ControlHandler] = {
    "reset": _reset,
    "listScenarios": _list_scenarios,
    "setScenario": _set_scenario,
    "clearScenario": _clear_scenario,
    "listSandboxes": _list_sandboxes,
    "deleteSandbox": _delete_sandbox,
}
