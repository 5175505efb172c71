"""What `init` writes: a small contract to start from, or what can be derived from an OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mockserver.contract.inference import stateful
from mockserver.contract.loader import FOLDERS, RESOURCES
from mockserver.contract.model import Contract, Scenario
from mockserver.documents.source import Source
from mockserver.documents.tree import BASE
from mockserver.engine.start import Start

TEMPLATE = Path(__file__).parent / "template"
FIXTURES = "first"
PLAIN = re.compile(r"[A-Za-z_][\w-]*(\.json)?")
# What YAML of any version takes for something else than text.
RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
RESOURCES_HEAD = """\
# What stands behind the operations; one that is not named here answers with a sample.
# `mockserver schema resources` prints the form of this file.
"""
SCENARIO_HEAD = "# `mockserver schema scenario` prints the form of this file.\n"


class AlreadyExists(Exception):
    """What is there already, and would be written over."""


def template() -> dict[str, str]:
    """A small contract, each file's text by its name."""
    found = sorted(path for path in TEMPLATE.rglob("*") if path.is_file())
    return {path.relative_to(TEMPLATE).as_posix(): path.read_text() for path in found}


def derived(contract: Contract) -> dict[str, str]:
    """What makes a directory answer as the document does with `--stateful`, each file's text by its name.

    Raises CannotGenerate, and Taken where the document consists of files that need the names of ours.
    """
    document = contract.openapi.source
    renamed = f"openapi{PurePosixPath(document.file).suffix}"
    own = {one.file: one for one in contract.documents.sources.values() if not one.file.startswith(stateful.FOLDER)}
    said = stateful.derived(contract, lambda name: f"{name}{'-record' * (f'{name}.json' in own)}.json")
    reserved = {renamed, RESOURCES[0], *said.schemas} - {document.file}
    if taken := sorted(reserved & own.keys()):
        raise AlreadyExists(f"{taken[0]} is a file of the document, and the directory needs that name for its own")
    files = {
        f"schemas/{renamed if one is document else one.file}": _text(one, document, renamed) for one in own.values()
    }
    for name, schema in said.schemas.items():
        files[f"schemas/{name}"] = json.dumps(_relative(schema, document.file, renamed), indent=2) + "\n"
    files[f"schemas/{RESOURCES[0]}"] = RESOURCES_HEAD + "".join(_lines(said.resources))
    files |= _fixtures(contract)
    for scenario in contract.scenarios.values():
        files[f"scenarios/{scenario.name}.yaml"] = SCENARIO_HEAD + "".join(_scenario(contract, scenario))
    return files


def write(directory: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """Write the files, and tell each. Raises Taken before anything is written, and OSError."""
    taken = [name for name in FOLDERS if (directory / name).exists()]
    if directory.is_file() or taken:
        raise AlreadyExists(f"{directory} already has {', '.join(taken)}" if taken else f"{directory} is a file")
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        yield path


def _text(source: Source, document: Source, renamed: str) -> str:
    """A file of the document as it was written, its references to the document led to where that is now."""
    name = re.escape(PurePosixPath(document.file).name)
    return re.sub(rf"""(\$ref\W+(?:[^\s"'#]*/)?){name}(?=[#"'\s])""", lambda found: found[1] + renamed, source.text)


def _relative(value: Any, document: str, renamed: str) -> Any:
    """A schema whose references, absolute for the document, are seen from beside it."""
    if isinstance(value, list):
        return [_relative(one, document, renamed) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _relative(one, document, renamed) for name, one in value.items()}
    if isinstance(found.get("$ref"), str):
        file, _, fragment = found["$ref"].removeprefix(BASE).partition("#")
        found["$ref"] = f"{renamed if file == document else file}#{fragment}"
    return found


def _fixtures(contract: Contract) -> dict[str, str]:
    state = Start(contract, contract.scenarios[contract.default_scenario]).state
    held = {name: [row.record for row in table.ordered()] for name, table in state.tables.items()}
    return {
        f"fixtures/{FIXTURES}/{name}.json": json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
        for name, rows in held.items()
        if rows
    }


def _scenario(contract: Contract, scenario: Scenario) -> Iterator[str]:
    yield f"summary: {scenario.summary}\n"
    if scenario.name == contract.default_scenario and contract.resources:
        yield f"fixtures: {FIXTURES}\n"


def _lines(data: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """YAML with a line for each resource and operation."""
    for part, entries in data.items():
        yield f"{part}:\n" if entries else f"{part}: {{}}\n"
        for name, entry in entries.items():
            yield f"  {_flow(name)}: {_flow(entry)}\n"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    is_plain = PLAIN.fullmatch(value) is not None and value.lower() not in RESERVED
    return value if is_plain else json.dumps(value, ensure_ascii=False)
