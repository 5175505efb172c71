"""Adds inferred resources, behaviours and first records to the contract of a single OpenAPI file (`--stateful`).

What is inferred has the form of a contract directory's files and is read like them; `init --from` writes these files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract.behaviour import Behaviour
from mockserver.contract.inference.collection import Collection, sort_by_reference
from mockserver.contract.inference.collection_detection import detect_collections
from mockserver.contract.inference.without_state import list_without_state
from mockserver.contract.model import Contract, Dataset, Record, Resource
from mockserver.contract.records import record_key, record_schemas, validate_record, with_plain_keys
from mockserver.contract.resources.behaviours_reader import BehavioursReader
from mockserver.contract.resources.resources_reader import ResourcesReader
from mockserver.contract.scenarios import DEFAULT_NAME, default_scenario
from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import FileReport, Report, Source
from mockserver.schemas.validators import Schemas

# The folder of the inferred schemas; no file of a document can be in it.
FOLDER = "~derived/"
DATASET = "document"
# How many records a collection has at first: twice as many if they belong to others, fewer in many collections.
FIRST_RECORDS = 3
RECORD_LIMIT = 120
EXAMPLE_LIMIT = 100
MEMBERS_OF_SET = 2
SUMMARIES = {DEFAULT_NAME: "A few records in each collection", "empty": "Nothing yet"}


class InferredFiles(Struct, frozen=True):
    """The data of `resources.yaml`, and of the schemas that it names."""

    resources: Mapping[str, Any]
    schemas: Mapping[str, Any]


def infer_files(contract: Contract, schema_file: Callable[[str], str]) -> InferredFiles:
    """The files that would declare the contract's inferred resources; `schema_file` names the schema of each."""
    collections = detect_collections(contract.operations.values())
    return _as_files([collection for collection in collections if collection.name in contract.resources], schema_file)


def _as_files(collections: list[Collection], schema_file: Callable[[str], str] = "{}.json".format) -> InferredFiles:
    return InferredFiles(
        {
            "resources": {
                collection.name: {"schema": schema_file(collection.name), **collection.entry()}
                for collection in collections
            },
            "operations": {name: entry for collection in collections for name, entry in collection.operations.items()},
        },
        {schema_file(collection.name): collection.record_schema() for collection in collections},
    )


def with_inferred_resources(contract: Contract) -> Contract:
    """The contract with the resources that its operations are about, and scenarios with and without records."""
    collections = detect_collections(contract.operations.values())
    while collections:
        documents, schemas, resources, behaviours = _read(contract, _as_files(collections))
        if len(resources) == len(collections):
            break
        # Leave out what cannot be read, and whatever refers to it.
        collections = [
            collection
            for collection in collections
            if collection.name in resources and resources.keys() >= collection.targets
        ]
    else:
        return replace(contract, without_state=list_without_state(contract.operations.values(), []))
    ordered = list(sort_by_reference(collections))
    records = _find_examples(ordered, resources)
    dataset = Dataset(DATASET, {name: tuple(rows) for name, rows in records.items()})
    plain = default_scenario({DATASET: dataset}, resources)
    generate = _count_missing(ordered, records)
    first = replace(
        plain,
        summary=SUMMARIES[plain.name],
        generate=generate,
        data={**plain.data, "generate": {name: {"count": count} for name, count in generate.items()}},
    )
    empty = replace(plain, name="empty", summary=SUMMARIES["empty"], records={}, data={})
    return replace(
        contract,
        documents=documents,
        schemas=schemas,
        behaviours=behaviours,
        resources=resources,
        datasets={DATASET: dataset},
        scenarios={first.name: first, empty.name: empty},
        inferred={collection.name: collection.description for collection in collections},
        without_state=list_without_state(contract.operations.values(), collections),
    )


def _count_missing(collections: list[Collection], records: Mapping[str, list[Record]]) -> dict[str, int]:
    """How many records to generate for each collection that has too few examples."""
    count = max(1, min(FIRST_RECORDS, RECORD_LIMIT // len(collections)))
    counts = {
        collection.name: count * 2 if collection.references and count == FIRST_RECORDS else count
        for collection in collections
    }
    # Most products are on no wishlist.
    sets = [collection for collection in collections if collection.is_set and not collection.hidden]
    counts |= {collection.name: min(count, MEMBERS_OF_SET) for collection in sets}
    # Nothing is missing in a list of examples that nothing changes.
    fixed = {collection.name for collection in collections if collection.is_read_only and records[collection.name]}
    return {
        name: count - len(records[name])
        for name, count in counts.items()
        if count > len(records[name]) and name not in fixed
    }


def _read(
    contract: Contract, files: InferredFiles
) -> tuple[Documents, Schemas, Mapping[str, Resource], Mapping[str, Behaviour]]:
    """Read what is inferred like the files of a contract directory."""
    sources = {BASE_URI + FOLDER + name: _source(FOLDER + name, data) for name, data in files.schemas.items()}
    documents = replace(contract.documents, sources={**contract.documents.sources, **sources})
    schemas = Schemas(documents)
    source = _source("resources.yaml", files.resources)
    record_validators, report = record_schemas(schemas), FileReport(source, Report())
    resources = ResourcesReader(BASE_URI + FOLDER, documents, record_validators, report).read()
    behaviours = BehavioursReader(record_validators, report).read(contract.operations, resources)
    return documents, schemas, resources, behaviours


def _source(file: str, data: Any) -> Source:
    return Source(file, json.dumps(data, indent=2), data)


def _find_examples(collections: list[Collection], resources: Mapping[str, Resource]) -> dict[str, list[Record]]:
    """The document's examples that are valid records, by resource, and of each key the first."""
    records: dict[str, dict[Any, Record]] = {}
    for collection in collections:
        resource = resources[collection.name]
        rows = records.setdefault(collection.name, {})
        for example in [*collection.examples, *resource.shape.examples][:EXAMPLE_LIMIT]:
            if not isinstance(example, dict):
                continue
            example = with_plain_keys(resource, example)
            key = record_key(example.get(resource.key))
            if key is not None and key not in rows:
                if not validate_record(resource, example, lambda target, key: key in records.get(target, ())):
                    rows[key] = example
    return {name: list(rows.values()) for name, rows in records.items()}
