"""From a directory, or a bare OpenAPI file, to a contract: read everything, tell every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mockserver.contract import fixtures, formats, resources, scenario
from mockserver.contract.behaviour import Behaviour
from mockserver.contract.inference.stateful import with_state
from mockserver.contract.model import Contract, Resource
from mockserver.contract.scenario import load_file
from mockserver.documents.source import SUFFIXES, Report, files, read
from mockserver.documents.tree import BASE, Documents, Node
from mockserver.errors import ContractError, Problem
from mockserver.openapi import detection, loading
from mockserver.openapi.model import Operation
from mockserver.openapi.operations import OperationReader
from mockserver.refusals import UnknownScenario
from mockserver.schemas.validators import Schemas, schema_errors

OPENAPI = ("openapi.yaml", "openapi.yml", "openapi.json")
RESOURCES = ("resources.yaml", "resources.yml", "resources.json")
FOLDERS = ("schemas", "fixtures", "scenarios")


def built_in_directory() -> Path:
    """Where the built-in contract is: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return package / "builtin" if is_installed() else package.parent


def is_installed() -> bool:
    """Whether the built-in contract is part of an installed package, where nobody edits it."""
    return (Path(__file__).parent.parent / "builtin").is_dir()


def load_contract(
    path: str | Path | None = None, *, strict_examples: bool | None = None, stateful: bool = False
) -> Contract:
    """Load a contract directory or a bare OpenAPI file; the built-in contract where no path is given.

    With `stateful`, the collections that a bare file's operations are about become resources; a directory says itself
    which there are.

    An example that breaks its schema is a mistake with `strict_examples`, and mended without; left out, it is a mistake
    in a directory, whose author can mend it, and not in a bare file, which may be somebody else's.

    Raises ContractError with every mistake found.
    """
    if path is None:
        return _directory(built_in_directory(), True, built_in=True)
    location = Path(path)
    if location.is_dir():
        return _directory(location, strict_examples is not False)
    if location.is_file() and location.suffix in SUFFIXES:
        found = _bare(location, strict_examples is True)
        return with_state(found) if stateful else found
    wanted = "a directory with schemas/, fixtures/ and scenarios/, or an OpenAPI file (.yaml, .yml, .json)"
    what = "is none of these" if location.exists() else "does not exist"
    raise ContractError([Problem(str(path), f"{what}: a contract is {wanted}", code="no-contract")])


def root_of(path: Path | None) -> Path:
    """The directory that the files of a contract are named from."""
    if path is None:
        return built_in_directory()
    return path if path.is_dir() else path.parent


def with_default(contract: Contract, scenario: str | None) -> Contract:
    """The contract with another default scenario: one of its own by name, or one more, read from a file anywhere.

    A file is known by its ending, and its scenario is named like it. Raises UnknownScenario and ContractError.
    """
    if scenario is None:
        return contract
    if Path(scenario).suffix in SUFFIXES:
        found = load_file(Path(scenario), contract)
        return replace(contract, scenarios={**contract.scenarios, found.name: found}, default_scenario=found.name)
    if scenario not in contract.scenarios:
        raise UnknownScenario(scenario, contract.scenarios)
    return replace(contract, default_scenario=scenario)


def with_seed(contract: Contract, seed: int | None) -> Contract:
    """The contract with one seed for every scenario, whatever each says itself."""
    if seed is None:
        return contract
    scenarios = {
        name: replace(one, seed=seed, data={**one.data, "seed": seed}) for name, one in contract.scenarios.items()
    }
    return replace(contract, scenarios=scenarios)


def _directory(root: Path, strict: bool, *, built_in: bool = False) -> Contract:
    schemas = root / "schemas"
    document = next((schemas / name for name in OPENAPI if (schemas / name).is_file()), None)
    if document is None:
        message = "there is none: a contract directory holds schemas/openapi.yaml"
        raise ContractError([Problem("schemas/openapi.yaml", message, code="no-contract")])
    entries = [path for path in files(schemas) if path.name not in (*RESOURCES, document.name)]
    return _contract(root, document, entries, strict=strict, built_in=built_in)


def _bare(path: Path, strict: bool) -> Contract:
    return _contract(path.parent, path, [], strict=strict, bare=True)


def _contract(
    root: Path, document: Path, entries: list[Path], *, strict: bool, built_in: bool = False, bare: bool = False
) -> Contract:
    report = Report()
    source = detection.document(root, document, report)
    loaded = loading.load(root, entries, report, source)
    openapi_node = loaded.root(loading.uri_of(root, document))
    for uri, other in loaded.sources.items() if not bare else ():
        is_schema = other is not source and f"{uri}#" not in loaded.no_schemas
        for pointer, message in schema_errors(other.data) if is_schema else ():
            report.add(other, pointer, f"is no JSON Schema: {message}", "schema")
    schemas = Schemas(loaded)
    found = OperationReader(schemas, report, strict_examples=strict).operations(openapi_node)
    operations: dict[str, Operation] | None = found
    if bare:
        _forgive(openapi_node, found, report)
    declared: dict[str, Resource] = {}
    behaviours: dict[str, Behaviour] = {}
    if not bare:
        declared, behaviours = _resources(root, loaded, schemas, operations, report)
    datasets = {} if bare else fixtures.load(root, declared, report)
    scenarios = scenario.load(None if bare else root, datasets, declared, operations, report)
    default = scenario.default_of(scenarios, report)
    report.close()
    return Contract(
        name=_name(openapi_node, document),
        root=root,
        documents=loaded,
        openapi=openapi_node,
        schemas=schemas,
        operations=operations or {},
        resources=declared,
        datasets=datasets,
        scenarios=scenarios,
        default_scenario=default,
        built_in=built_in,
        notes=tuple(dict.fromkeys(report.doubts)),
        behaviours=behaviours,
    )


def _forgive(document: Node, operations: Mapping[str, Operation], report: Report) -> None:
    """Serve what can be served of a document as it was found; where that is nothing, its mistakes are mistakes."""
    has_paths = bool(document.source.written.get("paths"))
    if not operations and has_paths:
        report.close()
    if not operations:
        report.warn(document.source, "/paths" if has_paths else "", "has no operations: nothing is served", "no-paths")
    report.forgive()


def _name(document: Node, path: Path) -> str:
    info = document.value.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    return title if isinstance(title, str) else path.stem


def _resources(
    root: Path, loaded: Documents, schemas: Schemas, operations: dict[str, Operation] | None, report: Report
) -> tuple[dict[str, Resource], dict[str, Behaviour]]:
    path = next((root / "schemas" / name for name in RESOURCES if (root / "schemas" / name).is_file()), None)
    source = read(root, path, report) if path is not None else None
    if path is None or (source is not None and source.data is None):
        return {}, {}
    if source is None or not formats.conforms("resources", source, report):
        raise report.error()
    reader = resources.ResourcesReader(source, f"{BASE}schemas/", loaded, schemas, report)
    declared = reader.resources()
    if len(declared) < len(source.data.get("resources", {})):
        # Whatever names the missing ones would be reported too, and be no mistake.
        raise report.error()
    return declared, reader.behaviours(operations, declared) if operations is not None else {}
