"""The files of a contract directory that is made from an OpenAPI document, and how they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from mockserver.contract.inference.contract import FOLDER, infer_files
from mockserver.contract.loader import FOLDERS, RESOURCES
from mockserver.contract.model import Contract, Resource
from mockserver.contract.records import without_joined
from mockserver.documents.nodes import BASE_URI, Documents
from mockserver.documents.source import Source
from mockserver.engine.start import Start
from mockserver.syntax import json_pointer, strict_json

# The folder in fixtures/ that a directory made from a document gets.
FIXTURES = "first"
PLAIN_SCALAR = re.compile(r"[A-Za-z_][\w-]*(\.json)?")
# Plain scalars that some YAML version reads as a boolean or null.
RESERVED_SCALARS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
RESOURCES_HEAD = """\
# Which operations read and change which records. Operations that are not listed return examples or generated values.
# `mockserver schema resources` prints the JSON Schema of this file.
"""
SCENARIO_HEAD = "# `mockserver schema scenario` prints the JSON Schema of this file.\n"


class AlreadyExists(Exception):
    """A file or folder would be overwritten; the message names it."""


def files_from_contract(contract: Contract) -> dict[str, str]:
    """A directory that responds as the contract's document does with `--stateful`: the text of each file by its path.

    Raises CannotGenerate, and AlreadyExists if a file that the document refers to has the name of a file made here.
    """
    fixtures = _fixture_files(contract)
    files = schema_files(contract) | fixtures
    for scenario in contract.scenarios.values():
        has_fixtures = bool(fixtures) and scenario.name == contract.default_scenario
        lines = [f"summary: {scenario.summary}\n", *([f"fixtures: {FIXTURES}\n"] if has_fixtures else [])]
        files[f"scenarios/{scenario.name}.yaml"] = SCENARIO_HEAD + "".join(lines)
    return files


def schema_files(contract: Contract) -> dict[str, str]:
    """The folder schemas/: the document with the files it refers to, and what is inferred from it.

    Raises AlreadyExists if a file that the document refers to has the name of a file made here.
    """
    document = contract.openapi.source
    document_name = f"openapi{PurePosixPath(document.file).suffix}"
    sources = {
        source.file: source for source in contract.documents.sources.values() if not source.file.startswith(FOLDER)
    }
    inferred = infer_files(contract, lambda name: f"{name}{'-record' * (f'{name}.json' in sources)}.json")
    new_names = {document_name, RESOURCES[0], *inferred.schemas} - {document.file}
    if clashes := sorted(new_names & sources.keys()):
        raise AlreadyExists(f"the document has a file {clashes[0]}, and `init` creates another one of that name")
    files = {
        f"schemas/{document_name if source is document else source.file}": _source_text(source, document, document_name)
        for source in sources.values()
    }
    for name, schema in inferred.schemas.items():
        relative = _with_relative_references(schema, contract.documents, document.file, document_name)
        files[f"schemas/{name}"] = json.dumps(relative, indent=2) + "\n"
    files[f"schemas/{RESOURCES[0]}"] = RESOURCES_HEAD + "".join(
        _resources_lines(_with_sort(contract, inferred.resources))
    )
    return files


def require_empty(directory: Path) -> None:
    """Raise AlreadyExists unless a directory does not exist yet, or has nothing in it."""
    if directory.exists() and not directory.is_dir():
        raise AlreadyExists(f"{directory} is a file")
    if directory.is_dir() and any(directory.iterdir()):
        raise AlreadyExists(f"{directory} is not empty")


def write(directory: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files; their paths. Raises AlreadyExists and OSError, and then there is none of them."""
    if directory.is_file():
        raise AlreadyExists(f"{directory} is a file")
    others = sorted({PurePosixPath(name).parts[0] for name in files} - {*FOLDERS})
    in_directory = [name for name in (*FOLDERS, *others) if (directory / name).exists()]
    if existing := [name for name in in_directory if name in FOLDERS] or in_directory:
        raise AlreadyExists(f"{directory} already has {', '.join(existing)}")
    paths = [directory / name for name in files]
    try:
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError:
        _remove(directory, paths)
        raise
    return paths


def _remove(directory: Path, paths: Sequence[Path]) -> None:
    """Remove files, as far as they exist, and their folders in a directory."""
    folders = {folder for path in paths for folder in path.parents if directory in folder.parents}
    for path in paths:
        with suppress(OSError):
            path.unlink()
    for folder in sorted(folders, reverse=True):
        with suppress(OSError):
            folder.rmdir()


def _source_text(source: Source, document: Source, document_name: str) -> str:
    """The unchanged text of a file, except that references to the document use its new name."""
    old_name = re.escape(PurePosixPath(document.file).name)
    reference = rf"""(\$ref\W+(?:[^\s"'#]*/)?){old_name}(?=[#"'\s])"""
    return re.sub(reference, lambda match: match[1] + document_name, source.text)


def _with_relative_references(value: Any, documents: Documents, document_file: str, document_name: str) -> Any:
    """A schema whose absolute references are replaced by references relative to schemas/."""
    if isinstance(value, list):
        return [_with_relative_references(item, documents, document_file, document_name) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {
        name: _with_relative_references(member, documents, document_file, document_name)
        for name, member in value.items()
    }
    if isinstance(schema.get("$ref"), str):
        uri, _, fragment = schema["$ref"].partition("#")
        file = uri.removeprefix(BASE_URI)
        if uri in documents.sources:
            fragment = _written_fragment(documents.sources[uri], fragment)
        schema["$ref"] = f"{document_name if file == document_file else file}#{fragment}"
    return schema


def _written_fragment(source: Source, fragment: str) -> str:
    """The fragment by which the file, as it is written, refers to the same value."""
    pointer = json_pointer.from_fragment(fragment)
    written = source.origin(pointer)
    return json_pointer.to_fragment(written) if source.locate(written) == pointer else fragment


def _fixture_files(contract: Contract) -> dict[str, str]:
    state = Start(contract, contract.scenarios[contract.default_scenario]).state
    return fixture_files(
        FIXTURES,
        {name: [row.record for row in table.ordered()] for name, table in state.tables.items()},
        contract.resources,
    )


def fixture_files(
    dataset: str, records: Mapping[str, Sequence[Mapping[str, Any]]], resources: Mapping[str, Resource]
) -> dict[str, str]:
    """A folder of fixtures/ with the records of each resource that has any."""
    return {
        f"fixtures/{dataset}/{name}.json": strict_json.dump_indented(
            [dict(without_joined(resources[name], row)) for row in rows]
        )
        for name, rows in records.items()
        if rows
    }


def _with_sort(contract: Contract, resources: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """The data of resources.yaml, with the orders of lists that the contract has."""
    entries = {
        name: {**entry, "sort": [f"{'-' * field.descending}{field.name}" for field in contract.resources[name].sort]}
        if contract.resources[name].sort
        else entry
        for name, entry in resources["resources"].items()
    }
    return {**resources, "resources": entries}


def _resources_lines(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """resources.yaml, with one line for each resource and operation."""
    for section, entries in resources.items():
        yield f"{section}:\n" if entries else f"{section}: {{}}\n"
        for name, entry in entries.items():
            yield f"  {_flow_style(name)}: {_flow_style(entry)}\n"


def _flow_style(value: Any) -> str:
    """The value as YAML in flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow_style(name)}: {_flow_style(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow_style, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = PLAIN_SCALAR.fullmatch(value) is not None and value.lower() not in RESERVED_SCALARS
    return value if is_plain else json.dumps(value, ensure_ascii=False)
