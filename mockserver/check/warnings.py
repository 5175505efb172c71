"""Legal but probably unintended declarations: unreachable states, rules that no record matches, unused fixtures."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.check.finding import source_of
from mockserver.check.reachability import applicable_rules, reachable_states
from mockserver.check.record_states import states_of_record
from mockserver.contract.loader import RESOURCES
from mockserver.contract.model import Contract, Override, Resource, Scenario
from mockserver.documents.source import Report, Source, read_source
from mockserver.engine.start import DRIFTED, Start
from mockserver.engine.state.state import State
from mockserver.errors import Problem, quote
from mockserver.http.response.declared_errors import unheld_errors
from mockserver.syntax import json_pointer

NOT_FOUND = 404


def contract_warnings(contract: Contract) -> Iterator[Problem]:
    """The warnings that concern no scenario in particular."""
    source = _read_resources(contract)
    for name, resource in contract.resources.items():
        for state in _unreachable_states(contract, resource) if source is not None else ():
            message = f"the state {quote(state)} is unreachable: no transition enters it, and no fixture is in it"
            pointer = f"/resources/{name}/lifecycle/transitions"
            if source is not None:
                yield source.problem(pointer, message, "dead-state")
    used = {scenario.data.get("fixtures") for scenario in contract.scenarios.values()}
    for name in sorted(set(contract.datasets) - used):
        yield Problem(f"fixtures/{name}", "no scenario uses these fixtures", code="unused-fixtures")
    yield from _unheld_refusals(contract)


def _unheld_refusals(contract: Contract) -> Iterator[Problem]:
    """Errors that are declared in media types that can hold no refusal."""
    for operation in contract.operations.values():
        for declared in unheld_errors(operation):
            pointer = json_pointer.join(["paths", operation.path, operation.method.lower(), "responses"])
            message = (
                f"{operation.id} declares its errors for {declared.status} as {', '.join(declared.media)}, "
                "which cannot be generated: a refused request gets a problem document; "
                "declare JSON, XML with a schema, or an example"
            )
            yield contract.openapi.source.problem(pointer, message, "unheld-refusal")


def scenario_warnings(contract: Contract, start: Start) -> Iterator[Problem]:
    """The warnings about one scenario."""
    scenario, state = start.scenario, start.state
    source = source_of(contract, scenario)
    if start.differs_from_recording:
        yield source.problem("/recorded", DRIFTED, "drifted")
    for name in scenario.progress:
        for number in _unmatched_rules(contract, scenario, contract.resources[name], state):
            message = f"no record of {name} in this scenario can match this rule"
            yield source.problem(f"/progress/{name}/{number}", message, "dead-rule")
    for number, override in enumerate(scenario.responses):
        if (missing := _missing_record(contract, override, state)) is not None:
            parameter, key = missing
            message = (
                f"there is no record {quote(key)} in this scenario; requests for it get this response all the same"
            )
            yield source.problem(f"/responses/{number}/where/{parameter}", message, "dead-override")


def _unreachable_states(contract: Contract, resource: Resource) -> list[str]:
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return []
    reached = set(reachable_states(lifecycle))
    for scenario in contract.scenarios.values():
        reached |= {str(record.get(lifecycle.field)) for record in scenario.records.get(resource.name, ())}
    return [state for state in lifecycle.states if state not in reached]


def _unmatched_rules(contract: Contract, scenario: Scenario, resource: Resource, state: State) -> list[int]:
    """The numbers of the rules that no record can match; none if clients may create records that do."""
    lifecycle, rules = resource.lifecycle, scenario.progress[resource.name]
    behaviours = contract.behaviours.values()
    can_create = any(behaviour.kind == "create" and behaviour.resource == resource.name for behaviour in behaviours)
    rows = state.tables[resource.name].ordered()
    has_handlers = contract.python is not None and bool(contract.python.handlers)
    if lifecycle is None or can_create or has_handlers or not rows:
        return []
    matched: set[int] = set()
    for row in rows:
        if len(matched) == len(rules):
            return []
        states = {node.state for node in states_of_record(contract, resource, row, max(state.latest, 0))}
        matched |= applicable_rules(rules, lifecycle.field, row.record, states)
    return sorted(set(range(len(rules))) - matched)


def _missing_record(contract: Contract, override: Override, state: State) -> tuple[str, object] | None:
    """The parameter of an override, and its value, if that is the key of a record that does not exist."""
    operation = contract.operations.get(override.operation or "")
    if operation is None or override.status == NOT_FOUND:
        return None
    for name, condition in override.where.items():
        if name not in operation.path_names:
            continue
        key, target = condition.value, contract.resource_named_by(operation, name)
        if target is None or condition.schema is not None or isinstance(key, list):
            continue
        resource = contract.resources[target]
        if resource.unique_within:
            exists = any(row.record[resource.local_key] == key for row in state.tables[target].ordered())
        else:
            exists = state.has_record(target, key)
        if not exists:
            return name, key
    return None


def _read_resources(contract: Contract) -> Source | None:
    paths = (contract.root / "schemas" / name for name in RESOURCES)
    path = next((path for path in paths if path.is_file()), None)
    return read_source(contract.root, path, Report()) if path is not None else None
