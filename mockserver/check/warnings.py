"""What is allowed, and hardly meant: states that nothing leads to, rules that no record meets, fixtures nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.check.finding import source_of
from mockserver.check.record_states import places
from mockserver.contract.loader import RESOURCES
from mockserver.contract.model import Contract, Override, Resource, Scenario
from mockserver.documents.source import Report, Source, read
from mockserver.engine.reachability import applicable_rules, reachable_states
from mockserver.engine.start import Start
from mockserver.engine.state.state import State
from mockserver.errors import Problem, quote

DRIFTED = "leads to another state than was recorded: fixtures, rules or schemas have changed since"


def of_contract(contract: Contract) -> Iterator[Problem]:
    """What looks wrong whatever the scenario."""
    declared = _resources(contract)
    for name, resource in contract.resources.items():
        for state in _dead(contract, resource):
            message = f"no transition leads to the state {quote(state)}, and no fixture is in it"
            pointer = f"/resources/{name}/lifecycle/transitions"
            if declared is not None:
                yield declared.problem(pointer, message, "dead-state")
    used = {scenario.data.get("fixtures") for scenario in contract.scenarios.values()}
    for name in sorted(set(contract.datasets) - used):
        yield Problem(f"fixtures/{name}", "no scenario uses these fixtures", code="unused-fixtures")


def of_scenario(contract: Contract, start: Start) -> Iterator[Problem]:
    """What looks wrong in one scenario."""
    scenario, state = start.scenario, start.state
    source = source_of(contract, scenario)
    if start.differs_from_recording:
        yield source.problem("/recorded", DRIFTED, "drifted")
    for name in scenario.progress:
        for number in _never(contract, scenario, contract.resources[name], state):
            message = f"no {name} of this scenario can meet this rule"
            yield source.problem(f"/progress/{name}/{number}", message, "dead-rule")
    for number, override in enumerate(scenario.responses):
        if (missing := _misses(contract, override, state)) is not None:
            message = f"there is no record {quote(missing[1])} that this could be about"
            yield source.problem(f"/responses/{number}/where/{missing[0]}", message, "dead-override")


def _dead(contract: Contract, resource: Resource) -> list[str]:
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return []
    known = set(reachable_states(lifecycle))
    for scenario in contract.scenarios.values():
        known |= {str(record.get(lifecycle.field)) for record in scenario.records.get(resource.name, ())}
    return [state for state in lifecycle.states if state not in known]


def _never(contract: Contract, scenario: Scenario, resource: Resource, state: State) -> list[int]:
    """The rules that no record meets; none where records may yet be made that do."""
    lifecycle, rules = resource.lifecycle, scenario.progress[resource.name]
    makes = any(one.kind == "create" and one.resource == resource.name for one in contract.behaviours.values())
    rows = state.tables[resource.name].ordered()
    if lifecycle is None or makes or not rows:
        return []
    met: set[int] = set()
    for row in rows:
        if len(met) == len(rules):
            return []
        met |= applicable_rules(rules, lifecycle.field, row.record, {one.state for one in places(resource, row)})
    return sorted(set(range(len(rules))) - met)


def _misses(contract: Contract, override: Override, state: State) -> tuple[str, object] | None:
    """The parameter and the key that an override asks for, where the record of that key is not there."""
    operation = contract.operations[override.operation]
    for name, key in override.where.items():
        if name not in operation.path_names:
            continue
        target = contract.resource_named_by(operation, name)
        if target is not None and isinstance(key, str | int) and not state.has_record(target, key):
            return name, key
    return None


def _resources(contract: Contract) -> Source | None:
    paths = (contract.root / "schemas" / name for name in RESOURCES)
    path = next((one for one in paths if one.is_file()), None)
    return read(contract.root, path, Report()) if path is not None else None
