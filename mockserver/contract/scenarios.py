"""Loads `scenarios/NAME.yaml`, or provides the one scenario of a contract that declares none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mockserver.contract.model import ClockPlan, Contract, Dataset, Resource, Scenario
from mockserver.contract.records import latest_stamp
from mockserver.contract.scenario_reader import DEFAULT_START, ScenarioReader
from mockserver.documents.source import Report, list_files, read_source
from mockserver.errors import Problem, quote
from mockserver.openapi.model import Operation

DEFAULT_NAME = "baseline"


def load_scenarios(
    root: Path,
    datasets: Mapping[str, Dataset],
    resources: Mapping[str, Resource],
    operations: Mapping[str, Operation],
    report: Report,
) -> dict[str, Scenario]:
    """Read every scenario of a contract directory; mistakes go to `report`."""
    scenarios: dict[str, Scenario] = {}
    for path in list_files(root / "scenarios"):
        source = read_source(root, path, report)
        if source is None:
            continue
        if path.stem in scenarios:
            message = f"the scenario {quote(path.stem)} is already in another file"
            report.add(source, "", message, "duplicate")
            continue
        scenario = ScenarioReader(source, datasets, resources, operations, report).read(path.stem)
        if scenario is not None:
            scenarios[path.stem] = scenario
    if scenarios or report.errors:
        return scenarios
    return {DEFAULT_NAME: default_scenario(datasets, resources)}


def default_scenario(datasets: Mapping[str, Dataset], resources: Mapping[str, Resource]) -> Scenario:
    """The scenario of a contract without any: `baseline`, with the records of the data set if there is just one."""
    dataset = next(iter(datasets.values())) if len(datasets) == 1 else Dataset("")
    latest = latest_stamp(resources, dataset.records)
    clock = ClockPlan(DEFAULT_START if latest is None else latest)
    data = {"fixtures": dataset.name} if datasets else {}
    return Scenario(DEFAULT_NAME, "The only scenario", clock, 0, dict(dataset.records), {}, {}, data=data)


def load_scenario_file(path: Path, contract: Contract) -> Scenario:
    """Read a scenario file from anywhere, with the fixtures of `contract`. Raises ContractError."""
    report, path = Report(), path.resolve()
    source = read_source(path.parent, path, report)
    scenario: Scenario | None = None
    if source is not None:
        reader = ScenarioReader(source, contract.datasets, contract.resources, contract.operations, report)
        scenario = reader.read(path.stem)
    if scenario is None or report.errors:
        raise report.as_error()
    return scenario


def default_name(root: Path, scenarios: Mapping[str, Scenario], report: Report) -> str:
    """The scenario that is used if none is chosen: `baseline`, or the only one."""
    if DEFAULT_NAME in scenarios or not scenarios:
        return DEFAULT_NAME
    # One whose file has errors is not missing.
    if len(scenarios) > 1 and DEFAULT_NAME not in (path.stem for path in list_files(root / "scenarios")):
        names = ", ".join(sorted(scenarios))
        message = f"there is no scenario {quote(DEFAULT_NAME)}, the default; rename one of {names}"
        report.add_problem(Problem("scenarios", message, code="no-default"))
    return sorted(scenarios)[0]
