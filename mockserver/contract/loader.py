"""Loads a contract directory or a single OpenAPI file; every mistake is reported at once."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote as percent_encode

from msgspec import Struct

from mockserver.contract import formats
from mockserver.contract.behaviour import Behaviour
from mockserver.contract.fixtures import read_datasets
from mockserver.contract.handlers_reader import HandlersReader
from mockserver.contract.model import Channel, Contract, Resource
from mockserver.contract.records import record_schemas
from mockserver.contract.resources.behaviours_reader import BehavioursReader
from mockserver.contract.resources.channels_reader import ChannelsReader
from mockserver.contract.resources.resources_reader import ResourcesReader
from mockserver.contract.resources.upstream_reader import read_declared
from mockserver.contract.scenarios import (
    DEFAULT_NAME,
    default_name,
    default_scenario,
    load_scenarios,
)
from mockserver.contract.unused import warn_of_unused
from mockserver.contract.upstream import Upstream
from mockserver.contract.webhooks.callbacks import Callbacks, read_callbacks
from mockserver.contract.webhooks.model import Webhook
from mockserver.contract.webhooks.reader import WebhooksReader
from mockserver.documents.nodes import BASE_URI, Documents, Node
from mockserver.documents.source import SUFFIXES, FileReport, Report, Source, list_files, read_source
from mockserver.errors import ContractError, Problem, printable
from mockserver.handlers.python import ContractPython
from mockserver.openapi import format_detection, loading
from mockserver.openapi.examples import DeclaredExample, find_broken
from mockserver.openapi.model import Operation
from mockserver.openapi.operations import OperationReader
from mockserver.schemas.validators import Schemas, find_schema_errors

OPENAPI = tuple(f"{name}.{suffix}" for name in ("openapi", "swagger") for suffix in ("yaml", "yml", "json"))
RESOURCES = ("resources.yaml", "resources.yml", "resources.json")
FOLDERS = ("schemas", "fixtures", "scenarios")
EXPECTED = "pass a directory with schemas/, fixtures/ and scenarios/, or an OpenAPI file (.yaml, .yml, .json)"


def built_in_directory() -> Path:
    """The directory of the built-in contract: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return package / "builtin" if is_installed() else package.parent


def is_installed() -> bool:
    """Whether the built-in contract is part of an installed package, where nobody edits it."""
    return (Path(__file__).parent.parent / "builtin").is_dir()


def load_contract(
    path: str | Path | None = None, *, strict_examples: bool | None = None, stateful: bool = False
) -> Contract:
    """Load a contract directory or a single OpenAPI file; without a path, the built-in contract.

    With `stateful`, resources are inferred from the operations of a single file; a directory declares its own.

    With `strict_examples`, an example that does not match its schema is a mistake; without, it is repaired when served.
    By default it is a mistake in a directory, whose author can correct it, but not in a single file, which may be
    somebody else's.

    Raises ContractError with every mistake.
    """
    try:
        return _load(path, strict_examples, stateful)
    except OSError as error:
        # A folder; of a file that cannot be read, the reader has made a problem.
        place = "the contract" if error.filename is None else str(error.filename)
        message = f"cannot be read: {error.strerror or error}"
        raise ContractError([Problem(printable(place), message, code="unreadable")]) from None


def _load(path: str | Path | None, strict_examples: bool | None, stateful: bool) -> Contract:
    if path is None:
        return _load_directory(built_in_directory(), strict_examples=True, built_in=True)
    location = Path(path)
    if location.is_dir():
        return _load_directory(location, strict_examples=strict_examples is not False)
    if location.is_file() and location.suffix in SUFFIXES:
        contract = _load_file(location, strict_examples=strict_examples is True)
        if not stateful:
            return contract
        # Imported at first use: without `--stateful`, nothing is inferred.
        from mockserver.contract.inference.contract import with_inferred_resources

        return with_inferred_resources(contract)
    name = printable(str(path))
    # A path has lost one of the slashes.
    if url := re.match(r"(https?):/+(.*)", name):
        name = f"{url[1]}://{url[2]}"
        message = "nothing is read from a network; save the document in a file first, and pass that"
    elif location.suffix == ".har" and location.is_file():
        message = f"is recorded traffic, which is read by: mockserver init --from {name} --contract FILE DIRECTORY"
    else:
        message = f"{'is not a contract' if location.exists() else 'does not exist'}; {EXPECTED}"
    raise ContractError([Problem(name, message, code="no-contract")])


def contract_root(path: Path | None) -> Path:
    """The directory that a contract's files are named relative to."""
    if path is None:
        return built_in_directory()
    return path if path.is_dir() else path.parent


def _load_directory(root: Path, *, strict_examples: bool, built_in: bool = False) -> Contract:
    schemas = root / "schemas"
    document = next((schemas / name for name in OPENAPI if (schemas / name).is_file()), None)
    if document is None:
        message = "does not exist; a contract directory needs it"
        if alone := next((name for name in OPENAPI if (root / name).is_file()), None):
            message += f"; to serve {alone} as it is, name the file"
        raise ContractError([Problem("schemas/openapi.yaml", message, code="no-contract")])
    others = [path for path in list_files(schemas) if path.name not in (*RESOURCES, document.name)]
    report = Report()
    api = _read_api(root, document, others, report)
    _check_schemas(api, report)
    operations, examples = api.read_operations(report, strict_examples=strict_examples)
    resources, behaviours, upstream, channels, webhooks = _read_resources(root, api, operations, report)
    python: ContractPython | None = None
    if not built_in:
        of_channels = {path: channel.operation for path, channel in channels.items()}
        reader = HandlersReader(root, {**operations, **of_channels}, behaviours, report)
        python, resources = reader.read(resources)
        if reader.has_mistakes:
            # Otherwise every record without a member that is to be computed would be reported as well.
            raise report.as_error()
    datasets = read_datasets(root, resources, report)
    scenarios = load_scenarios(root, datasets, resources, operations, report)
    default = default_name(root, scenarios, report)
    report.raise_errors()
    callbacks = api.read_callbacks(operations, webhooks, report)
    warn_of_unused(api.openapi, operations, behaviours, resources, webhooks, callbacks, report)
    return Contract(
        name=api.name,
        root=root,
        documents=api.documents,
        openapi=api.openapi,
        schemas=api.schemas,
        operations=operations,
        resources=resources,
        datasets=datasets,
        scenarios=scenarios,
        default_scenario=default,
        built_in=built_in,
        channels=channels,
        webhooks=webhooks,
        callbacks=callbacks,
        findings=tuple(dict.fromkeys(report.warnings)),
        examples=examples,
        behaviours=behaviours,
        python=python,
        upstream=upstream,
    )


def _load_file(document: Path, *, strict_examples: bool) -> Contract:
    report = Report()
    api = _read_api(document.parent, document, [], report)
    operations, examples = api.read_operations(report, strict_examples=strict_examples)
    callbacks = api.read_callbacks(operations, (), report)
    _accept_mistakes(api.openapi, operations, report)
    report.raise_errors()
    return Contract(
        name=api.name,
        root=document.parent,
        documents=api.documents,
        openapi=api.openapi,
        schemas=api.schemas,
        operations=operations,
        resources={},
        datasets={},
        scenarios={DEFAULT_NAME: default_scenario({}, {})},
        default_scenario=DEFAULT_NAME,
        callbacks=callbacks,
        findings=tuple(dict.fromkeys(report.warnings)),
        examples=examples,
    )


class _Api(Struct, frozen=True):
    """An OpenAPI document with the files that it refers to."""

    path: Path
    documents: Documents
    openapi: Node
    schemas: Schemas

    @property
    def name(self) -> str:
        """The document's title; without one, the name of its file."""
        info = self.openapi.value.get("info")
        title = info.get("title") if isinstance(info, dict) else None
        return title if isinstance(title, str) else self.path.stem

    def read_operations(
        self, report: Report, *, strict_examples: bool
    ) -> tuple[dict[str, Operation], tuple[DeclaredExample, ...]]:
        """The operations and their examples; with `strict_examples`, one that does not match its schema is an error."""
        reader = OperationReader(self.schemas, report)
        operations = reader.read(self.openapi)
        if strict_examples:
            report.errors += find_broken(reader.examples, is_repaired=False)
        return operations, tuple(reader.examples)

    def read_callbacks(
        self, operations: Mapping[str, Operation], webhooks: Container[str], report: Report
    ) -> Callbacks:
        """The callbacks that are sent, which are those that `webhooks` does not name."""
        return read_callbacks(self.openapi, operations, webhooks, self.schemas, report)


def _read_api(root: Path, document: Path, others: list[Path], report: Report) -> _Api:
    source = format_detection.read_document(root, document, report)
    documents = loading.load(root, others, report, source)
    return _Api(document, documents, documents.root(BASE_URI + percent_encode(source.file)), Schemas(documents))


def _check_schemas(api: _Api, report: Report) -> None:
    """Check the files beside the document, which are schemas unless they are referred to as something else."""
    for uri, source in api.documents.sources.items():
        is_schema = source is not api.openapi.source and f"{uri}#" not in api.documents.non_schema_references
        for pointer, message in find_schema_errors(source.data) if is_schema else ():
            report.add(source, pointer, f"is not a valid JSON Schema: {message}", "schema")


def _accept_mistakes(document: Node, operations: Mapping[str, Operation], report: Report) -> None:
    """Turn mistakes into warnings, unless they leave no operation to serve."""
    has_paths = bool(document.source.written.get("paths"))
    if not operations and has_paths:
        report.raise_errors()
    if not operations:
        report.warn(document.source, "/paths" if has_paths else "", "has no operations: nothing is served", "no-paths")
    report.downgrade_to_warnings()


class _ResourcesFile(NamedTuple):
    """What `resources.yaml` declares."""

    resources: dict[str, Resource]
    behaviours: dict[str, Behaviour]
    upstream: Upstream | None
    channels: dict[str, Channel]
    webhooks: dict[str, Webhook]


def _read_resources(root: Path, api: _Api, operations: Mapping[str, Operation], report: Report) -> _ResourcesFile:
    path = next((root / "schemas" / name for name in RESOURCES if (root / "schemas" / name).is_file()), None)
    source: Source | None = read_source(root, path, report) if path is not None else None
    if path is None or (source is not None and source.data is None):
        return _ResourcesFile({}, {}, None, {}, {})
    valid = formats.validate("resources", source, report) if source is not None else None
    if source is None or valid is None:
        raise report.as_error()
    written, source = source.data, Source(source.file, source.text, valid)
    file, schemas = FileReport(source, report), record_schemas(api.schemas)
    resources = ResourcesReader(f"{BASE_URI}schemas/", api.documents, schemas, file).read()
    if valid.get("resources") != written.get("resources") or len(resources) < len(valid.get("resources", {})):
        # Otherwise every reference to what is missing would be reported as well.
        raise report.as_error()
    behaviours = BehavioursReader(schemas, file).read(operations, resources)
    channels = ChannelsReader(file).read(operations, resources)
    webhooks = WebhooksReader(api.openapi, api.schemas, file).read(operations, resources)
    return _ResourcesFile(resources, behaviours, read_declared(source, operations, report), channels, webhooks)
