"""State without configuration: resources, behaviours and first records, derived from a bare document.

What is derived has the form of a contract directory's own files, and is read as those are; `init --from` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.contract import resources, scenario
from mockserver.contract.behaviour import Behaviour
from mockserver.contract.inference.collection import Collection, in_order
from mockserver.contract.inference.detection import derive
from mockserver.contract.model import Contract, Dataset, Record, Resource
from mockserver.contract.records import judge
from mockserver.documents.source import Report, Source
from mockserver.documents.tree import BASE, Documents
from mockserver.schemas.validators import Schemas

# Where the derived schemas stand, beside no file of the document's own.
FOLDER = "~derived/"
DATASET = "document"
# A list has so many records at first, and twice as many where they belong to others; fewer where that makes many.
FIRST_RECORDS = 3
RECORD_LIMIT = 120
EXAMPLE_LIMIT = 100
SUMMARIES = {scenario.DEFAULT: "A few records in each collection", "empty": "Nothing yet"}


@dataclass(frozen=True, slots=True)
class InferredFiles:
    """The data of `resources.yaml`, and of the schemas that it names."""

    resources: Mapping[str, Any]
    schemas: Mapping[str, Any]


def derived(contract: Contract, file: Callable[[str], str]) -> InferredFiles:
    """What the files of a contract directory would say of the contract's collections; `file` names a schema's."""
    found = [one for one in derive(contract.operations.values()) if one.name in contract.resources]
    return _said(found, file)


def _said(collections: list[Collection], file: Callable[[str], str] = "{}.json".format) -> InferredFiles:
    return InferredFiles(
        {
            "resources": {one.name: {"schema": file(one.name), **one.entry()} for one in collections},
            "operations": {name: entry for one in collections for name, entry in one.operations.items()},
        },
        {file(one.name): one.schema() for one in collections},
    )


def with_state(contract: Contract) -> Contract:
    """The contract of a bare document with the collections that its operations are about."""
    collections = derive(contract.operations.values())
    while collections:
        documents, schemas, found, behaviours = _read(contract, _said(collections))
        if len(found) == len(collections):
            break
        # Whatever cannot be read is left out, and with it what refers to that.
        collections = [one for one in collections if one.name in found and found.keys() >= set(one.references.values())]
    else:
        return contract
    records = _examples(list(in_order(collections)), found)
    dataset = Dataset(DATASET, {name: tuple(rows) for name, rows in records.items()})
    each = max(1, min(FIRST_RECORDS, RECORD_LIMIT // len(collections)))
    wanted = {one.name: each * (2 if one.references and each == FIRST_RECORDS else 1) for one in in_order(collections)}
    generate = {name: count - len(records[name]) for name, count in wanted.items() if count > len(records[name])}
    plain = scenario.load(None, {DATASET: dataset}, found, contract.operations, Report())[scenario.DEFAULT]
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
        resources=found,
        datasets={DATASET: dataset},
        scenarios={first.name: first, empty.name: empty},
        collections={one.name: one.told() for one in collections},
    )


def _read(
    contract: Contract, said: InferredFiles
) -> tuple[Documents, Schemas, Mapping[str, Resource], Mapping[str, Behaviour]]:
    """What is derived, read as the files of a contract directory are."""
    sources = {BASE + FOLDER + name: _source(FOLDER + name, data) for name, data in said.schemas.items()}
    documents = replace(contract.documents, sources={**contract.documents.sources, **sources})
    schemas = Schemas(documents)
    source = _source("resources.yaml", said.resources)
    reader = resources.ResourcesReader(source, BASE + FOLDER, documents, schemas, Report())
    found = reader.resources()
    return documents, schemas, found, reader.behaviours(contract.operations, found)


def _source(file: str, data: Any) -> Source:
    return Source(file, json.dumps(data, indent=2), data)


def _examples(collections: list[Collection], found: Mapping[str, Resource]) -> dict[str, list[Record]]:
    """The document's examples that can be records, by resource; each key once."""
    records: dict[str, dict[Any, Record]] = {}
    for one in collections:
        resource = found[one.name]
        rows = records.setdefault(one.name, {})
        for example in [*one.examples, *resource.shape.examples][:EXAMPLE_LIMIT]:
            key = example.get(resource.key) if isinstance(example, dict) else None
            if isinstance(key, str | int) and not isinstance(key, bool) and key not in rows:
                if not judge(resource, example, lambda target, key: key in records.get(target, ())):
                    rows[key] = example
    return {name: list(rows.values()) for name, rows in records.items()}
